package builtin

import "github.com/rowandb/rowan/types"

// SequencePosition is the last value of a sequence, or the one that nextval will give first.
var SequencePosition = &Proc{
	Name: "sequence_position", Schema: 11, Args: []types.OID{types.OIDRegclass}, Returns: types.OIDInt8, Kind: 'f', Strict: true,
	Volatile: 'v', Source: "sequence_position",
}

// NextvalOn is nextval of a sequence as a branch, which is named, has it.
var NextvalOn = &Proc{
	Name: "nextval", Schema: 11, Args: []types.OID{types.OIDRegclass, types.OIDText}, Returns: types.OIDInt8, Kind: 'f', Strict: true,
	Volatile: 'v', Source: "nextval_on",
}

// InnerProcs are the functions that no name in SQL leads to. The binder calls them.
func InnerProcs() []*Proc { return []*Proc{SequencePosition, NextvalOn} }
