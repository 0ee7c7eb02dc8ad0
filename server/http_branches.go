package server

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// List implements api.Branches: those that the credentials may see.
func (a *httpAPI) List(ctx context.Context, p api.Principal) ([]api.Branch, error) {
	db, err := a.database(p)
	if err != nil {
		return nil, err
	}
	list, err := a.store.Branches().List(ctx, db.OID, true)
	if err != nil {
		return nil, err
	}
	snapshots, err := a.store.Branches().Snapshots(ctx, db.OID, "")
	if err != nil {
		return nil, err
	}
	out := []api.Branch{}
	for _, b := range list {
		if p.MayUse(b.Name, false) {
			out = append(out, toBranch(b, snapshots))
		}
	}
	return out, nil
}

// branch looks up a branch, and says no more of others than the credentials reach.
func (a *httpAPI) branch(ctx context.Context, p api.Principal, db catalog.OID, name string, write bool) (storage.Branch, error) {
	b, err := a.store.Branches().Get(ctx, db, name)
	switch {
	case err != nil:
		return b, session.Conceal(reach(p), err)
	case !p.MayUse(b.Name, false):
		return b, mayUse(p, cmp.Or(name, b.Name), write) // as it was asked for, be it by its id
	}
	return b, mayUse(p, b.Name, write)
}

// find looks up a branch that the request is about.
func (a *httpAPI) find(ctx context.Context, p api.Principal, name string, write bool) (storage.Branch, catalog.OID, error) {
	db, err := a.database(p)
	if err != nil {
		return storage.Branch{}, 0, err
	}
	b, err := a.branch(ctx, p, db.OID, name, write)
	if err == nil {
		err = vcs.CheckBranch(ctx, a.store, db.OID, p.Role, b.Name, catalog.BranchRead)
	}
	return b, db.OID, err
}

// reads refuses the branches that a request may not read.
func (a *httpAPI) reads(p api.Principal, db catalog.OID) func(storage.Branch) error {
	granted := vcs.Reads(a.store, db, p.Role)
	return func(b storage.Branch) error {
		if !p.MayUse(b.Name, false) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials may not use the branch that the point is on")
		}
		return granted(b)
	}
}

// findToRule is find for changes of the branch itself.
func (a *httpAPI) findToRule(ctx context.Context, p api.Principal, name string) (storage.Branch, catalog.OID, error) {
	b, db, err := a.find(ctx, p, name, true)
	if err == nil {
		err = vcs.CheckBranch(ctx, a.store, db, p.Role, b.Name, catalog.BranchAdmin)
	}
	return b, db, err
}

// Get implements api.Branches.
func (a *httpAPI) Get(ctx context.Context, p api.Principal, name string, stats bool) (api.Branch, error) {
	b, db, err := a.find(ctx, p, name, false)
	if err != nil {
		return api.Branch{}, err
	}
	out, err := a.show(ctx, db, b)
	if err != nil || !stats {
		return out, err
	}
	s, err := a.store.Branches().Stats(ctx, db, b.Name)
	if err != nil {
		return out, err
	}
	out.Stats = &api.Stats{Tables: s.Tables, Rows: s.Rows, SizeBytes: s.SizeBytes, Changes: s.Changes, Inserts: s.Inserts, Updates: s.Updates, Deletes: s.Deletes,
		Ahead: s.Ahead, Behind: s.Behind}
	return out, nil
}

// show is toBranch for one branch.
func (a *httpAPI) show(ctx context.Context, db catalog.OID, b storage.Branch) (api.Branch, error) {
	snapshots, err := a.store.Branches().Snapshots(ctx, db, "")
	return toBranch(b, snapshots), err
}

