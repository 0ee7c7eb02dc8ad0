package mvcc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
)

// branches implements storage.Branches.
type branches struct {
	storage.Differ
	s *Store
}

// Branches implements storage.Store.
func (s *Store) Branches() storage.Branches {
	d := s.differ
	if d == nil {
		d = noDiffer{}
	}
	return branches{d, s}
}

// List implements storage.Branches.
func (b branches) List(_ context.Context, db catalog.OID, dropped bool) ([]storage.Branch, error) {
	b.s.mu.RLock()
	defer b.s.mu.RUnlock()
	var out []storage.Branch
	for _, x := range b.s.branches {
		if x.Database == db && !x.Hidden && (dropped || x.Deleted.IsZero()) {
			out = append(out, b.s.describeLocked(x))
		}
	}
	slices.SortFunc(out, func(x, y storage.Branch) int { return int(int64(x.ID) - int64(y.ID)) })
	return out, nil
}

// Get implements storage.Branches.
func (b branches) Get(_ context.Context, db catalog.OID, name string) (storage.Branch, error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	return b.s.describe(x), nil
}

// ByID implements storage.Branches.
func (b branches) ByID(id uint64) (storage.Branch, bool) {
	b.s.mu.RLock()
	defer b.s.mu.RUnlock()
	x := b.s.branches[id]
	if x == nil {
		return storage.Branch{}, false
	}
	return b.s.describeLocked(x), true
}

// Create implements storage.Branches.
func (b branches) Create(ctx context.Context, db catalog.OID, o storage.BranchOptions) (storage.Branch, error) {
	s := b.s
	if err := checkName(o.Name); err != nil {
		return storage.Branch{}, err
	}
	s.topology.Lock()
	defer s.topology.Unlock()
	if err := s.nameFree(db, o.Name); err != nil {
		return storage.Branch{}, err
	}
	src, err := s.branch(db, o.Source)
	if err != nil {
		return storage.Branch{}, err
	}
	src, fork, err := s.locateFor(ctx, src, o.Point, o.Reads)
	if err != nil {
		return storage.Branch{}, err
	}
	d := storage.Branch{
		Database: db, Name: o.Name, DisplayName: o.DisplayName, Description: o.Description, Parent: src.Name, ParentID: src.ID,
		CreatedBy: o.User, Owner: s.roleNamed(o.User), Protected: o.Protected, Expires: o.Expires, Metadata: maps.Clone(o.Metadata),
		Hidden: o.Hidden,
	}
	var batch kv.Batch
	if o.SchemaOnly {
		x, err := s.newSchema(ctx, &batch, d, src, fork)
		if err != nil {
			return storage.Branch{}, storeError(err)
		}
		return s.saveBranch(ctx, &batch, x)
	}
	x, err := s.newBranch(ctx, d, src, fork)
	if err != nil {
		return storage.Branch{}, storeError(err)
	}
	if err := s.putLayer(&batch, x.now()); err != nil {
		return storage.Branch{}, err
	}
	return s.saveBranch(ctx, &batch, x)
}

// roleNamed finds a role's OID; 0: there is none.
func (s *Store) roleNamed(name string) catalog.OID {
	if r := s.Global().RoleByName(name); r != nil {
		return r.OID
	}
	return 0
}

// saveBranch makes a branch durable and known.
func (s *Store) saveBranch(ctx context.Context, batch *kv.Batch, x *branch) (storage.Branch, error) {
	if err := s.putBranch(batch, x); err != nil {
		return storage.Branch{}, err
	}
	if err := s.kv.Apply(ctx, batch); err != nil {
		return storage.Branch{}, storeError(err)
	}
	s.install(x)
	return s.describe(x), nil
}

func checkName(n string) error {
	_, id := branchID(n)
	if n != "" && len(n) <= longestName && n != "HEAD" && !id && !strings.ContainsAny(n, "@~^") && !strings.ContainsFunc(n, unicode.IsControl) && addressable(n) {
		return nil
	}
	if len(n) > longestName {
		n = strings.ToValidUTF8(n[:longestName], "") + "…"
	}
	return pgerr.New(pgerrcode.InvalidName, "invalid branch name \"%s\"", strings.ToValidUTF8(n, "?")).
		WithHint("A branch name has 1 to %d bytes, none of @ ~ ^ and no control characters, neither begins nor ends with a slash, has no . or .. between slashes, and is neither HEAD nor br_ and a number.", longestName)
}

