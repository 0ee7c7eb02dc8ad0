package merge_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/internal/ancestry"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var ctx = context.Background()

type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func newStore(t tb) *mvcc.Store {
	s, err := mvcc.Open(memkv.New(), mvcc.Options{CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	s.UseDiffer(merge.Differ{})
	return s
}

// newTable makes a table of int8 columns id, a, b, u with a primary key; u has a unique index when asked for.
func newTable(t tb, s *mvcc.Store, unique bool) {
	oid, err := s.AllocateOIDs(ctx, 4)
	must(t, err)
	col, err := s.AllocateColumns(ctx, 4)
	must(t, err)
	tab := &catalog.Table{Header: catalog.Header{OID: oid, Schema: catalog.Public, Name: "t", Owner: 10}}
	tab.Rows, err = s.AllocateKeyspace(ctx)
	must(t, err)
	for i, n := range []string{"id", "a", "b", "u"} {
		tab.Columns = append(tab.Columns, catalog.Column{ID: col + uint32(i), Num: int16(i + 1), Name: n, TypeOID: types.OIDInt8, Mod: -1, NotNull: n == "id"})
	}
	tab.Indexes = []*catalog.Index{{OID: oid + 1, Name: "t_pkey", Keyspace: tab.Rows, Primary: true, Unique: true, Columns: []catalog.IndexColumn{{Column: col}}}}
	ks, err := s.AllocateKeyspace(ctx)
	must(t, err)
	tab.Indexes = append(tab.Indexes, &catalog.Index{OID: oid + 2, Name: "t_u", Keyspace: ks, Unique: unique, Columns: []catalog.IndexColumn{{Column: col + 3}}})
	x := begin(t, s, "main", "")
	must(t, x.v.Put(ctx, tab))
	x.commit()
}

type txn struct {
	storage.Txn
	t tb
	v storage.View
}

func begin(t tb, s storage.Store, branch, point string) *txn {
	t.Helper()
	x, err := s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
	must(t, err)
	x.Statement()
	v, err := x.View(ctx, catalog.Ref{Branch: branch, Point: point})
	must(t, err)
	return &txn{x, t, v}
}

func (x *txn) commit() storage.SCN {
	x.t.Helper()
	scn, err := x.Commit(ctx)
	must(x.t, err)
	return scn
}

func (x *txn) table() *catalog.Table {
	o, _ := x.v.Catalog().Relation(catalog.Public, "t")
	return o.(*catalog.Table)
}

func columns(t *catalog.Table) (ids []catalog.ColumnID) {
	for i := range t.Columns {
		ids = append(ids, t.Columns[i].ID)
	}
	return ids
}

// row is a, b and u.
type row [3]int64

// content is a table by id. It is never changed in place.
type content map[int64]row

func batch(t *catalog.Table, ids []int64, rows content) *vector.Batch {
	b := &vector.Batch{N: len(ids)}
	for c := range t.Columns {
		v := &vector.Vector{}
		v.Reset(t.Columns[c].Type)
		for _, id := range ids {
			if c == 0 {
				v.Append(types.Int(id))
			} else {
				v.Append(types.Int(rows[id][c-1]))
			}
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

// read returns the table's content and its row keys.
func (x *txn) read() (content, map[int64]string) {
	x.t.Helper()
	tab := x.table()
	sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Columns: append(columns(tab), catalog.ColRowKey)})
	must(x.t, err)
	out, keys := content{}, map[int64]string{}
	for {
		b, err := sc.Next(ctx)
		must(x.t, err)
		if b == nil {
			must(x.t, sc.Close())
			return out, keys
		}
		for k := range b.Live() {
			i := b.Row(k)
			id := b.Cols[0].Int[i]
			out[id] = row{b.Cols[1].Int[i], b.Cols[2].Int[i], b.Cols[3].Int[i]}
			keys[id] = strings.Clone(b.Cols[4].Str[i])
		}
	}
}

// become writes what makes the table's content the one given.
func (x *txn) become(want content) {
	x.t.Helper()
	have, keys := x.read()
	tab := x.table()
	var gone, changed, fresh []int64
	for id, r := range have {
		switch w, ok := want[id]; {
		case !ok:
			gone = append(gone, id)
		case w != r:
			changed = append(changed, id)
		}
	}
	for id := range want {
		if _, ok := have[id]; !ok {
			fresh = append(fresh, id)
		}
	}
	keysOf := func(ids []int64) (out []string) {
		for _, id := range ids {
			out = append(out, keys[id])
		}
		_, err := x.LockRows(ctx, storage.LockRequest{View: x.v, Table: tab, Keys: out, Strength: catalog.ForUpdate})
		must(x.t, err)
		return out
	}
	if len(gone) > 0 {
		must(x.t, x.Delete(ctx, storage.DeleteRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, gone, have), Keys: keysOf(gone)}))
	}
	if len(changed) > 0 {
		must(x.t, x.Update(ctx, storage.UpdateRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, changed, have), New: batch(tab, changed, want), Keys: keysOf(changed)}))
	}
	if len(fresh) > 0 {
		_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, fresh, want)})
		must(x.t, err)
	}
	x.Statement()
}

