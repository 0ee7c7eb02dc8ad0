package types

// Builtin returns the definition of a built-in type that the engine knows, or nil.
func Builtin(id OID) *Def { return builtinByOID[id] }

// BuiltinByName returns the built-in type with that name in pg_catalog, or nil.
func BuiltinByName(name string) *Def { return builtinByName[name] }

// Builtins returns all built-in types, array types after the type of their elements. The slice is shared: do not change it.
func Builtins() []*Def { return builtinAll }

var (
	builtinAll    = buildBuiltins(builtinRows)
	builtinByOID  = indexDefs(builtinAll, func(d *Def) OID { return d.OID })
	builtinByName = indexDefs(builtinAll, func(d *Def) string { return d.Name })
)

// buildBuiltins makes the definitions of the table's rows and of the array type over each.
func buildBuiltins(rows []builtinRow) []*Def {
	defs := make([]*Def, 0, 2*len(rows))
	byOID := make(map[OID]*Def, len(rows))
	for _, r := range rows {
		d := r.def()
		byOID[d.OID] = d
		defs = append(defs, d)
		if d.Array != 0 {
			defs = append(defs, ArrayOver(d, d.Array, "_"+d.Name))
		}
	}
	for _, d := range defs {
		if d.OID == OIDRecordArray { // a pseudo-type, as record is
			d.Kind, d.Category = KindPseudo, 'P'
		}
	}
	// The two vector types are arrays in all but the text form.
	byOID[OIDInt2Vector].Elem = byOID[OIDInt2]
	byOID[OIDOidVector].Elem = byOID[OIDOid]
	return defs
}

func (r builtinRow) def() *Def {
	return &Def{
		OID: r.oid, Name: r.name, Schema: "pg_catalog", Class: r.class, Kind: r.kind, Category: r.category,
		Preferred: r.preferred, Len: r.length, ByVal: r.byVal, Align: r.align, Array: r.array,
	}
}

// ArrayOver makes the definition of the array type over elem.
func ArrayOver(elem *Def, id OID, name string) *Def {
	align := byte('i')
	if elem.Align == 'd' {
		align = 'd'
	}
	return &Def{
		OID: id, Name: name, Schema: elem.Schema, Class: ClassString, Kind: KindBase, Category: 'A',
		Len: -1, Align: align, Elem: elem,
	}
}

func indexDefs[K comparable](defs []*Def, key func(*Def) K) map[K]*Def {
	m := make(map[K]*Def, len(defs))
	for _, d := range defs {
		m[key(d)] = d
	}
	return m
}
