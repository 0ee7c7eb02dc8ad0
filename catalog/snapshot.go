package catalog

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/types"
)

// TempPrefix begins the names of schemas for temporary objects.
const TempPrefix = "pg_temp_"

// Temporary reports whether a schema holds a session's temporary objects.
func (s *Snapshot) Temporary(schema OID) bool {
	sc, ok := s.objects[schema].(*Schema)
	return ok && strings.HasPrefix(sc.Name, TempPrefix)
}

// Ref says which catalog and which rows a statement means: a branch of a database at a point. Empty fields stand for the
// session's own choice. Plans keep Refs, not what they resolve to, so that a cached plan serves later transactions.
type Ref struct {
	Branch string // of the session's database
	Point  string // as the user wrote it, for example -10 minutes or an SCN
}

// Snapshot is the catalog of one branch at one point. It is immutable and safe for many goroutines; Edit makes a
// changed copy.
type Snapshot struct {
	Version  uint64 // unique per distinct content within a process: plans are valid while it stays the same
	Database *Database

	objects   map[OID]Object
	relations map[name]OID // tables, views, sequences and indexes share one namespace
	indexes   map[OID]OID  // index → table
	types     map[name]OID
	defs      map[OID]*types.Def
	schemas   map[string]OID
	functions map[name][]OID
	referrers map[OID][]OID // table → tables with a foreign key to it
	twinned   []OID         // objects that have twins
	rowTypes  sync.Map      // OID → *types.Def, of relations' rows; made when asked for
}

type name struct {
	schema OID
	name   string
}

var versions atomic.Uint64

// NewSnapshot builds a snapshot of the objects given.
func NewSnapshot(db *Database, objects []Object) *Snapshot {
	s := &Snapshot{Database: db, objects: make(map[OID]Object, len(objects))}
	for _, o := range objects {
		s.objects[o.Head().OID] = o
	}
	s.index()
	return s
}

// Edit returns a copy in which put replaces or adds objects and drop removes them.
func (s *Snapshot) Edit(put []Object, drop []OID) *Snapshot {
	c := &Snapshot{Database: s.Database, objects: maps.Clone(s.objects)}
	for _, o := range put {
		c.objects[o.Head().OID] = o
	}
	for _, id := range drop {
		delete(c.objects, id)
	}
	c.index()
	return c
}

// Objects returns all objects ordered by OID.
func (s *Snapshot) Objects() []Object {
	out := make([]Object, 0, len(s.objects))
	for _, id := range slices.Sorted(maps.Keys(s.objects)) {
		out = append(out, s.objects[id])
	}
	return out
}

// Object returns the object with that OID, or nil.
func (s *Snapshot) Object(id OID) Object { return s.objects[id] }

// Schema returns the schema with that name, or nil. pg_catalog and information_schema are always there.
func (s *Snapshot) Schema(n string) *Schema {
	if sc := builtinSchemas[n]; sc != nil {
		return sc
	}
	if id, ok := s.schemas[n]; ok {
		return s.objects[id].(*Schema)
	}
	return nil
}

// SchemaName returns the name of the schema with that OID, or "".
func (s *Snapshot) SchemaName(id OID) string {
	for n, sc := range builtinSchemas {
		if sc.OID == id {
			return n
		}
	}
	if sc, ok := s.objects[id].(*Schema); ok {
		return sc.Name
	}
	return ""
}

// Relation returns the *Table, *View or *Sequence with that name in a schema, or nil. For an index's name it returns
// its table together with the index.
func (s *Snapshot) Relation(schema OID, n string) (Object, *Index) {
	if t := virtual[name{schema, n}]; t != nil {
		return t, nil
	}
	id, ok := s.relations[name{schema, n}]
	if !ok {
		return nil, nil
	}
	if t, ok := s.indexes[id]; ok {
		tab := s.objects[t].(*Table)
		return tab, tab.Index(id)
	}
	return s.objects[id], nil
}

// ShownName is a name as functions of schema rowan show it: plain, behind that of its schema unless that is public. Where a dot in it
// would make it another's, it is quoted as in SQL.
func ShownName(schema, name string) string {
	plain := schema == "" || schema == "public"
	switch quoted := strings.ContainsAny(schema+name, `."`); {
	case quoted && plain:
		return types.QuoteIdent(name)
	case quoted:
		return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
	case plain:
		return name
	}
	return schema + "." + name
}

// Shown is a relation's name as functions of schema rowan show it.
func (s *Snapshot) Shown(id OID) string {
	o, _ := s.RelationByOID(id)
	if o == nil {
		return ""
	}
	h := o.Head()
	return ShownName(s.SchemaName(h.Schema), h.Name)
}

// ShownAs finds the relation that is shown so, or nil.
func (s *Snapshot) ShownAs(text string) Object {
	if o, ix := s.Relation(Public, text); o != nil && ix == nil {
		return o
	}
	for i := range text {
		if sc := s.Schema(text[:i]); text[i] == '.' && sc != nil {
			if o, ix := s.Relation(sc.OID, text[i+1:]); o != nil && ix == nil {
				return o
			}
		}
	}
	return nil
}

