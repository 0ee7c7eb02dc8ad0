#!/usr/bin/env bash
# How long a server takes from its start to the first answer, with many branches: each of them of a small table, with a row of
# its own. Prints a TSV: after an orderly stop, and after a kill.
#
#   bench/start.sh
#
# Variables: REPS starts of each kind (3) · BRANCHES (10000) · LIMIT_S, ROWAN, ROWAN_FLAGS, KEEP as in compare.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)
REPS=${REPS:-3} BRANCHES=${BRANCHES:-10000} LIMIT_S=${LIMIT_S:-600} KEEP=${KEEP:-0}
. "$here/servers.sh"
. "$here/measure.sh"

bench_begin start

# restart SIGNAL ends the server so and prints the milliseconds until its next one answers.
restart() {
  local began
  kill "-$1" "$ROWAN_PID"
  wait "$ROWAN_PID" 2>/dev/null
  began=$(date +%s%N)
  start_rowan "$WORK/rowan" || return 1
  took=$((($(date +%s%N) - began) / 1000000))
}

start_rowan "$WORK/rowan" || { cat "$WORK/rowan.log" >&2; exit 1; }
use rowan
run_sql 'CREATE TABLE small (id int PRIMARY KEY, v int)' 'INSERT INTO small SELECT i, i FROM generate_series(1, 1000) i' || exit 1
for i in $(seq "$BRANCHES"); do
  echo "SELECT rowan.create_branch('many$i'); SET rowan.branch = 'many$i'; UPDATE small SET v = -v WHERE id = $i % 1000 + 1; RESET rowan.branch;"
done >"$WORK/branches.sql"
psql -X -q -At -v ON_ERROR_STOP=1 -f "$WORK/branches.sql" >/dev/null || exit 1
printf 'start after\tms\n'
for how in TERM KILL; do
  for round in $(seq "$REPS"); do
    restart "$how" || exit 1
    printf '%s\t%s\n' "$how" "$took"
    use rowan
    PGDATABASE=postgres/many$BRANCHES run_sql "UPDATE small SET v = v + 1 WHERE id = $round" || exit 1
  done
done
