package builtin

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/rowandb/rowan/types"
)

//go:embed rowan.tsv
var rowanFile string

//go:embed dolt.tsv
var doltFile string

//go:embed helios.tsv
var heliosFile string

const (
	schemaCatalog types.OID = 11
	schemaRowan   types.OID = 13001
)

// rowanProcs reads the functions of schema rowan, and those that Dolt and HeliosDB have, which are found without a schema. Their files are
// for people: arguments as CREATE FUNCTION has them, and a result that may be "setof type", "table(name type, …)" or
// "out(name type)". All go through the session: Proc.Source is rowan_<name>, dolt_<name> or helios_<name>. Functions of one name
// share it where the number of arguments tells them apart; else it ends in the type of the second argument of those after the first.
func rowanProcs() []*Proc {
	return slices.Concat(ownProcs(rowanFile, schemaRowan, "rowan_"), ownProcs(doltFile, schemaCatalog, "dolt_"), ownProcs(heliosFile, schemaCatalog, "helios_"))
}

func ownProcs(file string, schema types.OID, prefix string) []*Proc {
	seen := map[string]int{} // numbers of arguments
	return table(file, func(r *reader, p *Proc) {
		p.OID, p.Schema, p.Name, p.Kind, p.Parallel = r.oid(), schema, r.str(), 'f', 'u'
		p.Language, p.Cost = 12, 1
		p.Source = prefix + strings.TrimPrefix(p.Name, prefix)
		readArguments(p, r.str())
		if n, ok := seen[p.Name]; ok && n == len(p.Args) {
			p.Source += "_" + TypeByOID(p.Args[1]).Name
		}
		seen[p.Name] = len(p.Args)
		readResult(p, r.str())
		p.Volatile, p.Strict, p.Comment = r.byte(), r.bool(), r.str()
	})
}

// IsRowan reports whether a function is one of Rowan's own, which PostgreSQL does not have.
func IsRowan(p *Proc) bool { return p.OID >= firstRowan && p.OID <= lastRowan }

// The OIDs of functions that PostgreSQL does not have.
const firstRowan, lastRowan types.OID = 8000, 8899

func readArguments(p *Proc, list string) {
	if list == "" {
		return
	}
	for arg := range strings.SplitSeq(list, ", ") {
		arg, variadic := strings.CutPrefix(arg, "variadic ")
		arg, def, hasDefault := strings.Cut(arg, " = ")
		name, typ, _ := strings.Cut(arg, " ")
		p.ArgNames = append(p.ArgNames, name)
		p.Args = append(p.Args, mustType(typ))
		if variadic {
			p.Variadic = mustType(strings.TrimSuffix(typ, "[]"))
		}
		if hasDefault {
			p.Defaults = append(p.Defaults, def)
			p.NDefaults++
		}
	}
}

func readResult(p *Proc, result string) {
	if t, ok := strings.CutPrefix(result, "setof "); ok {
		p.Set, p.Rows, result = true, 100, t
	}
	modes := []byte(strings.Repeat("i", len(p.Args)))
	if p.Variadic != 0 {
		modes[len(modes)-1] = 'v'
		p.AllArgs, p.ArgModes = p.Args, modes
	}
	columns, isTable := strings.CutPrefix(result, "table(")
	out, isOut := strings.CutPrefix(result, "out(")
	mode := byte('t')
	switch {
	case isTable:
		p.Set, p.Rows, p.Returns = true, 100, types.OIDRecord
	case isOut:
		_, typ, _ := strings.Cut(strings.TrimSuffix(out, ")"), " ")
		columns, mode, p.Returns = out, 'o', mustType(typ)
	default:
		p.Returns = mustType(result)
		return
	}
	p.AllArgs, p.ArgModes = append([]types.OID(nil), p.Args...), modes
	for column := range strings.SplitSeq(strings.TrimSuffix(columns, ")"), ", ") {
		name, typ, _ := strings.Cut(column, " ")
		p.ArgNames = append(p.ArgNames, strings.Trim(name, `"`))
		p.AllArgs = append(p.AllArgs, mustType(typ))
		p.ArgModes = append(p.ArgModes, mode)
	}
}

// mustType finds a type that rowan.tsv names. A test reads the whole file, so a misspelt one does not get far.
func mustType(name string) types.OID {
	if base, ok := strings.CutSuffix(name, "[]"); ok {
		name = "_" + base
	}
	row := TypeByName(name)
	if row == nil {
		panic("rowan.tsv: no type " + name)
	}
	return row.OID
}
