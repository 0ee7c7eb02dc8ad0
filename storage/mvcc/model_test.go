package mvcc_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// content is a table's rows by primary key; it is never changed in place.
type content map[int64][3]int64

// modelVersion is a branch's content from an SCN on.
type modelVersion struct {
	scn  storage.SCN
	rows content
}

// model runs a store beside a plain map for each branch and SCN.
type model struct {
	t       *rapid.T
	e       *memkv.Engine
	engine  kv.Engine
	o       mvcc.Options
	s       *mvcc.Store
	history map[string][]modelVersion
	origin  storage.SCN

	x      *txn // the writing transaction, or nil
	branch string
	states []content // of x at its savepoints, the current one last
	marks  []int

	old      *txn // a reader with an old snapshot, or nil
	oldAt    storage.SCN
	oldNames []string
	names    int

	now     time.Time
	dropped map[string][]modelVersion
	snaps   map[string]modelSnap // by id
	main    string               // the default branch
}

// modelSnap is a kept point of a branch.
type modelSnap struct {
	scn  storage.SCN
	rows content
}

func (m *model) open() {
	s, err := mvcc.Open(m.engine, m.o)
	must(m.t, err)
	must(m.t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	m.s = s
}

func (m *model) at(branch string, scn storage.SCN) content {
	var c content
	for _, v := range m.history[branch] {
		if v.scn <= scn {
			c = v.rows
		}
	}
	return c
}

func (m *model) head(branch string) content {
	h := m.history[branch]
	return h[len(h)-1].rows
}

func (m *model) anyBranch() string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.history))).Draw(m.t, "branch")
}

// anySCN picks a point of a branch that is kept.
func (m *model) anySCN(branch string) storage.SCN {
	now, _ := m.s.Now()
	oldest, err := m.s.Branches().Oldest(ctx, mvcc.FirstDatabase, branch)
	must(m.t, err)
	return storage.SCN(rapid.Uint64Range(max(m.origin, oldest), now).Draw(m.t, "scn"))
}

func render(c content) string {
	var out []found
	for _, k := range slices.Sorted(maps.Keys(c)) {
		out = append(out, found{row: c[k]})
	}
	return show(out)
}

// compare reads a branch in every way and compares it with what it should be.
func (m *model) compare(x *txn, want content) {
	tab := x.table("t")
	is(m.t, x.all(tab), render(want))
	rev := x.rows(storage.ScanRequest{Table: tab, Reverse: true})
	slices.Reverse(rev)
	is(m.t, show(rev), render(want))
	for _, ix := range tab.Indexes[1:] {
		got := x.rows(storage.ScanRequest{Table: tab, Index: ix})
		for i := 1; i < len(got); i++ {
			p, q := got[i-1].row, got[i].row
			if ix == tab.Indexes[1] && p[1] > q[1] || ix == tab.Indexes[2] && p[2] < q[2] {
				m.t.Fatalf("index %s out of order: %s", ix.Name, show(got))
			}
		}
		slices.SortFunc(got, func(a, b found) int { return int(a.row[0] - b.row[0]) })
		is(m.t, show(got), render(want))
	}
	a := rapid.Int64Range(0, 15).Draw(m.t, "point")
	one := content{}
	if r, ok := want[a]; ok {
		one[a] = r
	}
	is(m.t, show(x.where(tab, a)), render(one))
	sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Index: tab.Indexes[1], Columns: []catalog.ColumnID{tab.Columns[1].ID}})
	must(m.t, err)
	n := 0
	for b, err := sc.Next(ctx); b != nil; b, err = sc.Next(ctx) {
		must(m.t, err)
		n += b.N
	}
	must(m.t, sc.Close())
	if n != len(want) {
		m.t.Fatalf("index only scan has %d rows, want %d", n, len(want))
	}
	for range 3 { // the third time it may come from memory
		is(m.t, x.plain(tab), render(want))
	}
	if k, ok := x.count(tab); ok && k != int64(len(want)) {
		m.t.Fatalf("counted %d rows, want %d", k, len(want))
	}
}

func (m *model) begin(t *rapid.T) {
	if m.x != nil {
		t.Skip("a transaction is open")
	}
	m.branch = m.anyBranch()
	m.x = begin(t, m.s, m.branch, storage.ReadCommitted)
	m.states, m.marks = []content{m.head(m.branch)}, nil
}

