package mvcc_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// gc collects what nobody can see; everything else must read as before.
func (m *model) gc(t *rapid.T) {
	_, err := m.s.Branches().GC(ctx, storage.GCOptions{Purge: rapid.Bool().Draw(t, "purge")})
	must(t, err)
	list, err := m.s.Branches().List(ctx, mvcc.FirstDatabase, true)
	must(t, err)
	maps.DeleteFunc(m.dropped, func(name string, _ []modelVersion) bool {
		return !slices.ContainsFunc(list, func(b storage.Branch) bool { return b.Name == name })
	})
}

// retention sets how much of the past is kept.
func (m *model) retention(t *rapid.T) {
	branch := ""
	if rapid.Bool().Draw(t, "branch's own") {
		branch = m.anyBranch()
	}
	d := time.Duration(rapid.IntRange(0, 30).Draw(t, "seconds")) * time.Second
	window := &d
	if branch != "" && rapid.Bool().Draw(t, "inherit") {
		window = nil
	}
	must(t, m.s.Branches().SetRetention(ctx, mvcc.FirstDatabase, branch, window))
}

// tooOld reads a point before those that are kept: it must fail, unless a snapshot keeps it.
func (m *model) tooOld(t *rapid.T) {
	b := m.anyBranch()
	oldest, err := m.s.Branches().Oldest(ctx, mvcc.FirstDatabase, b)
	must(t, err)
	first := m.history[b][0].scn
	if oldest <= first {
		t.Skip("nothing was collected")
	}
	scn := storage.SCN(rapid.Uint64Range(first, oldest-1).Draw(t, "scn"))
	x := begin(t, m.s, b, storage.ReadCommitted)
	defer func() { must(t, x.Rollback()) }()
	x.v, err = x.View(ctx, branchAt(b, scn))
	if err != nil {
		if e := pgerr.From(err); e.Code != "72000" && e.Code != "22023" {
			t.Fatalf("%s@%d: %v", b, scn, err)
		}
		return
	}
	m.compare(x, m.at(b, scn))
}

func (m *model) snapshot(t *rapid.T) {
	b := m.anyBranch()
	scn := m.anySCN(b)
	s, err := m.s.Branches().Snapshot(ctx, mvcc.FirstDatabase, b, fmt.Sprint(scn), "", "")
	must(t, err)
	m.snaps[s.ID] = modelSnap{scn, m.at(b, scn)}
}

// readSnapshot reads kept points, and drops one now and then.
func (m *model) readSnapshot(t *rapid.T) {
	list, err := m.s.Branches().Snapshots(ctx, mvcc.FirstDatabase, "")
	must(t, err)
	for _, s := range list {
		if _, live := m.history[s.Branch]; !live {
			continue
		}
		x := begin(t, m.s, s.Branch+"@"+s.ID, storage.ReadCommitted)
		m.compare(x, m.snaps[s.ID].rows)
		must(t, x.Rollback())
		if rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
			ok, err := m.s.Branches().DropSnapshot(ctx, mvcc.FirstDatabase, s.ID)
			must(t, err)
			if !ok {
				t.Fatalf("no snapshot %s", s.ID)
			}
		}
	}
}

func (m *model) undelete(t *rapid.T) {
	names := slices.Sorted(maps.Keys(m.dropped))
	if len(names) == 0 || len(m.history) > 5 {
		t.Skip("nothing was dropped, or branches enough")
	}
	n := rapid.SampledFrom(names).Draw(t, "name")
	_, err := m.s.Branches().Undelete(ctx, mvcc.FirstDatabase, n)
	must(t, err)
	m.history[n] = m.dropped[n]
	delete(m.dropped, n)
}

func (m *model) copyBranch(t *rapid.T) {
	if len(m.history) > 5 {
		t.Skip("branches enough")
	}
	b, name := m.anyBranch(), m.name()
	_, err := m.s.Branches().Copy(ctx, mvcc.FirstDatabase, b, storage.CopyOptions{Name: name})
	must(t, err)
	m.history[name] = slices.Clone(m.history[b])
}

func (m *model) schemaOnly(t *rapid.T) {
	if len(m.history) > 5 {
		t.Skip("branches enough")
	}
	b, name := m.anyBranch(), m.name()
	scn := m.anySCN(b)
	_, err := m.s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: b, Point: fmt.Sprint(scn), SchemaOnly: true})
	must(t, err)
	m.history[name] = []modelVersion{{scn, content{}}}
}

func (m *model) rename(t *rapid.T) {
	b := m.anyBranch()
	if m.x != nil || m.old != nil {
		t.Skip("transactions know their branches by name")
	}
	name := m.name()
	_, err := m.s.Branches().Rename(ctx, mvcc.FirstDatabase, b, name, false)
	must(t, err)
	m.history[name] = m.history[b]
	delete(m.history, b)
	if m.main == b {
		m.main = name
	}
}

func (m *model) setDefault(t *rapid.T) {
	b := m.anyBranch()
	_, err := m.s.Branches().SetDefault(ctx, mvcc.FirstDatabase, b)
	must(t, err)
	m.main = b
}

func (m *model) sizes(t *rapid.T) {
	if m.x == nil {
		wrong, err := m.s.WrongSizes(ctx)
		must(t, err)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
	}
	list, err := m.s.Branches().Sizes(ctx, mvcc.FirstDatabase)
	must(t, err)
	for _, z := range list {
		if z.Total < z.Unique || z.Unique < 0 || z.Freed < 0 || z.Freed > z.Total {
			t.Fatalf("sizes of %s: %+v", z.Branch, z)
		}
	}
}

// rebase bases a branch anew on its parent. What comes of the rows is for the tests of merges; here it counts that no other
// answer changes.
func (m *model) rebase(t *rapid.T) {
	b := m.anyBranch()
	if b == m.branch && m.x != nil {
		t.Skip("a transaction is open on it")
	}
	d, err := m.s.Branches().Get(ctx, mvcc.FirstDatabase, b)
	must(t, err)
	if _, live := m.history[d.Parent]; !live {
		t.Skip("its parent is gone")
	}
	m.s.UseDiffer(merge.Differ{})
	scn, err := rebaseBranch(t, m.s, b)
	if err != nil {
		fails(t, err, "22023") // a branch of schema only has no common past with its parent
		return
	}
	if scn == 0 {
		return
	}
	x := begin(t, m.s, b, storage.ReadCommitted)
	rows := content{}
	for _, r := range x.rows(storage.ScanRequest{Table: x.table("t")}) {
		rows[r.row[0]] = r.row
	}
	must(t, x.Rollback())
	m.history[b] = append(m.history[b], modelVersion{scn, rows})
}
