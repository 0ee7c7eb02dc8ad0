package lower

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/estimate"
	"github.com/rowandb/rowan/planner/expr"
)

// Options are what lowering needs to know from outside. The zero value works: seq scans of tables of default size.
type Options struct {
	// Stats gives row counts; nil: the default for every table.
	Stats estimate.Stats
	// IndexExpr binds the SQL of a hidden column: the expression of an index or the predicate of a partial one, over
	// Columns whose ids are those of the table's columns. Without it such indexes are not used.
	IndexExpr func(t *catalog.Table, col catalog.ColumnID) (expr.Expr, error)
	// CountRows allows count(*) over a whole table to be answered from the counts that storage keeps.
	CountRows bool
}
