package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed types.tsv
var typesFile string

//go:embed ranges.tsv
var rangesFile string

// TypeRow is a row of pg_type, types included that the engine does not support; for those it does, see types.Builtin.
// The functions are OIDs in pg_proc.
type TypeRow struct {
	OID       types.OID
	Name      string
	Schema    types.OID
	Len       int16
	ByVal     bool
	Kind      byte
	Category  byte
	Preferred bool
	Defined   bool
	Delim     byte
	Relation  types.OID

	Subscript, Elem, Array       types.OID
	Input, Output, Receive, Send types.OID
	ModIn, ModOut, Analyze       types.OID

	Align     byte
	Storage   byte
	NotNull   bool
	Base      types.OID
	Mod       int32
	NDims     int
	Collation types.OID
	Default   *string
	Comment   string
}

// RangeRow is a row of pg_range.
type RangeRow struct {
	Type, Subtype, Multirange, Collation, OpClass, Canonical, Diff types.OID
}

type typeTable struct {
	all    []*TypeRow
	byOID  map[types.OID]*TypeRow
	byName map[string]*TypeRow
}

var typeRows = sync.OnceValue(func() *typeTable {
	all := table(typesFile, readType)
	t := &typeTable{
		all:    all,
		byOID:  make(map[types.OID]*TypeRow, len(all)),
		byName: make(map[string]*TypeRow, len(all)),
	}
	for _, row := range all {
		t.byOID[row.OID] = row
		if row.Schema == schemaCatalog {
			t.byName[row.Name] = row
		}
	}
	return t
})

func readType(r *reader, t *TypeRow) {
	t.OID, t.Name, t.Schema, t.Len, t.ByVal = r.oid(), r.str(), r.oid(), int16(r.int()), r.bool()
	t.Kind, t.Category, t.Preferred, t.Defined, t.Delim = r.byte(), r.byte(), r.bool(), r.bool(), r.byte()
	t.Relation, t.Subscript, t.Elem, t.Array = r.oid(), r.oid(), r.oid(), r.oid()
	t.Input, t.Output, t.Receive, t.Send = r.oid(), r.oid(), r.oid(), r.oid()
	t.ModIn, t.ModOut, t.Analyze = r.oid(), r.oid(), r.oid()
	t.Align, t.Storage, t.NotNull = r.byte(), r.byte(), r.bool()
	t.Base, t.Mod, t.NDims, t.Collation = r.oid(), int32(r.int()), r.int(), r.oid()
	t.Default, t.Comment = r.opt(), r.str()
}

var ranges = sync.OnceValue(func() []*RangeRow {
	return table(rangesFile, func(r *reader, t *RangeRow) {
		t.Type, t.Subtype, t.Multirange, t.Collation = r.oid(), r.oid(), r.oid(), r.oid()
		t.OpClass, t.Canonical, t.Diff = r.oid(), r.oid(), r.oid()
	})
})

// TypeByOID returns the row of pg_type with that OID, or nil.
func TypeByOID(id types.OID) *TypeRow { return typeRows().byOID[id] }

// TypeByName returns the row of pg_type for a type of the schema pg_catalog, or nil.
func TypeByName(name string) *TypeRow { return typeRows().byName[name] }

// AllTypes returns the rows of pg_type that every database has, by OID. The slice is shared and must not be changed.
func AllTypes() []*TypeRow { return typeRows().all }

// AllRanges returns the rows of pg_range. The slice is shared and must not be changed.
func AllRanges() []*RangeRow { return ranges() }
