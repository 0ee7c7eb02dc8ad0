// Package systable keeps what Rowan knows about a database beside its objects as rows of system tables: tags, commits,
// keys, and the like.
//
// A system table is a table like any other, versioned and transactional, but its descriptor is in the program and in no
// catalog: nobody sees it but through the functions and relations that are made for it. Tables of the global branch are
// shared by all branches; those of each branch are forked, reset and read at points together with it.
//
// It knows rows as datums and nothing of what they mean. Invariants: OIDs, keyspaces and column ids of a table never
// change, new columns come last. Callers: vcs, session and admin's parts of server.
package systable

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Limits of what system tables use: storage gives out keyspaces from 16 and users' OIDs from 16384; 1 is the catalog's.
const (
	FirstKeyspace, LastKeyspace = 2, 15
	FirstOID                    = 8900
)

// Column is a column of a system table.
type Column struct {
	Name string
	Type types.OID
}

// Table is a system table. The first Key columns are its primary key.
type Table struct {
	desc    *catalog.Table
	columns []catalog.ColumnID
	key     int
}

// Index is a way to the rows of a system table by other columns than its key.
type Index struct {
	table *Table
	desc  *catalog.Index
}

// Row is a row of a system table, as New's columns have it. Rows written before a column came have NULL in it.
type Row = []types.Datum

var tables []*Table

// New declares a table; number (2 to 15) is its keyspace and must be its own. It is called for package variables.
func New(number catalog.Keyspace, name string, key int, columns ...Column) *Table {
	oid := catalog.OID(FirstOID + 2*number)
	d := &catalog.Table{Header: catalog.Header{OID: oid, Name: name, Schema: catalog.RowanSchema, Owner: catalog.Superuser}, Rows: number}
	t := &Table{desc: d, key: key}
	pk := &catalog.Index{OID: oid + 1, Name: name + "_pkey", Keyspace: number, Primary: true, Unique: true}
	for i, c := range columns {
		id := catalog.ColumnID(i + 1)
		d.Columns = append(d.Columns, catalog.Column{ID: id, Num: int16(i + 1), Name: c.Name, TypeOID: c.Type, Mod: -1, NotNull: i < key, Type: types.Of(types.Builtin(c.Type))})
		t.columns = append(t.columns, id)
		if i < key {
			pk.Columns = append(pk.Columns, catalog.IndexColumn{Column: id})
		}
	}
	d.Indexes = []*catalog.Index{pk}
	take(number, name)
	tables = append(tables, t)
	return t
}

// Index adds an index over columns, by their places; its number, too, must be its own. It is called for package variables.
func (t *Table) Index(number catalog.Keyspace, name string, columns ...int) *Index {
	ix := &catalog.Index{OID: catalog.OID(FirstOID + 2*number), Name: name, Keyspace: number}
	for _, c := range columns {
		ix.Columns = append(ix.Columns, catalog.IndexColumn{Column: t.columns[c]})
	}
	take(number, name)
	t.desc.Indexes = append(t.desc.Indexes, ix)
	return &Index{t, ix}
}

// take makes sure that a keyspace is nobody else's.
func take(number catalog.Keyspace, name string) {
	taken := slices.ContainsFunc(tables, func(t *Table) bool {
		return slices.ContainsFunc(t.desc.Indexes, func(x *catalog.Index) bool { return x.Keyspace == number })
	})
	if taken || number < FirstKeyspace || number > LastKeyspace {
		panic("systable: keyspace of " + name + " is taken or out of range")
	}
}

// Of returns the descriptor with that OID, nil if no system table has it: histories name tables by OID.
func Of(oid catalog.OID) *catalog.Table {
	for _, t := range tables {
		if t.desc.OID == oid {
			return t.desc
		}
	}
	return nil
}

// Descriptors returns those of all system tables.
func Descriptors() []*catalog.Table {
	out := make([]*catalog.Table, len(tables))
	for i, t := range tables {
		out[i] = t.desc
	}
	return out
}

// Descriptor returns the table's.
func (t *Table) Descriptor() *catalog.Table { return t.desc }

// Scan passes rows in key order whose key begins with the prefix to f, until f returns false. It reads v as a statement
// of tx does: what the running statement has written is not there yet.
func (t *Table) Scan(ctx context.Context, tx storage.Txn, v storage.View, prefix Row, f func(Row) bool) error {
	return t.scan(ctx, tx, storage.ScanRequest{View: v}, prefix, func(_ string, _ uint64, r Row) bool { return f(r) })
}

