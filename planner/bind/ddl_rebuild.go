package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
)

const exprImplicit = expr.FormImplicitCast

// exprCast is the form of a cast that is printed.
const exprCast = expr.FormCast

func columnNode(name string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: []*pg.Node{pg.MakeStrNode(name)}, Location: -1}}}
}

func isColumn(e expr.Expr) bool {
	_, ok := e.(*expr.Column)
	return ok
}

// unchanged reports whether a conversion leaves every value as it is, so that rows need no rewrite.
func unchanged(e expr.Expr, c *catalog.Column, a *command.AlterType) bool {
	if r, ok := e.(*expr.Relabel); ok && isColumn(r.Arg) {
		return a.Type.Mod < 0 && c.Type.Class == a.Type.Class && c.Type.Category == a.Type.Category
	}
	// varchar(n) to a longer varchar(m)
	call, ok := e.(*expr.Call)
	return ok && len(call.Args) > 1 && isColumn(call.Args[0]) && c.TypeOID == a.Type.ID() && call.Proc.Name == "varchar" && c.Mod >= 0 && c.Mod <= a.Type.Mod
}

// stripImplicit takes off coercions that an assignment put in.
func stripImplicit(e expr.Expr) expr.Expr {
	for {
		switch x := e.(type) {
		case *expr.Relabel:
			if x.Form != exprImplicit {
				return e
			}
			e = x.Arg
		case *expr.Call:
			if x.Form != exprImplicit {
				return e
			}
			e = x.Args[0]
		case *expr.IOCast:
			if x.Form != exprImplicit {
				return e
			}
			e = x.Arg
		default:
			return e
		}
	}
}

// rebuild binds the table's stored expressions that read a column again, over the draft, and collects those whose text
// has changed. from is the column's name in the texts, to its name from now on.
func (b *definer) rebuild(draft *catalog.Table, from, to string, out *[]command.Rewrite) error {
	again := func(text string, kind exprKind) (string, error) {
		n, err := parse.Expression(text)
		if err != nil {
			return "", err
		}
		e, err := b.unplaced(func() (expr.Expr, error) { return b.tableScope(draft).in(kind, n) })
		if err != nil {
			return "", err
		}
		form := b.storedForm()
		form.Column = func(c *expr.Column) string {
			if c.Name == from {
				return quoteIdent(to)
			}
			return quoteIdent(c.Name)
		}
		return expr.SQL(e, form), nil
	}
	add := func(text string, kind exprKind, r command.Rewrite) error {
		if text == "" || text == "?" {
			return nil
		}
		s, err := again(text, kind)
		if err == nil && s != text {
			r.Object, r.Text = draft.OID, s
			*out = append(*out, r)
		}
		return err
	}
	for i := range draft.Columns {
		c := &draft.Columns[i]
		if c.Dropped {
			continue
		}
		if err := add(c.Generated, kindGenerated, command.Rewrite{Column: c.ID, Generated: true}); err != nil {
			return err
		}
		if err := add(c.Hidden, kindIndexExpr, command.Rewrite{Column: c.ID}); err != nil {
			return err
		}
	}
	for _, k := range draft.Constraints {
		if err := add(k.Expr, kindCheck, command.Rewrite{Constraint: k.OID}); err != nil {
			return err
		}
	}
	return b.rebuildTriggers(draft, from, to, out)
}
