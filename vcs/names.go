package vcs

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
)

// Names tells the store what tags and commits stand for: those that are committed.
type Names struct{ Store storage.Store }

var _ storage.Names = Names{}

// shortestID is how many digits of a commit's id are enough to name it, if no other begins with them.
const shortestID = 7

// Point implements storage.Names.
func (n Names) Point(ctx context.Context, db catalog.OID, name, suffix string) (p storage.NamedPoint, ok bool, err error) {
	tx, err := n.Store.Begin(ctx, storage.TxnOptions{ReadOnly: true, Database: db})
	if err != nil {
		return p, false, err
	}
	defer func() { _ = tx.Rollback() }()
	tx.Statement()
	s, err := openRefs(ctx, tx, db)
	if err != nil {
		return p, false, err
	}
	x, suffix, err := s.find(ctx, name, suffix)
	if x == nil || err != nil {
		return p, false, err
	}
	return storage.NamedPoint{Database: db, Branch: x.branch, SCN: x.scn, Suffix: suffix}, true, nil
}

// headForm is how the store asks for the last commit of a branch: HEAD:br_<id>.
const headForm = "HEAD"

// find finds a tag or commit; of a commit it follows the suffix.
func (s *refStore) find(ctx context.Context, name, suffix string) (*ref, string, error) {
	form, rest, found := strings.Cut(name, ":")
	if !found {
		form, rest = "", name
	}
	if form == headForm {
		x, err := s.last(ctx, rest)
		for err == nil && x != nil && suffix != "" {
			x, suffix, err = s.ancestor(ctx, x, suffix)
		}
		return x, "", err
	}
	if form != kindCommit {
		if x, err := s.get(ctx, kindTag, rest); x != nil || err != nil || form == kindTag {
			return x, suffix, err
		}
	}
	x, err := s.commit(ctx, rest)
	for err == nil && x != nil && suffix != "" {
		x, suffix, err = s.ancestor(ctx, x, suffix)
	}
	return x, "", err
}

// last is the last commit of a branch; nil: it has none.
func (s *refStore) last(ctx context.Context, branch string) (*ref, error) {
	v, err := s.tx.View(ctx, catalog.Ref{Branch: branch})
	if err != nil {
		return nil, err
	}
	w, err := s.walk(ctx, v)
	if err != nil {
		return nil, err
	}
	return w.next(ctx)
}

// commit finds a commit by its id or the beginning of it.
func (s *refStore) commit(ctx context.Context, id string) (*ref, error) {
	if len(id) < shortestID || strings.Trim(id, "0123456789abcdef") != "" {
		return nil, nil
	}
	list, err := s.commitsLike(ctx, id)
	switch {
	case err != nil || len(list) == 0:
		return nil, err
	case len(list) > 1:
		return nil, pgerr.New(pgerrcode.AmbiguousParameter, "commit id \"%s\" is not unique", id).WithHint("Give more of its digits.")
	}
	return list[0], nil
}

// ancestor follows the first step of a suffix: ^ to the parent, ^n to the n-th, ~n n times to the first.
func (s *refStore) ancestor(ctx context.Context, x *ref, suffix string) (*ref, string, error) {
	end := 1
	for end < len(suffix) && suffix[end] >= '0' && suffix[end] <= '9' {
		end++
	}
	n := 1
	if end > 1 {
		var err error
		if n, err = strconv.Atoi(suffix[1:end]); err != nil {
			return nil, "", err
		}
	}
	nth, times := n, min(n, 1)
	if suffix[0] == '~' {
		nth, times = 1, n
	}
	for range times {
		if len(x.parents) < nth {
			return nil, "", pgerr.New(pgerrcode.InvalidParameterValue, "commit %s has no parent %d", x.name, nth)
		}
		next, err := s.get(ctx, kindCommit, x.parents[nth-1])
		if next == nil || err != nil {
			return nil, "", err
		}
		x = next
	}
	return x, suffix[end:], nil
}

// Pins implements storage.Names: all tags and commits of all databases, and what merges that are pending have begun from.
func (n Names) Pins(ctx context.Context) ([]storage.NamedPoint, error) {
	tx, err := n.Store.Begin(ctx, storage.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	tx.Statement()
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	var out []storage.NamedPoint
	err = refs.ScanVersions(ctx, tx, v, nil, func(at storage.SCN, r systable.Row) bool {
		x := readRef(at, r)
		out = append(out, storage.NamedPoint{Database: catalog.OID(r[0].I), Branch: x.branch, SCN: x.scn})
		return true
	})
	if err != nil {
		return nil, err
	}
	err = pendingTable.Scan(ctx, tx, v, nil, func(r systable.Row) bool {
		if s := r[pendingStatus].S; s != statusPending && s != statusApplied {
			return true
		}
		db := catalog.OID(r[0].I)
		for _, p := range [][2]int{{pendingSource, pendingSourceSCN}, {pendingTarget, pendingTargetSCN}} {
			if branch, scn := r[p[0]], r[p[1]]; !branch.Null && !scn.Null {
				out = append(out, storage.NamedPoint{Database: db, Branch: uint64(branch.I), SCN: storage.SCN(scn.I)})
			}
		}
		return true
	})
	return out, err
}
