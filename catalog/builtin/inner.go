package builtin

import (
	"maps"
	"slices"
	"strings"

	"github.com/rowandb/rowan/types"
)

// SequencePosition is the last value of a sequence, or the one that nextval will give first.
var SequencePosition = &Proc{
	Name: "sequence_position", Schema: 11, Args: []types.OID{types.OIDRegclass}, Returns: types.OIDInt8, Kind: 'f', Strict: true,
	Volatile: 'v', Source: "sequence_position",
}

// RegclassOn is the OID of a relation that a text has named on a branch at a point, together with that name: an error where it runs on another.
// The calls that SequencesOn lists take it apart.
var RegclassOn = &Proc{
	Name: "regclass", Schema: 11, Args: []types.OID{types.OIDRegclass, types.OIDText, types.OIDText, types.OIDText}, Returns: types.OIDRegclass,
	Kind: 'f', Strict: true, Volatile: 's', Source: "regclass_on",
}

// SequencesOn are the functions of sequences with a branch and a point, which come first, by the sources of those without.
var SequencesOn = map[string]*Proc{
	"nextval_oid": onBranch("nextval", types.OIDRegclass),
	"currval_oid": onBranch("currval", types.OIDRegclass),
	"setval_oid":  onBranch("setval", types.OIDRegclass, types.OIDInt8),
	"setval3_oid": onBranch("setval3", types.OIDRegclass, types.OIDInt8, types.OIDBool),

	"pg_sequence_last_value": onBranch("pg_sequence_last_value", types.OIDRegclass),
	"sequence_position":      onBranch("sequence_position", types.OIDRegclass),
}

func onBranch(name string, args ...types.OID) *Proc {
	return &Proc{
		Name: strings.TrimSuffix(name, "3"), Schema: 11, Args: append([]types.OID{types.OIDText, types.OIDText}, args...), Returns: types.OIDInt8,
		Kind: 'f', Strict: true, Volatile: 'v', Source: name + "_on",
	}
}

// InnerProcs are the functions that no name in SQL leads to. The binder calls them.
func InnerProcs() []*Proc {
	return slices.AppendSeq([]*Proc{SequencePosition, RegclassOn}, maps.Values(SequencesOn))
}
