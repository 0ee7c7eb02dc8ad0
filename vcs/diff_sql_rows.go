package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// rowChange writes the changes of one table's rows.
type rowChange struct {
	*script
	a, b       *catalog.Table // nil: not there
	name, old  string         // on the second side and on the first
	whole      bool           // changed rows are taken away and put in anew
	keyed      bool
	alwaysOwn  bool                // a column GENERATED ALWAYS AS IDENTITY
	gone, come map[string][]string // of tables without a key: statements, by all the values of their row
	order      []string
	toColumns  []*catalog.Column
	oldColumns []*catalog.Column
	columns    []pair[catalog.Column]
	blanked    map[catalog.ColumnID]bool            // columns that may be NULL for a while
	lost       map[catalog.ColumnID]*catalog.Column // columns of the first side that lose their values, and what they become
}

// rows writes the statements that change rows.
func (s *script) rows(ctx context.Context) error {
	for _, p := range s.pairs {
		a, b := p.tables()
		if b == nil {
			continue
		}
		if err := mayRead(s.conn, a, b); err != nil {
			return err
		}
		r := s.rowChange(a, b)
		scans, err := s.openDiff(ctx, r)
		if err == nil {
			err = r.tableRows(ctx, scans)
		}
		for _, x := range scans {
			if err2 := x.Close(); err == nil {
				err = err2
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// losing finds the columns that lose their values when they are given their new types, or are dropped and added, with what they become.
func (r *rowChange) losing() map[catalog.ColumnID]*catalog.Column {
	out := map[catalog.ColumnID]*catalog.Column{}
	for _, p := range r.columns {
		if p.From == nil || r.kept(p.From) == nil {
			continue
		}
		if r.added(p.From) || r.replaced[p.From.TypeOID] && !r.carries(p.From, p.To) {
			out[p.From.ID] = p.To
		}
	}
	return out
}

// added reports whether a column is dropped and added.
func (r *rowChange) added(x *catalog.Column) bool {
	return r.script.lost[catalog.Dep{Object: r.a.OID, Column: x.ID}]
}

// openDiff compares the rows. Where a column loses its values, rows that nobody has changed are written, too.
func (s *script) openDiff(ctx context.Context, r *rowChange) ([]storage.DiffScanner, error) {
	br, tx := s.conn.Store().Branches(), s.conn.Txn()
	one := func(x storage.DiffScanner, err error) ([]storage.DiffScanner, error) {
		if err != nil {
			return nil, err
		}
		return []storage.DiffScanner{x}, nil
	}
	switch {
	case len(r.lost) > 0 && r.emptied() == nil: // all go, and all come
		gone, err := br.DiffPair(ctx, tx, s.from.view, s.to.view, r.a, nil)
		if err != nil {
			return nil, err
		}
		come, err := br.DiffPair(ctx, tx, s.from.view, s.to.view, nil, r.b)
		if err != nil {
			return []storage.DiffScanner{gone}, err
		}
		return []storage.DiffScanner{gone, come}, nil
	case len(r.lost) > 0:
		r.a = r.emptied()
		r.oldColumns = r.a.Live()
	case r.a == nil || r.a.OID == r.b.OID && !regained(r.a, r.b) && !madeAnew(r.a, r.b):
		return one(br.Diff(ctx, tx, s.from.view, s.to.view, r.b.OID))
	}
	return one(br.DiffPair(ctx, tx, s.from.view, s.to.view, r.a, r.b))
}

// emptied is the first side's table without the columns that lose their values, so that all rows differ that are to have one. nil: they
// cannot be left out, being what rows are known by, or do not tell when rows have what those older than the column do.
func (r *rowChange) emptied() *catalog.Table {
	if !r.keyed {
		return nil
	}
	out := r.a.Clone()
	for id, y := range r.lost {
		x := out.ColumnByID(id)
		if y.HasMiss && !r.added(x) || inPrimaryKey(r.a, id) || inPrimaryKey(r.b, y.ID) {
			return nil
		}
		x.Drop()
	}
	return out
}

// regained reports whether the second side has a column that the first has dropped: the rows of old have values in it.
func regained(a, b *catalog.Table) bool {
	for _, c := range b.Live() {
		if x := a.ColumnByID(c.ID); x != nil && x.Dropped {
			return true
		}
	}
	return false
}

// madeAnew reports whether a column was dropped and made anew with its name: the script keeps the column, and rows that nobody has written
// since have other values in it.
func madeAnew(a, b *catalog.Table) bool {
	return slices.ContainsFunc(catalog.PairColumns(a, b), func(p pair[catalog.Column]) bool { return p.From != nil && p.To != nil && p.From.ID != p.To.ID })
}

func (s *script) rowChange(a, b *catalog.Table) *rowChange {
	r := &rowChange{script: s, a: a, b: b, name: s.to.name(&b.Header), toColumns: b.Live()}
	if a != nil {
		r.old, r.oldColumns = s.from.name(&a.Header), a.Live()
		r.columns, r.blanked = catalog.PairColumns(a, b), map[catalog.ColumnID]bool{}
		r.keyed = a.PrimaryIndex() != nil && b.PrimaryIndex() != nil && a.OID == b.OID
		r.lost = r.losing()
	}
	for _, c := range b.Live() {
		r.alwaysOwn = r.alwaysOwn || c.Identity == 'a'
	}
	r.whole = r.rebuild()
	return r
}

func (r *rowChange) tableRows(ctx context.Context, scans []storage.DiffScanner) error {
	for _, scan := range scans {
		for {
			batch, err := scan.Next(ctx)
			if err != nil {
				return err
			}
			if batch == nil {
				break
			}
			for k := range batch.Kind {
				r.row(batch, k)
			}
		}
	}
	r.settle()
	return nil
}

// changes notes that rows of the table change.
func (r *rowChange) changes(at phase, stmt string) {
	r.rowsOf[r.b.OID] = r
	if r.a != nil {
		r.rowsOf[r.a.OID] = r
	}
	r.put(at, stmt)
}

// keep holds a statement about a row without a key back: one that goes may come again with all its values.
func (r *rowChange) keep(m *map[string][]string, row *vector.Batch, side *schemaSide, cols []*catalog.Column, k int, stmt string) {
	var parts []string // the order of columns does not count
	for i, c := range cols {
		value := row.Cols[i].Datum(k)
		part := c.Name + " " + literal(side, c, value)
		if y := r.lost[c.ID]; side == r.from && y != nil && (!value.Null || y.HasMiss) {
			part += " lost"
		}
		parts = append(parts, part)
	}
	slices.Sort(parts)
	key := strings.Join(parts, "\x00")
	if *m == nil {
		*m = map[string][]string{}
	}
	if len(r.gone[key]) == 0 && len(r.come[key]) == 0 {
		r.order = append(r.order, key)
	}
	(*m)[key] = append((*m)[key], stmt)
}

// settle writes what is left when rows that go and come with the same values have been set off against each other.
func (r *rowChange) settle() {
	for _, key := range r.order {
		both := min(len(r.gone[key]), len(r.come[key]))
		for _, stmt := range r.gone[key][both:] {
			r.changes(phaseDeleteRows, stmt)
		}
		for _, stmt := range r.come[key][both:] {
			r.changes(phaseInsertRows, stmt)
		}
		delete(r.gone, key)
		delete(r.come, key)
	}
}

// rebuild reports whether changed rows are better taken away and put in anew: where they may pass unique values around,
// have columns that UPDATE cannot set, or where the tables or their keys are not the same.
func (r *rowChange) rebuild() bool {
	if r.a == nil || !r.keyed || r.alwaysOwn {
		return true
	}
	for _, ix := range r.b.Indexes {
		if ix.Unique && !ix.Primary {
			return true
		}
	}
	x, y := r.a.PrimaryIndex(), r.b.PrimaryIndex()
	if len(x.Columns) != len(y.Columns) {
		return true
	}
	for i := range x.Columns {
		if x.Columns[i].Column != y.Columns[i].Column {
			return true
		}
	}
	return false
}

func (r *rowChange) row(b *storage.DiffBatch, k int) {
	switch b.Kind[k] {
	case storage.Added:
		r.insert(b.To, k)
		return
	case storage.Removed:
		r.delete(b.From, k)
		return
	case storage.Changed:
	}
	set := r.sets(b, k)
	switch {
	case set == nil: // labels of enums may have other keys on each side
	case r.whole:
		r.delete(b.From, k)
		r.insert(b.To, k)
	default:
		r.blank(b, k)
		r.update(b, k, set)
	}
}

// blank takes values out of the way that the new types of their columns do not have: the columns could not be converted.
func (r *rowChange) blank(b *storage.DiffBatch, k int) {
	var set []string
	for i, x := range r.oldColumns {
		y := r.kept(x)
		if y == nil || !r.retyped(x, y) || r.fits(x, y, b.From.Cols[i].Datum(k)) {
			continue
		}
		set = append(set, types.QuoteIdent(x.Name)+" = NULL")
		if x.NotNull && !r.blanked[x.ID] {
			r.changes(phaseDropConstraints, "ALTER TABLE "+r.old+" ALTER COLUMN "+types.QuoteIdent(x.Name)+" DROP NOT NULL")
			if y.NotNull {
				r.changes(phaseNotNull, "ALTER TABLE "+r.name+" ALTER COLUMN "+types.QuoteIdent(y.Name)+" SET NOT NULL")
			}
			r.blanked[x.ID] = true
		}
	}
	if set != nil {
		r.changes(phaseDeleteRows, "UPDATE "+r.old+" SET "+strings.Join(set, ", ")+" WHERE "+r.key(r.from, r.a, b.From, k))
	}
}

// kept is what a column of the first side is on the second; nil: it is dropped, or generated on either.
func (r *rowChange) kept(x *catalog.Column) *catalog.Column {
	for _, p := range r.columns {
		if p.From != nil && p.From.ID == x.ID && p.To != nil && p.From.Generated == "" && p.To.Generated == "" {
			return p.To
		}
	}
	return nil
}

// fits reports whether a value is one of a column's new type.
func (r *rowChange) fits(x, y *catalog.Column, d types.Datum) bool {
	if d.Null || r.replaced[x.TypeOID] { // the conversion sees to it
		return true
	}
	_, err := types.ParseText(r.to.typeOf(y), string(types.AppendText(nil, r.from.typeOf(x), d, types.DefaultFormat())), types.DefaultFormat())
	return err == nil
}

func literal(side *schemaSide, c *catalog.Column, d types.Datum) string {
	if d.Null {
		return "NULL"
	}
	t := side.typeOf(c)
	text := string(types.AppendText(nil, t, d, types.DefaultFormat()))
	switch t.OID {
	case types.OIDInt2, types.OIDInt4, types.OIDInt8:
		if !strings.HasPrefix(text, "-") {
			return text
		}
		return "(" + text + ")"
	case types.OIDBool:
		if d.B() {
			return "true"
		}
		return "false"
	case types.OIDText, types.OIDVarchar:
		return types.QuoteLiteral(text)
	}
	return types.QuoteLiteral(text) + "::" + side.typeName(t)
}

func (r *rowChange) insert(to *vector.Batch, k int) {
	var names, values []string
	for i, c := range r.toColumns {
		if c.Generated == "" {
			names, values = append(names, types.QuoteIdent(c.Name)), append(values, literal(r.to, c, to.Cols[i].Datum(k)))
		}
	}
	overriding := ""
	if r.alwaysOwn {
		overriding = " OVERRIDING SYSTEM VALUE"
	}
	stmt := "INSERT INTO " + r.name + " (" + strings.Join(names, ", ") + ")" + overriding + " VALUES (" + strings.Join(values, ", ") + ")"
	if names == nil {
		stmt = "INSERT INTO " + r.name + " DEFAULT VALUES"
	}
	if r.b.PrimaryIndex() == nil {
		r.keep(&r.come, to, r.to, r.toColumns, k, stmt)
		return
	}
	r.changes(phaseInsertRows, stmt)
}

// delete names a row by its key, or by all its values.
func (r *rowChange) delete(from *vector.Batch, k int) {
	if where := r.key(r.from, r.a, from, k); where != "" {
		r.changes(phaseDeleteRows, "DELETE FROM "+r.old+" WHERE "+where)
		return
	}
	var conds []string
	for i, c := range r.oldColumns {
		if c.Generated != "" {
			continue
		}
		d := from.Cols[i].Datum(k)
		name := types.QuoteIdent(c.Name)
		if d.Null {
			conds = append(conds, name+" IS NULL")
			continue
		}
		conds = append(conds, name+"::text = "+literal(r.from, c, d)+"::text")
	}
	where := ""
	if conds != nil {
		where = " WHERE " + strings.Join(conds, " AND ")
	}
	r.keep(&r.gone, from, r.from, r.oldColumns, k, "DELETE FROM "+r.old+" WHERE ctid = (SELECT min(ctid) FROM "+r.old+where+")")
}

// key is the condition on the primary key; "" where there is none.
func (r *rowChange) key(side *schemaSide, t *catalog.Table, row *vector.Batch, k int) string {
	pk := t.PrimaryIndex()
	if pk == nil {
		return ""
	}
	var conds []string
	for _, x := range pk.Columns {
		for i, c := range t.Live() {
			if c.ID == x.Column {
				conds = append(conds, equals(side, c, row.Cols[i].Datum(k)))
			}
		}
	}
	return strings.Join(conds, " AND ")
}

// equals is a condition on a column; domains over enums have no operator.
func equals(side *schemaSide, c *catalog.Column, d types.Datum) string {
	name, t := types.QuoteIdent(c.Name), side.typeOf(c)
	if p := plainType(t.Def); p != t.Def && p.Kind == types.KindEnum {
		return name + "::text = " + types.QuoteLiteral(string(types.AppendText(nil, t, d, types.DefaultFormat())))
	}
	return name + " = " + literal(side, c, d)
}

// sets lists the columns that must be set in a row that stays; the others have what they should once their types have changed.
func (r *rowChange) sets(b *storage.DiffBatch, k int) []string {
	var set []string
	for i, c := range r.toColumns {
		if c.Generated != "" {
			continue
		}
		to, same, added := b.To.Cols[i].Datum(k), false, true
		for j, x := range r.oldColumns {
			if x.ID == c.ID || x.Name == c.Name && !hasLive(r.a, c.ID) {
				same, added = same || r.stays(x, c, b.From.Cols[j].Datum(k), to), false
			}
		}
		if added {
			same = r.begins(c, to)
		}
		if !same {
			set = append(set, types.QuoteIdent(c.Name)+" = "+literal(r.to, c, to))
		}
	}
	return set
}

// begins reports whether a value is what a column has in all rows when it is added.
func (r *rowChange) begins(c *catalog.Column, d types.Datum) bool {
	if d.Null || !c.HasMiss {
		return d.Null && !c.HasMiss
	}
	return string(types.AppendText(nil, r.to.typeOf(c), d, types.DefaultFormat())) == c.Missing
}

// stays reports whether a value needs not be written: it is the same, or becomes it by the conversion of its column.
func (r *rowChange) stays(x, y *catalog.Column, from, to types.Datum) bool {
	if from.Null || to.Null {
		return from.Null && to.Null
	}
	if x.TypeOID == y.TypeOID && !r.replaced[x.TypeOID] && from.I == to.I && from.S == to.S {
		return true
	}
	return r.carries(x, y) && string(types.AppendText(nil, r.from.typeOf(x), from, types.DefaultFormat())) == string(types.AppendText(nil, r.to.typeOf(y), to, types.DefaultFormat()))
}

func (r *rowChange) update(b *storage.DiffBatch, k int, set []string) {
	r.changes(phaseUpdateRows, "UPDATE "+r.name+" SET "+strings.Join(set, ", ")+" WHERE "+r.key(r.to, r.b, b.To, k))
}

func hasLive(t *catalog.Table, id catalog.ColumnID) bool {
	c := t.ColumnByID(id)
	return c != nil && !c.Dropped
}

// mayRead refuses a table, which is nil where it is not there, to who may not select from it.
func mayRead(c Conn, tables ...*catalog.Table) error {
	for _, t := range tables {
		if t != nil && !readable(c, t) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", t.Name)
		}
	}
	return nil
}

func readable(c Conn, o catalog.Object) bool {
	r := c.Role()
	return r != nil && (r.Superuser || catalog.HasPrivilege(c.Store().Global(), r.OID, o, catalog.PrivSelect))
}
