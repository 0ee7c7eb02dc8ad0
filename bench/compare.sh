#!/usr/bin/env bash
# The same load on Rowan and on PostgreSQL 15, in turn, in one run. Prints a TSV: medians, and ratios with PostgreSQL = 1.0
# (more is better). Progress and failures go to standard error.
#
#   bench/compare.sh                         everything
#   ONLY='^select|^copy' bench/compare.sh    measurements whose name matches
#   REPS=5 DURATION=10 bench/compare.sh      more rounds, longer ones
#
# Variables: REPS rounds (3) · DURATION seconds of each pgbench run (5) · SCALE of pgbench (10) · ROWS of the table that is
# scanned (1000000) · LIMIT_S seconds a statement may take (300) · ROWAN the binary (built when not given) · ROWAN_FLAGS more
# flags for it · PG_BIN PostgreSQL's programs · KEEP=1 leaves data directories, logs and raw figures behind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
REPS=${REPS:-3} DURATION=${DURATION:-5} SCALE=${SCALE:-10} ROWS=${ROWS:-1000000} LIMIT_S=${LIMIT_S:-300} KEEP=${KEEP:-0}
. "$here/servers.sh"
. "$here/measure.sh"
. "$here/points.sh"
. "$here/scans.sh"
. "$here/branches.sh"

bench_begin bench
RAW=$WORK/raw.tsv
: >"$RAW"

servers_start "$WORK" || exit 1
echo "rowan on port $ROWAN_PORT, PostgreSQL on port $PG_PORT, $REPS rounds" >&2

report_head
points
scans
branches
for s in rowan postgres; do note "memory at the end" "$s" MB "$(rss_mb "$s")"; done
report_line "memory at the end"
