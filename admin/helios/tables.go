package helios

import (
	"encoding/json"
	"fmt"
	"slices"

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
	CreatedAt string   `json:"created_at,omitempty" format:"date-time" doc:"left out where it is not known: of views"`

	size  int64
	key   []string
	whole []api.Index
}

type tableList struct {
	Tables []table `json:"tables"`
}

func showTable(t api.Table) table {
	out := table{Name: t.Name, Schema: t.Schema, Kind: t.Kind, RowCount: t.Rows, Columns: []column{}, Indexes: []string{},
		size: t.Size, key: append([]string{}, t.Key...), whole: t.Indexes}
	if !t.Created.IsZero() {
		out.CreatedAt = web.Stamp(t.Created)
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, column{c.Name, c.Type, c.Nullable, c.PrimaryKey, c.Default})
	}
	for _, ix := range t.Indexes {
		out.Indexes = append(out.Indexes, ix.Name)
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

// createTable is a table to be made, as client libraries write it.
type createTable struct {
	Name       string         `json:"name" required:"true" example:"plants"`
	Columns    []createColumn `json:"columns" required:"true"`
	PrimaryKey []string       `json:"primary_key,omitempty" doc:"names of columns"`
}

type createColumn struct {
	Name       string `json:"name" required:"true"`
	Type       string `json:"type" required:"true" example:"NUMERIC(10,2)" doc:"an SQL type"`
	Nullable   *bool  `json:"nullable,omitempty" doc:"default: true"`
	Default    any    `json:"default,omitempty" doc:"a text is an SQL expression, such as now() or 'new'; a number or truth value is itself"`
	PrimaryKey bool   `json:"primary_key,omitempty"`
}

func (in *createTable) table() (api.NewTable, error) {
	out := api.NewTable{Name: in.Name, Key: in.PrimaryKey}
	switch {
	case in.Name == "":
		return out, web.Invalid("name", "name is missing")
	case len(in.Columns) == 0:
		return out, web.Invalid("columns", "columns is missing or empty")
	}
	for i, c := range in.Columns {
		if c.Name == "" || c.Type == "" {
			return out, web.Invalid("columns", "column %d has no name or no type", i+1)
		}
		n := api.NewColumn{Name: c.Name, Type: c.Type, NotNull: c.Nullable != nil && !*c.Nullable}
		switch v := c.Default.(type) {
		case nil:
		case string:
			n.Default = v
		case bool, json.Number:
			n.Default = fmt.Sprint(v)
		default:
			return out, web.Invalid("default", "default of column %s must be a string, a number, or true or false", c.Name)
		}
		if c.PrimaryKey && !slices.Contains(out.Key, c.Name) {
			out.Key = append(out.Key, c.Name)
		}
		out.Columns = append(out.Columns, n)
	}
	return out, nil
}

func (d *Dialect) createTable(c *web.Call, in *createTable) (any, error) {
	t, err := in.table()
	if err != nil {
		return nil, err
	}
	made, err := d.Tables.CreateTable(c.Context(), c.Principal, c.Path("branch"), t)
	return showTable(made), err
}

type droppedTable struct {
	Deleted bool   `json:"deleted"`
	Table   string `json:"table"`
}

func (d *Dialect) dropTable(c *web.Call) (any, error) {
	name := c.Path("table")
	return droppedTable{true, name}, d.Tables.DropTable(c.Context(), c.Principal, c.Path("branch"), name, c.Bool("cascade"))
}
