package session

import (
	"context"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// plLoop is a query whose rows a body is looking at. Other statements run meanwhile, so it goes back to the point that it reads
// at for each batch. When the transaction ends before it does, what is left of its rows is kept.
type plLoop struct {
	x     *execution
	s     *Session
	txn   storage.Txn
	point storage.ReadPoint
	batch *vector.Batch // whose rows are looked at, and which one is next
	row   int
	kept  *rowStore
	at    int64
	busy  bool // the plan computes a batch: it is that of CALL
}

// loop gives the rows of a plan to yield.
func (st *plStatement) loop(ctx context.Context, x *execution, yield func([]types.Datum) (bool, error)) error {
	s := st.s
	l := &plLoop{x: x, s: s, txn: s.txn.Txn, point: s.txn.Enter()}
	n := len(s.pl.loops)
	s.pl.loops = append(s.pl.loops, l)
	defer func() {
		s.pl.loops = s.pl.loops[:min(n, len(s.pl.loops))]
		if s.txn != nil && s.txn.Txn == l.txn {
			s.txn.Leave(l.point)
		}
	}()
	var row []types.Datum
	wanted := true
	for {
		b, err := l.next(ctx)
		if b == nil || err != nil {
			return err
		}
		kept := l.kept != nil
		l.batch = b
		for l.row = 0; l.row < b.Live() && kept == (l.kept != nil); {
			x.rows++
			row = rowOf(b, b.Row(l.row), row)
			l.row++
			if !wanted {
				continue
			}
			if wanted, err = yield(row); err != nil {
				return &plYieldError{err}
			}
			if !wanted && x.plan.Tag == "SELECT" {
				return nil
			}
		}
	}
}

// next is the next batch.
func (l *plLoop) next(ctx context.Context) (*vector.Batch, error) {
	if l.kept != nil {
		if l.at == l.kept.n {
			return nil, nil
		}
		l.at++
		return l.kept.row(l.at - 1), nil
	}
	if l.s.txn.Txn == l.txn {
		l.s.txn.Resume(l.point)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.busy = true
	b, err := l.x.root.Next(ctx)
	l.busy = false
	return b, err
}

// keep takes the rest of the rows, since the transaction ends.
func (l *plLoop) keep(ctx context.Context) error {
	if l.kept != nil || l.busy {
		return nil
	}
	kept := newRowStore(l.x.plan.Fields)
	if b := l.batch; b != nil && l.row < b.Live() {
		rest := *b
		rest.Sel = nil
		for k := l.row; k < b.Live(); k++ {
			rest.Sel = append(rest.Sel, uint16(b.Row(k)))
		}
		if err := kept.add(&rest); err != nil {
			return err
		}
	}
	for {
		b, err := l.next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if err := kept.add(b); err != nil {
			return err
		}
	}
	l.kept = kept
	l.x.close()
	return nil
}
