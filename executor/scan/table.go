// Package scan has the operators that read tables: TableScan, and CountRows, which reads a kept count.
//
// Key ranges are computed when the scan opens; what storage yields is filtered here. Rows come in key order. A scan that a
// re-check of READ COMMITTED names yields the newest version of one row instead. executor.Build makes the operators.
package scan

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/keyrange"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// Table reads a table or one of its indexes.
type Table struct {
	env     *op.Env
	node    *physical.TableScan
	filter  *eval.Filter
	scanner storage.Scanner
	done    bool
	recheck *recheck
	removed int64 // rows that the filter took out
	project []int // of a virtual table: the positions of the columns asked for
	cols    []*vector.Vector
	out     vector.Batch
}

// NewTable makes the operator. Nothing is read before the first Next.
func NewTable(n *physical.TableScan, env *op.Env) (op.Operator, error) {
	t := &Table{env: env, node: n}
	if len(n.Filter) > 0 {
		f, err := eval.CompileFilter(n.Filter, env)
		if err != nil {
			return nil, err
		}
		t.filter = f
	}
	return t, nil
}

// Next implements op.Operator.
func (t *Table) Next(ctx context.Context) (*vector.Batch, error) {
	if t.scanner == nil {
		if t.done {
			return nil, nil
		}
		if err := t.open(ctx); err != nil || t.done {
			return nil, err
		}
	}
	for {
		b, err := t.scanner.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		if t.recheck != nil {
			b = t.recheck.narrow(b)
		} else if t.project != nil {
			b = t.pick(b)
		}
		if t.filter == nil {
			if b.Live() == 0 {
				continue
			}
			return b, nil
		}
		sel, err := t.filter.Select(b)
		if err != nil {
			return nil, err
		}
		if sel != nil {
			t.removed += int64(b.Live() - len(sel))
		}
		if sel != nil && len(sel) == 0 {
			continue
		}
		t.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}
		return &t.out, nil
	}
}

func (t *Table) open(ctx context.Context) error {
	n := t.node
	if n.Table.Virtual {
		return t.openVirtual(ctx)
	}
	view, err := t.env.View(ctx, n.Ref)
	if err != nil {
		return err
	}
	ranges, any, err := keyrange.Compute(n.Ranges, n.Table, n.Index, t.env)
	if err != nil {
		return err
	}
	if !any {
		t.done = true
		return nil
	}
	r := storage.ScanRequest{
		View: view, Table: n.Table, Index: n.Index, Columns: n.Columns, Ranges: ranges, Reverse: n.Reverse,
	}
	if t.filter == nil {
		r.Limit = n.Limit
	}
	if e := t.env.Recheck.Row(n.Target); e != nil {
		if e.None {
			t.done = true
			return nil
		}
		t.recheck = newRecheck(n, ranges)
		r.Index, r.Ranges, r.Keys, r.Latest, r.Limit = nil, nil, []string{e.Key}, !e.Kept, 0
		r.Columns = t.recheck.columns
	}
	t.scanner, err = t.env.Txn.Scan(ctx, r)
	return err
}

func (t *Table) openVirtual(ctx context.Context) error {
	if t.env.Virtual == nil {
		return pgerr.Internal("relation %s cannot be read here", t.node.Table.Name)
	}
	live := t.node.Table.Live()
	t.project = make([]int, len(t.node.Columns))
	for i, id := range t.node.Columns {
		t.project[i] = -1
		for k, c := range live {
			if c.ID == id {
				t.project[i] = k
			}
		}
		if t.project[i] < 0 && id != catalog.ColTableOID {
			return pgerr.Internal("relation %s has no column %d", t.node.Table.Name, id)
		}
	}
	t.cols = make([]*vector.Vector, len(t.node.Columns))
	var err error
	t.scanner, err = t.env.Virtual(ctx, t.node.Table, t.node.Ref)
	return err
}

// pick arranges a virtual table's columns as the plan wants them.
func (t *Table) pick(b *vector.Batch) *vector.Batch {
	for i, k := range t.project {
		if k < 0 {
			v := &vector.Vector{Type: t.node.Cols[i].Type, Const: true, Int: []int64{int64(t.node.Table.OID)}}
			t.cols[i] = v
			continue
		}
		t.cols[i] = b.Cols[k]
	}
	t.out = vector.Batch{Cols: t.cols, N: b.N, Sel: b.Sel}
	return &t.out
}

// Measure implements op.Measured.
func (t *Table) Measure(c *op.Count) { c.Removed += t.removed }

// Close implements op.Operator.
func (t *Table) Close() error {
	t.done = true
	if t.scanner == nil {
		return nil
	}
	s := t.scanner
	t.scanner = nil
	return s.Close()
}
