package physical

import (
	"strconv"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// ExplainOptions are the options of EXPLAIN, and what it cannot know by itself.
type ExplainOptions struct {
	Format  string // text (also ""), json, yaml, xml
	Analyze bool
	Verbose bool
	Costs   bool
	Timing  bool
	Summary bool
	// Count says what was counted for a node when the plan ran; nil: it did not run.
	Count func(Node) *Actual
	// Triggers are the calls of triggers, by their OIDs.
	Triggers map[catalog.OID]*Calls
	// Params are the values of the statement's parameters.
	Params []types.Datum
	// Text gives constants' text forms.
	Text func(types.Datum, types.Type) string
	// Planning and Execution are shown with Summary, Execution with Analyze only.
	Planning, Execution time.Duration
}

// Actual is what one node did, over all its loops.
type Actual struct {
	Rows, Loops    int64
	Startup, Total time.Duration
	Removed        int64 // rows that a condition removed
	Memory         int64
	Spilled        int64
	Batches        int64 // in files
	Lookups, Found int64 // of a LookupJoin
}

// Explain describes a plan as PostgreSQL 15's EXPLAIN does.
func Explain(n Node, o ExplainOptions) string {
	x := &explainer{o: &o, root: n, relations: countRelations(n)}
	root := x.describe(n, nil)
	switch o.Format {
	case "json":
		return x.json(root)
	case "yaml":
		return x.yaml(root)
	case "xml":
		return x.xml(root)
	}
	return x.text(root)
}

// entry is one node as EXPLAIN shows it, which is not always one node of the plan: projections are not shown, filters
// belong to what they filter, an index look-up is a scan below its join.
type entry struct {
	title    string // text format: Index Scan using i on t
	kind     string // other formats' Node Type
	attrs    []attr // what the other formats say of the kind
	props    []attr // shown in all formats
	cost     Cost
	node     Node // whose counts are shown; nil: none
	held     Node // whose memory is shown; nil: node's
	found    Node // of the inside of a LookupJoin: the join
	rel      string
	subplan  string // CTE c, InitPlan 1 (returns $0), SubPlan 1
	children []*entry
	names    []string // of the output columns, for expressions above
	computed []bool   // which of them are not plain columns
	bare     []string // of a relation's scan: the names without the alias, as its own conditions show them
}

// attr is a label with a value: string, []string, bool, int64, or number.
type attr struct {
	label string
	value any
}

// number is a value with its decimals already chosen.
type number string

type explainer struct {
	o         *ExplainOptions
	root      Node
	relations int
	initPlans int
	subPlans  int
	pending   []*entry // subplans of the entry being made
	subNames  map[*expr.Subquery]string
}

// describe makes the entry of a node and of all below it. outer names the columns that expr.Outer refers to.
func (x *explainer) describe(n Node, outer []string) *entry {
	saved := x.pending
	x.pending = nil
	e := x.node(n, outer)
	e.children = append(x.pending, e.children...)
	x.pending = saved
	return e
}

// child describes an input.
func (x *explainer) child(n Node, outer []string, rel string) *entry {
	e := x.describe(n, outer)
	e.rel = rel
	return e
}

func (x *explainer) node(n Node, outer []string) *entry {
	switch n := n.(type) {
	case *TableScan:
		return x.tableScan(n, outer)
	case *LookupJoin:
		return x.lookupJoin(n, outer)
	case *HashJoin:
		return x.hashJoin(n, outer)
	case *NestedLoop:
		return x.nestedLoop(n, outer)
	case *Filter:
		return x.filter(n, outer)
	case *Project:
		return x.project(n, outer)
	case *HashAggregate:
		return x.aggregate(n, outer)
	case *With:
		return x.with(n, outer)
	case *Insert:
		return x.insert(n, outer)
	case *Update:
		return x.modify(n, "Update", n.Table.Name, n.Input, outer)
	case *Delete:
		return x.modify(n, "Delete", n.Table.Name, n.Input, outer)
	}
	return x.simple(n, outer)
}

// plain makes an entry of a kind for a node.
func plain(kind string, n Node) *entry {
	e := &entry{title: kind, kind: kind, cost: n.Cost(), node: n}
	for _, c := range n.Output() {
		e.names, e.computed = append(e.names, expr.QuoteIdent(c.Name)), append(e.computed, false)
	}
	return e
}

// over makes an entry that passes its input's columns on.
func (x *explainer) over(kind string, n, input Node, outer []string) *entry {
	e := plain(kind, n)
	in := x.child(input, outer, "Outer")
	e.children = []*entry{in}
	if len(in.names) == len(e.names) {
		e.names, e.computed = in.names, in.computed
	}
	return e
}

func (e *entry) add(label string, value any) {
	if s, ok := value.(string); ok && s == "" {
		return
	}
	if l, ok := value.([]string); ok && len(l) == 0 {
		return
	}
	e.props = append(e.props, attr{label: label, value: value})
}

func (e *entry) attr(label string, value any) {
	e.attrs = append(e.attrs, attr{label: label, value: value})
}

// countRelations counts range table entries: columns are qualified when there is more than one.
func countRelations(n Node) int {
	count := 0
	switch n := n.(type) {
	case *TableScan, *FunctionScan, *CTEScan:
		count = 1
	case *LookupJoin:
		count = 1
	case *Values:
		if len(n.Cols) > 0 && len(n.Rows) > 1 {
			count = 1
		}
	case *With:
		for _, c := range n.CTEs {
			count += countRelations(c.Root)
			if c.Recursive != nil {
				count += countRelations(c.Recursive)
			}
		}
	}
	for _, c := range n.Inputs() {
		count += countRelations(c)
	}
	for _, e := range conditions(n) {
		expr.Walk(e, func(y expr.Expr) bool {
			if q, ok := y.(*expr.Subquery); ok {
				if p, ok := q.Plan.(Node); ok {
					count += countRelations(p)
				}
			}
			return true
		})
	}
	return count
}

// conditions lists the expressions of a node in which subqueries are usual.
func conditions(n Node) []expr.Expr {
	switch n := n.(type) {
	case *TableScan:
		return n.Filter
	case *Filter:
		return n.Conds
	case *Project:
		return n.Exprs
	case *HashJoin:
		return n.Residual
	case *NestedLoop:
		return n.Cond
	case *LookupJoin:
		return n.Cond
	}
	return nil
}

// actual is what the node did, when it ran.
func (x *explainer) actual(e *entry) *Actual {
	if !x.o.Analyze || x.o.Count == nil {
		return nil
	}
	if e.found != nil {
		if a := x.o.Count(e.found); a != nil {
			return &Actual{Rows: a.Found, Loops: a.Lookups}
		}
	}
	if e.node == nil {
		return nil
	}
	a := x.o.Count(e.node)
	if a != nil && changesOnly(e.node) {
		none := *a
		none.Rows = 0
		return &none
	}
	return a
}

// changesOnly reports whether a node writes and returns no rows: those that are counted for it are those that it has changed.
func changesOnly(n Node) bool {
	switch n := n.(type) {
	case *Insert:
		return n.Returning == nil
	case *Update:
		return n.Returning == nil
	case *Delete:
		return n.Returning == nil
	}
	return false
}

func kilobytes(n int64) string { return strconv.FormatInt((n+1023)/1024, 10) + "kB" }
