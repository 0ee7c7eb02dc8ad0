#!/usr/bin/env bash
# How long small commits and point reads take while something large goes on beside them, on Rowan and on PostgreSQL 15, in
# turn, in one run. Prints a TSV: percentiles in milliseconds, from when a client sends a transaction to when it has the answer.
#
#   bench/beside.sh                       everything
#   ONLY='nothing|copy' bench/beside.sh   measurements whose name matches
#
# Variables: REPS rounds (3) · DURATION seconds of each (20) · RATE small transactions a second (50) · ROWS of the large
# transactions (3000000) · ROWAN, ROWAN_FLAGS, PG_BIN, KEEP as in compare.sh · SERVERS ("rowan postgres").
set -u
here=$(cd "$(dirname "$0")" && pwd)
REPS=${REPS:-3} DURATION=${DURATION:-20} RATE=${RATE:-50} ROWS=${ROWS:-3000000} LIMIT_S=${LIMIT_S:-600} KEEP=${KEEP:-0}
SERVERS=${SERVERS:-rowan postgres}
. "$here/servers.sh"
. "$here/measure.sh"

bench_begin beside
ending() { quiet; }

# What goes on beside the small transactions: each runs in the background, over and over, until it is ended.
noise_nothing() { sleep 100000; }
noise_copy() { # a table's load in one transaction
  while :; do
    run_sql 'DROP TABLE IF EXISTS loaded' 'CREATE TABLE loaded (id int PRIMARY KEY, v int, w text)' || return
    sql_ms "\\copy loaded FROM '$WORK/rows.csv' WITH (FORMAT csv)" >>"$WORK/$1.$2.took" || return
  done
}
noise_update() { # a table's rows, each time all of them in one transaction
  while :; do sql_ms 'UPDATE big SET v = v + 1' >>"$WORK/$1.$2.took" || return; done
}
noise_gc() { # the history that an update of all rows has left
  case $1 in
    rowan) sql_ms 'SELECT versions FROM rowan.gc(compact => false)' ;;
    postgres) sql_ms 'VACUUM big' ;;
  esac >>"$WORK/$1.$2.took"
  sleep 100000
}
prepare_gc() { run_sql 'UPDATE big SET v = v + 1' && sleep 2; }

# quiet ends what goes on, with the clients that it has started.
quiet() {
  [ -n "${NOISE_PID:-}" ] || return 0
  kill -TERM -- "-$NOISE_PID" 2>/dev/null
  wait "$NOISE_PID" 2>/dev/null
  NOISE_PID=
}

# percentiles FILE... prints how many there are, percentiles and the number above 100 ms, of pgbench's logs.
percentiles() {
  awk '{ print ($3 - $7) / 1000 }' "$@" | sort -n | awk '
    { a[NR] = $1; if ($1 > 100) late++ }
    function q(p,    i) { i = int(NR * p + 0.999999); return a[i < 1 ? 1 : i] }
    END { if (NR) printf "%d\t%.1f\t%.1f\t%.1f\t%.1f\t%d", NR, q(.5), q(.95), q(.99), a[NR], late }'
}

# beside NOISE runs the small transactions, commits and reads apart, on each server.
beside() {
  local noise=$1 round server
  wanted "$noise" || return 0
  for round in $(seq "$REPS"); do
    for server in $SERVERS; do
      use "$server"
      if declare -F "prepare_$noise" >/dev/null; then "prepare_$noise"; fi
      set -m
      "noise_$noise" "$server" "$noise" 2>>"$WORK/errors" &
      NOISE_PID=$!
      set +m
      sleep 1
      (cd "$WORK" && pgbench -n -T "$DURATION" -c 1 -R "$RATE" -M prepared -f read.sql -l --log-prefix "$server.$noise.read.$round" >/dev/null 2>>errors) &
      (cd "$WORK" && pgbench -n -T "$DURATION" -c 2 -R "$RATE" -f insert.sql -l --log-prefix "$server.$noise.commit.$round" >/dev/null 2>>errors)
      wait $!
      quiet
      sleep 2
    done
  done
  local kind
  for kind in commit read; do
    for server in $SERVERS; do
      for round in $(seq "$REPS"); do
        printf '%s\t%s\t%s\t%s\t%s\n' "$noise" "$kind" "$server" "$round" "$(percentiles "$WORK/$server.$noise.$kind.$round".*)"
      done
      printf '%s\t%s\t%s\tall\t%s\n' "$noise" "$kind" "$server" "$(percentiles "$WORK/$server.$noise.$kind".*)"
    done
  done
  for server in $SERVERS; do
    [ -s "$WORK/$server.$noise.took" ] && echo "$noise on $server took, ms: $(tr '\n' ' ' <"$WORK/$server.$noise.took")"
  done
}

echo 'INSERT INTO small (v) VALUES (1);' >"$WORK/insert.sql"
printf '\\set id random(1, 10000)\nSELECT v FROM known WHERE id = :id;\n' >"$WORK/read.sql"
seq "$ROWS" | awk '{ print $1 "," ($1 * 7919) % 1000003 ",row " $1 }' >"$WORK/rows.csv"
servers_start "$WORK" || exit 1
echo "rowan on port $ROWAN_PORT, PostgreSQL on port $PG_PORT, $REPS rounds" >&2
for server in $SERVERS; do
  use "$server"
  [ "$server" = rowan ] && run_sql "SELECT rowan.set_retention('1 second')"
  run_sql 'CREATE TABLE small (id serial PRIMARY KEY, v int)' 'CREATE TABLE known (id int PRIMARY KEY, v int)' \
    'INSERT INTO known SELECT i, i FROM generate_series(1, 10000) i' || exit 1
done
printf 'beside\twhat\tserver\tround\tn\t50%%\t95%%\t99%%\tmost\tabove 100\n'
beside nothing
beside copy
for server in $SERVERS; do
  use "$server"
  wanted update || wanted gc || continue
  run_sql 'CREATE TABLE big (id int PRIMARY KEY, v int, w text)' "\\copy big FROM '$WORK/rows.csv' WITH (FORMAT csv)" || exit 1
done
beside update
beside gc
[ -s "$WORK/errors" ] && tail -5 "$WORK/errors" >&2
exit 0
