package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed operators.tsv
var operatorsFile string

type operatorTable struct {
	all    []*Operator
	byOID  map[types.OID]*Operator
	byName map[string][]*Operator
}

var operators = sync.OnceValue(func() *operatorTable {
	all := table(operatorsFile, readOperator)
	t := &operatorTable{
		all:    all,
		byOID:  make(map[types.OID]*Operator, len(all)),
		byName: make(map[string][]*Operator),
	}
	for _, o := range all {
		t.byOID[o.OID] = o
		t.byName[o.Name] = append(t.byName[o.Name], o)
	}
	return t
})

func readOperator(r *reader, o *Operator) {
	o.OID, o.Name, o.Kind = r.oid(), r.str(), r.byte()
	o.Left, o.Right, o.Result = r.oid(), r.oid(), r.oid()
	o.Commutator, o.Negator, o.Proc = r.oid(), r.oid(), r.oid()
	o.CanMerge, o.CanHash = r.bool(), r.bool()
	o.Restrict, o.Join, o.Comment = r.oid(), r.oid(), r.str()
}

// OperatorByOID returns the operator with that OID, or nil.
func OperatorByOID(id types.OID) *Operator { return operators().byOID[id] }

// OperatorsByName returns the operators of that name, binary and prefix.
func OperatorsByName(name string) []*Operator { return operators().byName[name] }

// OperatorFor returns the operator with exactly these operand types (left 0: prefix), or nil.
func OperatorFor(name string, left, right types.OID) *Operator {
	for _, o := range operators().byName[name] {
		if o.Left == left && o.Right == right {
			return o
		}
	}
	return nil
}

// AllOperators returns every operator, by OID. The slice is shared and must not be changed.
func AllOperators() []*Operator { return operators().all }
