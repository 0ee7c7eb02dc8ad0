#!/usr/bin/env bash
# Transactions that memory must not bound: a COPY of LOADED rows, an UPDATE of CHANGED of them, and a merge of MERGED rows that a
# branch has changed, each one transaction, on Rowan, with the most memory that the process has held so far (VmHWM, which counts
# mapped files). Prints a TSV.
#
#   bench/large.sh
#   LOADED=2000000 CHANGED=500000 bench/large.sh
#
# Variables: LOADED (20000000) · CHANGED (5000000) · MERGED (1000000) · LIMIT_S seconds a statement may take (3600) · ROWAN,
# ROWAN_FLAGS, KEEP as in compare.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)
LOADED=${LOADED:-20000000} CHANGED=${CHANGED:-5000000} MERGED=${MERGED:-1000000} LIMIT_S=${LIMIT_S:-3600} KEEP=${KEEP:-0}
. "$here/servers.sh"
. "$here/measure.sh"

WORK=$(mktemp -d "${TMPDIR:-/tmp}/rowan-large-XXXXXX")
finish() {
  servers_stop
  if [ "$KEEP" = 1 ]; then echo "left in $WORK" >&2; else rm -rf "$WORK"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# large NAME ROWS SQL times a statement and shows the memory.
large() {
  local ms
  ms=$(sql_ms "$3") || { printf '%s\tfailed\n' "$1"; return 1; }
  printf '%s of %s rows\t%s\t%s\t%s\n' "$1" "$2" "$ms" "$(awk -v n="$2" -v ms="$ms" 'BEGIN { printf "%d", n / ms * 1000 }')" "$(most_mb)"
}

if [ -z "${ROWAN:-}" ]; then
  (cd "$here/.." && mkdir -p bin && go build -o bin/rowan ./cmd/rowan) || exit 1
  ROWAN=$here/../bin/rowan
fi
start_rowan "$WORK/rowan" || { cat "$WORK/rowan.log" >&2; exit 1; }
use rowan
run_sql 'CREATE TABLE large (id int PRIMARY KEY, v int, w text)' || exit 1
printf 'transaction\tms\trows a second\tmost memory, MB\n'
large copy "$LOADED" "\\copy large FROM PROGRAM 'seq $LOADED | awk ''{ print \$1 \",\" (\$1 * 7919) % 1000003 \",row \" \$1 }''' WITH (FORMAT csv)"
[ "$(value 'SELECT count(*) FROM large')" = "$LOADED" ] || { echo "rows are missing" >&2; exit 1; }
large update "$CHANGED" "UPDATE large SET v = v + 1 WHERE id <= $CHANGED"
run_sql "SELECT rowan.create_branch('side')" || exit 1
PGDATABASE=postgres/side large 'update on a branch' "$MERGED" "UPDATE large SET v = v + 2 WHERE id > $LOADED - $MERGED"
large merge "$MERGED" "SELECT status FROM rowan.merge('side', target => 'main')"
