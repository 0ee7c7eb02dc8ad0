# Bulk load and statements over one large table. Sourced by compare.sh.

scans() {
  wanted_any copy count sum group like join order window range branch merge diff 'point read' 'sum on' 'sum at' || return 0
  awk -v n="$ROWS" 'BEGIN {
    srand(42)
    split("ash birch cedar elder hazel larch maple rowan", tree, " ")
    for (i = 1; i <= n; i++) printf "%d,%d,%.6f,%s-%07d-%05d\n", i, int(rand() * 100000), rand() * 1000, tree[1 + int(rand() * 8)], int(rand() * 1e7), int(rand() * 1e5)
  }' >"$WORK/events.csv"
  awk 'BEGIN { srand(7); for (i = 0; i < 100000; i++) printf "%d,%d,%d\n", i, 99999 - i, int(rand() * 1000) }' >"$WORK/kinds.csv"
  ensure "copy in" events "$ROWS" scan_load || { SCANNABLE=0; return 0; }
  SCANNABLE=1
  alternate "count" ms sql_ms 'SELECT count(*) FROM events'
  alternate "count filtered" ms sql_ms 'SELECT count(*) FROM events WHERE v < 500'
  alternate "sum" ms sql_ms 'SELECT sum(v) FROM events'
  alternate "group by 100" ms sql_ms 'SELECT k % 100, count(*), sum(v) FROM events GROUP BY k % 100'
  alternate "group by 100000" ms sql_ms 'SELECT count(*), max(s) FROM (SELECT k, sum(v) AS s FROM events GROUP BY k) q'
  alternate "like" ms sql_ms "SELECT count(*) FROM events WHERE name LIKE '%rowan%7'"
  alternate "join" ms sql_ms 'SELECT count(*), sum(d.w) FROM events e JOIN kinds d ON e.k = d.k'
  alternate "order limit" ms sql_ms 'SELECT id, v FROM events ORDER BY v DESC LIMIT 10'
  alternate "window" ms sql_ms 'SELECT max(n) FROM (SELECT row_number() OVER (PARTITION BY k % 100 ORDER BY v) AS n FROM events) q'
  alternate "range of 1000" ms sql_ms "SELECT sum(v) FROM events WHERE id BETWEEN $((ROWS / 2)) AND $((ROWS / 2 + 999))"
  alternate "order all" ms sql_ms 'SELECT count(*) FROM (SELECT id FROM events ORDER BY name, id OFFSET 1) q'
}

# scan_load makes the tables anew and prints the milliseconds that the large one takes to load.
scan_load() {
  run_sql 'SET client_min_messages = warning' 'DROP TABLE IF EXISTS events' 'DROP TABLE IF EXISTS kinds' \
    'CREATE TABLE events (id int PRIMARY KEY, k int, v double precision, name text)' \
    'CREATE TABLE kinds (id int PRIMARY KEY, k int, w int)' "\\copy kinds FROM '$WORK/kinds.csv' WITH (FORMAT csv)" || return 1
  sql_ms "\\copy events FROM '$WORK/events.csv' WITH (FORMAT csv)" || return 1
  run_sql 'ANALYZE events' 'ANALYZE kinds' || true
}
