package expr

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// call writes a function call in the form in which it was written.
func (w *writer) call(e *Call, implicit bool) {
	switch e.Form {
	case FormOperator:
		if e.Op != nil {
			w.operator(e)
			return
		}
	case FormCast, FormImplicitCast:
		if len(e.Args) > 0 {
			w.cast(e, e.Args[0], e.Form, implicit)
			return
		}
	case FormSQL:
		if w.construct(e) {
			return
		}
	case FormCall:
	}
	w.str(w.function(e), "(")
	for i, a := range e.Args {
		if i > 0 {
			w.str(", ")
		}
		if e.Variadic && i == len(e.Args)-1 {
			w.str("VARIADIC ")
		}
		w.expr(a, true)
	}
	w.str(")")
}

func (w *writer) function(e *Call) string {
	if w.o.Function != nil {
		return w.o.Function(e.Proc)
	}
	if e.Proc.Schema == catalog.RowanSchema {
		return "rowan." + QuoteIdent(e.Proc.Name)
	}
	return QuoteIdent(e.Proc.Name)
}

func (w *writer) operator(e *Call) {
	w.open()
	if len(e.Args) == 2 {
		w.operand(e.Args[0], true, e)
		w.str(" ", e.Op.Name, " ")
		w.operand(e.Args[1], true, e)
	} else {
		w.str(e.Op.Name, " ")
		w.operand(e.Args[0], true, e)
	}
	w.close()
}

// users has the value functions that name who and where, by the function that computes them.
var users = map[string]string{
	"current_user": "CURRENT_USER", "session_user": "SESSION_USER", "current_database": "CURRENT_CATALOG",
	"current_schema": "CURRENT_SCHEMA",
}

// moments has those that tell the time: all are now() in another type.
var moments = map[types.OID]string{
	types.OIDTimestamptz: "CURRENT_TIMESTAMP", types.OIDDate: "CURRENT_DATE", types.OIDTimetz: "CURRENT_TIME",
	types.OIDTime: "LOCALTIME", types.OIDTimestamp: "LOCALTIMESTAMP",
}

// moment spells now() and its conversions.
func (w *writer) moment(e *Call) bool {
	for in := e; in.Proc.Name != "now"; {
		if len(in.Args) == 0 {
			return false
		}
		next, ok := in.Args[0].(*Call)
		if !ok || next.Form != FormSQL {
			return false
		}
		in = next
	}
	word, ok := moments[e.T.ID()]
	if !ok {
		return false
	}
	w.str(word)
	if e.T.Mod >= 0 {
		w.str("(", strconv.Itoa(int(e.T.Mod)), ")")
	}
	return true
}

// construct writes a call that has a syntax of its own; false when there is none.
func (w *writer) construct(e *Call) bool {
	if v, ok := users[e.Proc.Name]; ok {
		w.str(v)
		return true
	}
	if w.moment(e) {
		return true
	}
	switch e.Proc.Name {
	case "timezone":
		return timezone(w, e)
	case "overlaps":
		return overlaps(w, e)
	case "extract", "date_part":
		return extract(w, e)
	case "is_normalized":
		return isNormalized(w, e)
	case "pg_collation_for":
		return w.template(e, "COLLATION FOR (", "0", ")")
	case "normalize":
		return normalize(w, e)
	case "overlay":
		return overlay(w, e)
	case "position":
		return w.template(e, "POSITION((", "1", ") IN (", "0", "))")
	case "substring":
		return substring(w, e)
	case "btrim", "ltrim", "rtrim":
		return trim(w, e)
	}
	return false
}

// template writes texts and arguments, these given by their number.
func (w *writer) template(e *Call, parts ...string) bool {
	for _, p := range parts {
		if len(p) == 1 && p[0] >= '0' && p[0] <= '9' {
			w.expr(e.Args[p[0]-'0'], false)
		} else {
			w.str(p)
		}
	}
	return true
}

