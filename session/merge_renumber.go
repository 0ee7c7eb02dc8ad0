package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// numbers are values of sequences for the rows of a merge. One that begins anew gets those again that it has had.
type numbers struct {
	next  func(context.Context, *catalog.Sequence) (int64, error)
	given map[catalog.OID][]int64
	at    map[catalog.OID]int // how many of these were taken since it began
}

func (n *numbers) take(ctx context.Context, q *catalog.Sequence) (int64, error) {
	i, given := n.at[q.OID], n.given[q.OID]
	if i == len(given) {
		v, err := n.next(ctx, q)
		if err != nil {
			return 0, err
		}
		given = append(given, v)
		n.given[q.OID] = given
	}
	n.at[q.OID]++
	return given[i], nil
}

func (n *numbers) again() { clear(n.at) }

// renumber makes the numbers of a merge, of the target's sequences.
func (s *Session) renumber(m Merge) *numbers {
	return &numbers{next: s.nextNumber(m), given: map[catalog.OID][]int64{}, at: map[catalog.OID]int{}}
}

// nextNumber answers with a function that gives the next values. Those of a dry run are the ones that the merge would get, and
// are not taken.
func (s *Session) nextNumber(m Merge) func(context.Context, *catalog.Sequence) (int64, error) {
	next := map[catalog.OID]int64{}
	begun := map[catalog.OID]bool{}
	return func(ctx context.Context, q *catalog.Sequence) (int64, error) {
		target, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
		if err != nil {
			return 0, err
		}
		mine := q.On(target.Branch().ID)
		store := s.engine.Store.Sequences()
		if !begun[q.OID] {
			last, called, err := s.furthest(ctx, m, q)
			if err != nil {
				return 0, err
			}
			if begun[q.OID] = true; m.DryRun {
				if next[q.OID] = last; called {
					next[q.OID] += q.Increment
				}
			} else if called {
				if err := store.Set(ctx, mine, last, true); err != nil {
					return 0, err
				}
			}
		}
		if !m.DryRun {
			return store.Next(ctx, mine)
		}
		v := next[q.OID]
		if v > q.Max || v < q.Min {
			return 0, pgerr.New(pgerrcode.SequenceGeneratorLimitExceeded, "nextval: reached the end of sequence \"%s\"", q.Name)
		}
		next[q.OID] += q.Increment
		return v, nil
	}
}

// furthest is how far a sequence has gone on any side of a merge.
func (s *Session) furthest(ctx context.Context, m Merge, q *catalog.Sequence) (last int64, called bool, err error) {
	sides, err := s.sides(ctx, m)
	if err != nil {
		return 0, false, err
	}
	for i, v := range sides {
		x, used, err := s.engine.Store.Sequences().Get(ctx, q.On(v.Branch().ID))
		if err != nil {
			return 0, false, err
		}
		if !called && (used || i == 0) || used && (x > last) == (q.Increment > 0) {
			last, called = x, used
		}
	}
	return last, called, nil
}

// sides are the target of a merge and what comes to it.
func (s *Session) sides(ctx context.Context, m Merge) (out []storage.View, err error) {
	for _, branch := range []string{m.Target, m.Source} {
		if branch == "" {
			continue
		}
		v, err := s.txn.View(ctx, catalog.Ref{Branch: branch})
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	for _, v := range []storage.View{m.To, m.Onto} {
		if v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}
