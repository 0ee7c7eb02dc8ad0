package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// functionServices are the functions that show a function's signature and text.
var functionServices = map[string]service{
	"pg_get_function_arguments":          argumentsOf(true),
	"pg_get_function_identity_arguments": argumentsOf(false),
	"pg_get_function_result":             functionResult,
	"pg_get_function_arg_default":        functionArgDefault,
	"pg_get_function_sqlbody":            functionSQLBody,
	"pg_get_functiondef":                 functionDef,
}

// function is a function as pg_proc shows it, built in or made by a user.
type function struct {
	*builtin.Proc
	user  *catalog.Function // nil when built in
	names *pgcatalog.Names
	// direct is the number of arguments before ORDER BY of an ordered-set aggregate, -1 for other functions.
	direct int
}

// signature finds a function; its Proc is nil when there is none.
func (s *Session) signature(ctx context.Context, id catalog.OID) (function, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return function{}, err
	}
	s.catalogs.ctx = ctx
	f := function{names: s.definitions(snap), direct: -1}
	if p := builtin.ProcByOID(id); p != nil {
		f.Proc = p
		if a := builtin.AggregateFor(id); p.Kind == 'a' && a != nil && a.Kind != 'n' {
			f.direct = a.NDirect
		}
		return f, nil
	}
	u, ok := snap.Object(id).(*catalog.Function)
	if !ok {
		return f, nil
	}
	f.user = u
	f.Proc = &builtin.Proc{OID: id, Kind: u.Kind, Returns: u.Returns, Set: u.ReturnsSet, ArgNames: u.ArgNames, ArgModes: u.ArgModes, AllArgs: u.ArgTypes,
		Args: u.ArgTypes, NDefaults: len(u.Defaults), Schema: u.Schema, Name: u.Name}
	for _, d := range u.Defaults {
		f.Defaults = append(f.Defaults, s.spell(d, nil, nil, false))
	}
	return f, nil
}

// functionName is a function's name, with its schema where that is not in the path.
func (s *Session) functionName(snap *catalog.Snapshot, schema catalog.OID, name string) string {
	if schema == 0 || s.inPath(snap, schema) {
		return quoteIdent(name)
	}
	return quoteIdent(snap.SchemaName(schema)) + "." + quoteIdent(name)
}

var modeWords = map[byte]string{'o': "OUT ", 'b': "INOUT ", 'v': "VARIADIC "}

func (f function) mode(i int) byte {
	if i < len(f.ArgModes) {
		return f.ArgModes[i]
	}
	return 'i'
}

// all are the types of all arguments.
func (f function) all() []catalog.OID {
	if f.AllArgs != nil {
		return f.AllArgs
	}
	return f.Args
}

func isInput(mode byte) bool { return mode != 'o' && mode != 't' }

// inputs is the number of input arguments.
func (f function) inputs() int {
	n := 0
	for i := range f.all() {
		if isInput(f.mode(i)) {
			n++
		}
	}
	return n
}

// arguments writes the list of arguments.
func (f function) arguments(defaults bool) string {
	var b strings.Builder
	all := f.all()
	printed, input, direct := 0, 0, f.direct
	for i := 0; i < len(all); i++ {
		mode := f.mode(i)
		if mode == 't' {
			continue
		}
		switch {
		case printed == direct:
			if printed > 0 {
				b.WriteByte(' ')
			}
			b.WriteString("ORDER BY ")
		case printed > 0:
			b.WriteString(", ")
		}
		b.WriteString(f.argument(i))
		if isInput(mode) {
			input++
			if k := input - 1 - (f.inputs() - len(f.Defaults)); defaults && k >= 0 && k < len(f.Defaults) {
				b.WriteString(" DEFAULT " + f.Defaults[k])
			}
		}
		if printed++; printed == direct && i == len(all)-1 {
			i-- // the variadic argument stands on both sides of ORDER BY
		}
	}
	return b.String()
}

// argument writes one argument without its default.
func (f function) argument(i int) string {
	mode := f.mode(i)
	text := modeWords[mode]
	if mode == 'i' && f.Kind == 'p' {
		text = "IN "
	}
	if i < len(f.ArgNames) && f.ArgNames[i] != "" {
		text += quoteIdent(f.ArgNames[i]) + " "
	}
	return text + f.names.FormatType(f.all()[i], -1, false)
}

// result writes what the function returns; "" for a procedure.
func (f function) result() string {
	if f.Kind == 'p' {
		return ""
	}
	var cols []string
	for i, m := range f.ArgModes {
		if m == 't' {
			cols = append(cols, quoteIdent(f.ArgNames[i])+" "+f.names.FormatType(f.AllArgs[i], -1, false))
		}
	}
	switch name := f.names.FormatType(f.Returns, -1, false); {
	case cols != nil:
		return "TABLE(" + strings.Join(cols, ", ") + ")"
	case f.Set:
		return "SETOF " + name
	default:
		return name
	}
}

