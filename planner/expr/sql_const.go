package expr

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types"
)

// constant writes a constant, with the label of its type where it would be read back as another (and label is set).
func (w *writer) constant(e *Const, label bool) {
	if e.Spelt != nil && !w.o.Values {
		e = &Const{Value: *e.Spelt, T: e.T}
	}
	if e.Value.Null {
		w.str("NULL")
		if label {
			w.str("::", w.typeName(e.T))
		}
		return
	}
	text := w.text(e)
	needs := true
	switch e.T.ID() {
	case types.OIDInt4:
		if needs = strings.HasPrefix(text, "-"); needs {
			text = "'" + text + "'"
		}
	case types.OIDNumeric:
		if needs = !looksFloat(text); needs {
			text = "'" + text + "'"
		}
		needs = needs || e.T.Mod >= 0
	case types.OIDBool:
		text, needs = strconv.FormatBool(e.Value.I != 0), false
	case types.OIDUnknown:
		text, needs = quoteLiteral(text), false
	default:
		text = quoteLiteral(text)
	}
	w.str(text)
	if label && needs {
		w.str("::", w.typeName(e.T))
	}
}

// param writes a parameter, or its value where that is known.
func (w *writer) param(e *Param) {
	if w.o.Param != nil {
		w.str(w.o.Param(e))
		return
	}
	if e.Index < len(w.o.Params) {
		w.constant(&Const{Value: w.o.Params[e.Index], T: e.T}, true)
		return
	}
	w.str("$", strconv.Itoa(e.Index+1))
}

// looksFloat reports whether the scanner reads a numeric's text as a numeric, not as an integer or a name.
func looksFloat(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && strings.ContainsAny(s, "eE.")
}

func (w *writer) text(e *Const) string {
	if w.o.Text != nil {
		return w.o.Text(e.Value, e.T)
	}
	return types.Text(e.T, e.Value, types.DefaultFormat())
}

// cast writes a cast node; an implicit one only where it is asked for.
func (w *writer) cast(e, arg Expr, form CallForm, implicit bool) {
	if form == FormImplicitCast && !implicit {
		w.operand(arg, false, e)
		return
	}
	t := e.Type()
	if inner, ok := hidden(arg, t); ok {
		arg = inner
	}
	if c, ok := arg.(*Const); ok && c.T.Same(t) && c.T.Mod < 0 {
		// A length coercion over a literal: one label is enough.
		w.constant(c, false)
	} else {
		w.open()
		w.operand(arg, false, e)
		w.close()
	}
	w.str("::", w.typeName(t))
}

// hidden looks through the conversion below a length coercion: x::numeric(10,2) is bound to two casts, written as one.
func hidden(e Expr, t types.Type) (Expr, bool) {
	if t.Mod < 0 || !e.Type().Same(t) || e.Type().Mod >= 0 {
		return nil, false
	}
	switch e := e.(type) {
	case *Call:
		if e.Form == FormCast && len(e.Args) > 0 {
			return e.Args[0], true
		}
	case *Relabel:
		return e.Arg, e.Form == FormCast
	case *IOCast:
		return e.Arg, e.Form == FormCast
	}
	return nil, false
}
