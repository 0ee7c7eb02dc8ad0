package expr

import "strings"

// simple reports whether e needs no parentheses as a child of parent in the pretty form. The rules are PostgreSQL's: it
// trusts the precedence of + - * / % and of AND, OR, NOT, and nothing else.
func simple(e, parent Expr) bool {
	switch e := e.(type) {
	case *Const, *Param, *Column, *Slot, *Outer, *CurrentValue, *Default,
		*Subscript, *Array, *Row, *Coalesce, *MinMax, *NullIf, *Aggregate, *Case:
		return true
	case *Field:
		_, nested := parent.(*Field)
		return !nested
	case *Relabel:
		return simple(e.Arg, e)
	case *IOCast:
		return simple(e.Arg, e)
	case *ArrayCast:
		return simple(e.Arg, e)
	case *DomainCast:
		return simple(e.Arg, e)
	case *Call:
		return simpleCall(e, parent)
	case *Distinct:
		return !e.Not && encloses(parent, true)
	case *NullTest, *BoolTest, *Subquery:
		return encloses(parent, true)
	case *Bool:
		return simpleBool(e, parent)
	case *ArrayCompare:
	}
	return false
}

func simpleCall(e *Call, parent Expr) bool {
	if e.Form != FormOperator || e.Op == nil {
		return true
	}
	p, ok := parent.(*Call)
	if !ok || p.Form != FormOperator {
		return encloses(parent, true)
	}
	op, outer := precedence(e), precedence(p)
	switch {
	case op == 0 || outer == 0 || op < outer:
		return false
	case op > outer:
		return true
	}
	return p.Args[0] == Expr(e) // (a - b) - c, not a - (b - c)
}

// precedence is 2 for * / %, 1 for + -, 0 for others.
func precedence(e *Call) int {
	switch {
	case e.Op == nil || len(e.Args) != 2 || len(e.Op.Name) != 1:
		return 0
	case strings.Contains("+-", e.Op.Name):
		return 1
	case strings.Contains("*/%", e.Op.Name):
		return 2
	}
	return 0
}

func simpleBool(e *Bool, parent Expr) bool {
	p, ok := parent.(*Bool)
	if !ok {
		return encloses(parent, false)
	}
	if e.Op == Or {
		return p.Op == Or
	}
	return p.Op != Not
}

// encloses reports whether parent puts delimiters of its own around children.
func encloses(parent Expr, inBool bool) bool {
	switch p := parent.(type) {
	case *Call:
		return p.Form == FormCall
	case *Bool:
		return inBool
	case *Subscript, *Array, *Row, *Coalesce, *MinMax, *NullIf, *Aggregate, *Case:
		return true
	}
	return false
}
