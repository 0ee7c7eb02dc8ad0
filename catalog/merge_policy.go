package catalog

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Merge policies of columns: what becomes of a value that both sides of a merge have changed.
const (
	MergeTheirs = "theirs" // the source's
	MergeOurs   = "ours"   // the target's
	MergeMax    = "max"
	MergeMin    = "min"
	MergeSum    = "sum"   // both changes are added up
	MergeUnion  = "union" // of arrays: what either side added, without what either took away
	MergeJSON   = "json"  // member by member
)

// NeedsBase reports whether a policy asks what a value was before.
func NeedsBase(policy string) bool {
	switch policy {
	case MergeTheirs, MergeOurs, MergeMax, MergeMin:
		return false
	}
	return true
}

// MayHaveMergePolicy returns the error of a policy for a column that it is not for; "" takes the column's away.
func MayHaveMergePolicy(t *Table, c *Column, policy string) error {
	if c.Generated != "" && policy != "" {
		return pgerr.New(pgerrcode.InvalidObjectDefinition, "column \"%s\" of relation \"%s\" is a generated column", c.Name, t.Name).
			WithDetail("A merge computes it anew, from what the columns have become that it is made of.").
			WithHint("Give those columns the merge policy.")
	}
	return CheckMergePolicy(policy, c.Type)
}

// CheckMergePolicy returns the error of a policy that there is not, or not for a type. Anything with a dot is the name of a
// function of base, source and target.
func CheckMergePolicy(policy string, t types.Type) error {
	fits := true
	switch policy {
	case "", MergeTheirs, MergeOurs:
	case MergeMax, MergeMin:
		fits = types.Comparable(t.Def)
	case MergeSum:
		switch t.OID {
		case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDFloat4, types.OIDFloat8, types.OIDNumeric, types.OIDMoney, types.OIDInterval:
		default:
			fits = false
		}
	case MergeUnion:
		fits = t.IsArray()
	case MergeJSON:
		fits = t.OID == types.OIDJSON || t.OID == types.OIDJSONB
	default:
		if _, _, ok := MergeFunction(policy); !ok {
			return UnknownMergePolicy(policy)
		}
	}
	if !fits {
		return pgerr.New(pgerrcode.InvalidParameterValue, "merge policy \"%s\" does not fit type %s", policy, types.TypeName(t, nil))
	}
	return nil
}

// MergeFunction is the function that a policy names, false where it names none. Names in quotes are read as SQL reads them; without
// any, they are what they are written as.
func MergeFunction(policy string) (schema, name string, ok bool) {
	if !strings.Contains(policy, `"`) {
		schema, name, ok = strings.Cut(policy, ".")
		return schema, name, ok && schema != "" && name != ""
	}
	parts, ok := types.SplitName(policy)
	if !ok || len(parts) != 2 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

// UnknownMergePolicy is the error of a policy that there is not.
func UnknownMergePolicy(policy string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "unknown merge policy \"%s\"", policy).
		WithHint("Known policies: theirs, ours, max, min, sum, union, json, and functions given as schema.name.")
}

// CheckMergeFunction returns the error of a policy that names a function which is not there. Those of the server are not looked
// for: which of them fits is known when it is called.
func (s *Snapshot) CheckMergeFunction(policy string) error {
	schema, name, ok := MergeFunction(policy)
	if !ok || schema == "pg_catalog" {
		return nil
	}
	x := s.Schema(schema)
	if x == nil {
		return pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", schema)
	}
	for _, f := range s.Functions(x.OID, name) {
		if n := len(f.Inputs()); f.Kind == 'f' && !f.ReturnsSet && n >= 3 && n-len(f.Defaults) <= 3 || slices.Contains(f.ArgModes, 'v') {
			return nil
		}
	}
	return pgerr.New(pgerrcode.UndefinedFunction, "function %s of three arguments does not exist", policy).
		WithHint("A merge policy's function takes the values of the base, the source and the target, and returns the one that is to be.")
}
