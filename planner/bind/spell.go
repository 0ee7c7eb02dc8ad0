package bind

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Stored is an expression as descriptors keep it, with what its names mean: the columns of a table, or VALUE of a domain.
type Stored struct {
	Text  string // one expression, or several parted by commas
	Table *catalog.Table
	Value types.Type // of VALUE; unset elsewhere
}

// Spell binds a stored expression and writes it in another form: with names as short as a search_path allows, or without
// the parentheses that only the stored form has.
func Spell(s Stored, c Catalog, o Options, form expr.SQLOptions) (string, error) {
	tree, err := parse.Query("SELECT " + s.Text)
	if err != nil {
		return "", err
	}
	var params []types.Type
	b := &definer{binder: &binder{cat: c, opts: o, params: &params, stmt: &parse.Statement{}, out: &Bound{}}}
	q := b.child(nil)
	if s.Table != nil {
		q = b.tableScope(s.Table)
	}
	if s.Value.Known() {
		q.value = &expr.CurrentValue{T: baseTypeMod(s.Value)}
	}
	var out []string
	for _, target := range tree.GetSelectStmt().GetTargetList() {
		e, err := b.unplaced(func() (expr.Expr, error) { return q.in(kindCheck, target.GetResTarget().GetVal()) })
		if err != nil {
			return "", err
		}
		out = append(out, expr.SQL(e, form))
	}
	return strings.Join(out, ", "), nil
}
