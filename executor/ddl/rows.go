package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// finish does what the changed descriptor asks of the rows, stores it, and verifies new constraints. old is the table as
// it is stored now.
func (b *build) finish(ctx context.Context, old *catalog.Table) error {
	if stored, err := b.table(old.OID); err == nil {
		old = stored
	}
	for _, q := range b.sequences {
		if err := b.putSequence(ctx, q); err != nil {
			return err
		}
	}
	if err := b.verifyNotNull(ctx, old); err != nil {
		return err
	}
	if b.rewrite {
		if err := b.rewriteRows(ctx, old); err != nil {
			return err
		}
	} else {
		for _, f := range b.fill {
			if err := b.fillIndex(ctx, old, f); err != nil {
				return err
			}
		}
	}
	if err := b.view.Put(ctx, b.t); err != nil {
		return err
	}
	deferrable := b.unverified()
	if len(b.checks)+len(b.keys)+len(deferrable) == 0 {
		return nil
	}
	b.flush()
	for _, ix := range deferrable {
		if err := b.verifyDeferrable(ctx, ix); err != nil {
			return err
		}
	}
	for _, k := range b.checks {
		if err := b.verifyCheck(ctx, k); err != nil {
			return err
		}
	}
	for _, k := range b.keys {
		if err := b.verifyKey(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// any reports whether a query has a row.
func (s *stmt) any(ctx context.Context, sql string) (bool, error) {
	found := false
	_, err := s.SQL(ctx, s.Ref, sql, nil, nil, func(r *vector.Batch) error {
		found = found || r.Live() > 0
		return nil
	})
	return found, err
}

// verifyNotNull checks columns that have become NOT NULL.
func (b *build) verifyNotNull(ctx context.Context, old *catalog.Table) error {
	for _, id := range b.notNull {
		c := b.t.ColumnByID(id)
		sql := "SELECT 1 FROM ONLY " + b.qualified(&old.Header)
		was := old.ColumnByID(id)
		switch {
		case was != nil:
			sql += " WHERE " + quote(was.Name) + " IS NULL"
		case c.HasMiss, c.Generated != "", b.values[id] != "":
			continue // a new column that rows have a value in: what is computed for each is tested as it is written
		}
		bad, err := b.any(ctx, sql+" LIMIT 1")
		if err != nil {
			return err
		}
		if bad {
			return pgerr.New(pgerrcode.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", c.Name, b.t.Name).
				WithTable(b.cat().SchemaName(b.t.Schema), b.t.Name, c.Name, "")
		}
	}
	return nil
}

func (b *build) verifyCheck(ctx context.Context, k *catalog.Constraint) error {
	bad, err := b.any(ctx, "SELECT 1 FROM ONLY "+b.qualified(&b.t.Header)+" WHERE NOT ("+k.Expr+") LIMIT 1")
	if err != nil {
		return err
	}
	if bad {
		return pgerr.New(pgerrcode.CheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row", k.Name, b.t.Name).
			WithTable(b.cat().SchemaName(b.t.Schema), b.t.Name, "", k.Name)
	}
	return nil
}

// orphan finds a row that a foreign key does not allow.
func (b *build) orphan(ctx context.Context, k *catalog.Constraint, ref *catalog.Table) error {
	var cols, on, set []string
	first := ""
	for i, id := range k.Columns {
		c, p := "fk."+quote(b.t.ColumnByID(id).Name), "pk."+quote(ref.ColumnByID(k.RefColumns[i]).Name)
		cols = append(cols, c+"::text")
		on = append(on, p+" = "+c)
		set = append(set, c+" IS NOT NULL")
		if i == 0 {
			first = p
		}
	}
	join := " AND "
	if k.Match == 'f' {
		join = " OR "
	}
	sql := "SELECT " + strings.Join(cols, ", ") + " FROM ONLY " + b.qualified(&b.t.Header) + " fk LEFT JOIN ONLY " + b.qualified(&ref.Header) +
		" pk ON (" + strings.Join(on, " AND ") + ") WHERE " + first + " IS NULL AND (" + strings.Join(set, join) + ") LIMIT 1"
	var values []string
	_, err := b.SQL(ctx, b.Ref, sql, nil, nil, func(r *vector.Batch) error {
		for k := 0; k < r.Live() && values == nil; k++ {
			for _, col := range r.Cols {
				if d := col.Datum(r.Row(k)); d.Null {
					values = append(values, "null")
				} else {
					values = append(values, strings.Clone(d.S))
				}
			}
		}
		return nil
	})
	if err != nil || values == nil {
		return err
	}
	return b.orphanError(k, ref, values)
}

func (b *build) orphanError(k *catalog.Constraint, ref *catalog.Table, values []string) error {
	var names []string
	for _, id := range k.Columns {
		names = append(names, b.t.ColumnByID(id).Name)
	}
	e := pgerr.New(pgerrcode.ForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", b.t.Name, k.Name).
		WithTable(b.cat().SchemaName(b.t.Schema), b.t.Name, "", k.Name)
	if k.Match == 'f' && slices.Contains(values, "null") {
		return e.WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
	}
	return e.WithDetail("Key (%s)=(%s) is not present in table \"%s\".", strings.Join(names, ", "), strings.Join(values, ", "), ref.Name)
}

// rewriteRows moves all rows to new keyspaces, computing changed and new columns. What older rows have in a column stays known: a merge
// may bring such rows of a branch that does not have the column.
func (b *build) rewriteRows(ctx context.Context, old *catalog.Table) error {
	var err error
	if b.t.Rows, err = b.Store.AllocateKeyspace(ctx); err != nil {
		return err
	}
	for _, ix := range b.t.Indexes {
		if ix.Keyspace = b.t.Rows; !ix.Primary {
			if ix.Keyspace, err = b.Store.AllocateKeyspace(ctx); err != nil {
				return err
			}
		}
	}
	b.flush()
	ids, sql := b.rewriteSQL(old)
	_, err = b.SQL(ctx, b.Ref, sql, nil, nil, func(rows *vector.Batch) error {
		if rows.Live() == 0 {
			return nil
		}
		rows, err := b.withMods(ids, rows)
		if err != nil {
			return err
		}
		_, err = b.Txn.Insert(ctx, storage.InsertRequest{View: b.view, Table: b.t, Columns: ids, Rows: rows})
		return b.duplicated(err)
	})
	return err
}

// withMods applies the modifiers of retyped columns, such as varchar's length, as an assignment does.
func (b *build) withMods(ids []catalog.ColumnID, rows *vector.Batch) (*vector.Batch, error) {
	out := *rows
	for i, id := range ids {
		c := b.t.ColumnByID(id)
		if _, computed := b.values[id]; !computed || c.Mod < 0 {
			continue
		}
		v := &vector.Vector{}
		v.Resize(c.Type, rows.N)
		for k := range rows.Live() {
			row := rows.Row(k)
			d, err := types.ApplyMod(c.Type, rows.Cols[i].Datum(row), false)
			if err != nil {
				return nil, err
			}
			v.Set(row, d)
		}
		if &out.Cols[0] == &rows.Cols[0] {
			out.Cols = slices.Clone(rows.Cols)
		}
		out.Cols[i] = v
	}
	return &out, nil
}

// rewriteSQL selects the new rows: plain columns first, then, over these, generated and hidden ones.
func (b *build) rewriteSQL(old *catalog.Table) ([]catalog.ColumnID, string) {
	var inner, outer []string
	var ids []catalog.ColumnID
	for i := range b.t.Columns {
		c := &b.t.Columns[i]
		if c.Dropped {
			continue
		}
		ids = append(ids, c.ID)
		switch {
		case c.Hidden != "":
			outer = append(outer, "("+c.Hidden+")")
			continue
		case c.Generated != "":
			outer = append(outer, "("+c.Generated+")")
			continue
		}
		outer = append(outer, quote(c.Name))
		inner = append(inner, b.rewriteValue(old, c)+" AS "+quote(c.Name))
	}
	return ids, "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + " FROM ONLY " +
		b.qualified(&old.Header) + ") AS " + quote(old.Name)
}

func (b *build) rewriteValue(old *catalog.Table, c *catalog.Column) string {
	if v, ok := b.values[c.ID]; ok {
		return "(" + v + ")"
	}
	if was := old.ColumnByID(c.ID); was != nil {
		return quote(was.Name)
	}
	if c.HasMiss {
		return "(" + c.Default + ")"
	}
	return "NULL::" + b.typeSQL(c)
}

// duplicated turns a duplicate key met while an index is made into PostgreSQL's message for that.
func (b *build) duplicated(err error) error {
	if err == nil || pgerr.Code(err) != pgerrcode.UniqueViolation {
		return err
	}
	e := *pgerr.From(err)
	if name, ok := strings.CutPrefix(e.Message, "duplicate key value violates unique constraint "); ok {
		e.Message = "could not create unique index " + name
	}
	return b.TellDuplicate(&e, "is duplicated.", "Duplicate keys exist.")
}

// fillIndex writes the entries of a new index for the rows that are there.
func (b *build) fillIndex(ctx context.Context, old *catalog.Table, f indexFill) error {
	columns := indexStored(f.index)
	for _, id := range columns {
		if old.ColumnByID(id) == nil && f.exprs[id] == nil { // it is added by the same statement
			old = b.t
		}
	}
	next, done, err := b.indexRows(ctx, old, f, columns)
	if err != nil {
		return err
	}
	defer done()
	var keys []string
	for {
		rows, err := next(ctx)
		if err != nil {
			return err
		}
		if rows == nil {
			return nil
		}
		last := rows.Cols[len(columns)]
		keys = keys[:0]
		for k := range rows.Live() {
			keys = append(keys, last.Str[rows.Row(k)])
		}
		part := *rows
		part.Cols = rows.Cols[:len(columns)]
		err = b.Txn.Backfill(ctx, storage.BackfillRequest{View: b.view, Table: b.t, Index: f.index, Columns: columns, Rows: &part, Keys: keys})
		if err != nil {
			return b.duplicated(err)
		}
	}
}

// unverified lists the indexes of deferrable constraints in which rows were written: storage does not mind two rows of a key
// there.
func (b *build) unverified() (out []*catalog.Index) {
	if b.rewrite {
		for _, ix := range b.t.Indexes {
			if ix.Deferrable {
				out = append(out, ix)
			}
		}
		return out
	}
	for _, f := range b.fill {
		if f.index.Deferrable {
			out = append(out, f.index)
		}
	}
	return out
}

// verifyDeferrable looks for a key that two rows have in the index of a deferrable constraint.
func (b *build) verifyDeferrable(ctx context.Context, ix *catalog.Index) error {
	var quoted, present []string
	for _, id := range ix.KeyColumns() {
		n := quote(b.t.ColumnByID(id).Name)
		quoted, present = append(quoted, n), append(present, n+" IS NOT NULL")
	}
	list := strings.Join(quoted, ", ")
	sql := "SELECT " + list + " FROM ONLY " + b.qualified(&b.t.Header) + " WHERE " + strings.Join(present, " AND ") +
		" GROUP BY " + list + " HAVING count(*) > 1 LIMIT 1"
	_, err := b.SQL(ctx, b.Ref, sql, nil, nil, func(r *vector.Batch) error {
		if r.Live() == 0 {
			return nil
		}
		twice := &storage.Duplicate{Table: b.t, Index: ix}
		for _, v := range r.Cols {
			twice.Key = append(twice.Key, v.Datum(r.Row(0)).Clone())
		}
		return pgerr.New(pgerrcode.UniqueViolation, "could not create unique index \"%s\"", ix.Name).
			WithTable(b.cat().SchemaName(b.t.Schema), b.t.Name, "", ix.Name).Because(twice)
	})
	return b.duplicated(err)
}

// indexStored lists the columns that an index's entries are made of.
func indexStored(ix *catalog.Index) []catalog.ColumnID {
	ids := ix.KeyColumns()
	ids = append(ids, ix.Include...)
	if ix.Predicate != 0 {
		ids = append(ids, ix.Predicate)
	}
	var out []catalog.ColumnID
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// indexRows opens a scan of the columns, the row key being last.
func (b *build) indexRows(ctx context.Context, old *catalog.Table, f indexFill, columns []catalog.ColumnID) (func(context.Context) (*vector.Batch, error), func(), error) {
	if len(f.exprs) == 0 {
		sc, err := b.Txn.Scan(ctx, storage.ScanRequest{View: b.view, Table: old, Columns: append(slices.Clone(columns), catalog.ColRowKey)})
		if err != nil {
			return nil, nil, err
		}
		return sc.Next, func() { _ = sc.Close() }, nil
	}
	o, err := b.Build(b.indexPlan(old, f, columns), b.Env.Env)
	if err != nil {
		return nil, nil, err
	}
	return o.Next, func() { _ = o.Close() }, nil
}

// indexPlan computes an index's columns from the table's.
func (b *build) indexPlan(old *catalog.Table, f indexFill, columns []catalog.ColumnID) physical.Node {
	scan := &physical.TableScan{Table: old, Ref: b.Ref, Alias: old.Name}
	slots := map[string]*expr.Slot{}
	for _, c := range old.Live() {
		slots[c.Name] = &expr.Slot{Index: len(scan.Columns), T: c.Type, Name: c.Name}
		scan.Columns = append(scan.Columns, c.ID)
		scan.Cols = append(scan.Cols, physical.Column{Name: c.Name, Type: c.Type})
	}
	bytea := types.Of(types.Builtin(types.OIDBytea))
	scan.Columns = append(scan.Columns, catalog.ColRowKey)
	scan.Cols = append(scan.Cols, physical.Column{Name: "key", Type: bytea})
	p := &physical.Project{Input: scan}
	for _, id := range columns {
		e := f.exprs[id]
		if e == nil {
			e = slots[old.ColumnByID(id).Name]
		} else {
			e = toSlots(e, slots)
		}
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, physical.Column{Type: e.Type()})
	}
	p.Exprs = append(p.Exprs, &expr.Slot{Index: len(scan.Columns) - 1, T: bytea})
	p.Cols = append(p.Cols, physical.Column{Type: bytea})
	return p
}

func toSlots(e expr.Expr, slots map[string]*expr.Slot) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		return slots[c.Name]
	}
	return expr.MapChildren(e, func(x expr.Expr) expr.Expr { return toSlots(x, slots) })
}

// missing evaluates the default of a new column once, for all the rows that are there.
func (b *build) missing(ctx context.Context, c *catalog.Column, def string) error {
	_, err := b.SQL(ctx, b.Ref, "SELECT "+def, nil, nil, func(r *vector.Batch) error {
		if r.Live() == 0 {
			return nil
		}
		d := r.Cols[0].Datum(r.Row(0))
		if d.Null {
			b.notNullIfRows(c)
			return nil
		}
		c.HasMiss, c.Missing = true, types.Text(c.Type, d, types.DefaultFormat())
		return nil
	})
	return err
}