// RelationByOID is Relation by OID.
func (s *Snapshot) RelationByOID(id OID) (Object, *Index) {
	if t := virtualByOID[id]; t != nil {
		return t, nil
	}
	if t, ok := s.indexes[id]; ok {
		tab := s.objects[t].(*Table)
		return tab, tab.Index(id)
	}
	switch o := s.objects[id].(type) {
	case *Table, *View, *Sequence:
		return o, nil
	}
	return nil, nil
}

// Type returns the definition of the user's or built-in type with that name in a schema, or nil.
func (s *Snapshot) Type(schema OID, n string) *types.Def {
	if schema == PgCatalog {
		if d := types.BuiltinByName(n); d != nil {
			return d
		}
	}
	if schema == InformationSchema {
		for _, d := range virtualTypes {
			if d.Name == n {
				return d
			}
		}
	}
	if d := s.defs[s.types[name{schema, n}]]; d != nil {
		return d
	}
	return s.rowTypeNamed(schema, n)
}

// TypeByOID returns a type's definition, built-in or not, or nil.
func (s *Snapshot) TypeByOID(id OID) *types.Def {
	if d := types.Builtin(id); d != nil {
		return d
	}
	if d := s.defs[id]; d != nil {
		return d
	}
	if d := s.rowType(id); d != nil {
		return d
	}
	return virtualTypes[id]
}

// Functions returns the user's functions of that name in a schema.
func (s *Snapshot) Functions(schema OID, n string) []*Function {
	var out []*Function
	for _, id := range s.functions[name{schema, n}] {
		out = append(out, s.objects[id].(*Function))
	}
	return out
}

// Referrers returns the tables that have a foreign key to the table.
func (s *Snapshot) Referrers(table OID) []*Table {
	var out []*Table
	for _, id := range s.referrers[table] {
		out = append(out, s.objects[id].(*Table))
	}
	return out
}

// Twinned lists the objects that have twins on other branches.
func (s *Snapshot) Twinned() []OID { return s.twinned }

func (s *Snapshot) index() {
	s.Version = versions.Add(1)
	n := len(s.objects)
	s.relations, s.indexes = make(map[name]OID, 2*n), make(map[OID]OID, n)
	s.types, s.defs = map[name]OID{}, map[OID]*types.Def{}
	s.schemas, s.functions, s.referrers = map[string]OID{}, map[name][]OID{}, map[OID][]OID{}
	s.defineTypes()
	for id, o := range s.objects {
		h := o.Head()
		key := name{h.Schema, h.Name}
		if len(h.Twins) > 0 {
			s.twinned = append(s.twinned, id)
		}
		switch o := o.(type) {
		case *Schema:
			s.schemas[h.Name] = id
			if strings.HasPrefix(h.Name, TempPrefix) {
				s.schemas["pg_temp"] = id // the session's own: no other is in its catalog
			}
		case *Table:
			s.relations[key] = id
			if cols := s.resolveColumns(o.Columns); cols != nil {
				c := *o
				c.Columns = cols
				o, s.objects[id] = &c, &c
			}
			s.indexTable(o)
		case *View:
			s.relations[key] = id
			if cols := s.resolveColumns(o.Columns); cols != nil {
				c := *o
				c.Columns = cols
				s.objects[id] = &c
			}
		case *Sequence:
			s.relations[key] = id
		case *Function:
			s.functions[key] = append(s.functions[key], id)
		case *UserType, *Role, *Database:
		}
	}
	slices.Sort(s.twinned)
	for _, ids := range s.functions {
		slices.Sort(ids)
	}
	for _, ids := range s.referrers {
		slices.Sort(ids)
	}
}

func (s *Snapshot) indexTable(t *Table) {
	for _, ix := range t.Indexes {
		s.relations[name{t.Schema, ix.Name}] = ix.OID
		s.indexes[ix.OID] = t.OID
	}
	for _, c := range t.Constraints {
		if c.Kind == ForeignKey && !slices.Contains(s.referrers[c.RefTable], t.OID) {
			s.referrers[c.RefTable] = append(s.referrers[c.RefTable], t.OID)
		}
	}
}

// resolveColumns fills in the resolved types of columns that have none yet: their descriptor was never in a snapshot. Where
// a type has changed it returns resolved copies, since readers of older snapshots share the descriptor; else nil.
func (s *Snapshot) resolveColumns(cols []Column) (copies []Column) {
	for i := range cols {
		c := &cols[i]
		d := s.TypeByOID(c.TypeOID)
		if d == nil || c.Type.Def == d {
			continue
		}
		if c.Type.Def != nil && copies == nil {
			copies = slices.Clone(cols)
		}
		if copies != nil {
			c = &copies[i]
		}
		c.Type = types.Type{Def: d, Mod: c.Mod}
	}
	return copies
}
