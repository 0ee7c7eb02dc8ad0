package catalog

import (
	"strings"

	"github.com/rowandb/rowan/types"
)

// Every table and view has a composite type, that of its rows, and an array type over it. Their OIDs follow from the
// relation's, so that they are as lasting as it is and cost no descriptor. OIDs of objects stay far below these.
const (
	rowTypeBit  OID = 1 << 30
	rowArrayBit OID = 1 << 29
	rowTypeMask     = rowTypeBit | rowArrayBit
)

// RowType returns the OID of the type of a relation's rows.
func RowType(relation OID) OID { return relation | rowTypeBit }

// RowArray returns the OID of the type of arrays of a relation's rows.
func RowArray(relation OID) OID { return relation | rowTypeBit | rowArrayBit }

// RowTypeOf returns the relation to whose rows, or arrays of them, a type belongs; 0 when it is another type.
func RowTypeOf(id OID) OID {
	if id&rowTypeBit == 0 {
		return 0
	}
	return id &^ rowTypeMask
}

// RowArrayName is the name of the type of arrays of a relation's rows.
func RowArrayName(relation string) string {
	const most = 63
	if len(relation) >= most {
		return "_" + strings.ToValidUTF8(relation[:most-1], "")
	}
	return "_" + relation
}

// rowType makes the definition of a relation's row type, or of arrays of it, when it is first asked for.
func (s *Snapshot) rowType(id OID) *types.Def {
	if RowTypeOf(id) == 0 {
		return nil
	}
	if d, ok := s.rowTypes.Load(id); ok {
		return d.(*types.Def)
	}
	o, _ := s.RelationByOID(RowTypeOf(id))
	h, cols := rowColumns(o)
	if h == nil {
		return nil
	}
	d := &types.Def{OID: id, Name: h.Name, Schema: s.SchemaName(h.Schema), Class: types.ClassString, Kind: types.KindComposite, Category: 'C', Len: -1, Align: 'd',
		Array: RowArray(h.OID)}
	if id&rowArrayBit != 0 {
		*d = types.Def{OID: id, Name: RowArrayName(h.Name), Schema: d.Schema, Class: types.ClassString, Kind: types.KindBase, Category: 'A', Len: -1, Align: 'd',
			Elem: s.rowType(RowType(h.OID))}
	} else {
		for i := range cols {
			if c := &cols[i]; !c.Dropped && c.Hidden == "" {
				d.Fields = append(d.Fields, types.Field{Name: c.Name, Type: types.Type{Def: s.TypeByOID(c.TypeOID), Mod: c.Mod}})
			}
		}
	}
	known, _ := s.rowTypes.LoadOrStore(id, d)
	return known.(*types.Def)
}

// rowColumns returns the header and columns of what has a row type.
func rowColumns(o Object) (*Header, []Column) {
	switch o := o.(type) {
	case *Table:
		return &o.Header, o.Columns
	case *View:
		return &o.Header, o.Columns
	}
	return nil, nil
}

// rowTypeNamed finds a relation's row type, or the type of arrays of it, by name.
func (s *Snapshot) rowTypeNamed(schema OID, n string) *types.Def {
	if o, ix := s.Relation(schema, n); o != nil && ix == nil {
		return s.rowType(RowType(o.Head().OID))
	}
	if !strings.HasPrefix(n, "_") {
		return nil
	}
	if id, ok := s.relations[name{schema, n[1:]}]; ok {
		return s.rowType(RowArray(id))
	}
	return nil
}
