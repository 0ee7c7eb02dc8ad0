# What only Rowan has: branches, diffs, merges and reads of the past, on the table of scans.sh. Sourced by compare.sh.

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
  ONLY=$only
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
