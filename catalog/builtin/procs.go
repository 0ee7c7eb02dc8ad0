package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed procs.tsv
var procsFile string

type procTable struct {
	all    []*Proc
	byOID  map[types.OID]*Proc
	byName map[string][]*Proc
}

var procs = sync.OnceValue(func() *procTable {
	all := append(table(procsFile, readProc), rowanProcs()...)
	t := &procTable{
		all:    all,
		byOID:  make(map[types.OID]*Proc, len(all)),
		byName: make(map[string][]*Proc, len(all)),
	}
	for _, p := range all {
		t.byOID[p.OID] = p
		t.byName[p.Name] = append(t.byName[p.Name], p)
	}
	return t
})

func readProc(r *reader, p *Proc) {
	p.OID, p.Schema, p.Name = r.oid(), r.oid(), r.str()
	p.Args, p.ArgNames = r.list(), r.strings(",")
	if m := r.str(); m != "" {
		p.ArgModes = []byte(m)
	}
	p.AllArgs, p.Returns = r.list(), r.oid()
	p.Set, p.Kind, p.Strict, p.Volatile = r.bool(), r.byte(), r.bool(), r.byte()
	p.Variadic, p.NDefaults, p.Defaults = r.oid(), r.int(), r.strings("|")
	p.Source, p.Leakproof, p.Parallel = r.str(), r.bool(), r.byte()
	p.Language, p.Cost, p.Rows, p.Support = r.oid(), r.float(), r.float(), r.oid()
	p.Comment = r.str()
}

// ProcByOID returns the built-in function with that OID, or nil.
func ProcByOID(id types.OID) *Proc { return procs().byOID[id] }

// ProcsByName returns the built-in functions of that name in all schemas: the candidates of overload resolution.
func ProcsByName(name string) []*Proc { return procs().byName[name] }

// AllProcs returns every built-in function, by OID. The slice is shared and must not be changed.
func AllProcs() []*Proc { return procs().all }
