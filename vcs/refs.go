package vcs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// refs are the tags and commits of all databases. They lie on the global branch: what a name stands for does not depend
// on where one asks.
var refs = systable.New(2, "refs", 3,
	systable.Column{Name: "database", Type: types.OIDInt8},
	systable.Column{Name: "kind", Type: types.OIDText},
	systable.Column{Name: "name", Type: types.OIDText},
	systable.Column{Name: "branch", Type: types.OIDInt8}, // id
	systable.Column{Name: "scn", Type: types.OIDInt8},    // NULL: that of the transaction which wrote the row
	systable.Column{Name: "created", Type: types.OIDTimestamptz},
	systable.Column{Name: "username", Type: types.OIDText},
	systable.Column{Name: "message", Type: types.OIDText},
	systable.Column{Name: "author", Type: types.OIDText},
	systable.Column{Name: "parents", Type: types.OIDText}, // ids, separated by spaces
)

// branchCommits are the ids of the commits that a branch has. They lie on the branch: a fork has its parent's, a reset
// takes them back, and a merge brings the source's.
var branchCommits = systable.New(3, "commits", 1, systable.Column{Name: "id", Type: types.OIDText})

// Kinds of refs.
const (
	kindTag    = "tag"
	kindCommit = "commit"
)

// ref is a row of refs.
type ref struct {
	kind, name string
	branch     uint64
	scn        storage.SCN // 0: the running transaction's
	created    types.Datum
	date       *types.Datum // what created is to be; nil: now
	user       string
	message    string
	author     string
	parents    []string
}

func readRef(written storage.SCN, r systable.Row) *ref {
	x := &ref{kind: r[1].S, name: r[2].S, branch: uint64(r[3].I), scn: written, created: r[5], user: text(r[6]), message: text(r[7]), author: text(r[8])}
	if !r[4].Null {
		x.scn = storage.SCN(r[4].I)
	}
	x.parents = strings.Fields(text(r[9]))
	return x
}

func (x *ref) row(db catalog.OID) systable.Row {
	scn := types.Null
	if x.scn != 0 {
		scn = types.Int(int64(x.scn))
	}
	date := timestamp(time.Now())
	if x.date != nil {
		date = *x.date
	}
	return systable.Row{types.Int(int64(db)), types.String(x.kind), types.String(x.name), types.Int(int64(x.branch)), scn, date,
		orNull(x.user), orNull(x.message), orNull(x.author), orNull(strings.Join(x.parents, " "))}
}

// refStore reads refs within a transaction.
type refStore struct {
	tx   storage.Txn
	view storage.View
	db   catalog.OID
}

func openRefs(ctx context.Context, tx storage.Txn, db catalog.OID) (*refStore, error) {
	v, err := tx.GlobalView(ctx)
	return &refStore{tx, v, db}, err
}

func (s *refStore) key(kind, name string) systable.Row {
	return systable.Row{types.Int(int64(s.db)), types.String(kind), types.String(name)}
}

// get finds a ref; nil: there is none.
func (s *refStore) get(ctx context.Context, kind, name string) (x *ref, err error) {
	err = refs.ScanVersions(ctx, s.tx, s.view, s.key(kind, name), func(at storage.SCN, r systable.Row) bool {
		x = readRef(at, r)
		return false
	})
	return x, err
}

// all returns the refs of a kind by name.
func (s *refStore) all(ctx context.Context, kind string) (map[string]*ref, error) {
	out := map[string]*ref{}
	err := refs.ScanVersions(ctx, s.tx, s.view, s.key(kind, "")[:2], func(at storage.SCN, r systable.Row) bool {
		x := readRef(at, r)
		out[x.name] = x
		return true
	})
	return out, err
}

// commitsLike finds the commits whose id begins with a prefix; two are enough to know that it is not unique.
func (s *refStore) commitsLike(ctx context.Context, prefix string) (out []*ref, err error) {
	lo, hi := s.key(kindCommit, prefix), s.key(kindCommit, prefix+"g")
	err = refs.ScanRange(ctx, s.tx, s.view, lo, hi, func(at storage.SCN, r systable.Row) bool {
		out = append(out, readRef(at, r))
		return len(out) < 2
	})
	return out, err
}

// newestFirst sorts refs by SCN; those of the running transaction come first.
func newestFirst(list []*ref) {
	slices.SortFunc(list, newer)
}

func newer(a, b *ref) int {
	return cmp.Or(-cmp.Compare(a.scn-1, b.scn-1), -cmp.Compare(a.created.I, b.created.I), cmp.Compare(a.name, b.name))
}
