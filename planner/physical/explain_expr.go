package physical

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/planner/expr"
)

// inputs are the columns that an operator's expressions refer to.
type inputs struct {
	names    []string
	computed []bool
	outer    []string
}

func inputOf(outer []string, in ...*entry) inputs {
	var s inputs
	for _, e := range in {
		s.names, s.computed = append(s.names, e.names...), append(s.computed, e.computed...)
	}
	s.outer = outer
	return s
}

func (x *explainer) options(in inputs) expr.SQLOptions {
	return expr.SQLOptions{
		OneLine: true, Values: true, Text: x.o.Text, Params: x.o.Params,
		Slot: func(s *expr.Slot) string {
			if s.Index >= len(in.names) {
				return expr.QuoteIdent(s.Name)
			}
			if in.computed[s.Index] {
				return "(" + in.names[s.Index] + ")"
			}
			return in.names[s.Index]
		},
		Outer: func(o *expr.Outer) string {
			if o.Index < len(in.outer) {
				return in.outer[o.Index]
			}
			return expr.QuoteIdent(o.Name)
		},
		Subquery: func(q *expr.Subquery) string { return x.subquery(q, in) },
	}
}

func (x *explainer) expr(e expr.Expr, in inputs) string { return expr.OperandSQL(e, x.options(in)) }

// conds writes conditions as one.
func (x *explainer) conds(es []expr.Expr, in inputs) string {
	if len(es) == 0 {
		return ""
	}
	return expr.SQL(expr.JoinAnd(es), x.options(in))
}

func (x *explainer) list(es []expr.Expr, in inputs) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = x.expr(e, in)
	}
	return out
}

// keys writes sort keys; those that are computed stand in parentheses.
func (x *explainer) keys(keys []expr.SortKey, in inputs) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		s := x.expr(k.Expr, in)
		if _, ok := k.Expr.(*expr.Slot); !ok {
			s = "(" + s + ")"
		}
		out[i] = s + k.Suffix()
	}
	return out
}

// subquery describes a subquery's plan below the entry being made and returns what stands for it in the expression.
func (x *explainer) subquery(q *expr.Subquery, in inputs) string {
	if x.subNames == nil {
		x.subNames = map[*expr.Subquery]string{}
	}
	if s, ok := x.subNames[q]; ok {
		return s
	}
	plan, ok := q.Plan.(Node)
	if !ok {
		return "(SubPlan)"
	}
	title, text := x.subplan(q)
	x.subNames[q] = text
	var args []string
	for _, a := range q.Args {
		args = append(args, x.expr(a, in))
	}
	e := x.child(plan, args, "SubPlan")
	if strings.HasPrefix(title, "InitPlan") {
		e.rel = "InitPlan"
	}
	e.subplan = title
	x.pending = append(x.pending, e)
	return text
}

// subplan numbers a subquery: one that runs once is an InitPlan.
func (x *explainer) subplan(q *expr.Subquery) (title, text string) {
	x.subPlans++
	n := strconv.Itoa(x.subPlans)
	switch {
	case len(q.Args) > 0:
		return "SubPlan " + n, "(SubPlan " + n + ")"
	case q.Kind == expr.SubAny || q.Kind == expr.SubAll:
		return "SubPlan " + n, "(hashed SubPlan " + n + ")"
	}
	p := "$" + strconv.Itoa(x.initPlans)
	x.initPlans++
	return "InitPlan " + n + " (returns " + p + ")", p
}
