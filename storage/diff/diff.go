// Package diff compares a table at two views of one transaction: which rows were added, removed and changed.
//
// It looks only at keys that history says may differ, so that its cost follows the change and not the table; where two
// views have no history in common, or the table's rows were given a new keyspace, it compares everything. It knows rows as
// values of columns, no merging and no SQL. Invariants: differences come in key order, each key once; a row counts as
// changed when a column holds another value, to the bit; a column that only one side has counts with what rows from before
// it have. mvcc's Branches and package merge call it.
package diff

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// History is what a transaction of the store knows beyond storage.Txn.
type History interface {
	storage.Txn
	// ChangedKeys lists, in order, the keys of a keyspace that may differ between two views; all: every key may.
	ChangedKeys(ctx context.Context, from, to storage.View, ks catalog.Keyspace) (keys []string, all bool, err error)
	// ChangedRows is ChangedKeys for keyspaces with any number of keys.
	ChangedRows(ctx context.Context, from, to storage.View, ks catalog.Keyspace) (storage.RowKeys, error)
	// WrittenRows lists the keys of rows of some tables that were ever written in what a view has grown from and another (from) has not,
	// on whatever branch, be the rows gone.
	WrittenRows(ctx context.Context, from, to storage.View, tables []catalog.OID) (storage.RowKeys, error)
	ChangedTables(ctx context.Context, from, to storage.View) ([]catalog.OID, error)
	// ChangedObjects lists the objects of the catalog that may differ.
	ChangedObjects(ctx context.Context, from, to storage.View) ([]catalog.OID, error)
	// Bases returns, youngest first, the states that two sets of views have both grown from and that no other such
	// contains: one, or several where branches were merged into each other crosswise.
	Bases(ctx context.Context, a, b []storage.View) ([]storage.View, error)
	// Unmerged reports whether a state has anything in its past that another has not.
	Unmerged(ctx context.Context, source, target storage.View) (bool, error)
	// State returns a branch, be it dropped, as it was at an SCN; nil where nothing of that is left.
	State(branch uint64, at storage.SCN) storage.View
	RecordMerge(source, target storage.View) error
	// Clear takes away all that a view has in the keyspaces of a table.
	Clear(ctx context.Context, v storage.View, table *catalog.Table) error
	// ClearIndex is Clear for one index of a table.
	ClearIndex(ctx context.Context, v storage.View, table *catalog.Table, ix *catalog.Index) error
}

// chunk is how many keys are compared at a time.
const chunk = 1024

// Scanner implements storage.DiffScanner.
type Scanner struct {
	tx       History
	from, to side
	keys     Keys
	left     *Reader // of from, and
	right    *Reader // of to
	out      storage.DiffBatch
	pairs    []pairing // the columns that both sides have
	fromOnly []lone
	toOnly   []lone
	colsFrom []*vector.Vector
	colsTo   []*vector.Vector
}

// lone is a column that only one side has: its position, and what its rows from before the column have.
type lone struct {
	at      int
	missing types.Datum
}

// side is the table at one of the views.
type side struct {
	view    storage.View
	table   *catalog.Table // nil: it is not there
	columns []catalog.ColumnID
}

// Open begins the comparison of a table. It is an error when neither view has it.
func Open(ctx context.Context, tx History, from, to storage.View, table catalog.OID) (*Scanner, error) {
	s := &Scanner{tx: tx, from: newSide(from, table), to: newSide(to, table)}
	if s.from.table == nil && s.to.table == nil {
		return nil, pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", table)
	}
	s.match(func(x, y *catalog.Column) bool { return x.TypeOID == y.TypeOID })
	var err error
	s.keys, err = candidates(ctx, tx, s.from, s.to)
	return s, err
}

// OpenPair compares all rows of two tables: two of a name that were made on two branches, or one of which a column was
// dropped whose values are wanted. Columns are paired by identity, else by name; those that only from has do not count.
func OpenPair(ctx context.Context, tx History, from, to storage.View, a, b *catalog.Table) (*Scanner, error) {
	s := &Scanner{tx: tx, from: sideOf(from, a), to: sideOf(to, b)}
	s.match(func(x, y *catalog.Column) bool { return true })
	s.fromOnly, s.toOnly = nil, nil
	for j, y := range s.to.columns {
		if !s.pairedTo(j) {
			s.toOnly = append(s.toOnly, lone{j, Missing(b.ColumnByID(y))})
		}
	}
	var err error
	s.keys, err = newUnion(ctx, tx, s.from, s.to)
	return s, err
}

func (s *Scanner) pairedTo(j int) bool {
	return slices.ContainsFunc(s.pairs, func(p pairing) bool { return p.to == j })
}

func newSide(v storage.View, table catalog.OID) side {
	t, _ := v.Catalog().Object(table).(*catalog.Table)
	return sideOf(v, t)
}

func sideOf(v storage.View, t *catalog.Table) side {
	s := side{view: v, table: t}
	if t != nil {
		for _, c := range t.Live() {
			s.columns = append(s.columns, c.ID)
		}
	}
	return s
}

