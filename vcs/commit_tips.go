package vcs

import (
	"container/heap"
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// branchTips are the ids of those of a branch's commits that are no other's parent: what the next commit grows from, and
// where one begins who goes through them from the newest on. They lie on the branch as the commits do, in one row: rows that come and
// go would leave something to step over. Where a branch has none they are found from all its commits.
var branchTips = systable.New(5, "tips", 1, systable.Column{Name: "id", Type: types.OIDInt8}, // 0
	systable.Column{Name: "tips", Type: types.OIDText}) // ids, separated by spaces

var tipsKey = systable.Row{types.Int(0)}

// tips returns the tips of a branch, newest first; kept: they are written down.
func (s *refStore) tips(ctx context.Context, v storage.View) (list []*ref, kept bool, err error) {
	row, err := branchTips.Get(ctx, s.tx, v, tipsKey...)
	if err != nil {
		return nil, false, err
	}
	if row != nil {
		for _, id := range strings.Fields(text(row[1])) {
			x, err := s.get(ctx, kindCommit, id)
			if err != nil {
				return nil, false, err
			}
			if x != nil {
				list = append(list, x)
			}
		}
	}
	if len(list) > 0 {
		newestFirst(list)
		return list, true, nil
	}
	all, err := s.commitsOf(ctx, v)
	return tipsOf(all), false, err
}

// tipsOf returns those of a list, newest first, that are no other's parent.
func tipsOf(list []*ref) (out []*ref) {
	parents := map[string]bool{}
	for _, x := range list {
		for _, p := range x.parents {
			parents[p] = true
		}
	}
	for _, x := range list {
		if !parents[x.name] {
			out = append(out, x)
		}
	}
	return out
}

// parentsOf are the ids of tips, newest first, as those of a commit's parents: more than one after a merge. The branch's own
// comes first.
func parentsOf(tips []*ref, branch uint64) []string {
	var own, merged []string
	for _, x := range tips {
		if x.branch == branch && len(own) == 0 {
			own = append(own, x.name)
		} else {
			merged = append(merged, x.name)
		}
	}
	return append(own, merged...)
}

// moveTips writes down that commits have come to a branch, and that others are tips no more.
func (s *refStore) moveTips(ctx context.Context, v storage.View, come, gone []string) error {
	old, kept, err := s.tips(ctx, v)
	if err != nil {
		return err
	}
	return branchTips.Alter(ctx, s.tx, v, tipsKey, func(row systable.Row) systable.Row {
		var list []string
		if row != nil {
			list = strings.Fields(text(row[1]))
		}
		for _, x := range old {
			if !kept {
				list = append(list, x.name)
			}
		}
		list = slices.DeleteFunc(append(list, come...), func(id string) bool { return slices.Contains(gone, id) })
		slices.Sort(list)
		return tipsRow(slices.Compact(list)...)
	})
}

func tipsRow(ids ...string) systable.Row {
	return systable.Row{tipsKey[0], types.String(strings.Join(ids, " "))}
}

// forgetTips makes them to be found anew.
func forgetTips(ctx context.Context, tx storage.Txn, v storage.View) error {
	return branchTips.Put(ctx, tx, v, tipsRow()...)
}

// hasCommit reports whether a branch has a commit.
func hasCommit(ctx context.Context, tx storage.Txn, v storage.View, id string) (bool, error) {
	r, err := branchCommits.Get(ctx, tx, v, types.String(id))
	return r != nil, err
}

// commitWalk goes through the commits of a branch, newest first, and reads no more of them than it passes.
type commitWalk struct {
	s    *refStore
	v    storage.View
	heap refHeap
	seen map[string]bool
}

func (s *refStore) walk(ctx context.Context, v storage.View) (*commitWalk, error) {
	tips, _, err := s.tips(ctx, v)
	w := &commitWalk{s: s, v: v, heap: tips, seen: map[string]bool{}}
	for _, x := range tips {
		w.seen[x.name] = true
	}
	return w, err // sorted is a heap, too
}

// next returns the next commit, nil after the last.
func (w *commitWalk) next(ctx context.Context) (*ref, error) {
	if len(w.heap) == 0 {
		return nil, nil
	}
	x := heap.Pop(&w.heap).(*ref)
	for _, p := range x.parents {
		if w.seen[p] {
			continue
		}
		w.seen[p] = true
		here, err := hasCommit(ctx, w.s.tx, w.v, p)
		if err != nil {
			return nil, err
		}
		if !here {
			continue
		}
		y, err := w.s.get(ctx, kindCommit, p)
		if err != nil {
			return nil, err
		}
		if y != nil {
			heap.Push(&w.heap, y)
		}
	}
	return x, nil
}

// refHeap implements heap.Interface.
type refHeap []*ref

func (h refHeap) Len() int           { return len(h) }
func (h refHeap) Less(i, j int) bool { return newer(h[i], h[j]) < 0 }
func (h refHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *refHeap) Push(x any)        { *h = append(*h, x.(*ref)) }
func (h *refHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// CarryCommits brings the commits that the source has and the target lacks to the target, as a merge does. It costs what it
// brings.
func CarryCommits(ctx context.Context, tx storage.Txn, source, target storage.View) error {
	s, err := openRefs(ctx, tx, source.Branch().Database)
	if err != nil {
		return err
	}
	theirs, _, err := s.tips(ctx, source)
	if err != nil || len(theirs) == 0 {
		return err
	}
	var come, gone []string
	todo, seen := slices.Clone(theirs), map[string]bool{}
	for len(todo) > 0 {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[x.name] {
			continue
		}
		seen[x.name] = true
		here, err := hasCommit(ctx, tx, target, x.name)
		if err != nil {
			return err
		}
		if here {
			gone = append(gone, x.name) // as a tip, if it has been one, unless it is the source's too
			continue
		}
		if err := branchCommits.Insert(ctx, tx, target, types.String(x.name)); err != nil {
			return err
		}
		if slices.Contains(theirs, x) {
			come = append(come, x.name)
		}
		for _, p := range x.parents {
			there, err := hasCommit(ctx, tx, source, p)
			if err != nil {
				return err
			}
			if !there || seen[p] {
				continue
			}
			y, err := s.get(ctx, kindCommit, p)
			if err != nil {
				return err
			}
			if y != nil {
				todo = append(todo, y)
			}
		}
	}
	if len(come) == 0 {
		return nil
	}
	gone = slices.DeleteFunc(gone, func(id string) bool {
		return slices.ContainsFunc(theirs, func(x *ref) bool { return x.name == id })
	})
	return s.moveTips(ctx, target, come, gone)
}
