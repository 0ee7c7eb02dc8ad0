package vcs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
)

// kindStash are refs that keep the state of a branch for Dolt's stash.
const kindStash = "stash"

// Stash is a point of a branch's past with a name, of which a number is part: many may have the same name.
type Stash struct {
	Name   string   `json:"-"`
	Place  string   `json:"-"` // branch@point
	Head   string   // the id of the commit that it was made on
	Branch string   // what the branch was called
	Tables []string // that it is about
	Fresh  []string // those of them that were new and staged

	key string
}

// MakeStash keeps what the session's branch was before this transaction: so far it must not have written to it.
func MakeStash(ctx context.Context, c Conn, name string, s Stash) error {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	x := &ref{kind: kindStash, name: fmt.Sprintf("%s\n%020d", name, c.Txn().ID()), branch: v.Branch().ID, scn: v.At(), user: c.User(), message: string(text)}
	return refs.Insert(ctx, r.tx, r.view, x.row(r.db)...)
}

// Stashes lists those of a name, or with "" all: by name, the newest first.
func Stashes(ctx context.Context, c Conn, name string) ([]*Stash, error) {
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return nil, err
	}
	var out []*Stash
	var bad error
	err = refs.ScanVersions(ctx, r.tx, r.view, r.key(kindStash, "")[:2], func(at storage.SCN, row systable.Row) bool {
		x := readRef(at, row)
		s := &Stash{key: x.name, Place: branchID(x.branch) + "@" + strconv.FormatUint(x.scn, 10)}
		s.Name, _, _ = strings.Cut(x.name, "\n")
		if name != "" && s.Name != name {
			return true
		}
		bad = json.Unmarshal([]byte(x.message), s)
		out = append(out, s)
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	slices.SortStableFunc(out, func(a, b *Stash) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return -strings.Compare(a.key, b.key)
	})
	return out, err
}

// Drop forgets a stash.
func (s *Stash) Drop(ctx context.Context, c Conn) error {
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return err
	}
	_, err = refs.Delete(ctx, r.tx, r.view, r.key(kindStash, s.key)...)
	return err
}