func (m *model) write(t *rapid.T) {
	if m.x == nil {
		t.Skip("no transaction is open")
	}
	tab := m.x.table("t")
	cur := maps.Clone(m.states[len(m.states)-1])
	for range rapid.IntRange(1, 6).Draw(t, "writes") {
		a := rapid.Int64Range(0, 15).Draw(t, "a")
		row := [3]int64{a, rapid.Int64Range(0, 5).Draw(t, "b"), rapid.Int64Range(0, 5).Draw(t, "c")}
		_, exists := cur[a]
		switch {
		case !exists:
			must(t, m.x.insert(tab, row))
			cur[a] = row
		case rapid.Bool().Draw(t, "delete"):
			must(t, m.x.delete(tab, m.x.where(tab, a)))
			delete(cur, a)
		case rapid.Bool().Draw(t, "move"):
			free := rapid.Int64Range(0, 15).Draw(t, "to")
			if _, taken := cur[free]; taken && free != a {
				continue
			}
			row[0] = free
			must(t, m.x.update(tab, m.x.where(tab, a), func([3]int64) [3]int64 { return row }))
			delete(cur, a)
			cur[free] = row
		default:
			must(t, m.x.update(tab, m.x.where(tab, a), func([3]int64) [3]int64 { return row }))
			cur[a] = row
		}
	}
	m.states[len(m.states)-1] = cur
	m.compare(m.x, cur)
}

func (m *model) savepoint(t *rapid.T) {
	if m.x == nil {
		t.Skip("no transaction is open")
	}
	m.marks = append(m.marks, m.x.Savepoint())
	m.states = append(m.states, m.states[len(m.states)-1])
}

func (m *model) rollbackTo(t *rapid.T) {
	if m.x == nil || len(m.marks) == 0 {
		t.Skip("no savepoint")
	}
	i := rapid.IntRange(0, len(m.marks)-1).Draw(t, "savepoint")
	must(t, m.x.RollbackTo(m.marks[i]))
	m.marks = m.marks[:i+1]
	m.states = append(m.states[:i+1], m.states[i])
	m.x.Statement()
	m.compare(m.x, m.states[i])
}

func (m *model) commit(t *rapid.T) {
	if m.x == nil {
		t.Skip("no transaction is open")
	}
	if scn := m.x.commit(); scn != 0 {
		m.history[m.branch] = append(m.history[m.branch], modelVersion{scn, m.states[len(m.states)-1]})
	}
	m.x = nil
}

func (m *model) rollback(t *rapid.T) {
	if m.x == nil {
		t.Skip("no transaction is open")
	}
	must(t, m.x.Rollback())
	m.x = nil
}

func (m *model) createBranch(t *rapid.T) {
	if len(m.history) > 5 {
		t.Skip("branches enough")
	}
	src := m.anyBranch()
	scn := m.anySCN(src)
	name := m.name()
	_, err := m.s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: src, Point: fmt.Sprint(scn)})
	must(t, err)
	m.history[name] = m.upTo(src, scn)
}

func (m *model) name() string {
	m.names++
	return fmt.Sprintf("b%d", m.names)
}

func (m *model) upTo(branch string, scn storage.SCN) (out []modelVersion) {
	for _, v := range m.history[branch] {
		if v.scn <= scn {
			out = append(out, v)
		}
	}
	return out
}

func (m *model) reset(t *rapid.T) {
	if m.x != nil {
		t.Skip("a transaction is open")
	}
	b, src := m.anyBranch(), m.anyBranch()
	scn := m.anySCN(src)
	o := storage.RestoreOptions{Source: src, Point: fmt.Sprint(scn)}
	if len(m.history) < 6 && rapid.Bool().Draw(t, "backup") {
		o.Backup = m.name()
	}
	before := slices.Clone(m.history[b])
	_, err := m.s.Branches().Restore(ctx, mvcc.FirstDatabase, b, o)
	must(t, err)
	now, _ := m.s.Now()
	if o.Backup != "" {
		m.history[o.Backup] = before
	}
	m.history[b] = append(m.history[b], modelVersion{now, m.at(src, scn)})
}

