package merge

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// recoder gives values of enums the keys that their labels have on the target: a label that both sides have added has
// another on each. It is nil where all keys are the same.
type recoder map[*catalog.Table][]func(types.Datum) types.Datum

// recodes finds out which columns have such values. It answers what stands against it: values within others, or in keys.
func (t *tableMerge) recodes() string {
	if t.merger.ids.none() {
		return ""
	}
	views := append([]storage.View{t.merger.source}, t.merger.base.views()...)
	for _, v := range views {
		own, called := t.merger.ids.ownTable(v, t.into.OID), t.merger.ids.table(v, t.into.OID)
		if own == nil {
			continue
		}
		var list []func(types.Datum) types.Datum
		for i, c := range called.Live() {
			into := t.into.ColumnByID(c.ID)
			if into == nil || into.Dropped || into.TypeOID != c.TypeOID {
				continue
			}
			f, ok := t.merger.ids.recode(c.Type, into.Type)
			if !ok || f != nil && inKey(t.into, c.ID) {
				return "its column " + types.QuoteIdent(c.Name) + " has labels of an enum that both sides have added"
			}
			if f == nil {
				continue
			}
			if list == nil {
				list = make([]func(types.Datum) types.Datum, len(called.Live()))
			}
			list[i] = f
		}
		if list != nil {
			if t.recode == nil {
				t.recode = recoder{}
			}
			t.recode[own] = list
		}
	}
	return ""
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

// apply recodes rows that have been read by a table's descriptor.
func (r recoder) apply(rows *diff.Rows, t *catalog.Table) {
	if r == nil {
		return
	}
	for i, f := range r[t] {
		if f == nil {
			continue
		}
		v := rows.Cols[i]
		for k := range rows.N {
			if !v.IsNull(k) {
				v.Set(k, f(v.Datum(k)))
			}
		}
	}
}
