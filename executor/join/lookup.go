package join

import (
	"context"
	"errors"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/keyrange"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Lookup joins by reading the right side's index: for each left batch one scan over the batch's distinct keys. What it finds
// is joined with the batch as Hash does it.
type Lookup struct {
	env     *op.Env
	node    *physical.LookupJoin
	h       *Hash // with the left batch in hand as its left side
	cur     *pass
	keys    keySide // the values themselves, for ranges
	order   []keyrange.Column
	columns []catalog.ColumnID // of the scan: the node's, then key columns
	width   int                // of the output
	groups  *hash.Groups
	ids     []uint32
	looked  int64 // left rows
	found   int64
	out     vector.Batch
}

// NewLookup makes the operator.
func NewLookup(n *physical.LookupJoin, env *op.Env) (op.Operator, error) {
	l := &Lookup{env: env, node: n, columns: slices.Clone(n.Columns), order: keyrange.Order(n.Table, n.Index)}
	l.order = l.order[:len(n.Keys)]
	left := columnTypes(n.Left)
	l.width = len(left)
	right := make([]types.Type, len(n.Columns))
	if k := n.Kind; k != physical.Semi && k != physical.Anti {
		l.width += len(n.Columns)
	}
	for i := range right {
		right[i] = columnType(n.Table, n.Columns[i])
	}
	rkeys := make([]expr.Expr, len(n.Keys))
	for i, k := range l.order {
		at := slices.Index(l.columns, k.ID)
		if at < 0 {
			at = len(l.columns)
			l.columns, right = append(l.columns, k.ID), append(right, k.Type)
		}
		rkeys[i] = &expr.Slot{Index: at, T: k.Type}
	}
	l.h = &Hash{env: env, acct: env.Mem.Account(), ltypes: left, rtypes: right, node: &physical.HashJoin{Kind: n.Kind}}
	return l, l.compile(n, rkeys)
}

func (l *Lookup) compile(n *physical.LookupJoin, rkeys []expr.Expr) error {
	var err error
	h := l.h
	if h.lkeys, err = newKeySide(n.Keys, l.env); err != nil {
		return err
	}
	if h.rkeys, err = newKeySide(rkeys, l.env); err != nil {
		return err
	}
	if len(n.Cond) > 0 {
		if h.residual, err = eval.CompileFilter(n.Cond, l.env); err != nil {
			return err
		}
	}
	if l.keys, err = newKeySide(n.Keys, l.env); err != nil {
		return err
	}
	h.left, err = l.env.Build(n.Left, l.env)
	return err
}

// columnType is the type of a table's column, or of a system column.
func columnType(t *catalog.Table, id catalog.ColumnID) types.Type {
	if c := t.ColumnByID(id); c != nil {
		return c.Type
	}
	switch id {
	case catalog.ColRowKey:
		return types.Of(types.Builtin(types.OIDBytea))
	case catalog.ColTableOID:
		return types.Of(types.Builtin(types.OIDOid))
	case catalog.ColXmin:
		return types.Of(types.Builtin(types.OIDXid))
	case catalog.ColCtid:
		return types.Of(types.Builtin(types.OIDTid))
	}
	return types.Of(types.Builtin(types.OIDInt8))
}

// Next implements op.Operator.
func (l *Lookup) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if l.cur == nil {
			b, err := l.h.left.Next(ctx)
			if b == nil || err != nil {
				return nil, err
			}
			if b.Live() == 0 {
				continue
			}
			if err := l.begin(b); err != nil {
				return nil, err
			}
		}
		b, err := l.cur.next(ctx)
		if err != nil {
			return nil, err
		}
		if b != nil {
			l.out = vector.Batch{Cols: b.Cols[:l.width], N: b.N, Sel: b.Sel}
			return &l.out, nil
		}
		if err := l.end(); err != nil {
			return nil, err
		}
	}
}

// begin starts the join of one left batch.
func (l *Lookup) begin(b *vector.Batch) error {
	ranges, err := l.ranges(b)
	if err != nil {
		return err
	}
	l.looked += int64(b.Live())
	// A batch and its matches are never parted: level says so.
	l.cur = &pass{h: l.h, level: hash.MaxLevel, left: &once{b}, right: &indexScan{l: l, ranges: ranges}}
	return nil
}

func (l *Lookup) end() error {
	err := errors.Join(l.cur.close(), l.cur.right.Close())
	l.cur = nil
	return err
}

// ranges makes the distinct keys of a batch points of the index.
func (l *Lookup) ranges(b *vector.Batch) ([]storage.Range, error) {
	cols, err := l.keys.prog.Run(b)
	if err != nil {
		return nil, err
	}
	norm := l.keys.norm.Convert(cols, b.N, b.Sel)
	l.groups = hash.NewGroups(l.keys.norm.Types())
	l.ids = l.groups.Assign(norm, b.N, b.Sel, l.ids)
	next := uint32(0)
	var out []storage.Range
	for k, id := range l.ids {
		i := b.Row(k)
		if id != next {
			continue
		}
		next++
		if hash.RowHasNull(cols, i) {
			continue
		}
		key := make([]types.Datum, len(cols))
		for c, v := range cols {
			key[c] = v.Datum(i)
		}
		out = append(out, storage.Range{Lo: key, Hi: key})
	}
	if len(out) > 1 {
		out = keyrange.Arrange(out, l.order)
	}
	return out, nil
}

// Measure implements op.Measured.
func (l *Lookup) Measure(c *op.Count) {
	c.Lookups += l.looked
	c.Found += l.found
}

// Close implements op.Operator.
func (l *Lookup) Close() error {
	var err error
	if l.cur != nil {
		err = l.end()
	}
	l.h.acct.Close()
	return errors.Join(err, l.h.left.Close())
}

// once yields one batch.
type once struct{ b *vector.Batch }

// Next implements op.Operator.
func (o *once) Next(context.Context) (*vector.Batch, error) {
	b := o.b
	o.b = nil
	return b, nil
}

// Close implements op.Operator.
func (o *once) Close() error { return nil }

// indexScan reads the rows of some keys.
type indexScan struct {
	l      *Lookup
	ranges []storage.Range
	s      storage.Scanner
}

// Next implements op.Operator.
func (x *indexScan) Next(ctx context.Context) (*vector.Batch, error) {
	if len(x.ranges) == 0 {
		return nil, nil
	}
	if x.s == nil {
		n := x.l.node
		view, err := x.l.env.View(ctx, n.Ref)
		if err != nil {
			return nil, err
		}
		r := storage.ScanRequest{View: view, Table: n.Table, Index: n.Index, Columns: x.l.columns, Ranges: x.ranges}
		if e := x.l.env.Recheck.Row(n.Target); e != nil {
			if e.None {
				return nil, nil
			}
			// One row: the join finds out which keys it has.
			r.Index, r.Ranges, r.Keys, r.Latest = nil, nil, []string{e.Key}, !e.Kept
		}
		x.s, err = x.l.env.Txn.Scan(ctx, r)
		if err != nil {
			return nil, err
		}
	}
	b, err := x.s.Next(ctx)
	if b != nil {
		x.l.found += int64(b.Live())
	}
	return b, err
}

// Close implements op.Operator.
func (x *indexScan) Close() error {
	if x.s == nil {
		return nil
	}
	s := x.s
	x.s = nil
	return s.Close()
}
