package lower

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// Costs of finding the rows of one key in an index, beside those of the rows themselves.
const lookupCost = 0.1

// lookup is a plan to find the right side's rows through an index.
type lookup struct {
	scan    *logical.Scan
	index   *catalog.Index
	keys    []expr.Expr // over the left side
	rest    []expr.Expr // what is left to check
	equal   []expr.Expr // what the keys stand for
	unique  bool
	matches float64 // rows per key
}

// lookups finds the best index of the right side for the equalities of a join; nil when there is none.
func (l *lowerer) bestLookup(n *logical.Join) *lookup {
	s, ok := n.Right.(*logical.Scan)
	if !ok || s.Table.Virtual || n.NullAware || n.Kind == logical.Right || n.Kind == logical.Full {
		return nil
	}
	var best *lookup
	for _, ix := range s.Table.Indexes {
		c := l.lookupBy(n, s, ix)
		if c != nil && (best == nil || c.matches < best.matches) {
			best = c
		}
	}
	return best
}

// lookupBy matches an index: join equalities and constants for a prefix of its key, at least one of the former.
func (l *lowerer) lookupBy(n *logical.Join, s *logical.Scan, ix *catalog.Index) *lookup {
	if !usable(ix) {
		return nil
	}
	m := l.matcher(s, ix)
	if m == nil {
		return nil
	}
	c := &lookup{scan: s, index: ix}
	used := map[int]bool{}
	joined := false
	for i, k := range m.keys {
		if col, ok := k.(*expr.Column); !ok || col == nil || s.Table.ColumnByID(ix.Columns[i].Column).Hidden != "" {
			break
		}
		if v, at, ok := joinEquality(n, k, used); ok {
			used[at], joined = true, true
			c.keys, c.equal = append(c.keys, v), append(c.equal, n.Conds[at])
			continue
		}
		a := m.find(k, sargEqual)
		if a == nil {
			break
		}
		m.used[a.cond] = m.used[a.cond] || a.exact
		c.keys, c.equal = append(c.keys, a.value), append(c.equal, s.Filter[a.cond])
	}
	if !joined {
		return nil
	}
	for i, e := range n.Conds {
		if !used[i] {
			c.rest = append(c.rest, e)
		}
	}
	for i, e := range s.Filter {
		if !m.used[i] || s.Target { // a row that has changed is checked against all of them
			c.rest = append(c.rest, e)
		}
	}
	c.unique = ix.Unique && len(c.keys) == len(ix.Columns)
	c.matches = l.cost.matches(c)
	return c
}

// joinEquality finds an unused condition key = value of the left side.
func joinEquality(n *logical.Join, key expr.Expr, used map[int]bool) (expr.Expr, int, bool) {
	right := logical.IDs(n.Right.Columns())
	left := logical.IDs(n.Left.Columns())
	for i, e := range n.Conds {
		c, ok := e.(*expr.Call)
		if used[i] || !ok || c.Op == nil || c.Op.Name != "=" || len(c.Args) != 2 || logical.Volatile(c) || expr.HasSubquery(c) {
			continue
		}
		for side := range 2 {
			value := c.Args[1-side]
			if !expr.Equal(stripRelabel(c.Args[side]), key) || !only(logical.Used(value), left, right) {
				continue
			}
			if v, ok := valueOf(value, key.Type()); ok {
				return v, i, true
			}
		}
	}
	return nil, 0, false
}

// matches is how many rows of the table one key finds.
func (c *coster) matches(k *lookup) float64 {
	if k.unique {
		return 1
	}
	c.Rows(k.scan)
	return max(1, c.TableRows(k.scan.Ref, k.scan.Table)*c.Selectivity(k.equal))
}

func (c *coster) lookupJoin(n *logical.Join, k *lookup, left physical.Node) physical.Cost {
	lc := left.Cost()
	perRow := cpuTuple + evalCost(k.rest)
	if !covers(k.scan.Table, k.index, k.scan.Source) {
		perRow += randomPage / 10
	}
	rows := c.Rows(n)
	total := lc.Total + lc.Rows*(lookupCost+k.matches*perRow) + rows*cpuTuple
	w := lc.Width
	if n.Kind == logical.Inner || n.Kind == logical.Left {
		w += c.width(k.scan.Cols)
	}
	return physical.Cost{Startup: lc.Startup, Total: total, Rows: rows, Width: w}
}

func (l *lowerer) lookupJoin(n *logical.Join, k *lookup, left rel, est physical.Cost, f *frame) (rel, error) {
	right := rel{cols: k.scan.Cols}
	cols := joined(n.Kind, left, right)
	p := &physical.LookupJoin{Base: base(cols, est), Kind: physical.JoinKind(n.Kind), Left: left.node, Table: k.scan.Table,
		Ref: k.scan.Ref, Alias: k.scan.Alias, Columns: k.scan.Source}
	if !k.index.Primary {
		p.Index = k.index
	}
	p.Target = l.number(k.scan)
	var err error
	if p.Keys, err = l.exprs(k.keys, scopeOf(left, f)); err != nil {
		return rel{}, err
	}
	if p.Cond, err = l.exprs(k.rest, columnsScope(f, left.cols, k.scan.Cols)); err != nil {
		return rel{}, err
	}
	return rel{p, cols}, nil
}
