package merge

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// recheck holds what the target changed since the base against constraints that came with the source's schema: its other
// rows satisfied them there.
func (m *merger) recheck(ctx context.Context) error {
	domains := m.stricterDomains()
	for _, o := range m.target.Catalog().Objects() {
		t, ok := o.(*catalog.Table)
		if !ok || len(domains) == 0 || m.before[t.OID] != nil && stricter(m.before[t.OID], t) {
			continue
		}
		if slices.ContainsFunc(t.Live(), func(c *catalog.Column) bool { return isOf(c.Type.Def, domains) }) {
			if err := m.recheckTable(ctx, t); err != nil {
				return err
			}
		}
	}
	for id, was := range m.before {
		now, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if !ok {
			continue
		}
		children := was.Rows != now.Rows
		if stricter(was, now) {
			if err := m.recheckTable(ctx, now); err != nil {
				return err
			}
		}
		for _, k := range now.Constraints {
			if k.Kind == catalog.ForeignKey && was.ConstraintByOID(k.OID) == nil {
				if err := m.recheckParent(ctx, k.RefTable); err != nil {
					return err
				}
			}
		}
		for _, child := range m.target.Catalog().Referrers(id) {
			if children {
				if err := m.recheckTable(ctx, child); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stricter reports whether a table's rows must satisfy more than before.
func stricter(was, now *catalog.Table) bool {
	for _, k := range now.Constraints {
		if was.ConstraintByOID(k.OID) == nil {
			return true
		}
	}
	for i := range now.Columns {
		c := &now.Columns[i]
		if old := was.ColumnByID(c.ID); c.NotNull && !c.Dropped && (old == nil || !old.NotNull) {
			return true
		}
	}
	return false
}

// stricterDomains are the domains whose values must satisfy more than before.
func (m *merger) stricterDomains() map[catalog.OID]bool {
	out := map[catalog.OID]bool{}
	for _, id := range m.res.Objects {
		was, _ := m.was.Object(id).(*catalog.UserType)
		now, ok := m.target.Catalog().Object(id).(*catalog.UserType)
		if !ok || was == nil || now.Kind != types.KindDomain {
			continue
		}
		added := func(k *catalog.Constraint) bool {
			return !k.NotValid && !slices.ContainsFunc(was.Checks, func(x *catalog.Constraint) bool { return x.OID == k.OID })
		}
		if now.NotNull && !was.NotNull || slices.ContainsFunc(now.Checks, added) {
			out[id] = true
		}
	}
	return out
}

// isOf reports whether a type is one of some domains, or over one, or has elements or fields of such a type.
func isOf(t *types.Def, domains map[catalog.OID]bool) bool {
	switch {
	case t == nil:
		return false
	case domains[t.OID]:
		return true
	case t.Kind == types.KindDomain && t.Base != nil:
		return isOf(t.Base.Def, domains)
	}
	return isOf(t.Elem, domains) || slices.ContainsFunc(t.Fields, func(f types.Field) bool { return isOf(f.Type.Def, domains) })
}

// recheckTable looks at the rows that the target changed, as they are now.
func (m *merger) recheckTable(ctx context.Context, t *catalog.Table) error {
	tm := &tableMerge{merger: m, into: t}
	return m.eachChanged(ctx, t.OID, func(keys []string) error {
		rows, err := m.allColumns(ctx, m.target, t, keys, m.done[t.OID])
		if err != nil || rows.N == 0 {
			return err
		}
		if err := tm.recheckNulls(rows); err != nil {
			return err
		}
		if err := tm.complete(ctx, rows, true); err != nil {
			return err
		}
		return tm.written(ctx, nil, rows)
	})
}

// recheckNulls holds rows against NOT NULL; each that breaks it is listed where that is asked for.
func (t *tableMerge) recheckNulls(rows *vector.Batch) error {
	snap := t.merger.target.Catalog()
	err := notNull(t.into, rows, snap)
	if err == nil || t.req.Violated == nil {
		return err
	}
	var columns []*catalog.Column
	for i := range t.into.Columns {
		if c := &t.into.Columns[i]; !c.Dropped {
			columns = append(columns, c)
		}
	}
	for r := range rows.N {
		one := &rowSet{columns: columns, new: rowAt(rows, r)}
		if err := notNull(t.into, one.new, snap); err != nil {
			t.list(storage.ViolationOf(t.into, err), one)
		}
	}
	return nil
}

// recheckParent tells the caller of the keys that the target took from a table to which a new foreign key refers.
func (m *merger) recheckParent(ctx context.Context, id catalog.OID) error {
	t, ok := m.target.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return nil
	}
	tm := &tableMerge{merger: m, into: t}
	return m.eachChanged(ctx, id, func(keys []string) error {
		for _, v := range m.base.leaves() {
			rows, err := m.formerRows(ctx, v, t, keys)
			if err != nil {
				return err
			}
			if rows.N > 0 {
				if err := tm.written(ctx, rows, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachChanged calls f with keys of rows that the target changed since the base.
func (m *merger) eachChanged(ctx context.Context, id catalog.OID, f func(keys []string) error) error {
	keys, err := m.candidates(ctx, m.base, m.target, id)
	if err != nil {
		return err
	}
	return eachChunk(ctx, keys, func(list []string) (bool, error) { return false, f(list) })
}

// allColumns reads rows with all columns of t, hidden ones empty; rows that the merge wrote, which it has checked, are
// left out.
func (m *merger) allColumns(ctx context.Context, v storage.View, t *catalog.Table, keys []string, but map[string]struct{}) (*vector.Batch, error) {
	if len(but) > 0 {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { _, ok := but[k]; return ok })
	}
	r, err := diff.Fetch(ctx, m.tx, v, t, ids(t), keys)
	if err != nil {
		return nil, err
	}
	return withHidden(t, &vector.Batch{Cols: r.Cols, N: r.N}, len(r.Cols)), nil
}

// formerRows reads rows as a view has them, with the columns that a table has now.
func (m *merger) formerRows(ctx context.Context, v storage.View, now *catalog.Table, keys []string) (*vector.Batch, error) {
	own, called := m.ids.ownTable(v, now.OID), m.ids.table(v, now.OID)
	r, err := diff.Fetch(ctx, m.tx, v, own, ids(own), keys)
	if err != nil || own == nil {
		return &vector.Batch{}, err
	}
	out := &vector.Batch{N: r.N}
	live := called.Live()
	for i := range now.Columns {
		c := &now.Columns[i]
		if c.Dropped {
			continue
		}
		at := slices.IndexFunc(live, func(x *catalog.Column) bool { return x.ID == c.ID && fits(x.TypeOID, c.TypeOID) })
		if c.Hidden == "" && at >= 0 {
			out.Cols = append(out.Cols, r.Cols[at])
			continue
		}
		col := &vector.Vector{}
		col.Reset(c.Type)
		for range r.N {
			col.AppendNull()
		}
		out.Cols = append(out.Cols, col)
	}
	return out, nil
}

func notNull(t *catalog.Table, rows *vector.Batch, snap *catalog.Snapshot) error {
	n := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		for r := range rows.N {
			if c.NotNull && c.Hidden == "" && rows.Cols[n].IsNull(r) {
				return pgerr.New(pgerrcode.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", c.Name, t.Name).
					WithTable(snap.SchemaName(t.Schema), t.Name, c.Name, "")
			}
		}
		n++
	}
	return nil
}
