package bind

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
)

// BodyText writes the i-th statement of a body in the standard's form as pg_get_functiondef does; the only one of RETURN is
// its expression. What it cannot write out is an error: the stored text stands for it.
func BodyText(f *catalog.Function, i int, c Catalog, o Options, form ViewForm) (string, error) {
	b := (&definer{binder: &binder{cat: c, opts: o, stmt: &parse.Statement{}, out: &Bound{}}}).inBody(f)
	names := inputNamesOf(f)
	form.SQL.Param = func(p *expr.Param) string {
		if p.Index >= len(names) || names[p.Index] == "" {
			return "$" + itoa(p.Index+1)
		}
		if f.Return {
			return quoteIdent(names[p.Index])
		}
		return quoteIdent(f.Name) + "." + quoteIdent(names[p.Index])
	}
	if !f.Return {
		return ViewText(f.Atomic[i], c, b.opts, form)
	}
	tree, err := parse.Query(f.Atomic[i])
	if err != nil {
		return "", err
	}
	e, err := b.child(nil).in(kindSelectTarget, tree.GetSelectStmt().GetTargetList()[0].GetResTarget().GetVal())
	if err != nil {
		return "", err
	}
	return expr.SQL(e, form.SQL), nil
}
