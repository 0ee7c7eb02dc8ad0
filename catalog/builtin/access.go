package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed ams.tsv
var amsFile string

//go:embed opclasses.tsv
var opClassesFile string

//go:embed opfamilies.tsv
var opFamiliesFile string

//go:embed amops.tsv
var amopsFile string

//go:embed amprocs.tsv
var amprocsFile string

// AccessMethod is a row of pg_am.
type AccessMethod struct {
	OID     types.OID
	Name    string
	Handler types.OID
	Kind    byte // t table, i index
	Comment string
}

// OpClass is a row of pg_opclass.
type OpClass struct {
	OID     types.OID
	Method  types.OID
	Name    string
	Family  types.OID
	Input   types.OID
	Default bool
	Key     types.OID
}

// OpFamily is a row of pg_opfamily.
type OpFamily struct {
	OID    types.OID
	Method types.OID
	Name   string
}

// AmOp is a row of pg_amop: an operator's place in an operator family.
type AmOp struct {
	OID, Family, Left, Right types.OID
	Strategy                 int
	Purpose                  byte // s search, o order
	Operator, Method, Sort   types.OID
}

// AmProc is a row of pg_amproc: a support function of an operator family.
type AmProc struct {
	OID, Family, Left, Right types.OID
	Number                   int
	Proc                     types.OID
}

var accessMethods = sync.OnceValue(func() []*AccessMethod {
	return table(amsFile, func(r *reader, a *AccessMethod) {
		a.OID, a.Name, a.Handler, a.Kind, a.Comment = r.oid(), r.str(), r.oid(), r.byte(), r.str()
	})
})

var opClasses = sync.OnceValue(func() []*OpClass {
	return table(opClassesFile, func(r *reader, c *OpClass) {
		c.OID, c.Method, c.Name, c.Family = r.oid(), r.oid(), r.str(), r.oid()
		c.Input, c.Default, c.Key = r.oid(), r.bool(), r.oid()
	})
})

var opFamilies = sync.OnceValue(func() []*OpFamily {
	return table(opFamiliesFile, func(r *reader, f *OpFamily) {
		f.OID, f.Method, f.Name = r.oid(), r.oid(), r.str()
	})
})

var amOps = sync.OnceValue(func() []*AmOp {
	return table(amopsFile, func(r *reader, a *AmOp) {
		a.OID, a.Family, a.Left, a.Right, a.Strategy = r.oid(), r.oid(), r.oid(), r.oid(), r.int()
		a.Purpose, a.Operator, a.Method, a.Sort = r.byte(), r.oid(), r.oid(), r.oid()
	})
})

var amProcs = sync.OnceValue(func() []*AmProc {
	return table(amprocsFile, func(r *reader, a *AmProc) {
		a.OID, a.Family, a.Left, a.Right = r.oid(), r.oid(), r.oid(), r.oid()
		a.Number, a.Proc = r.int(), r.oid()
	})
})

// AllAccessMethods returns the rows of pg_am. This slice and those of the functions below are shared and must not be changed.
func AllAccessMethods() []*AccessMethod { return accessMethods() }

// AllOpClasses returns the rows of pg_opclass.
func AllOpClasses() []*OpClass { return opClasses() }

// AllOpFamilies returns the rows of pg_opfamily.
func AllOpFamilies() []*OpFamily { return opFamilies() }

// AllAmOps returns the rows of pg_amop.
func AllAmOps() []*AmOp { return amOps() }

// AllAmProcs returns the rows of pg_amproc.
func AllAmProcs() []*AmProc { return amProcs() }

// DefaultOpClass returns the operator class that an index method (403 is btree) takes for a type, or nil. Types that are
// binary coercible to another's (varchar to text) and arrays, enums and records have none of their own: ask for text,
// anyarray, anyenum, record.
func DefaultOpClass(method, input types.OID) *OpClass {
	for _, c := range opClasses() {
		if c.Method == method && c.Input == input && c.Default {
			return c
		}
	}
	return nil
}
