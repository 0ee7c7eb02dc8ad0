package vcs

import (
	"context"
	"sort"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// along are the named commits that lie on the way of a view's branch: its own, and those of its parents up to the fork. They
// are read as far back as somebody asks for.
type along struct {
	walk *commitWalk
	upTo map[uint64]storage.SCN // of the branches on the way
	list []*ref                 // newest first
	end  bool
}

func commitsAlong(ctx context.Context, c Conn, v storage.View) (*along, error) {
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return nil, err
	}
	a := &along{upTo: map[uint64]storage.SCN{}}
	bound := ^storage.SCN(0)
	for b, ok := v.Branch(), true; ok; b, ok = c.Store().Branches().ByID(b.ParentID) {
		if _, seen := a.upTo[b.ID]; seen {
			break
		}
		a.upTo[b.ID] = bound
		bound = min(bound, b.Fork)
	}
	a.walk, err = s.walk(ctx, v)
	return a, err
}

// commitOf is the id of the first commit that has a transaction in it; NULL: none has yet.
func (a *along) commitOf(ctx context.Context, scn storage.SCN) (types.Datum, error) {
	for !a.end && (len(a.list) == 0 || a.list[len(a.list)-1].scn >= scn) {
		x, err := a.walk.next(ctx)
		if err != nil {
			return types.Null, err
		}
		if x == nil {
			a.end = true
		} else if last, ok := a.upTo[x.branch]; ok && x.scn != 0 && x.scn <= last {
			a.list = append(a.list, x)
		}
	}
	return commitFor(a.list, scn), nil
}

// commitFor is commitOf for a list, newest first.
func commitFor(list []*ref, scn storage.SCN) types.Datum {
	i := sort.Search(len(list), func(i int) bool { return list[i].scn < scn })
	if i == 0 {
		return types.Null
	}
	return types.String(list[i-1].name)
}
