package types

// Builtin returns the definition of a built-in type that the engine supports, or nil.
func Builtin(id OID) *Def { return builtinByOID[id] }

// BuiltinByName returns the built-in type with that name in pg_catalog, or nil.
func BuiltinByName(name string) *Def { return builtinByName[name] }

var (
	builtinByOID  = map[OID]*Def{}
	builtinByName = map[string]*Def{}
)
