#!/usr/bin/env bash
# Transactions that memory must not bound: a COPY of LOADED rows, an UPDATE of CHANGED of them, and a merge of MERGED rows that a
# branch has changed, each one transaction, with the most memory that Rowan has held so far (VmHWM, which counts mapped files) and what
# it has written to the disk meanwhile; the first two on PostgreSQL 15 as well, one server after the other. Prints a TSV.
#
#   bench/large.sh
#   LOADED=2000000 CHANGED=500000 bench/large.sh
#
# Variables: LOADED (20000000) · CHANGED (5000000) · MERGED (1000000) · LIMIT_S seconds a statement may take (3600) · ROWAN,
# ROWAN_FLAGS, PG_BIN, KEEP as in compare.sh · SERVERS ("rowan postgres").
set -u
here=$(cd "$(dirname "$0")" && pwd)
LOADED=${LOADED:-20000000} CHANGED=${CHANGED:-5000000} MERGED=${MERGED:-1000000} LIMIT_S=${LIMIT_S:-3600} KEEP=${KEEP:-0}
SERVERS=${SERVERS:-rowan postgres}
. "$here/servers.sh"
. "$here/measure.sh"

bench_begin large

# large NAME ROWS SQL times a statement and shows the memory.
large() {
  local ms mb=- wrote=- before
  [ "$server" = rowan ] && before=$(wrote_mb)
  ms=$(sql_ms "$3") || { printf '%s\t%s\tfailed\n' "$server" "$1"; return 1; }
  [ "$server" = rowan ] && mb=$(most_mb) wrote=$(($(wrote_mb) - before))
  printf '%s\t%s of %s rows\t%s\t%s\t%s\t%s\n' "$server" "$1" "$2" "$ms" "$(awk -v n="$2" -v ms="$ms" 'BEGIN { printf "%d", n / ms * 1000 }')" "$mb" "$wrote"
}

# bulk loads the table of the server and changes it.
bulk() {
  run_sql 'CREATE TABLE large (id int PRIMARY KEY, v int, w text)' || return
  large copy "$LOADED" "\\copy large FROM PROGRAM 'seq $LOADED | awk ''{ print \$1 \",\" (\$1 * 7919) % 1000003 \",row \" \$1 }''' WITH (FORMAT csv)" || return
  [ "$(value 'SELECT count(*) FROM large')" = "$LOADED" ] || { echo "rows are missing" >&2; return 1; }
  large update "$CHANGED" "UPDATE large SET v = v + 1 WHERE id <= $CHANGED"
}

# side changes the table on a branch, and merges that.
side() {
  run_sql "SELECT rowan.create_branch('side')" || return
  PGDATABASE=postgres/side large 'update on a branch' "$MERGED" "UPDATE large SET v = v + 2 WHERE id > $LOADED - $MERGED" || return
  large merge "$MERGED" "SELECT status FROM rowan.merge('side', target => 'main')"
}

printf 'server\ttransaction\tms\trows a second\tmost memory, MB\twritten, MB\n'
for server in $SERVERS; do
  case $server in
    rowan) start_rowan "$WORK/rowan" || { cat "$WORK/rowan.log" >&2; exit 1; } ;;
    postgres) start_postgres "$WORK/postgres" || exit 1 ;;
  esac
  use "$server"
  bulk || exit 1
  if [ "$server" = rowan ]; then side || exit 1; fi
done