// addressable reports whether what stands between the slashes of a name can stand in the path of an address.
func addressable(n string) bool {
	if strings.HasPrefix(n, "/") || strings.HasSuffix(n, "/") || !utf8.ValidString(n) {
		return false
	}
	for step := range strings.SplitSeq(n, "/") {
		if step == "." || step == ".." {
			return false
		}
	}
	return true
}

// longestName is how many bytes the name of a branch may have.
const longestName = 255

func (s *Store) nameFree(db catalog.OID, name string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.names[branchName{db, name}] != nil {
		return pgerr.New(pgerrcode.DuplicateDatabase, "branch \"%s\" already exists", name)
	}
	return nil
}

// Drop implements storage.Branches.
func (b branches) Drop(ctx context.Context, db catalog.OID, name string, force bool) (storage.Branch, error) {
	s := b.s
	s.topology.Lock()
	defer s.topology.Unlock()
	x, err := s.branch(db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	if err := s.mayDrop(x, force); err != nil {
		return storage.Branch{}, err
	}
	c := x.touch(s.o.Clock())
	c.Deleted = c.Updated
	return s.saveBranch(ctx, &kv.Batch{Urgent: true}, c)
}

// mayDrop refuses to drop the default branch, and without force those that somebody wanted to keep or that others need.
func (s *Store) mayDrop(x *branch, force bool) error {
	switch {
	case x.Default:
		return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop the default branch \"%s\"", x.Name).
			WithHint("rowan.set_default_branch makes another one the default.")
	case force:
		return nil
	case x.Protected:
		return errProtected("drop", x)
	}
	needs := s.children(x)
	if len(needs) == 0 {
		return nil
	}
	var detail []string
	for i, c := range needs {
		if i == 8 {
			detail = append(detail, fmt.Sprintf("and %d more", len(needs)-i))
			break
		}
		detail = append(detail, fmt.Sprintf("branch \"%s\" depends on branch \"%s\"", c, x.Name))
	}
	return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop branch \"%s\" because other branches depend on it", x.Name).
		WithDetail("%s", strings.Join(detail, "\n")).WithHint("Drop those first, or use force: they go on working without it.")
}

func errProtected(what string, x *branch) error {
	return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot %s the protected branch \"%s\"", what, x.Name).
		WithHint("rowan.protect_branch(name, false) takes its protection away.")
}

