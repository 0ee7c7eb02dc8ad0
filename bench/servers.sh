# Two servers for one run: Rowan and PostgreSQL 15, each with a data directory of its own on a spare loopback port. Sourced by
# compare.sh, beside.sh, large.sh and start.sh.
#
# servers_start DIR makes both and sets ROWAN_PORT, ROWAN_HTTP, ROWAN_PID, PG_PORT, PG_PID. servers_stop ends them. PostgreSQL
# runs with its default configuration, fsync included, as an unprivileged user when this is root.

PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}
ROWAN_FLAGS=${ROWAN_FLAGS:-}

# bench_begin NAME makes the folder WORK, which goes at the end together with the servers, and the binary ROWAN where none is given. A function
# named ending is called first at the end, where there is one.
bench_begin() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/rowan-$1-XXXXXX")
  chmod 755 "$WORK"
  trap bench_end EXIT
  trap 'exit 130' INT TERM
  if [ -z "${ROWAN:-}" ]; then
    (cd "$here/.." && mkdir -p bin && go build -o bin/rowan ./cmd/rowan) || exit 1
    ROWAN=$here/../bin/rowan
  fi
}

bench_end() {
  if declare -F ending >/dev/null; then ending; fi
  servers_stop
  if [ "${KEEP:-0}" = 1 ]; then echo "left in $WORK" >&2; else rm -rf "$WORK"; fi
}

# free_port FROM prints the first port from there on that nobody listens on.
free_port() {
  local p=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do p=$((p + 1)); done
  echo "$p"
}

# as_user COMMAND... becomes a command that runs as somebody PostgreSQL agrees to run as.
as_user() {
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
  fi
  exec "$@"
}

# await PORT waits until a server answers there.
await() {
  local i
  for i in $(seq 300); do
    if PGCONNECT_TIMEOUT=2 psql -X -q -At -h 127.0.0.1 -p "$1" -U postgres -d postgres -c 'SELECT 1' >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "no server on port $1 after 30 s" >&2
  return 1
}

start_postgres() { # DIR
  [ -x "$PG_BIN/postgres" ] || { echo "PostgreSQL 15 is not in $PG_BIN; set PG_BIN" >&2; return 1; }
  mkdir -p "$1"
  if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$1"; fi
  (cd "$1" && as_user "$PG_BIN/initdb" -D "$1/data" -U postgres --auth=trust --locale=C.UTF-8 -E UTF8 >"$1/initdb.log" 2>&1) || { cat "$1/initdb.log" >&2; return 1; }
  PG_PORT=$(free_port 55000)
  (cd "$1" && as_user "$PG_BIN/postgres" -D "$1/data" -p "$PG_PORT" -h 127.0.0.1 -k "$1") >"$1/log" 2>&1 &
  PG_PID=$!
  await "$PG_PORT"
}

start_rowan() { # DIR
  ROWAN_PORT=$(free_port 56000) ROWAN_HTTP=$(free_port 57000)
  # shellcheck disable=SC2086 # flags are words
  "$ROWAN" serve --auth trust --data-dir "$1" --pg-addr "127.0.0.1:$ROWAN_PORT" --http-addr "127.0.0.1:$ROWAN_HTTP" $ROWAN_FLAGS >"$1.log" 2>&1 &
  ROWAN_PID=$!
  await "$ROWAN_PORT"
}

servers_start() { # DIR
  SERVERS_DIR=$1
  start_postgres "$1/postgres" || return 1
  start_rowan "$1/rowan" || { cat "$1/rowan.log" >&2; return 1; }
}

servers_stop() {
  [ -n "${ROWAN_PID:-}" ] && kill -TERM "$ROWAN_PID" 2>/dev/null
  [ -n "${PG_PID:-}" ] && kill -INT "$PG_PID" 2>/dev/null
  local i
  for i in $(seq 100); do
    running "${ROWAN_PID:-}" || running "${PG_PID:-}" || return 0
    sleep 0.1
  done
  echo "a server did not end within 10 s" >&2
  for i in ${ROWAN_PID:-} ${PG_PID:-}; do kill -KILL "$i" 2>/dev/null; done
}

running() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# use SERVER points psql and pgbench at rowan or postgres.
use() {
  export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres
  case $1 in
    rowan) export PGPORT=$ROWAN_PORT ;;
    postgres) export PGPORT=$PG_PORT ;;
  esac
}

# cpu_ms SERVER prints the processor time that a server with all its processes has used so far.
cpu_ms() {
  local pid=$ROWAN_PID
  [ "$1" = postgres ] && pid=$PG_PID
  sleep 0.1 # backends that have just ended are reaped
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v pid="$pid" -v hz="$(getconf CLK_TCK)" '
    { id = $1; sub(/^.*\) /, "") }
    id == pid { t += $12 + $13 + $14 + $15 }
    id != pid && $2 == pid { t += $12 + $13 }
    END { printf "%d", t * 1000 / hz }'
}

# rss_mb SERVER prints the memory that a server holds: for PostgreSQL without counting shared pages twice.
rss_mb() {
  local pid=$ROWAN_PID p
  [ "$1" = postgres ] && pid=$PG_PID
  for p in $pid $(cat /proc/"$pid"/task/*/children 2>/dev/null); do
    cat "/proc/$p/smaps_rollup" 2>/dev/null
  done | awk '/^Pss:/ { k += $2 } END { printf "%d", k / 1024 }'
}

# wrote_mb prints how much Rowan has written to the disk since its start, its logs and compactions included.
wrote_mb() { awk '/^write_bytes/ { print int($2 / 1048576) }' "/proc/$ROWAN_PID/io"; }

# most_mb prints the most memory that Rowan has held since its start.
most_mb() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$ROWAN_PID/status"; }
