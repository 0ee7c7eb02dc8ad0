package helios

import (
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// statement is the body of execute.
type statement struct {
	SQL       string `json:"sql" required:"true"`
	Params    []any  `json:"params,omitempty" doc:"values of $1, $2, …"`
	TimeoutMS int64  `json:"timeout_ms,omitempty" doc:"default: 30000, or the role's statement_timeout where that is less; the statement is cancelled when it takes longer"`
}

// queryBody is the body of query.
type queryBody struct {
	SQL       string `json:"sql" required:"true"`
	Params    []any  `json:"params,omitempty" doc:"values of $1, $2, …"`
	AsOf      *asOf  `json:"as_of,omitempty"`
	TimeoutMS int64  `json:"timeout_ms,omitempty" doc:"default: 30000, or the role's statement_timeout where that is less; the query is cancelled when it takes longer"`

	AsOfTimestamp string `json:"as_of_timestamp,omitempty" doc:"as_of, of client libraries" format:"date-time"`
	Timestamp     string `json:"timestamp,omitempty" doc:"as_of, of client libraries" format:"date-time"`
	Mode          string `json:"mode,omitempty" doc:"of client libraries: they send changes of data here, too"`
}

const (
	defaultTimeout = 30 * time.Second // of statements without timeout_ms
	maxTimeout     = time.Hour
)

// bounded says how long a statement may take: so many milliseconds, or when these are 0 what the server and the role allow.
func bounded(st api.Statement, ms int64) (api.Statement, error) {
	switch {
	case ms < 0 || ms > maxTimeout.Milliseconds():
		return st, web.Invalid("timeout_ms", "timeout_ms must be between 0 and %d", maxTimeout.Milliseconds())
	case ms == 0:
		st.Within = defaultTimeout
	default:
		st.Timeout = time.Duration(ms) * time.Millisecond
	}
	return st, nil
}

// result is a query's. Its top level is that of the client library that asked.
type result struct {
	Columns []string  `json:"columns"`
	Types   []string  `json:"column_types"`
	Rows    *api.Rows `json:"rows"`
	Count   int64     `json:"row_count"`
	Plan    string    `json:"execution_plan"`
	Elapsed int64     `json:"execution_time_ms"`

	typed bool // the library wants columns with their types
}

func (r result) data(f *fields) {
	f.put("columns", r.Columns)
	f.put("column_types", r.Types)
	f.arrays("rows", r.Rows)
	r.rest(f)
}

func (r result) top(f *fields) {
	topRows(f, r.Columns, r.Types, r.Rows, r.typed)
	f.put("rows_affected", r.Count)
	r.rest(f)
}

func (r result) rest(f *fields) {
	f.put("row_count", r.Count)
	f.put("execution_plan", r.Plan)
	f.put("execution_time_ms", r.Elapsed)
}

// topRows writes rows as a client library reads them: as arrays where it wants columns with their types, else as objects.
func topRows(f *fields, columns, types []string, rows *api.Rows, withTypes bool) {
	if withTypes {
		f.put("columns", typed(columns, types))
		f.put("column_types", types)
		f.arrays("rows", rows)
		return
	}
	f.put("columns", columns)
	f.put("column_types", types)
	f.objects("rows", columns, rows)
}

func (d *Dialect) query(c *web.Call, in *queryBody) (any, error) {
	st, err := in.statement(c)
	if err != nil {
		return nil, err
	}
	withTypes := in.Mode != "" || wantsTypes(c)
	changes := (withTypes || in.plain(c)) && c.Principal.May(string(web.Write))
	st.ReadOnly, st.Explain = st.Point != "" || !changes, true
	res, err := d.SQL.Run(c.Context(), c.Principal, st)
	if err != nil {
		return nil, err
	}
	out := result{Columns: append([]string{}, res.Columns...), Types: append([]string{}, res.Types...), Rows: res.Rows, Count: int64(res.Rows.Len()),
		Plan: res.Plan, Elapsed: res.Elapsed.Milliseconds(), typed: withTypes}
	if res.Columns == nil {
		out.Count = res.Affected
	}
	return out, nil
}

// wantsTypes reports whether a client library asks that wants columns with their types.
func wantsTypes(c *web.Call) bool { return strings.HasPrefix(c.UserAgent(), "heliosdb-") }

// plain reports whether the request looks like one of the client libraries that have no name of their own, those in Go,
// Rust and for editors: they send changes of data here, too, and never what only the specification has.
func (in *queryBody) plain(c *web.Call) bool {
	agent := c.UserAgent()
	return (agent == "" || strings.HasPrefix(agent, "Go-http-client/") || strings.HasPrefix(agent, "axios/")) &&
		c.Header.Get("X-API-Key") != "" && in.AsOf == nil && in.TimeoutMS == 0
}

// timeTravel is query, at a time that must be given.
func (d *Dialect) timeTravel(c *web.Call, in *queryBody) (any, error) {
	if in.Timestamp == "" && in.AsOf == nil && in.AsOfTimestamp == "" {
		return nil, web.Invalid("timestamp", "timestamp is missing")
	}
	return d.query(c, in)
}

func (in *queryBody) statement(c *web.Call) (st api.Statement, err error) {
	if strings.TrimSpace(in.SQL) == "" {
		return st, web.Invalid("sql", "sql is missing")
	}
	st = api.Statement{Branch: c.Path("branch"), SQL: in.SQL, Params: in.Params}
	if st, err = bounded(st, in.TimeoutMS); err != nil {
		return st, err
	}
	switch {
	case in.AsOf != nil:
		st.Point, err = in.AsOf.point()
	case in.AsOfTimestamp != "":
		st.Point, err = pointOf(inBody, "timestamp", in.AsOfTimestamp)
	case in.Timestamp != "":
		st.Point, err = pointOf(inBody, "timestamp", in.Timestamp)
	}
	return st, err
}

// executed is what a statement has done. Where it returns rows, as with RETURNING, they stand beside what the specification
// shows, as those of a query do.
type executed struct {
	Type     string    `json:"statement_type" example:"CREATE_TABLE"`
	Affected int64     `json:"affected_rows"`
	Columns  []string  `json:"columns,omitempty" doc:"this and the following: where the statement returns rows, as with RETURNING"`
	Types    []string  `json:"column_types,omitempty"`
	Rows     *api.Rows `json:"rows,omitempty"`
	Count    int64     `json:"row_count,omitempty"`
	Elapsed  int64     `json:"execution_time_ms"`

	typed bool // as of result
}

func (e executed) data(f *fields) {
	e.head(f)
	if e.Rows != nil {
		f.put("columns", e.Columns)
		f.put("column_types", e.Types)
		f.arrays("rows", e.Rows)
		f.put("row_count", e.Count)
	}
}

func (e executed) top(f *fields) {
	e.head(f)
	if e.Rows != nil {
		topRows(f, e.Columns, e.Types, e.Rows, e.typed)
		f.put("row_count", e.Count)
	}
}

func (e executed) head(f *fields) {
	f.put("statement_type", e.Type)
	f.put("affected_rows", e.Affected)
	f.put("execution_time_ms", e.Elapsed)
}

func (d *Dialect) execute(c *web.Call, in *statement) (any, error) {
	if strings.TrimSpace(in.SQL) == "" {
		return nil, web.Invalid("sql", "sql is missing")
	}
	st, err := bounded(api.Statement{Branch: c.Path("branch"), SQL: in.SQL, Params: in.Params}, in.TimeoutMS)
	if err != nil {
		return nil, err
	}
	res, err := d.SQL.Run(c.Context(), c.Principal, st)
	return executed{Type: strings.ReplaceAll(res.Tag, " ", "_"), Affected: res.Affected, Columns: res.Columns, Types: res.Types, Rows: res.Rows,
		Count: int64(res.Rows.Len()), Elapsed: res.Elapsed.Milliseconds(), typed: wantsTypes(c)}, err
}