// match pairs the columns of both sides: by identity, and by name those that may be one.
func (s *Scanner) match(one func(x, y *catalog.Column) bool) {
	if s.from.table == nil || s.to.table == nil {
		return
	}
	for i, x := range s.from.columns {
		j := slices.Index(s.to.columns, x)
		if j < 0 {
			j = s.namesake(s.from.table.ColumnByID(x), one)
		}
		if j >= 0 {
			s.pairs = append(s.pairs, pairOf(i, j, s.from.table.ColumnByID(x), s.to.table.ColumnByID(s.to.columns[j])))
			continue
		}
		if s.to.table.ColumnByID(x) == nil { // where it was dropped, its values do not count
			s.fromOnly = append(s.fromOnly, lone{i, Missing(s.from.table.ColumnByID(x))})
		}
	}
	for j, y := range s.to.columns {
		if !s.pairedTo(j) && s.from.table.ColumnByID(y) == nil {
			s.toOnly = append(s.toOnly, lone{j, Missing(s.to.table.ColumnByID(y))})
		}
	}
}

// namesake finds the column that the other side has made by itself with the same name, -1 if there is none.
func (s *Scanner) namesake(c *catalog.Column, one func(x, y *catalog.Column) bool) int {
	return slices.IndexFunc(s.to.columns, func(y catalog.ColumnID) bool {
		other := s.to.table.ColumnByID(y)
		return !slices.Contains(s.from.columns, y) && other.Name == c.Name && one(c, other)
	})
}

// Missing returns what rows that are older than a column have in it.
func Missing(c *catalog.Column) types.Datum {
	if !c.HasMiss {
		return types.Null
	}
	d, err := types.ParseText(c.Type, c.Missing, types.DefaultFormat())
	if err != nil {
		return types.Null
	}
	return d
}

// FromTable implements storage.DiffScanner.
func (s *Scanner) FromTable() *catalog.Table { return s.from.table }

// ToTable implements storage.DiffScanner.
func (s *Scanner) ToTable() *catalog.Table { return s.to.table }

// Next implements storage.DiffScanner.
func (s *Scanner) Next(ctx context.Context) (*storage.DiffBatch, error) {
	for {
		if s.left == nil {
			s.left = NewReader(s.tx, s.from.view, s.from.table, s.from.columns)
			s.right = NewReader(s.tx, s.to.view, s.to.table, s.to.columns)
		}
		keys, err := s.keys.Next(ctx, chunk)
		if err != nil || len(keys) == 0 {
			return nil, err
		}
		from, err := s.left.Fetch(ctx, keys)
		if err != nil {
			return nil, err
		}
		to, err := s.right.Fetch(ctx, keys)
		if err != nil {
			return nil, err
		}
		if s.compare(keys, from, to) > 0 {
			return &s.out, nil
		}
	}
}

// compare fills the output with the keys that differ and returns their number.
func (s *Scanner) compare(keys []string, from, to *Rows) int {
	s.reset()
	for k, key := range keys {
		i, j := from.At[k], to.At[k]
		kind := storage.Changed
		switch {
		case i < 0 && j < 0:
			continue
		case i < 0:
			kind = storage.Added
		case j < 0:
			kind = storage.Removed
		case s.same(from, i, to, j):
			continue
		}
		s.out.Kind, s.out.Key = append(s.out.Kind, kind), append(s.out.Key, key)
		appendRow(s.out.From, from, i)
		appendRow(s.out.To, to, j)
	}
	s.out.From.N, s.out.To.N = len(s.out.Kind), len(s.out.Kind)
	return len(s.out.Kind)
}

func (s *Scanner) same(from *Rows, i int, to *Rows, j int) bool {
	for _, p := range s.pairs {
		x, y := from.Cols[p.from].Datum(i), to.Cols[p.to].Datum(j)
		if p.same == nil && !Same(x, y) || p.same != nil && !p.same(x, y) {
			return false
		}
	}
	return untouched(from, i, s.fromOnly) && untouched(to, j, s.toOnly)
}

// untouched reports whether a row has, in columns that the other side lacks, what rows from before them have.
func untouched(r *Rows, i int, cols []lone) bool {
	for _, c := range cols {
		if !Same(r.Cols[c.at].Datum(i), c.missing) {
			return false
		}
	}
	return true
}

// Same reports whether two values of one type are the same to the bit.
func Same(a, b types.Datum) bool {
	if a.Null || b.Null {
		return a.Null == b.Null
	}
	return a.I == b.I && a.S == b.S
}

func (s *Scanner) reset() {
	s.out.Kind, s.out.Key = s.out.Kind[:0], s.out.Key[:0]
	s.out.From, s.colsFrom = emptyBatch(s.from, s.colsFrom)
	s.out.To, s.colsTo = emptyBatch(s.to, s.colsTo)
}

func emptyBatch(s side, cols []*vector.Vector) (*vector.Batch, []*vector.Vector) {
	if s.table == nil {
		return &vector.Batch{}, nil
	}
	for i, c := range s.table.Live() {
		if i == len(cols) {
			cols = append(cols, &vector.Vector{})
		}
		cols[i].Reset(c.Type)
	}
	return &vector.Batch{Cols: cols}, cols
}

// appendRow adds row i of r, or NULLs for -1.
func appendRow(b *vector.Batch, r *Rows, i int) {
	for c, v := range b.Cols {
		if i < 0 {
			v.AppendNull()
		} else {
			v.Append(r.Cols[c].Datum(i))
		}
	}
}

// Close implements storage.DiffScanner.
func (s *Scanner) Close() error {
	err := s.keys.Close()
	for _, r := range []*Reader{s.left, s.right} {
		if r != nil {
			err = cmp.Or(err, r.Close())
		}
	}
	return err
}
