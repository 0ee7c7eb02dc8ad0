# Short transactions: pgbench's, at SCALE, from files so that pgbench need not look the tables up. Sourced by compare.sh.

points() {
  wanted_any 'select' 'update' 'tpcb' 'point load' || return 0
  point_scripts
  ensure "point load" pgbench_accounts $((SCALE * 100000)) point_load || return 0
  local clients mode
  for clients in 1 8; do
    for mode in prepared simple; do
      alternate "select $mode $clients" tps bench_tps select "$mode" "$clients"
      cpu_line "select $mode $clients"
    done
  done
  for clients in 1 8; do
    alternate "update simple $clients" tps bench_tps update simple "$clients"
    cpu_line "update simple $clients"
    alternate "tpcb simple $clients" tps bench_tps tpcb simple "$clients"
    cpu_line "tpcb simple $clients"
  done
}

# wanted_any NAME... reports whether the run includes one of the measurements; a name stands for all that begin with it.
wanted_any() {
  local n
  [ -z "${ONLY:-}" ] && return 0
  for n in "$@"; do
    [[ $n =~ $ONLY ]] && return 0
    [[ $ONLY == *"$n"* ]] && return 0
  done
  return 1
}

# ensure NAME TABLE ROWS FUNCTION measures a load, whatever ONLY says, and makes sure that both servers have the rows: figures
# over empty tables are worth nothing.
ensure() {
  local only=${ONLY:-} server n
  ONLY=''
  alternate "$1" ms "$4"
  ONLY=$only
  for server in rowan postgres; do
    use "$server"
    n=$(value "SELECT count(*) FROM $2")
    [ "$n" = "$3" ] && continue
    echo "$1: $server has ${n:-no} rows in $2, not $3; what needs them is left out" >&2
    return 1
  done
}

cpu_line() { wanted "$1" && report_line "$1 (server CPU a transaction)"; }

point_scripts() {
  cat >"$WORK/select.sql" <<'SQL'
\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
SQL
  cat >"$WORK/update.sql" <<'SQL'
\set aid random(1, 100000 * :scale)
\set bid random(1, :scale)
\set tid random(1, 10 * :scale)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
SQL
  cat >"$WORK/tpcb.sql" <<'SQL'
\set aid random(1, 100000 * :scale)
\set bid random(1, :scale)
\set tid random(1, 10 * :scale)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
SQL
  seq "$SCALE" | awk '{ print $1 ",0," }' >"$WORK/branches.csv"
  seq $((SCALE * 10)) | awk '{ print $1 "," int(($1 - 1) / 10) + 1 ",0," }' >"$WORK/tellers.csv"
  seq $((SCALE * 100000)) | awk '{ print $1 "," int(($1 - 1) / 100000) + 1 ",0," }' >"$WORK/accounts.csv"
}

# point_load makes pgbench's four tables anew, with their keys, and fills them by COPY. It prints the milliseconds of the
# largest.
point_load() {
  run_sql 'SET client_min_messages TO warning' 'DROP TABLE IF EXISTS pgbench_history' 'DROP TABLE IF EXISTS pgbench_accounts' \
    'DROP TABLE IF EXISTS pgbench_tellers' 'DROP TABLE IF EXISTS pgbench_branches' \
    'CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88))' \
    'CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))' \
    'CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))' \
    'CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))' \
    "\\copy pgbench_branches FROM '$WORK/branches.csv' WITH (FORMAT csv)" \
    "\\copy pgbench_tellers FROM '$WORK/tellers.csv' WITH (FORMAT csv)" || return 1
  sql_ms "\\copy pgbench_accounts FROM '$WORK/accounts.csv' WITH (FORMAT csv)" || return 1
  run_sql 'ANALYZE' || true
}
