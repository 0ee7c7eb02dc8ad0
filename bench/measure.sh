# How figures are taken and shown. Sourced by compare.sh.
#
# A measurement is a function that is called once for each server and round, rowan and postgres in turn, and prints one number
# (or nothing, with the reason on standard error). All numbers go to the file $RAW; report prints medians and ratios.

# note NAME SERVER UNIT VALUE keeps a figure.
note() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$RAW"; }

# alternate NAME UNIT FUNCTION ARGS... measures REPS times on each server, A B A B, the first being another each time.
alternate() {
  local name=$1 unit=$2 round server value order
  shift 2
  wanted "$name" || return 0
  for round in $(seq "$REPS"); do
    order="rowan postgres"
    [ $((round % 2)) = 0 ] && order="postgres rowan"
    for server in $order; do
      use "$server"
      SERVER=$server
      value=$("$@") || value=
      note "$name" "$server" "$unit" "${value:-failed}"
    done
  done
  report_line "$name"
}

# alone NAME UNIT FUNCTION ARGS... measures REPS times on Rowan: what PostgreSQL does not have.
alone() {
  local name=$1 unit=$2 value
  shift 2
  wanted "$name" || return 0
  use rowan
  SERVER=rowan
  for ROUND in $(seq "$REPS"); do
    value=$("$@") || value=
    note "$name" rowan "$unit" "${value:-failed}"
  done
  report_line "$name"
}

# wanted NAME reports whether the run is to include a measurement.
wanted() { [[ $1 =~ ${ONLY:-.} ]]; }

report_head() { printf 'test\tunit\trowan\tpostgres\tratio\trowan_all\tpostgres_all\n'; }

# report_line NAME prints medians and the ratio, PostgreSQL being 1.0 and more being better whatever the unit.
report_line() {
  awk -F'\t' -v name="$1" '
    function median(list, n,    i, j, t) {
      for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
      return n ? list[int((n + 1) / 2)] : ""
    }
    $1 == name {
      unit = $3
      side = $2 == "rowan"
      all[side] = all[side] (all[side] == "" ? "" : " ") $4
      if ($4 == "failed") next
      if (side) r[++nr] = $4 + 0; else p[++np] = $4 + 0
    }
    END {
      a = median(r, nr); b = median(p, np); ratio = "-"
      if (nr && np && a > 0 && b > 0) ratio = sprintf("%.2f", unit == "tps" ? a / b : b / a)
      printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, unit, nr ? a : "failed", np ? b : "-", ratio, all[1], all[0]
    }' "$RAW"
}

# sql_ms SQL... runs statements in one connection and prints the milliseconds of the last.
sql_ms() {
  local args=(-c '\timing on') s out
  for s in "$@"; do args+=(-c "$s"); done
  out=$(timeout --foreground "$LIMIT_S" psql -X -q -At -v ON_ERROR_STOP=1 "${args[@]}" 2>&1) || { tail -2 <<<"$out" >&2; return 1; }
  awk '/^Time: / { t = $2 } END { print t }' <<<"$out"
}

# run_sql SQL... runs statements and shows nothing but errors.
run_sql() {
  local args=() s
  for s in "$@"; do args+=(-c "$s"); done
  timeout --foreground "$LIMIT_S" psql -X -q -At -v ON_ERROR_STOP=1 "${args[@]}" >/dev/null
}

# value SQL prints the one value of a query.
value() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

# bench_tps SCRIPT MODE CLIENTS runs pgbench and prints transactions a second. The processor time that the server used for
# each is kept beside it.
bench_tps() {
  local out before used
  before=$(cpu_ms "$SERVER")
  out=$(timeout $((DURATION + 60)) pgbench -n -T "$DURATION" -c "$3" -j "$(jobs_for "$3")" -M "$2" -D scale="$SCALE" -f "$WORK/$1.sql" 2>&1)
  used=$(($(cpu_ms "$SERVER") - before))
  if grep -qE 'aborted|FATAL|ERROR' <<<"$out"; then grep -m2 -E 'aborted|FATAL|ERROR' <<<"$out" >&2; fi
  awk -v used="$used" -F': ' '/transactions actually processed/ { split($2, a, "/"); if (a[1] > 0) printf "%.1f", used * 1000 / a[1] }' <<<"$out" >"$WORK/cpu"
  note "$1 $2 $3 (server CPU a transaction)" "$SERVER" us "$(cat "$WORK/cpu")"
  awk '/^tps = / { print $3 }' <<<"$out"
}

# jobs_for CLIENTS is the number of threads of pgbench: one, or two for several clients.
jobs_for() { if [ "$1" -gt 1 ]; then echo 2; else echo 1; fi; }