func timezone(w *writer, e *Call) bool {
	if len(e.Args) != 2 {
		return false
	}
	w.str("(")
	w.operand(e.Args[1], false, e)
	w.str(" AT TIME ZONE ")
	w.operand(e.Args[0], false, e)
	w.str(")")
	return true
}

func overlaps(w *writer, e *Call) bool {
	return w.template(e, "((", "0", ", ", "1", ") OVERLAPS (", "2", ", ", "3", "))")
}

func extract(w *writer, e *Call) bool {
	field, ok := e.Args[0].(*Const)
	if !ok {
		return false
	}
	return w.template(e, "EXTRACT("+field.Value.S+" FROM ", "1", ")")
}

func isNormalized(w *writer, e *Call) bool {
	w.str("(")
	w.operand(e.Args[0], false, e)
	w.str(" IS")
	if c, ok := formOf(e); ok {
		w.str(" ", c)
	}
	w.str(" NORMALIZED)")
	return true
}

func normalize(w *writer, e *Call) bool {
	w.template(e, "NORMALIZE(", "0")
	if c, ok := formOf(e); ok {
		w.str(", ", c)
	}
	w.str(")")
	return true
}

// formOf is the Unicode form given as second argument.
func formOf(e *Call) (string, bool) {
	if len(e.Args) < 2 {
		return "", false
	}
	c, ok := e.Args[1].(*Const)
	if !ok {
		return "", false
	}
	return c.Value.S, true
}

func overlay(w *writer, e *Call) bool {
	w.template(e, "OVERLAY(", "0", " PLACING ", "1", " FROM ", "2")
	if len(e.Args) > 3 {
		w.template(e, " FOR ", "3")
	}
	w.str(")")
	return true
}

func substring(w *writer, e *Call) bool {
	if len(e.Args) == 2 && e.Args[1].Type().Category == 'S' {
		return false // by regular expression: PostgreSQL shows the call
	}
	if len(e.Args) == 3 && e.Args[1].Type().Category == 'S' {
		return w.template(e, "SUBSTRING(", "0", " SIMILAR ", "1", " ESCAPE ", "2", ")")
	}
	w.template(e, "SUBSTRING(", "0", " FROM ", "1")
	if len(e.Args) == 3 {
		w.template(e, " FOR ", "2")
	}
	w.str(")")
	return true
}

func trim(w *writer, e *Call) bool {
	side := map[byte]string{'b': "BOTH", 'l': "LEADING", 'r': "TRAILING"}[e.Proc.Name[0]]
	w.str("TRIM(", side)
	if len(e.Args) == 2 {
		w.template(e, " ", "1")
	}
	return w.template(e, " FROM ", "0", ")")
}

func (w *writer) aggregate(e *Aggregate) {
	w.str(w.function(&Call{Proc: e.Proc}), "(")
	if e.Distinct {
		w.str("DISTINCT ")
	}
	args := e.Args
	if len(e.Direct) > 0 {
		args = e.Direct
	}
	if len(args) == 0 && e.Proc.Name == "count" {
		w.str("*")
	}
	w.list(args)
	if len(e.Order) > 0 && len(e.Direct) == 0 {
		w.str(" ORDER BY ")
		w.keys(e.Order)
	}
	w.str(")")
	if len(e.Direct) > 0 {
		w.str(" WITHIN GROUP (ORDER BY ")
		w.keys(e.Order)
		w.str(")")
	}
	if e.Filter != nil {
		w.str(" FILTER (WHERE ")
		w.expr(e.Filter, false)
		w.str(")")
	}
}

func (w *writer) keys(keys []SortKey) {
	for i, k := range keys {
		if i > 0 {
			w.str(", ")
		}
		w.expr(k.Expr, true)
		w.str(k.Suffix())
	}
}

// Suffix spells the direction of a key: nothing for the default.
func (k SortKey) Suffix() string {
	var b strings.Builder
	if k.Desc {
		b.WriteString(" DESC")
	}
	if k.NullsFirst != k.Desc {
		if k.NullsFirst {
			b.WriteString(" NULLS FIRST")
		} else {
			b.WriteString(" NULLS LAST")
		}
	}
	return b.String()
}
