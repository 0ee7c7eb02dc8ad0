package helios

import (
	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

type column struct {
	Name       string `json:"name"`
	Type       string `json:"type" example:"INTEGER"`
	Nullable   bool   `json:"nullable"`
	PrimaryKey bool   `json:"primary_key,omitempty"`
	Default    string `json:"default,omitempty"`
}

type table struct {
	Name      string   `json:"name"`
	Schema    string   `json:"schema"`
	Kind      string   `json:"kind,omitempty" enum:"table,view"`
	RowCount  int64    `json:"row_count"`
	Columns   []column `json:"columns"`
	Indexes   []string `json:"indexes"`
	CreatedAt string   `json:"created_at,omitempty" format:"date-time"`
}

type tableList struct {
	Tables []table `json:"tables"`
}

func showTable(t api.Table) table {
	out := table{Name: t.Name, Schema: t.Schema, Kind: t.Kind, RowCount: t.Rows, Columns: []column{}, Indexes: append([]string{}, t.Indexes...)}
	if !t.Created.IsZero() {
		out.CreatedAt = stamp(t.Created)
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, column(c))
	}
	return out
}

func (d *Dialect) tables(c *web.Call) (any, error) {
	list, err := d.Tables.Tables(c.Context(), c.Principal, c.Path("branch"))
	out := tableList{[]table{}}
	for _, t := range list {
		out.Tables = append(out.Tables, showTable(t))
	}
	return out, err
}

func (d *Dialect) table(c *web.Call) (any, error) {
	t, err := d.Tables.Table(c.Context(), c.Principal, c.Path("branch"), c.Path("table"))
	return showTable(t), err
}

type dataPage struct {
	Columns    []string   `json:"columns"`
	Rows       [][]any    `json:"rows"`
	Pagination pagination `json:"pagination"`
}

func (d *Dialect) read(c *web.Call) (any, error) {
	point, err := pointOf(c.Text("as_of_type"), c.Text("as_of_value"))
	if err != nil {
		return nil, err
	}
	columns := c.Text("columns")
	if columns == "*" {
		columns = ""
	}
	page, limit := c.Int("page"), c.Int("limit")
	res, err := d.Tables.Select(c.Context(), c.Principal, api.Selection{Branch: c.Path("branch"), Table: c.Path("table"), Point: point,
		Columns: columns, Filter: c.Text("filter"), OrderBy: c.Text("order_by"), Limit: limit, Offset: (page - 1) * limit})
	if err != nil {
		return nil, err
	}
	if res.Rows == nil {
		res.Rows = [][]any{}
	}
	return dataPage{res.Columns, res.Rows, paginate(page, limit, int(res.Total))}, nil
}

type insertRows struct {
	Rows       []map[string]any `json:"rows" required:"true" doc:"one object for each row: values by column"`
	OnConflict string           `json:"on_conflict,omitempty" enum:"error,ignore,update" doc:"default: error"`
}

type inserted struct {
	Inserted int64 `json:"inserted"`
	IDs      []any `json:"ids" doc:"values of the primary key; arrays where it has several columns"`
}

// maxInsert bounds the rows of one request.
const maxInsert = 10_000

func (d *Dialect) insert(c *web.Call, in *insertRows) (any, error) {
	switch in.OnConflict {
	case "":
		in.OnConflict = "error"
	case "error", "ignore", "update":
	default:
		return nil, web.Invalid("on_conflict", "on_conflict must be one of error, ignore, update, not %q", in.OnConflict)
	}
	if len(in.Rows) == 0 {
		return nil, web.Invalid("rows", "rows is missing or empty")
	}
	if len(in.Rows) > maxInsert {
		return nil, web.Invalid("rows", "rows has %d rows; at most %d can be inserted at once", len(in.Rows), maxInsert)
	}
	res, err := d.Tables.Insert(c.Context(), c.Principal, api.Insertion{Branch: c.Path("branch"), Table: c.Path("table"), Rows: in.Rows, OnConflict: in.OnConflict})
	return inserted{res.Rows, append([]any{}, res.IDs...)}, err
}

type updateRows struct {
	Filter  string         `json:"filter" required:"true" doc:"SQL as it stands behind WHERE; true is all rows"`
	Updates map[string]any `json:"updates" required:"true" doc:"new values by column"`
}

type updatedRows struct {
	Updated int64 `json:"updated"`
}

func (d *Dialect) change(c *web.Call, in *updateRows) (any, error) {
	if in.Filter == "" {
		return nil, web.Invalid("filter", "filter is missing; true is all rows")
	}
	if len(in.Updates) == 0 {
		return nil, web.Invalid("updates", "updates is missing or empty")
	}
	n, err := d.Tables.Update(c.Context(), c.Principal, c.Path("branch"), c.Path("table"), in.Filter, in.Updates)
	return updatedRows{n}, err
}

type deletedRows struct {
	Deleted int64 `json:"deleted"`
}

func (d *Dialect) remove(c *web.Call) (any, error) {
	n, err := d.Tables.Delete(c.Context(), c.Principal, c.Path("branch"), c.Path("table"), c.Text("filter"))
	return deletedRows{n}, err
}