// ScanVersions is Scan with the SCN at which each row was written; 0: by the transaction itself.
func (t *Table) ScanVersions(ctx context.Context, tx storage.Txn, v storage.View, prefix Row, f func(storage.SCN, Row) bool) error {
	return t.scan(ctx, tx, storage.ScanRequest{View: v}, prefix, func(_ string, version uint64, r Row) bool { return f(version, r) })
}

// ScanRange is ScanVersions for the rows whose keys are between lo and hi, both included.
func (t *Table) ScanRange(ctx context.Context, tx storage.Txn, v storage.View, lo, hi Row, f func(storage.SCN, Row) bool) error {
	r := storage.ScanRequest{View: v, Ranges: []storage.Range{{Lo: lo, Hi: hi}}}
	return t.scan(ctx, tx, r, nil, func(_ string, version uint64, r Row) bool { return f(version, r) })
}

// Find passes the rows whose keys begin with one of the prefixes, which ascend, to f.
func (t *Table) Find(ctx context.Context, tx storage.Txn, v storage.View, prefixes []Row, f func(Row)) error {
	return t.find(ctx, tx, v, t.desc.Indexes[0], prefixes, f)
}

// Find is Table.Find by the columns of an index.
func (x *Index) Find(ctx context.Context, tx storage.Txn, v storage.View, prefixes []Row, f func(Row)) error {
	return x.table.find(ctx, tx, v, x.desc, prefixes, f)
}

func (t *Table) find(ctx context.Context, tx storage.Txn, v storage.View, ix *catalog.Index, prefixes []Row, f func(Row)) error {
	if len(prefixes) == 0 { // a scan without ranges is one of all rows
		return nil
	}
	r := storage.ScanRequest{View: v, Index: ix}
	for _, p := range prefixes {
		r.Ranges = append(r.Ranges, storage.Range{Lo: p, Hi: p})
	}
	return t.scan(ctx, tx, r, nil, func(_ string, _ uint64, row Row) bool {
		f(row)
		return true
	})
}

// Some is Scan for the first n rows at most.
func (t *Table) Some(ctx context.Context, tx storage.Txn, v storage.View, prefix Row, n int, f func(Row)) error {
	return t.scan(ctx, tx, storage.ScanRequest{View: v, Limit: n}, prefix, func(_ string, _ uint64, r Row) bool {
		f(r)
		n--
		return n > 0
	})
}

// Any reports whether there is a row whose key begins with the prefix.
func (t *Table) Any(ctx context.Context, tx storage.Txn, v storage.View, prefix ...types.Datum) (any bool, err error) {
	err = t.Some(ctx, tx, v, prefix, 1, func(Row) { any = true })
	return any, err
}

// All returns the rows whose key begins with the prefix.
func (t *Table) All(ctx context.Context, tx storage.Txn, v storage.View, prefix ...types.Datum) ([]Row, error) {
	var out []Row
	err := t.Scan(ctx, tx, v, prefix, func(r Row) bool {
		out = append(out, r)
		return true
	})
	return out, err
}

// Get returns the row with a key, nil when there is none.
func (t *Table) Get(ctx context.Context, tx storage.Txn, v storage.View, key ...types.Datum) (Row, error) {
	var out Row
	err := t.Scan(ctx, tx, v, key, func(r Row) bool {
		out = r
		return false
	})
	return out, err
}

// found is a row as a writer finds it.
type found struct {
	key     string
	version uint64
	row     Row
}

// latest finds the newest row with a key, that of the running statement included.
func (t *Table) latest(ctx context.Context, tx storage.Txn, v storage.View, key Row) (*found, error) {
	var out *found
	err := t.scan(ctx, tx, storage.ScanRequest{View: v, Latest: true}, key, func(k string, version uint64, r Row) bool {
		out = &found{k, version, r}
		return false
	})
	return out, err
}

