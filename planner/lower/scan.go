package lower

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// scan reads a table the cheapest way, whatever the order.
func (l *lowerer) scan(n *logical.Scan, f *frame) (rel, error) {
	r, _, err := l.orderedScan(n, f, wish{})
	return r, err
}

// wish is an order that rows should come in if that pays, and how many of them will be read.
type wish struct {
	keys []expr.SortKey
	rows float64 // 0: all
}

// orderedScan reads a table; done says that the rows come in the order wished for, which was then cheaper than sorting.
func (l *lowerer) orderedScan(n *logical.Scan, f *frame, w wish) (r rel, done bool, err error) {
	best, bestCost := path{}, 0.0
	for i, p := range l.paths(n) {
		p := p
		est := l.cost.path(n, &p)
		sorted := len(w.keys) > 0 && p.provides(n, w.keys)
		total := est.Total
		switch {
		case len(w.keys) > 0 && !sorted:
			total = l.cost.sorted(est, w.rows).Total
		case w.rows > 0 && est.Rows > w.rows:
			total *= w.rows / est.Rows
		}
		if p.isPoint() {
			total = 0
		}
		if i == 0 || total < bestCost || total == bestCost && !best.ordered && sorted {
			best, bestCost, done = p, total, sorted
		}
	}
	r, err = l.tableScan(n, &best, f)
	return r, done, err
}

// isPoint reports whether a path looks up one whole key of a unique index. It is taken whatever the table's size: the plan
// may be kept while the table grows, and a serializable transaction is not said to have read more than the row.
func (p *path) isPoint() bool {
	return p.index != nil && p.index.Unique && len(p.ranges) == 1 && p.ranges[0].in == nil && p.fixed == len(p.index.Columns) &&
		len(p.ranges[0].lo) == len(p.index.Columns)
}

// tableScan makes the node of a path.
func (l *lowerer) tableScan(n *logical.Scan, p *path, f *frame) (rel, error) {
	s := &physical.TableScan{Base: base(n.Cols, l.cost.path(n, p)), Table: n.Table, Ref: n.Ref, Alias: n.Alias, Columns: n.Source,
		Reverse: p.reverse, Ordered: p.ordered}
	if p.index != nil && !p.index.Primary {
		s.Index = p.index
	}
	s.Target = l.number(n)
	outer := columnsScope(f)
	for _, r := range p.ranges {
		low, err := l.keyRange(r, outer)
		if err != nil {
			return rel{}, err
		}
		s.Ranges = append(s.Ranges, low)
	}
	scope := columnsScope(f, n.Cols)
	var err error
	if s.Filter, err = l.exprs(p.filter, scope); err != nil {
		return rel{}, err
	}
	if s.Matched, err = l.exprs(p.matched, scope); err != nil {
		return rel{}, err
	}
	return rel{s, n.Cols}, nil
}

// number gives the scan of a changed or locked relation its number; 0 for others.
func (l *lowerer) number(n *logical.Scan) int {
	if !n.Target {
		return 0
	}
	l.next++
	for i, src := range n.Source {
		if src == catalog.ColRowKey {
			l.targets[n.Cols[i].ID] = l.next
		}
	}
	return l.next
}

func (l *lowerer) keyRange(r keyRange, s *scope) (physical.Range, error) {
	out := physical.Range{LoExcl: r.loExcl, HiExcl: r.hiExcl}
	var err error
	if out.Lo, err = l.exprs(r.lo, s); err != nil {
		return out, err
	}
	if len(r.lo) == len(r.hi) && len(r.lo) > 0 && &r.lo[0] == &r.hi[0] {
		out.Hi = out.Lo // the same values, computed once
	} else if out.Hi, err = l.exprs(r.hi, s); err != nil {
		return out, err
	}
	out.In, err = l.expr(r.in, s)
	return out, err
}

// provides reports whether the path gives rows in the order of keys, and notes how.
func (p *path) provides(n *logical.Scan, keys []expr.SortKey) bool {
	if p.index == nil {
		return false
	}
	source := map[expr.ColumnID]catalog.ColumnID{}
	for i, c := range n.Cols {
		source[c.ID] = n.Source[i]
	}
	constant := p.constants(n)
	at, reverse, known := 0, false, false
	for _, k := range keys {
		c, ok := stripRelabel(k.Expr).(*expr.Column)
		if !ok {
			return false
		}
		id, ok := source[c.ID]
		if !ok {
			return false
		}
		if constant[id] {
			continue
		}
		for at < len(p.index.Columns) && constant[p.index.Columns[at].Column] {
			at++
		}
		if at == len(p.index.Columns) {
			if p.index.Unique && p.keyNotNull(n) {
				break // rows are told apart already
			}
			return false
		}
		ic := p.index.Columns[at]
		back := ic.Desc != k.Desc
		if ic.Column != id || known && back != reverse || !p.nullsAgree(n, ic, k, back) {
			return false
		}
		reverse, known = back, true
		at++
	}
	p.reverse, p.ordered = reverse, true
	return true
}