// Create implements api.Branches.
func (a *httpAPI) Create(ctx context.Context, p api.Principal, b api.NewBranch) (api.Branch, error) {
	if err := checkTexts([]any{b.DisplayName, b.Metadata}); err != nil {
		return api.Branch{}, err
	}
	source, db, err := a.find(ctx, p, b.Source, false)
	if err != nil {
		return api.Branch{}, err
	}
	if err := mayUse(p, b.Name, true); err != nil {
		return api.Branch{}, err
	}
	if err := vcs.CheckBranch(ctx, a.store, db, p.Role, b.Name, catalog.BranchAdmin); err != nil {
		return api.Branch{}, err
	}
	made, err := a.store.Branches().Create(ctx, db, storage.BranchOptions{
		Name: b.Name, Source: source.Name, Point: b.Point, DisplayName: b.DisplayName, Metadata: encodeMetadata(nil, b.Metadata), User: p.Role,
		Expires: vcs.Ends(a.store, db, b.Name, time.Time{}), Reads: a.reads(p, db),
	})
	if err != nil {
		return api.Branch{}, err
	}
	return a.show(ctx, db, made)
}

// checkTexts refuses texts in a JSON value that SQL could not show: one of them would spoil the list of branches for all.
func checkTexts(v any) error {
	switch v := v.(type) {
	case string:
		return types.CheckUTF8(v)
	case []any:
		for _, e := range v {
			if err := checkTexts(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, e := range v {
			if err := checkTexts([]any{name, e}); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodeMetadata sets entries, as JSON; nil removes one.
func encodeMetadata(into map[string]string, values map[string]any) map[string]string {
	if into == nil {
		into = map[string]string{}
	}
	for k, v := range values {
		if v == nil {
			delete(into, k)
			continue
		}
		into[k] = encodeJSON(v)
	}
	return into
}

// Alter implements api.Branches.
func (a *httpAPI) Alter(ctx context.Context, p api.Principal, name string, c api.BranchChange) (api.Branch, error) {
	shown := ""
	if c.DisplayName != nil {
		shown = *c.DisplayName
	}
	if err := checkTexts([]any{shown, c.Metadata}); err != nil {
		return api.Branch{}, err
	}
	b, db, err := a.findToRule(ctx, p, name)
	if err != nil {
		return api.Branch{}, err
	}
	b, err = a.store.Branches().Alter(ctx, db, b.Name, func(b *storage.Branch) error {
		if c.DisplayName != nil {
			b.DisplayName = *c.DisplayName
		}
		if c.Protected != nil {
			b.Protected = *c.Protected
		}
		b.Metadata = encodeMetadata(b.Metadata, c.Metadata)
		return nil
	})
	if err != nil {
		return api.Branch{}, err
	}
	return a.show(ctx, db, b)
}

// Drop implements api.Branches.
func (a *httpAPI) Drop(ctx context.Context, p api.Principal, name string, force bool) (api.Branch, error) {
	b, db, err := a.findToRule(ctx, p, name)
	if err != nil {
		return api.Branch{}, err
	}
	b, err = a.store.Branches().Drop(ctx, db, b.Name, force)
	return toBranch(b, nil), err
}

// toBranch shows a branch; the snapshots are those among which the point it was made at may be.
func toBranch(b storage.Branch, snapshots []storage.PointSnapshot) api.Branch {
	out := api.Branch{ID: "br_" + strconv.FormatUint(b.ID, 10), Name: b.Name, DisplayName: b.DisplayName, Status: "active", Default: b.Default,
		Protected: b.Protected, Source: b.Parent, Created: b.Created, Updated: b.Updated}
	if b.Updated.IsZero() {
		out.Updated = b.Created
	}
	if out.DisplayName == "" {
		out.DisplayName = b.Name
	}
	if b.Parent != "" {
		out.SourceSnapshot = "scn_" + strconv.FormatUint(b.Fork, 10)
		if i := slices.IndexFunc(snapshots, func(s storage.PointSnapshot) bool { return s.SCN == b.Fork && s.Branch == b.Parent }); i >= 0 {
			out.SourceSnapshot = snapshots[i].ID
		}
	}
	switch {
	case !b.Deleted.IsZero():
		out.Status = "deleted"
	case b.Merged:
		out.Status = "merged"
	}
	for k, v := range b.Metadata {
		if out.Metadata == nil {
			out.Metadata = map[string]any{}
		}
		out.Metadata[k] = decodeJSON(v)
	}
	return out
}
