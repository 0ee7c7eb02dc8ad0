package helios

import (
	"cmp"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/tabular"
	"github.com/rowandb/rowan/admin/web"
)

// inferSchema is what a table is to be found for. Client libraries call the rows data, others samples.
type inferSchema struct {
	Data      []tabular.Object `json:"data,omitempty" doc:"one object for each row"`
	Samples   []tabular.Object `json:"samples,omitempty" doc:"data, of other clients"`
	TableName string           `json:"table_name,omitempty" doc:"default: inferred"`
	Options   map[string]any   `json:"options,omitempty" doc:"of other clients; ignored"`
}

type inferred struct {
	TableName  string            `json:"table_name"`
	Schema     map[string]string `json:"inferred_schema" doc:"types by column"`
	Columns    []column          `json:"columns" doc:"in their order"`
	CreateSQL  string            `json:"create_sql"`
	Confidence float64           `json:"confidence" doc:"share of the values that look like what their column's type is for"`
}

func (d *Dialect) infer(c *web.Call, in *inferSchema) (any, error) {
	rows := in.Data
	if rows == nil {
		rows = in.Samples
	}
	if len(rows) == 0 {
		return nil, web.Invalid("data", "data is missing or empty")
	}
	schema, err := tabular.Infer(tabular.All(rows), false)
	if err != nil {
		return nil, badRows("data", err)
	}
	t := newTable(cmp.Or(in.TableName, "inferred"), schema)
	out := inferred{TableName: t.Name, Schema: map[string]string{}, Columns: []column{}, Confidence: schema.Confidence}
	for _, col := range schema.Columns {
		out.Schema[col.Name] = col.Type
		out.Columns = append(out.Columns, column{Name: col.Name, Type: col.Type, Nullable: col.Nullable, PrimaryKey: col.Name == schema.Key})
	}
	out.CreateSQL, err = d.Tables.Definition(t)
	return out, err
}

// newTable is the table for a schema. Nothing but the key is NOT NULL: what the rows so far all have, others may lack.
func newTable(name string, s tabular.Schema) api.NewTable {
	t := api.NewTable{Name: name}
	for _, c := range s.Columns {
		t.Columns = append(t.Columns, api.NewColumn{Name: c.Name, Type: c.Type})
	}
	if s.Key != "" {
		t.Key = []string{s.Key}
	}
	return t
}