// node is a state in the model's history.
type node = ancestry.Node[content]

// cell is a value of a virtual base; odd ones differ from everything.
type cell struct {
	v   int64
	odd bool
}

// virtual is a row of a base: there, absent, or neither.
type virtual struct {
	there, unclear bool
	cells          [3]cell
}

func plain(n *node, id int64) virtual {
	r, ok := n.State[id]
	v := virtual{there: ok}
	for i := range r {
		v.cells[i].v = r[i]
	}
	return v
}

// baseRow is the row of the merge of states, one after the other.
func baseRow(list []*node, id int64) virtual {
	out := plain(list[0], id)
	for i, n := range list[1:] {
		inner := ancestry.Bases(list[:i+1], list[i+1:i+2])
		out = mergeBase(baseRow(inner, id), out, plain(n, id))
	}
	return out
}

// orders are the orders in which bases may be merged, which matters where they are three: the store goes by when branches were
// forked, which the model does not know. tangled: there are too many of them.
func orders(list []*node) (out [][]*node, tangled bool) {
	for i := 1; i < len(list); i++ {
		inner, deep := orders(ancestry.Bases(list[:i], list[i:i+1]))
		tangled = tangled || deep || len(inner) > 1
	}
	switch len(list) {
	case 1, 2:
		return [][]*node{list}, tangled
	case 3:
		for i := range 3 {
			l := []*node{list[i], list[(i+1)%3], list[(i+2)%3]}
			inner, deep := orders(ancestry.Bases(l[:2], l[2:]))
			tangled = tangled || deep || len(inner) > 1
			out = append(out, l)
		}
		return out, tangled
	}
	return nil, true
}

func mergeBase(b, x, y virtual) virtual {
	switch {
	case b.unclear || x.unclear || y.unclear:
		return virtual{unclear: true}
	case !x.there && !y.there:
		return virtual{}
	case x.there != y.there:
		one := x
		if y.there {
			one = y
		}
		switch {
		case !b.there:
			return one
		case b == one && !one.odd():
			return virtual{}
		}
		return virtual{unclear: true}
	}
	out := virtual{there: true}
	for i := range out.cells {
		out.cells[i] = mergeCell(b, x.cells[i], y.cells[i], i)
	}
	return out
}

func mergeCell(b virtual, p, q cell, i int) cell {
	known := b.there && !b.cells[i].odd
	switch {
	case p.odd || q.odd:
	case p == q, known && b.cells[i] == q:
		return p
	case known && b.cells[i] == p:
		return q
	}
	return cell{odd: true}
}

// odd reports whether a row has a cell that differs from everything.
func (v virtual) odd() bool {
	return slices.ContainsFunc(v.cells[:], func(c cell) bool { return c.odd })
}

// threeWay is the merge that the package comment's table describes, naively: the merged rows and the number of conflicts.
// prefer is 's' or 't' to decide conflicts, 0 to leave them.
func threeWay(bases []*node, source, target *node, prefer byte) (content, int) {
	out, conflicts := maps.Clone(target.State), 0
	ids := map[int64]bool{}
	for id := range source.State {
		ids[id] = true
	}
	for id := range target.State {
		ids[id] = true
	}
	for id := range ids {
		b := baseRow(bases, id)
		s, inSource := source.State[id]
		t, inTarget := target.State[id]
		take := func() {
			if inSource {
				out[id] = s
			} else {
				delete(out, id)
			}
		}
		whole := func() {
			conflicts++
			if prefer == 's' {
				take()
			}
		}
		sameAs := func(r row, there bool) bool {
			if b.unclear || b.there != there {
				return false
			}
			for i := range r {
				if there && (b.cells[i].odd || b.cells[i].v != r[i]) {
					return false
				}
			}
			return true
		}
		switch {
		case inSource == inTarget && s == t:
		case sameAs(s, inSource):
		case sameAs(t, inTarget):
			take()
		case inSource && inTarget && b.there && !b.unclear:
			merged, clash := t, 0
			for i := range s {
				switch {
				case s[i] == t[i], !b.cells[i].odd && s[i] == b.cells[i].v:
				case !b.cells[i].odd && t[i] == b.cells[i].v:
					merged[i] = s[i]
				default:
					clash++
					if prefer == 's' {
						merged[i] = s[i]
					}
				}
			}
			conflicts += clash
			out[id] = merged
		default:
			whole()
		}
	}
	return out, conflicts
}

// world runs a store beside the model.
type world struct {
	t      *rapid.T
	s      *mvcc.Store
	heads  map[string]*node
	past   []moment
	names  int
	nodes  int
	unique bool
	width  int64 // how many rows in a row are changed alike; 0: one
}

