package admin

import (
	"net/http"
	"strings"
	"time"
)

// heliosSQL is the body of query and execute.
type heliosSQL struct {
	SQL       string `json:"sql"`
	Params    []any  `json:"params"`
	AsOf      *asOf  `json:"as_of"`
	TimeoutMS int64  `json:"timeout_ms"`
}

// maxTimeout bounds timeout_ms.
const maxTimeout = time.Hour

// defaultTimeout is that of statements without timeout_ms.
const defaultTimeout = 30 * time.Second

func (h *helios) statement(r *http.Request, branch string) (Statement, error) {
	var body heliosSQL
	if err := decode(r, &body); err != nil {
		return Statement{}, err
	}
	if strings.TrimSpace(body.SQL) == "" {
		return Statement{}, invalid("sql is missing")
	}
	point, err := body.AsOf.point()
	if err != nil {
		return Statement{}, err
	}
	timeout := time.Duration(body.TimeoutMS) * time.Millisecond
	switch {
	case timeout < 0 || timeout > maxTimeout:
		return Statement{}, invalid("timeout_ms must be between 0 and %d", maxTimeout.Milliseconds())
	case timeout == 0:
		timeout = defaultTimeout
	}
	return Statement{Branch: branch, Point: point, SQL: body.SQL, Params: body.Params, Timeout: timeout}, nil
}

func (h *helios) query(w http.ResponseWriter, r *http.Request, branch string) {
	st, err := h.statement(r, branch)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	st.ReadOnly, st.Explain = true, true
	res, err := h.SQL.Run(r.Context(), principalOf(r), st)
	if err != nil {
		h.failSQL(w, r, err)
		return
	}
	rows := res.Rows
	if rows == nil {
		rows = [][]any{}
	}
	h.ok(w, r, http.StatusOK, map[string]any{"columns": append([]string{}, res.Columns...), "column_types": append([]string{}, res.Types...), "rows": rows,
		"row_count": len(rows), "execution_plan": res.Plan, "execution_time_ms": res.Elapsed.Milliseconds()})
}

func (h *helios) execute(w http.ResponseWriter, r *http.Request, branch string) {
	st, err := h.statement(r, branch)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	res, err := h.SQL.Run(r.Context(), principalOf(r), st)
	if err != nil {
		h.failSQL(w, r, err)
		return
	}
	h.ok(w, r, http.StatusOK, map[string]any{"statement_type": strings.ReplaceAll(res.Tag, " ", "_"), "affected_rows": res.Affected,
		"execution_time_ms": res.Elapsed.Milliseconds()})
}