func argumentsOf(defaults bool) service {
	return func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		f, err := s.signature(ctx, catalog.OID(a[0].I))
		if f.Proc == nil || err != nil {
			return types.Null, err
		}
		return types.String(f.arguments(defaults)), nil
	}
}

func functionResult(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	f, err := s.signature(ctx, catalog.OID(a[0].I))
	if f.Proc == nil || err != nil {
		return types.Null, err
	}
	return orNull(f.result()), nil
}

// functionArgDefault is pg_get_function_arg_default(function, n): the default of the n-th argument.
func functionArgDefault(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	f, err := s.signature(ctx, catalog.OID(a[0].I))
	n := int(a[1].I)
	if f.Proc == nil || err != nil || n < 1 || n > len(f.all()) || !isInput(f.mode(n-1)) {
		return types.Null, err
	}
	input := 0
	for i := range n {
		if isInput(f.mode(i)) {
			input++
		}
	}
	if k := input - 1 - (f.inputs() - len(f.Defaults)); k >= 0 && k < len(f.Defaults) {
		return types.String(f.Defaults[k]), nil
	}
	return types.Null, nil
}

// functionDef is pg_get_functiondef: CREATE OR REPLACE FUNCTION with all that the function is.
func functionDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	f, err := s.signature(ctx, catalog.OID(a[0].I))
	if f.Proc == nil || err != nil {
		return types.Null, err
	}
	if f.Kind == 'a' {
		return types.Null, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is an aggregate function", f.Name)
	}
	word := "FUNCTION"
	if f.Kind == 'p' {
		word = "PROCEDURE"
	}
	var b strings.Builder
	b.WriteString("CREATE OR REPLACE " + word + " " + f.names.Qualified(f.Schema, f.Name) + "(" + f.arguments(true) + ")\n")
	if r := f.result(); r != "" {
		b.WriteString(" RETURNS " + r + "\n")
	}
	b.WriteString(" LANGUAGE " + f.language() + "\n" + f.properties())
	if f.user != nil {
		for _, c := range f.user.Config {
			name, value, _ := strings.Cut(c, "=")
			b.WriteString(" SET " + quoteIdent(name) + " TO " + quoteSetting(name, value) + "\n")
		}
	}
	if f.user != nil && f.user.Standard() {
		b.WriteString(s.standardBody(f.user) + "\n")
		return types.String(b.String()), nil
	}
	tag := "$" + strings.ToLower(word)
	for strings.Contains(f.body(), tag) {
		tag += "x"
	}
	tag += "$"
	b.WriteString("AS " + tag + f.body() + tag + "\n")
	return types.String(b.String()), nil
}

// quoteSetting writes a value of SET: those of lists each by itself.
func quoteSetting(name, v string) string {
	switch strings.ToLower(name) {
	case "search_path", "temp_tablespaces", "session_preload_libraries", "shared_preload_libraries", "local_preload_libraries", "unix_socket_directories":
		list := splitList(v)
		for i, x := range list {
			list[i] = quoteText(x)
		}
		return strings.Join(list, ", ")
	}
	return quoteText(v)
}

func quoteText(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

func (f function) language() string {
	if f.user != nil {
		return f.user.Language
	}
	for _, l := range builtin.AllLanguages() {
		if l.OID == f.Language {
			return l.Name
		}
	}
	return "internal"
}

func (f function) body() string {
	if f.user != nil {
		return f.user.Body
	}
	return f.Source
}

// properties writes the line of what the function promises, if any.
func (f function) properties() string {
	volatile, parallel, strict, leakproof, security := f.Volatile, f.Parallel, f.Strict, f.Leakproof, false
	if u := f.user; u != nil {
		volatile, parallel, strict, leakproof, security = u.Volatile, u.Parallel, u.Strict, u.Leakproof, u.Security
	}
	out := ""
	add := func(ok bool, word string) {
		if ok {
			out += " " + word
		}
	}
	add(f.Kind == 'w', "WINDOW")
	add(volatile == 'i', "IMMUTABLE")
	add(volatile == 's', "STABLE")
	add(parallel == 's', "PARALLEL SAFE")
	add(parallel == 'r', "PARALLEL RESTRICTED")
	add(strict, "STRICT")
	add(security, "SECURITY DEFINER")
	add(leakproof, "LEAKPROOF")
	cost, rows, usual := f.Cost, f.Rows, float32(1)
	if f.user != nil {
		cost, rows = f.user.Cost, f.user.Rows
	}
	if f.user != nil || f.language() == "sql" {
		usual = 100
	}
	add(cost != usual && cost != 0, "COST "+strconv.FormatFloat(float64(cost), 'g', -1, 32))
	add(rows > 0 && rows != 1000, "ROWS "+strconv.FormatFloat(float64(rows), 'g', -1, 32))
	if f.user == nil {
		if p := builtin.ProcByOID(f.Support); p != nil {
			add(true, "SUPPORT "+p.Name)
		}
	}
	if out != "" {
		out += "\n"
	}
	return out
}
