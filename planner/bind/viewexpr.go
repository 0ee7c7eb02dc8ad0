package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// sqlForm is how expressions are written where the writer stands.
func (w *viewWriter) sqlForm() expr.SQLOptions {
	f := w.form.SQL
	f.Indent = w.indent
	f.Column = w.column
	f.Subquery = w.sublink
	return f
}

// condition writes an expression without the coercions at its top, operand with them.
func (w *viewWriter) condition(e expr.Expr) string { return expr.SQL(w.typed(e), w.sqlForm()) }

func (w *viewWriter) operand(e expr.Expr) string { return expr.OperandSQL(w.typed(e), w.sqlForm()) }

// typed gives an untyped literal the type that it gets at the end.
func (w *viewWriter) typed(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Const); ok && c.T.ID() == types.OIDUnknown {
		return &expr.Const{Value: c.Value, T: typeText}
	}
	return e
}

// sortKey writes an expression of GROUP BY or ORDER BY: in parentheses unless it is a column or a constant.
func (w *viewWriter) sortKey(e expr.Expr) string {
	text := w.operand(e)
	paren := w.form.SQL.Pretty
	switch x := e.(type) {
	case *expr.Const:
		return text
	case *expr.Column:
		if w.b.info(x.ID).item != nil {
			return text
		}
		paren = true
	case *expr.Call:
		paren = paren || x.Form != expr.FormOperator
	}
	if paren {
		return "(" + text + ")"
	}
	return text
}

// column writes what a column id stands for: a column of FROM, an aggregate, a window function or one that returns a set.
func (w *viewWriter) column(c *expr.Column) string {
	info := w.b.info(c.ID)
	if info.item != nil {
		name := expr.QuoteIdent(w.columnName(c))
		if from := w.names[info.item]; from != "" {
			return expr.QuoteIdent(from) + "." + name
		}
		return name
	}
	if info.owner != nil {
		for _, a := range info.owner.aggs {
			if a.id == c.ID {
				return expr.OperandSQL(a.agg, w.sqlForm())
			}
		}
		for _, f := range info.owner.windows {
			if f.id == c.ID {
				return w.window(f)
			}
		}
		for _, s := range info.owner.srfs {
			if s.id == c.ID {
				return expr.OperandSQL(s.call, w.sqlForm())
			}
		}
	}
	w.fail("column " + c.Name)
	return c.Name
}

// columnName is a column's name in its FROM item.
func (w *viewWriter) columnName(c *expr.Column) string {
	for _, col := range w.b.info(c.ID).item.cols {
		if col.id == c.ID {
			return col.name
		}
	}
	return c.Name
}

// window writes a window function with its OVER.
func (w *viewWriter) window(f *windowCall) string {
	if f.spec.options&frameNonDefault != 0 {
		w.fail("the frame of a window")
	}
	call := &expr.Aggregate{Proc: f.fn.Proc, Args: f.fn.Args, Filter: f.fn.Filter, T: f.fn.T}
	var over []string
	if len(f.spec.partition) > 0 {
		var keys []string
		for _, e := range f.spec.partition {
			keys = append(keys, w.sortKey(e))
		}
		over = append(over, "PARTITION BY "+strings.Join(keys, ", "))
	}
	if len(f.spec.order) > 0 {
		var keys []string
		for _, k := range f.spec.order {
			keys = append(keys, w.sortKey(k.Expr)+k.Suffix())
		}
		over = append(over, "ORDER BY "+strings.Join(keys, ", "))
	}
	return expr.OperandSQL(call, w.sqlForm()) + " OVER (" + strings.Join(over, " ") + ")"
}

// sublink writes a subquery in an expression.
func (w *viewWriter) sublink(s *expr.Subquery) string {
	link := w.b.trace.spelling.links[s]
	if link == nil {
		w.fail("this subquery")
		return ""
	}
	query := func() string { return w.aside(func() { w.query(link.Subselect.GetSelectStmt(), nil, false) }) }
	switch s.Kind {
	case expr.SubExists:
		return "(EXISTS (" + query() + "))"
	case expr.SubScalar:
		return "(" + query() + ")"
	case expr.SubArray:
		return "ARRAY(" + query() + ")"
	case expr.SubAny, expr.SubAll:
		test, ok := s.Test.(*expr.Call)
		if !ok || test.Op == nil || len(test.Args) != 2 {
			w.fail("a comparison of rows with a subquery")
			return ""
		}
		word := " IN "
		switch {
		case link.SubLinkType == pg.SubLinkType_ALL_SUBLINK:
			word = " " + test.Op.Name + " ALL "
		case test.Op.Name != "=":
			word = " " + test.Op.Name + " ANY "
		}
		return "(" + w.operand(test.Args[0]) + word + "(" + query() + "))"
	}
	w.fail("this subquery")
	return ""
}
