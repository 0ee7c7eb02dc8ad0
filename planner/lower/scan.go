package lower

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) scan(n *logical.Scan, f *frame) (rel, error) {
	p := &physical.TableScan{Table: n.Table, Ref: n.Ref, Alias: n.Alias, Columns: n.Source}
	if n.Target {
		l.next++
		p.Target = l.next
		for i, src := range n.Source {
			if src == catalog.ColRowKey {
				l.targets[n.Cols[i].ID] = p.Target
			}
		}
	}
	var err error
	if p.Filter, err = l.exprs(n.Filter, columnsScope(f, n.Cols)); err != nil {
		return rel{}, err
	}
	p.Base = base(n.Cols, l.cost.seqScan(n))
	return rel{p, n.Cols}, nil
}

func (c *coster) seqScan(n *logical.Scan) physical.Cost {
	rows := c.TableRows(n.Ref, n.Table)
	total := rows/rowsPerPage*seqPage + rows*(cpuTuple+evalCost(n.Filter))
	return physical.Cost{Total: total, Rows: c.Rows(n), Width: width(n.Cols)}
}

func (l *lowerer) countRows(n *logical.Aggregate) (rel, bool) {
	if !l.opts.CountRows || len(n.Groups) > 0 || n.Sets != nil || len(n.Aggs) != 1 {
		return rel{}, false
	}
	a := n.Aggs[0]
	s, ok := n.Input.(*logical.Scan)
	if !ok || len(s.Filter) > 0 || s.Target || s.Table.Virtual || a.Proc.Name != "count" || len(a.Args) > 0 || a.Filter != nil {
		return rel{}, false
	}
	p := &physical.CountRows{Base: base(n.Cols, physical.Cost{Total: cpuTuple, Rows: 1, Width: 8}), Table: s.Table, Ref: s.Ref}
	return rel{p, n.Cols}, true
}
