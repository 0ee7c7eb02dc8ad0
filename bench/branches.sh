# What only Rowan has: branches, diffs, merges and reads of the past, on the table of scans.sh. Sourced by compare.sh.
#
# BRANCHES is how many are made for the figures of many branches (10000); with 0 these are left out. In the column of
# PostgreSQL stands what the figure is compared with: reads on main.

BRANCHES=${BRANCHES:-10000}
PPROF_PORT=$(free_port 58000) # where the server tells what its heap holds
ROWAN_FLAGS="$ROWAN_FLAGS --pprof-addr 127.0.0.1:$PPROF_PORT"

branches() {
  wanted_any branch merge diff 'point read' 'sum on' 'sum at' || return 0
  [ "${SCANNABLE:-0}" = 1 ] || return 0
  local only=${ONLY:-}
  ONLY=''
  alone "branch create" ms branch_create
  alone "branch update 1000 adjacent" ms branch_adjacent
  alone "branch update 1000 scattered" ms branch_scattered
  alone "diff 1000 adjacent" ms sql_ms_of 'SELECT count(*) FROM rowan.diff('"'main', 'adjacent\$', 'events'"')'
  alone "diff 1000 scattered" ms sql_ms_of 'SELECT count(*) FROM rowan.diff('"'main', 'scattered\$', 'events'"')'
  branch_reads
  alone "merge 1000 adjacent" ms sql_ms_of "SELECT status FROM rowan.merge('adjacent\$', target => 'main')"
  alone "merge 1000 scattered" ms sql_ms_of "SELECT status FROM rowan.merge('scattered\$', target => 'main')"
  merge_many
  branch_latencies
  fork_chain
  many_branches
  ONLY=$only
}

# percentiles NAME reads milliseconds and notes the median, the 99th percentile and the worst.
percentiles() {
  sort -n | awk '{ a[NR] = $1 } END { if (NR) print a[int((NR + 1) / 2)], a[int(NR * 0.99) + (NR * 0.99 > int(NR * 0.99))], a[NR] }' >"$WORK/percentiles"
  local p50 p99 worst
  read -r p50 p99 worst <"$WORK/percentiles"
  note "$1, median" rowan ms "${p50:-failed}"
  note "$1, 99 %" rowan ms "${p99:-failed}"
  note "$1, worst" rowan ms "${worst:-failed}"
  for p in median '99 %' worst; do report_line "$1, $p"; done
}

# timed FILE runs the statements of a file in one connection and prints the milliseconds of each.
timed() { psql -X -q -At -v ON_ERROR_STOP=1 -c '\timing on' -f "$1" 2>&1 | awk '/^Time: / { print $2 }'; }

# each_of N STATEMENT writes a statement N times; $ stands for the number.
each_of() { seq "$1" | awk -v s="$2" '{ t = s; gsub(/\$/, $1, t); print t ";" }'; }

# branch_latencies makes, restores and drops a hundred branches of the large table, each durable when it returns.
branch_latencies() {
  use rowan
  each_of 100 "SELECT rowan.create_branch('lat\$')" >"$WORK/create.sql"
  each_of 100 "SELECT rowan.reset_branch('lat\$', NULL, 'main')" >"$WORK/restore.sql"
  each_of 100 "SELECT rowan.drop_branch('lat\$')" >"$WORK/drop.sql"
  local what
  for what in create restore drop; do timed "$WORK/$what.sql" | percentiles "branch $what"; done
}

# merge_many changes every row of the large table on a branch and merges that.
merge_many() {
  use rowan
  run_sql "SELECT rowan.create_branch('everything')" || return 0
  PGDATABASE=postgres/everything run_sql "UPDATE events SET v = v + 2" || return 0
  note "merge all rows" rowan ms "$(sql_ms 'SELECT 1' "SELECT status FROM rowan.merge('everything', target => 'main')")"
  report_line "merge all rows"
  note "memory after it, at most" rowan MB "$(most_mb)"
  report_line "memory after it, at most"
}

