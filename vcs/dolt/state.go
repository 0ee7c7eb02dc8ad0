package dolt

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// ref is a place as vcs takes it.
func ref(place string) catalog.Ref {
	branch, point := split(place)
	return catalog.Ref{Branch: branch, Point: point}
}

func scnPoint(n int64) string { return strconv.FormatInt(n, 10) }

// recordHead returns the hidden branch on which the last commit lies, nil if it lies on none. The branch as it is has grown
// from that commit: this is recorded, so that merges find it in common.
func recordHead(ctx context.Context, c vcs.Conn, head *commit) (*storage.Branch, error) {
	b, err := vcs.CommitBranch(ctx, c, head.id)
	if err != nil && pgerr.From(err).Code == pgerrcode.InvalidCatalogName {
		return nil, nil // it was dropped: no hidden branch ever is
	}
	if err != nil || !b.Hidden {
		return nil, err
	}
	m := vcs.Merge{Source: "br_" + strconv.FormatUint(b.ID, 10), SourcePoint: scnPoint(head.scn), Target: c.Branch(), Record: storage.RecordOnly}
	_, err = c.Merge(ctx, m)
	return &b, err
}

// writeState makes the state of a commit that leaves something out: on the hidden branch of the last commit, or a new one.
func (n *newCommit) writeState(ctx context.Context, c vcs.Conn, side *storage.Branch) (storage.View, error) {
	if side == nil || side.CreatedBy != c.User() || side.Head != storage.SCN(n.head.scn) {
		branch, point := split(n.head.place)
		b, err := c.Store().Branches().Create(ctx, c.Database().OID, storage.BranchOptions{
			Name: ".dolt/" + c.Branch() + "/" + strconv.FormatUint(c.Txn().ID(), 10), Source: branch, Point: point, User: c.User(), Hidden: true,
			Description: "states of commits that leave changes out",
		})
		if err != nil {
			return nil, err
		}
		side = &b
	}
	groups := map[string]map[string]bool{}
	for table, place := range n.take {
		if groups[place] == nil {
			groups[place] = map[string]bool{}
		}
		groups[place][table] = true
	}
	if err := n.referredTo(ctx, c); err != nil {
		return nil, err
	}
	places := slices.Sorted(maps.Keys(groups)) // the branch as it is comes first
	for _, place := range places {
		only, err := onlyTables(ctx, c, groups[place], n.head.place, place)
		if err != nil {
			return nil, err
		}
		m := vcs.Merge{Target: side.Name, Only: only, Force: true}
		res, err := vcs.Bring(ctx, c, ref(n.head.place), ref(place), m)
		if err != nil {
			return nil, err
		}
		if len(res.Conflicts) > 0 {
			return nil, pgerr.Internal("the state of a commit has conflicts in table %s", res.Conflicts[0].Table)
		}
	}
	return c.View(ctx, catalog.Ref{Branch: side.Name})
}

// referredTo refuses to commit a table without a new one that it refers to.
func (n *newCommit) referredTo(ctx context.Context, c vcs.Conn) error {
	old, err := c.View(ctx, ref(n.head.place))
	if err != nil {
		return err
	}
	for table, place := range n.take {
		v, err := c.View(ctx, ref(place))
		if err != nil {
			return err
		}
		t := tableAt(c, v, table)
		if t == nil {
			continue
		}
		for _, k := range t.Constraints {
			if k.Kind != catalog.ForeignKey || k.RefTable == t.OID || old.Catalog().Object(k.RefTable) != nil {
				continue
			}
			parent, _ := v.Catalog().Object(k.RefTable).(*catalog.Table)
			if parent == nil {
				continue
			}
			name := nameOf(v, parent)
			if n.take[name] == "" {
				return errUnstagedParent(table, name)
			}
		}
	}
	return nil
}

// tableAt finds a table by its full name, nil where there is none.
func tableAt(c vcs.Conn, v storage.View, name string) *catalog.Table {
	id, err := c.Relation(v.Catalog(), name)
	if err != nil {
		return nil
	}
	t, _ := v.Catalog().Object(id).(*catalog.Table)
	return t
}

// onlyTables picks the tables that have one of the names at any of the places, their sequences, and all that is no table's.
func onlyTables(ctx context.Context, c vcs.Conn, tables map[string]bool, places ...string) (func(catalog.Object) bool, error) {
	ids := map[catalog.OID]bool{}
	for _, p := range places {
		v, err := c.View(ctx, ref(p))
		if err != nil {
			return nil, err
		}
		for name := range tables {
			if t := tableAt(c, v, name); t != nil {
				ids[t.OID] = true
			}
		}
	}
	return func(o catalog.Object) bool {
		switch x := o.(type) {
		case *catalog.Table:
			return ids[x.OID]
		case *catalog.Sequence:
			return x.OwnerTable == 0 || ids[x.OwnerTable]
		}
		return true
	}, nil
}
