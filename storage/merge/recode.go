package merge

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// recoder says what becomes of values where a table has another version of a column's type than the target's has: labels of enums
// that both sides have added have other keys on each, and ALTER TABLE has given the column another type. Tables whose values
// all stay are not in it.
type recoder map[*catalog.Table][]recoding

// recoding is what becomes of a column's values.
type recoding struct {
	value  func(types.Datum) (types.Datum, error) // nil: they stay
	into   *types.Type                            // what they become; nil: they are of that type
	column catalog.ColumnID
	name   string
}

// recodes finds out which columns have such values. It answers what stands against it: values within others, or in keys.
func (t *tableMerge) recodes() string {
	if what := t.recodesOf(t.own, t.source); what != "" {
		return what
	}
	if t.wholly() { // what the target had is only counted
		return ""
	}
	for _, v := range t.merger.base.views() {
		if what := t.recodesOf(t.merger.ids.ownTable(v, t.into.OID), t.merger.ids.table(v, t.into.OID)); what != "" {
			return what
		}
	}
	if t.adopted {
		return t.recodesOf(t.former, t.former)
	}
	return ""
}

// recodesOf is recodes for a table of one side; called is it as it is called on the target.
func (t *tableMerge) recodesOf(own, called *catalog.Table) string {
	if own == nil || t.recode[own] != nil {
		return ""
	}
	var list []recoding
	for i, c := range called.Live() {
		into := t.into.ColumnByID(c.ID)
		if into == nil || into.Dropped {
			continue
		}
		r, ok := t.recoding(c, into)
		if !ok || r.value != nil && inKey(t.into, c.ID) {
			return "its column " + types.QuoteIdent(c.Name) + " has values that are others on the target"
		}
		if r.value == nil {
			continue
		}
		if list == nil {
			list = make([]recoding, len(called.Live()))
		}
		list[i] = r
	}
	if list != nil {
		if t.recode == nil {
			t.recode = recoder{}
		}
		t.recode[own] = list
	}
	return ""
}

// recoding finds what becomes of the values of a column c in the target's into.
func (t *tableMerge) recoding(c, into *catalog.Column) (r recoding, ok bool) {
	r.column, r.name = into.ID, into.Name
	if into.TypeOID == c.TypeOID && (into.Mod == c.Mod || into.Mod < 0) {
		f, ok := t.merger.ids.recode(c.Type, into.Type)
		if f != nil {
			r.value = func(d types.Datum) (types.Datum, error) { return f(d), nil }
		}
		return r, ok
	}
	if into.TypeOID != c.TypeOID && (fits(c.TypeOID, into.TypeOID) || t.loose && fits(into.TypeOID, c.TypeOID)) {
		return r, true
	}
	if r.value = t.merger.conversion(c.Type, into.Type); r.value != nil {
		r.into = &into.Type
	}
	return r, true // a column that cannot be converted is none of the target's: see positions
}

// conversion is how values of one type become those of another; nil: they do not.
func (m *merger) conversion(from, to types.Type) func(types.Datum) (types.Datum, error) {
	if m.req.Convert == nil {
		return nil
	}
	k := [2]types.Type{from, to}
	f, ok := m.conversions[k]
	if !ok {
		f = m.req.Convert(from, to)
		if m.conversions == nil {
			m.conversions = map[[2]types.Type]func(types.Datum) (types.Datum, error){}
		}
		m.conversions[k] = f
	}
	return f
}

func inKey(t *catalog.Table, id catalog.ColumnID) bool {
	pk := t.PrimaryIndex()
	return pk != nil && slices.ContainsFunc(pk.Columns, func(c catalog.IndexColumn) bool { return c.Column == id })
}

// recode answers how values of one version of a type become those of another; nil: they are the same. ok is false where
// they stand inside of others.
func (x *identities) recode(from, to types.Type) (f func(types.Datum) types.Datum, ok bool) {
	if from.Def == to.Def || from.Def == nil || to.Def == nil {
		return nil, true
	}
	switch {
	case from.Kind == types.KindEnum:
		keys := x.labelKeys(from.Def, to.Def)
		if keys == nil {
			return nil, true
		}
		return func(d types.Datum) types.Datum {
			if k, ok := keys[d.I]; ok && !d.Null {
				d.I = k
			}
			return d
		}, true
	case from.Kind == types.KindDomain && from.Base != nil && to.Base != nil:
		return x.recode(*from.Base, *to.Base)
	case from.IsArray() && to.Elem != nil:
		f, ok := x.recode(types.Of(from.Elem), types.Of(to.Elem))
		if f == nil || !ok {
			return nil, ok
		}
		elem := to.Elem
		return func(d types.Datum) types.Datum {
			if d.Null {
				return d
			}
			a := types.UnpackArray(d.S)
			for i := range a.Elems {
				if !a.Elems[i].Null {
					a.Elems[i] = f(a.Elems[i])
				}
			}
			return types.String(a.Pack(elem))
		}, true
	}
	for i := range min(len(from.Fields), len(to.Fields)) {
		if f, ok := x.recode(from.Fields[i].Type, to.Fields[i].Type); f != nil || !ok {
			return nil, false
		}
	}
	return nil, true
}

// recoded recodes rows that have been read by a table's descriptor.
func (t *tableMerge) recoded(rows *diff.Rows, own *catalog.Table) {
	for i, r := range t.recode[own] {
		if r.value == nil || i >= len(rows.Cols) {
			continue
		}
		from, to := rows.Cols[i], rows.Cols[i]
		if r.into != nil {
			to = &vector.Vector{}
			to.Resize(*r.into, rows.N)
		}
		for k := range rows.N {
			d := from.Datum(k)
			if !d.Null {
				var err error
				was := d
				if d, err = r.value(d); err != nil {
					t.unconverted(rows, k, misfit{r.column, was, r.name, err})
					d = types.Null
				}
			}
			to.Set(k, d)
		}
		rows.Cols[i] = to
	}
}
