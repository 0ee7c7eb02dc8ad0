package expr

import (
	"strings"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// SQLOptions say how SQL spells what an expression does not know by itself. All fields may be left out.
type SQLOptions struct {
	// Column names a column; by default its Name, quoted.
	Column func(*Column) string
	// Slot and Outer name columns after lowering; by default by their Names.
	Slot  func(*Slot) string
	Outer func(*Outer) string
	// Function names a function; by default its name, qualified in Rowan's own schema.
	Function func(*builtin.Proc) string
	// TypeName spells a type; by default TypeName.
	TypeName func(types.Type) string
	// Text is a constant's text form, as its type's output function gives it.
	Text func(types.Datum, types.Type) string
	// Subquery stands for a subquery; EXPLAIN says (SubPlan 1).
	Subquery func(*Subquery) string
	// Params are the values of parameters, shown in their place; without, $1.
	Params []types.Datum
	// Param names a parameter; nil: it is shown as $1.
	Param func(*Param) string
	// Row stands for a row that is written otherwise than ROW(…), as relation.* is; "" for one that is not.
	Row func(*Row) string
	// Pretty leaves out parentheses as pg_get_expr(…, true) does.
	Pretty bool
	// Indent is where the lines of CASE begin.
	Indent int
	// OneLine keeps CASE on one line, as EXPLAIN does.
	OneLine bool
	// Values shows constants by what they are, as EXPLAIN does, and not as they are spelt.
	Values bool
}

// SQL spells a bound expression in PostgreSQL's canonical form, the one that pg_get_expr gives. It binds again to an equal
// expression.
func SQL(e Expr, o SQLOptions) string {
	w := &writer{o: &o, indent: o.Indent}
	w.expr(e, false)
	return w.b.String()
}

// OperandSQL is SQL for an expression that stands as an operand: coercions at its top are shown, as EXPLAIN's keys do.
func OperandSQL(e Expr, o SQLOptions) string {
	w := &writer{o: &o, indent: o.Indent}
	w.expr(e, true)
	return w.b.String()
}

type writer struct {
	b      strings.Builder
	o      *SQLOptions
	indent int
}

func (w *writer) str(s ...string) {
	for _, x := range s {
		w.b.WriteString(x)
	}
}

// open and close write the parentheses that the pretty form leaves out.
func (w *writer) open() {
	if !w.o.Pretty {
		w.b.WriteByte('(')
	}
}

func (w *writer) close() {
	if !w.o.Pretty {
		w.b.WriteByte(')')
	}
}

// operand writes a child, in parentheses where the pretty form needs them.
func (w *writer) operand(e Expr, implicit bool, parent Expr) {
	paren := w.o.Pretty && !simple(e, parent)
	if paren {
		w.b.WriteByte('(')
	}
	w.expr(e, implicit)
	if paren {
		w.b.WriteByte(')')
	}
}

func (w *writer) list(es []Expr) {
	for i, e := range es {
		if i > 0 {
			w.str(", ")
		}
		w.expr(e, true)
	}
}

// expr writes e; implicit says whether implicit casts at its top are shown.
func (w *writer) expr(e Expr, implicit bool) {
	switch e := e.(type) {
	case *Const:
		w.constant(e, true)
	case *Param:
		w.param(e)
	case *Column, *Slot, *Outer:
		w.str(w.variable(e))
	case *Call:
		w.call(e, implicit)
	case *Relabel:
		w.cast(e, e.Arg, e.Form, implicit)
	case *IOCast:
		w.cast(e, e.Arg, e.Form, implicit)
	case *ArrayCast:
		w.cast(e, e.Arg, e.Form, implicit)
	case *DomainCast:
		w.cast(e, e.Arg, e.Form, implicit)
	case *Bool:
		w.boolean(e)
	case *NullTest:
		w.nullTest(e)
	case *BoolTest:
		w.boolTest(e)
	case *Distinct:
		w.distinct(e)
	case *ArrayCompare:
		w.arrayCompare(e)
	default:
		w.functionLike(e)
	}
}

func (w *writer) functionLike(e Expr) {
	switch e := e.(type) {
	case *Case:
		w.caseExpr(e)
	case *Coalesce:
		w.keywordCall("COALESCE", e.Args)
	case *MinMax:
		if e.Greatest {
			w.keywordCall("GREATEST", e.Args)
		} else {
			w.keywordCall("LEAST", e.Args)
		}
	case *NullIf:
		w.keywordCall("NULLIF", []Expr{e.Left, e.Right})
	case *Array:
		w.array(e)
	case *Row:
		w.row(e)
	case *Field:
		w.field(e)
	case *Subscript:
		w.subscript(e)
	case *Subquery:
		if w.o.Subquery != nil {
			w.str(w.o.Subquery(e))
		} else {
			w.str("(SubPlan)")
		}
	case *Default:
		w.str("DEFAULT")
	case *CurrentValue:
		w.str("VALUE")
	case *Aggregate:
		w.aggregate(e)
	}
}

func (w *writer) keywordCall(word string, args []Expr) {
	w.str(word, "(")
	w.list(args)
	w.str(")")
}

func (w *writer) variable(e Expr) string {
	switch e := e.(type) {
	case *Column:
		if w.o.Column != nil {
			return w.o.Column(e)
		}
		return QuoteIdent(e.Name)
	case *Slot:
		if w.o.Slot != nil {
			return w.o.Slot(e)
		}
		return QuoteIdent(e.Name)
	case *Outer:
		if w.o.Outer != nil {
			return w.o.Outer(e)
		}
		return QuoteIdent(e.Name)
	}
	return ""
}

func (w *writer) typeName(t types.Type) string {
	if w.o.TypeName != nil {
		return w.o.TypeName(t)
	}
	return TypeName(t)
}

func (w *writer) boolean(e *Bool) {
	word := " AND "
	if e.Op == Or {
		word = " OR "
	}
	w.open()
	if e.Op == Not {
		w.str("NOT ")
	}
	for i, a := range e.Args {
		if i > 0 {
			w.str(word)
		}
		w.operand(a, false, e)
	}
	w.close()
}

func (w *writer) nullTest(e *NullTest) {
	w.open()
	w.operand(e.Arg, true, e)
	if e.Not {
		w.str(" IS NOT NULL")
	} else {
		w.str(" IS NULL")
	}
	w.close()
}

func (w *writer) boolTest(e *BoolTest) {
	w.open()
	w.operand(e.Arg, false, e)
	w.str(" IS ")
	if e.Not {
		w.str("NOT ")
	}
	switch e.Want {
	case 't':
		w.str("TRUE")
	case 'f':
		w.str("FALSE")
	default:
		w.str("UNKNOWN")
	}
	w.close()
}

func (w *writer) distinct(e *Distinct) {
	if e.Not {
		// PostgreSQL knows only the positive form and puts NOT over it.
		pos := *e
		pos.Not = false
		w.boolean(&Bool{Op: Not, Args: []Expr{&pos}})
		return
	}
	w.open()
	w.operand(e.Left, true, e)
	w.str(" IS DISTINCT FROM ")
	w.operand(e.Right, true, e)
	w.close()
}

func (w *writer) arrayCompare(e *ArrayCompare) {
	w.open()
	w.operand(e.Left, true, e)
	quant := " ANY ("
	if e.All {
		quant = " ALL ("
	}
	w.str(" ", e.Op.Name, quant)
	w.operand(e.Array, true, e)
	if s, ok := e.Array.(*Subquery); ok && s.Kind == SubScalar {
		w.str("::", w.typeName(s.T)) // else it would read as ANY (subquery)
	}
	w.str(")")
	w.close()
}

func (w *writer) array(e *Array) {
	w.str("ARRAY[")
	w.list(e.Elems)
	w.str("]")
	if len(e.Elems) == 0 {
		w.str("::", w.typeName(e.T))
	}
}

func (w *writer) field(e *Field) {
	_, sub := e.Arg.(*Subscript)
	_, field := e.Arg.(*Field)
	if !sub && !field {
		w.str("(")
	}
	w.expr(e.Arg, true)
	if !sub && !field {
		w.str(")")
	}
	w.str(".", QuoteIdent(e.Name))
}

func (w *writer) subscript(e *Subscript) {
	bare := false
	switch e.Arg.(type) {
	case *Column, *Slot, *Outer, *Field:
		bare = true
	}
	if !bare {
		w.str("(")
	}
	w.expr(e.Arg, true)
	if !bare {
		w.str(")")
	}
	for _, i := range e.Index {
		w.str("[")
		if i.Lower != nil {
			w.expr(i.Lower, false)
		}
		if e.Slice {
			w.str(":")
		}
		if i.Upper != nil {
			w.expr(i.Upper, false)
		}
		w.str("]")
	}
}

// caseExpr writes CASE. A Simple case shows only the values that its operand is compared with.
func (w *writer) caseExpr(e *Case) {
	w.word("CASE")
	w.indent += 4
	operand := e.operand()
	if operand != nil {
		w.str(" ")
		w.expr(operand, true)
	}
	for _, when := range e.Whens {
		cond := when.Cond
		if operand != nil {
			cond = cond.(*Call).Args[1]
		}
		w.clause("WHEN ")
		w.expr(cond, false)
		w.str(" THEN ")
		w.expr(when.Then, true)
	}
	w.clause("ELSE ")
	w.expr(e.Else, true)
	w.indent -= 4
	w.clause("END")
}

// operand is what a Simple case compares, or nil.
func (e *Case) operand() Expr {
	if !e.Simple || len(e.Whens) == 0 {
		return nil
	}
	for _, w := range e.Whens {
		c, ok := w.Cond.(*Call)
		if !ok || len(c.Args) != 2 {
			return nil
		}
	}
	return e.Whens[0].Cond.(*Call).Args[0]
}

// word begins a line where the form has lines.
func (w *writer) word(s string) {
	if w.o.OneLine {
		w.str(s)
		return
	}
	trimmed := strings.TrimRight(w.b.String(), " ")
	if len(trimmed) != w.b.Len() {
		w.b.Reset()
		w.b.WriteString(trimmed)
	}
	w.str("\n", strings.Repeat(" ", min(w.indent, 40)), s)
}

func (w *writer) clause(s string) {
	if w.o.OneLine {
		w.str(" ")
	}
	w.word(s)
}

func (w *writer) row(e *Row) {
	if w.o.Row != nil {
		if s := w.o.Row(e); s != "" {
			w.str(s)
			return
		}
	}
	w.keywordCall("ROW", e.Fields)
}
