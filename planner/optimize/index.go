package optimize

import (
	"github.com/rowandb/rowan/catalog"
)

// leadsIndex reports whether a whole (not partial) index of the table begins with the column.
func leadsIndex(t *catalog.Table, col catalog.ColumnID) bool {
	for _, ix := range t.Indexes {
		if ix.Predicate == 0 && len(ix.Columns) > 0 && ix.Columns[0].Column == col {
			return true
		}
	}
	return false
}
