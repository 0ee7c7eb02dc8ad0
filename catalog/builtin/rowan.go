package builtin

import (
	_ "embed"
	"strings"

	"github.com/rowandb/rowan/types"
)

//go:embed rowan.tsv
var rowanFile string

const (
	schemaCatalog types.OID = 11
	schemaRowan   types.OID = 13001
)

// rowanProcs reads the functions of schema rowan. Their file is for people: arguments as CREATE FUNCTION has them, and a
// result that may be "setof type" or "table(name type, …)". All go through the session (Proc.Source is rowan_<name>).
func rowanProcs() []*Proc {
	return table(rowanFile, func(r *reader, p *Proc) {
		p.OID, p.Schema, p.Name, p.Kind, p.Parallel = r.oid(), schemaRowan, r.str(), 'f', 'u'
		p.Language, p.Cost = 12, 1
		p.Source = "rowan_" + p.Name
		readArguments(p, r.str())
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
		arg, def, hasDefault := strings.Cut(arg, " = ")
		name, typ, _ := strings.Cut(arg, " ")
		p.ArgNames = append(p.ArgNames, name)
		p.Args = append(p.Args, mustType(typ))
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
	columns, ok := strings.CutPrefix(result, "table(")
	if !ok {
		p.Returns = mustType(result)
		return
	}
	p.Set, p.Rows, p.Returns = true, 100, types.OIDRecord
	p.AllArgs = append(p.AllArgs, p.Args...)
	p.ArgModes = []byte(strings.Repeat("i", len(p.Args)))
	for column := range strings.SplitSeq(strings.TrimSuffix(columns, ")"), ", ") {
		name, typ, _ := strings.Cut(column, " ")
		p.ArgNames = append(p.ArgNames, name)
		p.AllArgs = append(p.AllArgs, mustType(typ))
		p.ArgModes = append(p.ArgModes, 't')
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