# fork_chain reads on a branch of a branch of a branch …, 64 deep, each of which has changed twenty rows.
fork_chain() {
  use rowan
  local i from=main
  for i in $(seq 64); do
    run_sql "SELECT rowan.create_branch('chain$i', source => '$from')" || return 0
    PGDATABASE=postgres/chain$i run_sql "UPDATE events SET v = v + 1 WHERE id IN (SELECT g * $((ROWS / 20)) + $i FROM generate_series(0, 19) g)" || return 0
    from=chain$i
  done
  PGDATABASE=postgres/chain64 run_sql 'SELECT sum(v) FROM events' # so that it is copied flat, see decision 18
  sleep 5
  for i in $(seq "$REPS"); do read_pair "point read through 64 forks, of main's" postgres/chain64; done
  report_line "point read through 64 forks, of main's"
}

# many_branches makes BRANCHES branches, and starts the server anew with all of them.
many_branches() {
  [ "$BRANCHES" -gt 0 ] || return 0
  use rowan
  local before after start
  each_of "$BRANCHES" "SELECT rowan.create_branch('many\$')" >"$WORK/many.sql"
  before=$(heap_kb)
  timed "$WORK/many.sql" | percentiles "create one of $BRANCHES branches"
  after=$(heap_kb)
  note "memory of an idle branch, heap" rowan B "$(((after - before) * 1024 / BRANCHES))"
  report_line "memory of an idle branch, heap"
  kill -TERM "$ROWAN_PID"
  wait "$ROWAN_PID" 2>/dev/null
  start=$(date +%s%N)
  start_rowan "$WORK/rowan" || return 0
  note "start with $BRANCHES branches, to the first query" rowan ms $((($(date +%s%N) - start) / 1000000))
  report_line "start with $BRANCHES branches, to the first query"
}

# heap_kb is what the server's garbage collector has left, by its own metrics.
heap_kb() {
  curl -s "http://127.0.0.1:$PPROF_PORT/debug/pprof/heap?gc=1&debug=1" | awk '/^# HeapAlloc/ { print int($4 / 1024) }'
}

# sql_ms_of SQL times a statement in which $ stands for the round.
sql_ms_of() { sql_ms 'SELECT 1' "${1//\$/$ROUND}"; }

branch_create() {
  run_sql "SELECT rowan.create_branch('scattered$ROUND')" || return 1
  sql_ms 'SELECT 1' "SELECT rowan.create_branch('adjacent$ROUND')"
}

branch_adjacent() {
  PGDATABASE=postgres/adjacent$ROUND
  sql_ms 'SELECT 1' "UPDATE events SET v = v + 1 WHERE id BETWEEN $((ROUND * 10000)) AND $((ROUND * 10000 + 999))"
}

# branch_scattered names its rows, as an application would: 1000 keys all over the table.
branch_scattered() {
  PGDATABASE=postgres/scattered$ROUND
  local step=$((ROWS / 1000))
  sql_ms 'SELECT 1' "UPDATE events SET v = v + 1 WHERE id IN (SELECT g * $step + $((ROUND * 7)) FROM generate_series(0, 999) g)"
}

# branch_reads compares reads on main with the same on a branch and at a point of the past. Here main stands in
# PostgreSQL's place: the ratio is that to main.
branch_reads() {
  local round scn
  use rowan
  printf '\\set id random(1, %d)\nSELECT v FROM events WHERE id = :id;\n' "$ROWS" >"$WORK/point.sql"
  scn=$(value 'SELECT rowan.current_scn()')
  run_sql "UPDATE events SET v = v + 1 WHERE id <= 1000" || return 1
  for round in $(seq "$REPS"); do
    read_pair "point read on a branch, of main's" postgres/adjacent1
    read_pair "point read at a point, of main's" "postgres@$scn"
    scan_pair "sum on a branch, of main's" postgres/adjacent1
    scan_pair "sum at a point, of main's" "postgres@$scn"
  done
  for round in "point read on a branch" "point read at a point" "sum on a branch" "sum at a point"; do report_line "$round, of main's"; done
}

read_pair() { # NAME DATABASE
  note "$1" rowan tps "$(PGDATABASE=$2 point_tps)"
  note "$1" main tps "$(point_tps)"
}

point_tps() { pgbench -n -T "$DURATION" -M prepared -f "$WORK/point.sql" 2>&1 | awk '/^tps = / { print $3 }'; }

scan_pair() { # NAME DATABASE
  note "$1" rowan ms "$(PGDATABASE=$2 sql_ms 'SELECT sum(v) FROM events')"
  note "$1" main ms "$(sql_ms 'SELECT sum(v) FROM events')"
}