func (m *model) dropBranch(t *rapid.T) {
	b := m.anyBranch()
	if b == m.main || b == m.branch && m.x != nil || slices.Contains(m.oldNames, b) {
		t.Skip("it is in use")
	}
	_, err := m.s.Branches().Drop(ctx, mvcc.FirstDatabase, b, true)
	must(t, err)
	m.dropped[b] = m.history[b]
	delete(m.history, b)
}

func (m *model) readPast(t *rapid.T) {
	b := m.anyBranch()
	scn := m.anySCN(b)
	x := begin(t, m.s, fmt.Sprintf("%s@%d", b, scn), storage.ReadCommitted)
	m.compare(x, m.at(b, scn))
	must(t, x.Rollback())
}

func (m *model) readHead(t *rapid.T) {
	b := m.anyBranch()
	x := begin(t, m.s, b, storage.ReadCommitted)
	m.compare(x, m.head(b))
	must(t, x.Rollback())
}

// holdSnapshot keeps a reader with an old snapshot, or looks again through the one kept.
func (m *model) holdSnapshot(t *rapid.T) {
	if m.old == nil {
		b := m.anyBranch()
		m.old = begin(t, m.s, b, storage.RepeatableRead)
		m.oldAt, m.oldNames = m.old.v.At(), []string{b}
		return
	}
	m.old.Statement()
	m.compare(m.old, m.at(m.oldNames[0], m.oldAt))
	if rapid.Bool().Draw(t, "release") {
		must(t, m.old.Rollback())
		m.old, m.oldNames = nil, nil
	}
}

func (m *model) clean(t *rapid.T) {
	_, err := m.s.Clean(ctx)
	must(t, err)
}

func (m *model) check(t *rapid.T) {
	sound(t, m.s)
}

// reopen opens the store again, from what is there as if the process had died, or after an orderly end.
func (m *model) reopen(t *rapid.T) {
	if rapid.Bool().Draw(t, "crash") {
		m.e = m.e.Clone()
	} else {
		for _, x := range []*txn{m.x, m.old} {
			if x != nil {
				must(t, x.Rollback())
			}
		}
		e := m.e.Clone
		must(t, m.s.Close())
		m.e = e()
	}
	m.x, m.old, m.oldNames = nil, nil, nil
	m.engine = m.e
	m.open()
}

func newModel(t *rapid.T, spill int64) *model {
	m := &model{t: t, e: memkv.New(), history: map[string][]modelVersion{}, dropped: map[string][]modelVersion{}, snaps: map[string]modelSnap{}, main: "main"}
	m.now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	m.o = mvcc.Options{SpillBytes: spill, CacheRows: 1, CleanEvery: -1, Clock: func() time.Time {
		m.now = m.now.Add(time.Second)
		return m.now
	}}
	m.engine = m.e
	m.open()
	x := begin(t, m.s, "", storage.ReadCommitted)
	createTable(t, m.s, x, "t", true, false)
	m.origin = x.commit()
	m.history["main"] = []modelVersion{{m.origin, content{}}}
	return m
}

// TestModel runs random histories on the store and on a model. Spilling everything tests large transactions.
func TestModel(t *testing.T) {
	for _, spill := range []int64{0, 1, 1500} {
		t.Run(fmt.Sprint("spill", spill), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := newModel(t, spill)
				t.Repeat(map[string]func(*rapid.T){
					"begin": m.begin, "write": m.write, "write2": m.write, "bulk": m.bulk, "savepoint": m.savepoint, "rollbackTo": m.rollbackTo,
					"commit": m.commit, "rollback": m.rollback, "createBranch": m.createBranch, "reset": m.reset,
					"dropBranch": m.dropBranch, "readPast": m.readPast, "readHead": m.readHead, "holdSnapshot": m.holdSnapshot,
					"clean": m.clean, "check": m.check, "reopen": m.reopen,
					"gc": m.gc, "gc2": m.gc, "retention": m.retention, "tooOld": m.tooOld, "snapshot": m.snapshot, "readSnapshot": m.readSnapshot,
					"undelete": m.undelete, "copyBranch": m.copyBranch, "schemaOnly": m.schemaOnly, "rename": m.rename, "setDefault": m.setDefault,
					"sizes": m.sizes, "rebase": m.rebase, "flatten": m.flatten,
				})
			})
		})
	}
}
