package builtin

import "github.com/rowandb/rowan/types"

// SequencePosition is the last value of a sequence, or the one that nextval will give first.
var SequencePosition = &Proc{
	Name: "sequence_position", Schema: 11, Args: []types.OID{types.OIDRegclass}, Returns: types.OIDInt8, Kind: 'f', Strict: true,
	Volatile: 'v', Source: "sequence_position",
}

// InnerProcs are the functions that no name in SQL leads to. The binder calls them.
func InnerProcs() []*Proc { return []*Proc{SequencePosition} }
