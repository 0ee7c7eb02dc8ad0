package catalog

import "github.com/rowandb/rowan/types"

// defineTypes builds the Defs of the users' types, and of the row types that tables and views have.
func (s *Snapshot) defineTypes() {
	for id, o := range s.objects {
		u, ok := o.(*UserType)
		if !ok {
			continue
		}
		d := &types.Def{OID: id, Name: u.Name, Schema: s.nameOf(u.Schema), Kind: u.Kind, Len: -1, Align: 'i', Array: u.Array, Labels: u.Labels}
		switch u.Kind {
		case types.KindEnum:
			d.Class, d.Category, d.Len, d.ByVal = types.ClassInt, 'E', 4, true
		case types.KindComposite:
			d.Class, d.Category = types.ClassString, 'C'
		default:
			d.Category = 'U'
		}
		s.define(u, d)
	}
	s.completeTypes()
}

func (s *Snapshot) define(u *UserType, d *types.Def) {
	s.defs[d.OID] = d
	s.types[name{u.Schema, u.Name}] = d.OID
	if u.Array == 0 {
		return
	}
	s.defs[u.Array] = &types.Def{OID: u.Array, Name: u.ArrayName, Schema: d.Schema, Class: types.ClassString, Kind: types.KindBase, Category: 'A', Len: -1, Align: 'i', Elem: d}
	s.types[name{u.Schema, u.ArrayName}] = u.Array
}

// completeTypes sets what refers to other types: a domain's base and a composite's fields.
func (s *Snapshot) completeTypes() {
	done := map[OID]bool{}
	for id, d := range s.defs {
		s.completeType(id, d, done)
	}
}

// completeType completes a type once; what a domain is over comes before it, because the domain has its form.
func (s *Snapshot) completeType(id OID, d *types.Def, done map[OID]bool) {
	u, ok := s.objects[id].(*UserType)
	if !ok || done[id] {
		return
	}
	done[id] = true
	if base := s.TypeByOID(u.Base); u.Kind == types.KindDomain && base != nil {
		s.completeType(u.Base, base, done)
		d.Base = &types.Type{Def: base, Mod: u.Mod}
		d.Class, d.Category, d.Len, d.ByVal, d.Elem = base.Class, base.Category, base.Len, base.ByVal, base.Elem
	}
	if cols := s.resolveColumns(u.Fields); cols != nil {
		c := *u
		c.Fields = cols
		u, s.objects[id] = &c, &c
	}
	for _, f := range u.Fields {
		d.Fields = append(d.Fields, types.Field{Name: f.Name, Type: f.Type})
	}
}

func (s *Snapshot) nameOf(schema OID) string {
	if sc, ok := s.objects[schema].(*Schema); ok {
		return sc.Name
	}
	return ""
}
