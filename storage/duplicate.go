package storage

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// Duplicate is a key that two rows have, the cause of the error that tells of it. How it is shown is for those who know what the
// session may see and how it writes values.
type Duplicate struct {
	Table *catalog.Table
	Index *catalog.Index
	Key   []types.Datum // one for each column of Index
}

// Error implements error.
func (d *Duplicate) Error() string { return "two rows of " + d.Index.Name + " have one key" }

// Text shows the key: (a, b)=(1, 2).
func (d *Duplicate) Text(f *types.Format) string {
	var names, values []string
	for i, c := range d.Index.Columns {
		col, value := d.Table.ColumnByID(c.Column), "null"
		if !d.Key[i].Null {
			value = types.Text(col.Type, d.Key[i], f)
		}
		name := col.Hidden
		if name == "" {
			name = types.QuoteIdent(col.Name)
		}
		names, values = append(names, name), append(values, value)
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}
