package mvcc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var ctx = context.Background()

var refMain = catalog.Ref{}

// eachEngine runs a test on every engine.
func eachEngine(t *testing.T, f func(t *testing.T, open func() kv.Engine)) {
	t.Run("mem", func(t *testing.T) {
		e := memkv.New()
		f(t, func() kv.Engine { e = e.Clone(); return e })
	})
	t.Run("badger", func(t *testing.T) {
		dir := t.TempDir()
		f(t, func() kv.Engine { return openBadger(t, dir) })
	})
}

func openBadger(t testing.TB, dir string) kv.Engine {
	t.Helper()
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir, Small: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func openStore(t tb, e kv.Engine) *mvcc.Store {
	t.Helper()
	s, err := mvcc.Open(e, mvcc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func memStore(t testing.TB) *mvcc.Store {
	s := openStore(t, memkv.New())
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// tb is what tests, benchmarks and property tests have in common.
type tb interface {
	Helper()
	Error(args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// txn is a transaction with helpers that fail the test.
type txn struct {
	storage.Txn
	t tb
	v storage.View
}

func begin(t tb, s storage.Store, branch string, iso storage.Isolation) *txn {
	t.Helper()
	return beginOpts(t, s, branch, storage.TxnOptions{Isolation: iso})
}

func beginOpts(t tb, s storage.Store, branch string, o storage.TxnOptions) *txn {
	t.Helper()
	o.Database = mvcc.FirstDatabase
	x, err := s.Begin(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	x.Statement()
	x.Reads()
	r := catalog.Ref{Branch: branch}
	if b, p, ok := strings.Cut(branch, "@"); ok {
		r = catalog.Ref{Branch: b, Point: p}
	}
	v, err := x.View(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return &txn{x, t, v}
}

func (x *txn) commit() storage.SCN {
	x.t.Helper()
	scn, err := x.Commit(ctx)
	if err != nil {
		x.t.Fatal(err)
	}
	return scn
}

func (x *txn) table(name string) *catalog.Table {
	x.t.Helper()
	o, _ := x.v.Catalog().Relation(catalog.Public, name)
	tab, ok := o.(*catalog.Table)
	if !ok {
		x.t.Fatalf("no table %q", name)
	}
	return tab
}

// createTable makes a table of int8 columns named by letters: a is the primary key when pk is set; an index on b, unique
// if asked for, and one on c.
func createTable(t tb, s storage.Store, x *txn, name string, pk, unique bool) *catalog.Table {
	t.Helper()
	tab := newTable(t, s, name, pk, unique)
	if err := x.v.Put(ctx, tab); err != nil {
		t.Fatal(err)
	}
	return x.table(name)
}

func newTable(t tb, s storage.Store, name string, pk, unique bool) *catalog.Table {
	oid, err := s.AllocateOIDs(ctx, 4)
	must(t, err)
	col, err := s.AllocateColumns(ctx, 4)
	must(t, err)
	var ks [3]catalog.Keyspace
	for i := range ks {
		ks[i], err = s.AllocateKeyspace(ctx)
		must(t, err)
	}
	tab := &catalog.Table{Header: catalog.Header{OID: oid, Schema: catalog.Public, Name: name, Owner: 10}, Rows: ks[0]}
	for i, n := range []string{"a", "b", "c", "d"} {
		typ := types.OIDInt8
		if n == "d" {
			typ = types.OIDText
		}
		tab.Columns = append(tab.Columns, catalog.Column{ID: col + uint32(i), Num: int16(i + 1), Name: n, TypeOID: typ, Mod: -1, NotNull: n == "a"})
	}
	if pk {
		tab.Indexes = append(tab.Indexes, &catalog.Index{OID: oid + 1, Name: name + "_pkey", Keyspace: ks[0], Primary: true, Unique: true, Columns: []catalog.IndexColumn{{Column: col}}})
	}
	tab.Indexes = append(tab.Indexes,
		&catalog.Index{OID: oid + 2, Name: name + "_b_key", Keyspace: ks[1], Unique: unique, Columns: []catalog.IndexColumn{{Column: col + 1}}},
		&catalog.Index{OID: oid + 3, Name: name + "_c_idx", Keyspace: ks[2], Columns: []catalog.IndexColumn{{Column: col + 2, Desc: true, NullsFirst: true}}})
	return tab
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func columns(tab *catalog.Table) (ids []catalog.ColumnID) {
	for i := range tab.Columns {
		ids = append(ids, tab.Columns[i].ID)
	}
	return ids
}

// batch makes a batch of rows (a, b, c); a negative value is NULL. d is text made of a.
func batch(tab *catalog.Table, rows ...[3]int64) *vector.Batch {
	b := &vector.Batch{N: len(rows)}
	for i := range tab.Columns {
		v := &vector.Vector{}
		v.Reset(tab.Columns[i].Type)
		for _, r := range rows {
			switch {
			case i == 3:
				v.AppendString(fmt.Sprintf("text %d", r[0]))
			case r[i] == -1:
				v.AppendNull()
			default:
				v.Append(types.Int(r[i]))
			}
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

func (x *txn) insert(tab *catalog.Table, rows ...[3]int64) error {
	_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, rows...)})
	x.Statement()
	return err
}

type found struct {
	row [3]int64
	key string
	ver storage.SCN
}

// rows scans with the request's index and ranges.
func (x *txn) rows(r storage.ScanRequest) (out []found) {
	x.t.Helper()
	r.View = x.v
	r.Columns = append(columns(r.Table), catalog.ColRowKey, catalog.ColVersion)
	x.batches(r, func(b *vector.Batch) {
		for i := range b.N {
			f := found{row: intsOf(b, i), key: strings.Clone(b.Cols[4].Str[i]), ver: storage.SCN(b.Cols[5].Int[i])}
			if want := fmt.Sprintf("text %d", f.row[0]); b.Cols[3].Str[i] != want {
				x.t.Fatalf("row %v has d = %q", f.row, b.Cols[3].Str[i])
			}
			out = append(out, f)
		}
	})
	return out
}

// batches gives f what a scan finds.
func (x *txn) batches(r storage.ScanRequest, f func(b *vector.Batch)) {
	x.t.Helper()
	sc, err := x.Scan(ctx, r)
	must(x.t, err)
	defer func() { must(x.t, sc.Close()) }()
	for {
		b, err := sc.Next(ctx)
		must(x.t, err)
		if b == nil {
			return
		}
		f(b)
	}
}

// intsOf are the numbers of a row; -1 stands for NULL.
func intsOf(b *vector.Batch, i int) (row [3]int64) {
	for c := range row {
		if row[c] = b.Cols[c].Int[i]; b.Cols[c].IsNull(i) {
			row[c] = -1
		}
	}
	return row
}

func (x *txn) all(tab *catalog.Table) string {
	x.t.Helper()
	return show(x.rows(storage.ScanRequest{Table: tab}))
}

func show(rows []found) string {
	var sb strings.Builder
	for _, f := range rows {
		fmt.Fprintf(&sb, "%d,%d,%d ", f.row[0], f.row[1], f.row[2])
	}
	return strings.TrimSpace(sb.String())
}

// update sets b and c of the rows with key a in the map, the way an executor does.
func (x *txn) update(tab *catalog.Table, olds []found, f func(r [3]int64) [3]int64) error {
	var o, n [][3]int64
	var ks []string
	for _, r := range olds {
		o, n, ks = append(o, r.row), append(n, f(r.row)), append(ks, r.key)
	}
	res, err := x.lock(tab, olds, catalog.ForUpdate, catalog.Wait)
	if err != nil {
		return err
	}
	for _, r := range res {
		if r != storage.LockUnchanged {
			return fmt.Errorf("lock result %d", r)
		}
	}
	err = x.Update(ctx, storage.UpdateRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, o...), New: batch(tab, n...), Keys: ks})
	x.Statement()
	return err
}

func (x *txn) delete(tab *catalog.Table, olds []found) error {
	var o [][3]int64
	var ks []string
	for _, r := range olds {
		o, ks = append(o, r.row), append(ks, r.key)
	}
	if _, err := x.lock(tab, olds, catalog.ForUpdate, catalog.Wait); err != nil {
		return err
	}
	err := x.Delete(ctx, storage.DeleteRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, o...), Keys: ks})
	x.Statement()
	return err
}

func (x *txn) lock(tab *catalog.Table, rows []found, s catalog.RowLock, w catalog.LockWait) ([]storage.LockResult, error) {
	var ks []string
	var seen []storage.SCN
	for _, r := range rows {
		ks, seen = append(ks, r.key), append(seen, r.ver)
	}
	return x.LockRows(ctx, storage.LockRequest{View: x.v, Table: tab, Keys: ks, Seen: seen, Strength: s, Wait: w, Changes: true})
}

// where returns the rows with a in the list.
func (x *txn) where(tab *catalog.Table, as ...int64) (out []found) {
	x.t.Helper()
	var rs []storage.Range
	for _, a := range as {
		d := []types.Datum{types.Int(a)}
		rs = append(rs, storage.Range{Lo: d, Hi: d})
	}
	return x.rows(storage.ScanRequest{Table: tab, Ranges: rs})
}

// count asks for the number of rows without a scan.
func (x *txn) count(tab *catalog.Table) (int64, bool) {
	x.t.Helper()
	n, ok, err := x.CountRows(ctx, storage.ScanRequest{View: x.v, Table: tab})
	must(x.t, err)
	return n, ok
}

// plain reads a table's own columns only, as statements do that change nothing.
func (x *txn) plain(tab *catalog.Table) string {
	x.t.Helper()
	var out []found
	x.batches(storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)}, func(b *vector.Batch) {
		for i := range b.N {
			out = append(out, found{row: intsOf(b, i)})
		}
	})
	return show(out)
}

// sound wants a store in which nothing is wrong.
func sound(t tb, s *mvcc.Store) {
	t.Helper()
	bad, err := s.Check(ctx, nil)
	must(t, err)
	for _, b := range bad {
		t.Error(b)
	}
}