// children returns the names of the branches whose content shows through layers that x has made.
func (s *Store) children(x *branch) (names []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.branches {
		if c.ID == x.ID || c.Database != x.Database || c.Hidden || !c.Deleted.IsZero() {
			continue
		}
		for l := c.now().parent; l != nil; l = l.parent {
			if l.branch == x.ID {
				names = append(names, c.Name)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// Alter implements storage.Branches.
func (b branches) Alter(ctx context.Context, db catalog.OID, name string, f func(*storage.Branch) error) (storage.Branch, error) {
	s := b.s
	x, t, unlock, err := s.lockNamed(ctx, db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	defer unlock()
	c := x.touch(s.o.Clock())
	d := s.describe(x)
	d.Metadata = maps.Clone(d.Metadata)
	if err := f(&d); err != nil {
		return storage.Branch{}, err
	}
	if x.Default && !d.Expires.IsZero() {
		return storage.Branch{}, pgerr.New(pgerrcode.InvalidParameterValue, "the default branch \"%s\" cannot expire", x.Name)
	}
	c.DisplayName, c.Description, c.Protected, c.Expires = d.DisplayName, d.Description, d.Protected, d.Expires
	c.Metadata, c.Merged, c.Hidden = d.Metadata, d.Merged, d.Hidden
	if d.Name != x.Name {
		if x.Protected && d.Protected {
			return storage.Branch{}, errProtected("rename", x)
		}
		return s.rename(ctx, t, c, d.Name)
	}
	var batch kv.Batch
	return s.saveBranch(ctx, &batch, c)
}

// Resolve implements storage.Branches.
func (b branches) Resolve(ctx context.Context, db catalog.OID, name, point string) (storage.SCN, error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return 0, err
	}
	scn, err := b.s.resolve(ctx, x, point)
	return scn, storeError(err)
}

// Find implements storage.Points.
func (b branches) Find(ctx context.Context, db catalog.OID, name, point string) (storage.Branch, storage.SCN, error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return storage.Branch{}, 0, err
	}
	x, scn, err := b.s.locate(ctx, x, point)
	if err != nil {
		return storage.Branch{}, 0, storeError(err)
	}
	return b.s.describe(x), scn, nil
}

// Time implements storage.Branches.
func (b branches) Time(ctx context.Context, scn storage.SCN) (time.Time, error) {
	return b.s.Time(ctx, scn)
}

// Log implements storage.Branches.
func (b branches) Log(ctx context.Context, db catalog.OID, name string, from, to storage.SCN, limit int) ([]storage.LogEntry, error) {
	x, to, err := b.logged(db, name, to)
	if err != nil {
		return nil, err
	}
	return b.s.entries(ctx, x.at(to).chain(to), from, limit)
}

// logged finds the branch of a log, and up to where to read that.
func (b branches) logged(db catalog.OID, name string, to storage.SCN) (*branch, storage.SCN, error) {
	x, err := b.s.branch(db, name)
	if err != nil && strings.HasPrefix(name, "br_") { // of a dropped branch, by its id
		if x = b.s.dropped(db, name); x != nil {
			err = nil
		}
	}
	if to == 0 {
		to = b.s.seq.published.Load()
	}
	return x, to, err
}

// Reflog implements storage.Branches.
func (b branches) Reflog(ctx context.Context, db catalog.OID, name string, from, to storage.SCN, limit int) (out []storage.LogEntry, err error) {
	x, to, err := b.logged(db, name, to)
	if err != nil {
		return nil, err
	}
	for i, l := range slices.Backward(x.layers) {
		since, until := x.era(i)
		more, err := b.s.entries(ctx, []link{{l, min(to, until)}}, max(from+1, since)-1, limit-len(out))
		if err != nil {
			return nil, err
		}
		if out = append(out, more...); limit > 0 && len(out) >= limit {
			break
		}
	}
	return out, nil
}

// LogOf implements storage.Branches.
func (b branches) LogOf(ctx context.Context, of storage.View, from, to storage.SCN, limit int) ([]storage.LogEntry, error) {
	v, ok := of.(*view)
	if !ok {
		return nil, pgerr.Internal("view %T is not the store's", of)
	}
	at := v.chain[0].bound
	if to != 0 {
		at = min(at, to)
	}
	return b.s.entries(ctx, v.layer.chain(at), from, limit)
}

// rebasedAt reports whether a branch has got another layer with a transaction.
func (s *Store) rebasedAt(id, scn uint64) bool {
	b := s.branchByID(id)
	return b != nil && slices.ContainsFunc(b.Timeline[min(1, len(b.Timeline)):], func(e era) bool { return e.From == scn })
}

// entries lists the log entries of a history with SCNs above from, newest first.
func (s *Store) entries(ctx context.Context, history []link, from uint64, limit int) ([]storage.LogEntry, error) {
	var out []storage.LogEntry
	err := s.eachIn(ctx, history, from, func(l *layer, scn uint64, h logHeader) bool {
		e := storage.LogEntry{SCN: scn, Branch: l.branch, Txn: h.txn, Time: h.time, Info: h.info, Rebase: h.txn != 0 && s.rebasedAt(l.branch, scn)}
		for _, t := range h.tables {
			if t.table < catalog.FirstUserOID { // the store's own
				continue
			}
			e.Inserts += t.inserts
			e.Updates += t.updates
			e.Deletes += t.deletes
			if !slices.Contains(e.Tables, t.table) {
				e.Tables = append(e.Tables, t.table)
			}
		}
		out = append(out, e)
		return limit <= 0 || len(out) < limit
	})
	return out, storeError(err)
}

// Reset implements storage.Branches.
func (b branches) Reset(ctx context.Context, db catalog.OID, name, source, point string) (storage.Branch, error) {
	return b.Restore(ctx, db, name, storage.RestoreOptions{Source: source, Point: point})
}

// noDiffer stands where no Differ was given.
type noDiffer struct{}

func (noDiffer) Diff(context.Context, storage.Txn, storage.View, storage.View, catalog.OID) (storage.DiffScanner, error) {
	return nil, pgerr.Unsupported("diff")
}

func (noDiffer) DiffPair(context.Context, storage.Txn, storage.View, storage.View, *catalog.Table, *catalog.Table) (storage.DiffScanner, error) {
	return nil, pgerr.Unsupported("diff")
}

func (noDiffer) Changed(context.Context, storage.Txn, storage.View, storage.View) ([]catalog.OID, error) {
	return nil, pgerr.Unsupported("diff")
}

func (noDiffer) Base(context.Context, storage.Txn, string, string) (storage.View, error) {
	return nil, pgerr.Unsupported("merge")
}

func (noDiffer) Merge(context.Context, storage.Txn, storage.MergeRequest) (storage.MergeResult, error) {
	return storage.MergeResult{}, pgerr.Unsupported("merge")
}
