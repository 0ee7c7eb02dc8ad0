// Package optimize rewrites a logical plan into one that gives the same rows sooner.
//
// The rules stand in one list, each in a file of its own with the SQL in which it must not fire. A rule is a function
// from plan to plan; it changes no node in place. Which index is read and how two inputs are joined is not decided here
// but in lower. Invariants, checked after every rule in tests: the columns that the plan outputs stay as they were, in
// order, and every column that an expression refers to is produced below it. Package planner is the caller.
package optimize

import (
	"github.com/rowandb/rowan/planner/estimate"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// Fold evaluates a constant expression. It is a parameter because evaluation belongs to the executor.
type Fold func(expr.Expr) (types.Datum, error)

// Rule is one rewriting of a whole plan.
type Rule struct {
	Name  string
	Apply func(n logical.Node, c *Context) logical.Node
}

// Options say how to optimize. The zero value works: nothing is folded and all tables have the default size.
type Options struct {
	Fold  Fold
	Stats estimate.Stats
	// Disable names rules to leave out.
	Disable map[string]bool
	// Trace is told of every rule that changed the plan.
	Trace func(rule string, before, after logical.Node)
}

// Context is what rules share during one optimization.
type Context struct {
	fold  Fold
	model *estimate.Model
	stats estimate.Stats
	last  expr.ColumnID
	// failed holds the constant expressions that could not be computed.
	failed map[expr.Expr]error
}

// Rules lists the rules in the order in which they run. Some run twice: what others do makes new work for them.
func Rules() []Rule {
	return []Rule{
		{"InlineCTEs", inlineCTEs},
		{"FoldConstants", foldConstants},
		{"SimplifyBooleans", simplifyBooleans},
		{"UnnestSubqueries", unnestSubqueries},
		{"UnnestAggregates", unnestAggregates},
		{"StrengthenJoins", strengthenJoins},
		{"PushFilters", pushFilters},
		{"MergeProjects", mergeProjects},
		{"RemoveSorts", removeSorts},
		{"RemoveDistincts", removeDistincts},
		{"PushLimits", pushLimits},
		{"MinMaxByIndex", minMaxByIndex},
		{"PullProjects", pullProjects},
		{"OrderJoins", orderJoins},
		{"PruneColumns", pruneColumns},
		{"MergeProjects", mergeProjects},
	}
}

// Optimize applies the rules.
func Optimize(n logical.Node, o Options) (logical.Node, error) {
	c := &Context{fold: o.Fold, stats: o.Stats, last: -1}
	for _, r := range Rules() {
		if o.Disable[r.Name] {
			continue
		}
		c.model = estimate.New(o.Stats)
		after := r.Apply(n, c)
		if after != n && o.Trace != nil {
			o.Trace(r.Name, n, after)
		}
		n = after
	}
	return n, c.failure(n)
}

// newColumn numbers a new column of the plan.
func (c *Context) newColumn(root logical.Node) expr.ColumnID {
	if c.last < 0 {
		c.last = logical.MaxColumn(root)
	}
	c.last++
	return c.last
}

// filtered puts a Filter over n, unless there is nothing to filter by.
func filtered(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	if f, ok := n.(*logical.Filter); ok {
		return &logical.Filter{Input: f.Input, Conds: append(f.Conds[:len(f.Conds):len(f.Conds)], conds...)}
	}
	return &logical.Filter{Input: n, Conds: conds}
}

// column is a reference to an output column.
func column(c logical.Column) *expr.Column {
	return &expr.Column{ID: c.ID, T: c.Type, Name: c.Name, Pos: -1}
}

// restored projects n to exactly the columns given.
func restored(n logical.Node, cols []logical.Column) logical.Node {
	if logical.SameColumns(n.Columns(), cols) {
		return n
	}
	p := &logical.Project{Input: n, Cols: cols}
	for _, c := range cols {
		p.Exprs = append(p.Exprs, column(c))
	}
	return p
}

// nothing is a relation without rows.
func nothing(cols []logical.Column) logical.Node { return &logical.Values{Cols: cols} }
