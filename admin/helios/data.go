package helios

import (
	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/tabular"
	"github.com/rowandb/rowan/admin/web"
)

type dataPage struct {
	Columns    []string   `json:"columns"`
	Rows       *api.Rows  `json:"rows"`
	Pagination pagination `json:"pagination"`
}

func (p dataPage) data(f *fields) {
	f.put("columns", p.Columns)
	f.arrays("rows", p.Rows)
	f.put("pagination", p.Pagination)
}

func (p dataPage) top(f *fields) { p.data(f) }

func (d *Dialect) read(c *web.Call) (any, error) {
	point, err := pointIn(c)
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
	return dataPage{res.Columns, res.Rows, paginate(page, limit, int(res.Total))}, nil
}

type insertRows struct {
	Rows       []tabular.Object `json:"rows" required:"true" doc:"one object for each row: values by column"`
	OnConflict string           `json:"on_conflict,omitempty" enum:"error,ignore,update" doc:"default: error"`
}

type inserted struct {
	Inserted int64 `json:"inserted"`
	IDs      []any `json:"ids" doc:"values of the primary key; arrays where it has several columns"`
}

// maxInsert bounds the rows of one request.
const maxInsert = 10_000

func (d *Dialect) insert(c *web.Call, in *insertRows) (any, error) {
	conflict, err := onConflict(in.OnConflict)
	if err != nil {
		return nil, err
	}
	if len(in.Rows) == 0 {
		return nil, web.Invalid("rows", "rows is missing or empty")
	}
	if len(in.Rows) > maxInsert {
		return nil, web.Invalid("rows", "rows has %d rows; at most %d can be inserted at once", len(in.Rows), maxInsert)
	}
	insertion := api.Insertion{Branch: c.Path("branch"), Table: c.Path("table"), Rows: tabular.Values(tabular.All(in.Rows)), OnConflict: conflict, IDs: true}
	if c.Bool("auto_create") {
		insertion.Create = func() (api.NewTable, error) {
			schema, err := tabular.Infer(tabular.All(in.Rows), false)
			return newTable(insertion.Table, schema), badRows("rows", err)
		}
	}
	res, err := d.Tables.Insert(c.Context(), c.Principal, insertion)
	return inserted{Inserted: res.Rows, IDs: append([]any{}, res.IDs...)}, err
}

// onConflict reads what happens to rows whose key is there already.
func onConflict(word string) (string, error) {
	switch word {
	case "":
		return "error", nil
	case "error", "ignore", "update":
		return word, nil
	}
	return "", web.Invalid("on_conflict", "on_conflict must be one of error, ignore, update, not %q", word)
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