// moment is what a branch answered at a point.
type moment struct {
	branch string
	scn    storage.SCN
	rows   content
}

func (w *world) branch(label string) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(w.heads))).Draw(w.t, label)
}

func (w *world) remember(branch string, scn storage.SCN) {
	if scn != 0 {
		w.past = append(w.past, moment{branch, scn, w.heads[branch].State})
	}
}

func (w *world) grown(rows content, parents ...*node) *node {
	w.nodes++
	return &node{Parents: parents, State: rows, Made: w.nodes}
}

func (w *world) write(t *rapid.T) {
	b := w.branch("branch")
	want := maps.Clone(w.heads[b].State)
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		first := rapid.Int64Range(0, 7).Draw(t, "id") * max(w.width, 1)
		gone := rapid.IntRange(0, 3).Draw(t, "delete") == 0
		column, value := rapid.IntRange(0, 1).Draw(t, "column"), rapid.Int64Range(0, 2).Draw(t, "value")
		for id := first; id < first+max(w.width, 1); id++ {
			r, ok := want[id]
			if ok && gone {
				delete(want, id)
				continue
			}
			r[column], r[2] = value, id // unique
			want[id] = r
		}
	}
	x := begin(t, w.s, b, "")
	x.become(want)
	if scn := x.commit(); scn != 0 {
		w.heads[b] = w.grown(want, w.heads[b])
		w.remember(b, scn)
	}
}

func (w *world) fork(t *rapid.T) {
	if len(w.heads) > 4 {
		t.Skip("branches enough")
	}
	from := w.branch("from")
	w.names++
	name := fmt.Sprintf("b%d", w.names)
	_, err := w.s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: from})
	must(t, err)
	w.heads[name] = w.heads[from]
}

func (w *world) merge(t *rapid.T) {
	from, to := w.branch("source"), w.branch("target")
	if from == to {
		t.Skip("a branch is not merged into itself")
	}
	source, target := w.heads[from], w.heads[to]
	bases, tangled := orders(ancestry.Bases([]*node{source}, []*node{target}))
	if tangled {
		t.Skip("it has more bases than the model merges")
	}
	prefer := rapid.SampledFrom([]byte{0, 's', 't'}).Draw(t, "strategy")
	strategy := map[byte]storage.Strategy{0: storage.Abort, 's': storage.SourceWins, 't': storage.TargetWins}[prefer]
	x := begin(t, w.s, to, "")
	res, err := w.s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: from, Target: to, Strategy: strategy})
	must(t, err)
	got := len(res.Conflicts)
	if prefer != 0 {
		got = int(res.Resolved)
	}
	x.Statement()
	have, _ := x.read()
	var want content
	found := false
	for _, list := range bases {
		rows, conflicts := threeWay(list, source, target, prefer)
		if found = got == conflicts && (got > 0 && prefer == 0 || maps.Equal(have, rows)); found {
			want = rows
			break
		}
		t.Logf("%d conflicts, want %d; rows %v, want %v", got, conflicts, have, rows)
	}
	if !found {
		t.Fatalf("the merge is not the model's, of %d", len(bases))
	}
	if len(res.Conflicts) > 0 {
		must(t, x.Rollback())
		return
	}
	scn := x.commit()
	if !target.Ancestors()[source] {
		w.heads[to] = w.grown(want, target, source)
	}
	w.remember(to, scn)
}

// check holds every head, and a moment of the past, against the model.
func (w *world) check(t *rapid.T) {
	for b, n := range w.heads {
		x := begin(t, w.s, b, "")
		have, _ := x.read()
		must(t, x.Rollback())
		if !maps.Equal(have, n.State) {
			t.Fatalf("branch %s has %v, want %v", b, have, n.State)
		}
	}
	if len(w.past) == 0 {
		return
	}
	m := w.past[rapid.IntRange(0, len(w.past)-1).Draw(t, "moment")]
	x := begin(t, w.s, m.branch, fmt.Sprint(m.scn))
	have, _ := x.read()
	must(t, x.Rollback())
	if !maps.Equal(have, m.rows) {
		t.Fatalf("branch %s at %d has %v, want %v", m.branch, m.scn, have, m.rows)
	}
	bad, err := w.s.Check(ctx, nil)
	must(t, err)
	if len(bad) > 0 {
		t.Fatalf("%v", bad)
	}
}

// TestModel merges random trees of branches, crosswise too, and compares with a merge of maps.
func TestModel(t *testing.T) {
	for _, unique := range []bool{false, true} {
		t.Run(fmt.Sprint("unique=", unique), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := &world{t: t, s: newStore(t), heads: map[string]*node{"main": {State: content{}}}}
				defer w.s.Close()
				newTable(t, w.s, unique)
				t.Repeat(map[string]func(*rapid.T){"write": w.write, "write2": w.write, "fork": w.fork, "merge": w.merge, "merge2": w.merge, "": w.check})
			})
		})
	}
}