func (t *Table) scan(ctx context.Context, tx storage.Txn, r storage.ScanRequest, prefix Row, f func(key string, version uint64, r Row) bool) error {
	if r.Table = t.desc; r.Index == nil {
		r.Index = t.desc.Indexes[0]
	}
	r.Columns = append(slices.Clone(t.columns), catalog.ColRowKey, catalog.ColVersion)
	if len(prefix) > 0 {
		r.Ranges = []storage.Range{{Lo: prefix, Hi: prefix}}
	}
	sc, err := tx.Scan(ctx, r)
	if err != nil {
		return err
	}
	defer sc.Close()
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		n := len(t.columns)
		for k := range b.Live() {
			i, row := b.Row(k), make(Row, n)
			for c := range row {
				if row[c] = b.Cols[c].Datum(i); !row[c].Null {
					row[c].S = string([]byte(row[c].S)) // a batch holds only until the next one
				}
			}
			if !f(string([]byte(b.Cols[n].Datum(i).S)), uint64(b.Cols[n+1].Datum(i).I), row) {
				return nil
			}
		}
	}
}

// Insert adds a row; one that is there with its key is 23505.
func (t *Table) Insert(ctx context.Context, tx storage.Txn, v storage.View, row ...types.Datum) error {
	_, err := tx.Insert(ctx, storage.InsertRequest{View: v, Table: t.desc, Columns: t.columns, Rows: t.batch(row)})
	return err
}

// Put adds a row or replaces the one with its key.
func (t *Table) Put(ctx context.Context, tx storage.Txn, v storage.View, row ...types.Datum) error {
	return t.Alter(ctx, tx, v, row[:t.key], func(Row) Row { return row })
}

// PutAll is Put for many rows, which are most likely new.
func (t *Table) PutAll(ctx context.Context, tx storage.Txn, v storage.View, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	there, err := t.add(ctx, tx, v, rows...)
	if err != nil {
		return err
	}
	for _, c := range there {
		if err := t.Put(ctx, tx, v, rows[c.Row]...); err != nil {
			return err
		}
	}
	return nil
}

// add inserts rows, and returns which of them have keys that are there.
func (t *Table) add(ctx context.Context, tx storage.Txn, v storage.View, rows ...Row) ([]storage.Collision, error) {
	return tx.Insert(ctx, storage.InsertRequest{View: v, Table: t.desc, Columns: t.columns, Rows: t.batch(rows...), Any: true, Arbiters: []catalog.OID{}})
}

// Alter puts a row in the place of the newest one with a key, which nobody else can change meanwhile; nil: there is none.
func (t *Table) Alter(ctx context.Context, tx storage.Txn, v storage.View, key Row, f func(old Row) Row) error {
	for {
		old, err := t.locked(ctx, tx, v, key)
		if err != nil {
			return err
		}
		if old != nil {
			return tx.Update(ctx, storage.UpdateRequest{
				View: v, Table: t.desc, Columns: t.columns, Old: t.batch(old.row), New: t.batch(f(old.row)), Keys: []string{old.key},
			})
		}
		met, err := t.add(ctx, tx, v, f(nil))
		if err != nil || len(met) == 0 {
			return err
		}
		// Another transaction has added it since: replace that.
	}
}

// Delete removes the row with a key and reports whether it was there.
func (t *Table) Delete(ctx context.Context, tx storage.Txn, v storage.View, key ...types.Datum) (bool, error) {
	old, err := t.locked(ctx, tx, v, key)
	if err != nil || old == nil {
		return false, err
	}
	return true, tx.Delete(ctx, storage.DeleteRequest{View: v, Table: t.desc, Columns: t.columns, Old: t.batch(old.row), Keys: []string{old.key}})
}

// locked finds the row with a key and locks it for update; nil: there is none.
func (t *Table) locked(ctx context.Context, tx storage.Txn, v storage.View, key Row) (*found, error) {
	if len(key) != t.key {
		return nil, pgerr.Internal("system table %s has a key of %d columns, not %d", t.desc.Name, t.key, len(key))
	}
	for {
		old, err := t.latest(ctx, tx, v, key)
		if err != nil || old == nil {
			return nil, err
		}
		res, err := tx.LockRows(ctx, storage.LockRequest{
			View: v, Table: t.desc, Keys: []string{old.key}, Seen: []storage.SCN{old.version}, Strength: catalog.ForUpdate, Wait: catalog.Wait,
		})
		if err != nil {
			return nil, err
		}
		if res[0] == storage.LockUnchanged || res[0] == storage.LockSelf {
			return old, nil
		}
	}
}

func (t *Table) batch(rows ...Row) *vector.Batch {
	b := &vector.Batch{N: len(rows)}
	for i := range t.desc.Columns {
		v := &vector.Vector{}
		v.Reset(t.desc.Columns[i].Type)
		for _, row := range rows {
			if i < len(row) && !row[i].Null {
				v.Append(row[i])
			} else {
				v.AppendNull()
			}
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}