// constants lists the table's columns that have one value in all rows of the path.
func (p *path) constants(n *logical.Scan) map[catalog.ColumnID]bool {
	out := map[catalog.ColumnID]bool{}
	for i := range p.fixed {
		out[p.index.Columns[i].Column] = true
	}
	own := logical.IDs(n.Cols)
	for i, f := range n.Filter {
		for _, s := range appendSargs(nil, f, i, own) {
			c, ok := s.key.(*expr.Column)
			if !ok || s.kind != sargEqual || !s.exact {
				continue
			}
			for j, col := range n.Cols {
				if col.ID == c.ID {
					out[n.Source[j]] = true
				}
			}
		}
	}
	return out
}

// nullsAgree reports whether NULLs come on the side that the key wants, read in the given direction, or do not come at all.
func (p *path) nullsAgree(n *logical.Scan, ic catalog.IndexColumn, k expr.SortKey, back bool) bool {
	if (ic.NullsFirst != back) == k.NullsFirst {
		return true
	}
	if c := n.Table.ColumnByID(ic.Column); c != nil && c.NotNull {
		return true
	}
	for _, f := range n.Filter {
		if t, ok := f.(*expr.NullTest); ok && t.Not && expr.Equal(t.Arg, k.Expr) || strictIn(f, stripRelabel(k.Expr)) {
			return true
		}
	}
	return false
}

func (p *path) keyNotNull(n *logical.Scan) bool {
	for _, ic := range p.index.Columns {
		if c := n.Table.ColumnByID(ic.Column); c == nil || !c.NotNull && !p.index.Primary {
			return false
		}
	}
	return true
}

// covers reports whether an index entry holds all columns that a scan outputs.
func covers(t *catalog.Table, ix *catalog.Index, cols []catalog.ColumnID) bool {
	if ix == nil || ix.Primary {
		return true
	}
	have := map[catalog.ColumnID]bool{catalog.ColRowKey: true, catalog.ColTableOID: true}
	for _, c := range ix.Columns {
		have[c.Column] = true
	}
	for _, c := range ix.Include {
		have[c] = true
	}
	if pk := t.PrimaryIndex(); pk != nil {
		for _, c := range pk.Columns {
			have[c.Column] = true
		}
	}
	for _, c := range cols {
		if !have[c] {
			return false
		}
	}
	return true
}

// path estimates a way to read a table. Rows that an index entry does not hold are fetched one by one, which costs about
// ten times what reading them in a row does.
func (c *coster) path(n *logical.Scan, p *path) physical.Cost {
	rows := c.TableRows(n.Ref, n.Table)
	out := c.Rows(n)
	read := rows
	start := 0.0
	if len(p.ranges) > 0 {
		c.Rows(n) // registers the columns
		read = max(1, rows*c.Selectivity(p.matched))
		start = seekCost
		if p.pointLookup() {
			read = 1
			out = min(out, 1)
		}
		if p.ranges[0].in != nil {
			start *= max(1, min(read, 100))
		}
	}
	perRow := cpuTuple + seqPage/rowsPerPage + evalCost(p.filter)
	if p.index != nil && !covers(n.Table, p.index, n.Source) {
		perRow += randomPage / 10
	}
	return physical.Cost{Startup: start, Total: start + read*perRow, Rows: out, Width: c.width(n.Cols)}
}

// pointLookup reports whether at most one row can match.
func (p *path) pointLookup() bool {
	return p.index != nil && p.index.Unique && p.fixed == len(p.index.Columns) && !p.nullPrefix()
}

func (p *path) nullPrefix() bool {
	for _, r := range p.ranges {
		for _, e := range r.lo {
			if expr.IsNullConst(e) {
				return !p.index.NullsNotDistinct
			}
		}
	}
	return false
}

func (l *lowerer) countRows(n *logical.Aggregate) (rel, bool) {
	if !l.opts.CountRows || len(n.Groups) > 0 || n.Sets != nil || len(n.Aggs) != 1 {
		return rel{}, false
	}
	a := n.Aggs[0]
	s, ok := n.Input.(*logical.Scan)
	if !ok || len(s.Filter) > 0 || s.Target || s.Table.Virtual || a.Proc.Name != "count" || !countsAll(a, s) {
		return rel{}, false
	}
	p := &physical.CountRows{Base: base(n.Cols, physical.Cost{Total: cpuTuple, Rows: 1, Width: 8}), Table: s.Table, Ref: s.Ref}
	return rel{p, n.Cols}, true
}

// countsAll reports whether count(…) counts each row of a scan: count(*), or of something that is never NULL.
func countsAll(a *expr.Aggregate, s *logical.Scan) bool {
	if a.Filter != nil || a.Distinct {
		return false
	}
	if len(a.Args) == 0 {
		return true
	}
	switch e := a.Args[0].(type) {
	case *expr.Const:
		return !e.Value.Null
	case *expr.Column:
		for i, c := range s.Cols {
			if c.ID == e.ID {
				col := s.Table.ColumnByID(s.Source[i])
				return col != nil && col.NotNull
			}
		}
	}
	return false
}
