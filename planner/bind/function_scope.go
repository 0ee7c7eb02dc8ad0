package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// Body says of which function's body a statement is, and what it is called with.
type Body struct {
	Name   string       // of the function
	Args   []string     // names of its input arguments, "" for those without; may be shorter than Types
	Types  []types.Type // of its input arguments, as in this call
	Result types.Type   // a record has the columns that are wanted, if that is known
	// Last says that the statement's rows are what the function returns; they become values of Result.
	Last bool
	// ReadOnly says that the function is not volatile: its statements change nothing.
	ReadOnly  bool
	Procedure bool
	// Check says that the function is being made: what it may not run is told when it is called.
	Check bool
	// PL says that the body is in PL/pgSQL. Vars are its variables, instead of Args; nil: the text sees none. Want, if it is
	// known, is the type that the only column is made.
	PL       bool
	Vars     Variables
	Conflict Conflict
	Want     types.Type
	// Tables are the transition tables that the function of a trigger sees, by name, with the type of their rows.
	Tables map[string]types.Type
}

// argument is what a name that is no column means in a function's body: an argument, or a field of one. nil: neither.
func (q *query) argument(names []string, pos int) (expr.Expr, error) {
	body := q.b.body()
	if body == nil {
		return nil, nil
	}
	if body.Vars != nil {
		return q.variable(names, true, pos)
	}
	at := func(name string) int {
		if name == "" {
			return -1
		}
		return slices.Index(body.Args, name)
	}
	rest := names[1:]
	i := -1
	if len(names) > 1 && names[0] == body.Name {
		if i = at(names[1]); i >= 0 {
			rest = names[2:]
		}
	}
	if i < 0 {
		i, rest = at(names[0]), names[1:]
	}
	if i < 0 || i >= len(body.Types) || len(rest) > 1 {
		return nil, nil
	}
	e, err := q.b.param(i+1, pos)
	if err != nil || len(rest) == 0 {
		return e, err
	}
	for k, f := range baseType(e.Type().Def).Fields {
		if f.Name == rest[0] {
			return &expr.Field{Arg: e, Index: k, Name: f.Name, T: f.Type}, nil
		}
	}
	return nil, pgerr.New(pgerrcode.UndefinedColumn, "could not identify column \"%s\" in record data type", rest[0]).At(pos)
}

// body is the function whose own text is being bound: views that it reads do not see its arguments.
func (b *binder) body() *Body {
	if b.views > 0 || b.params == nil {
		return nil
	}
	return b.opts.Body
}

// Callee is a user's function as calls of it bind: with the shape of a built-in one. ref is the catalog that it is of.
func Callee(f *catalog.Function, snap *catalog.Snapshot, ref catalog.Ref) *builtin.Proc {
	p := &builtin.Proc{
		OID: f.OID, Schema: f.Schema, Name: f.Name, Returns: f.Returns, Set: f.ReturnsSet, Kind: f.Kind, Strict: f.Strict,
		Volatile: f.Volatile, Defaults: f.Defaults, NDefaults: len(f.Defaults), Leakproof: f.Leakproof,
		Parallel: f.Parallel, User: true, Cost: 100, Rows: 1000, Function: f, Ref: ref, ArgNames: f.ArgNames,
	}
	if f.Cost != 0 {
		p.Cost = f.Cost
	}
	if f.Rows != 0 {
		p.Rows = f.Rows
	}
	if f.Language == "sql" {
		p.Language = 14
	}
	if len(f.ArgModes) == 0 {
		p.Args = f.ArgTypes
		return p
	}
	p.ArgModes, p.AllArgs = f.ArgModes, f.ArgTypes
	for i, m := range f.ArgModes {
		if m == 'i' || m == 'b' || m == 'v' {
			p.Args = append(p.Args, f.ArgTypes[i])
		}
		if m == 'v' {
			p.Variadic = variadicElement(f.ArgTypes[i], snap)
		}
	}
	return p
}

// variadicElement is the type of the arguments that a VARIADIC parameter takes.
func variadicElement(id types.OID, snap *catalog.Snapshot) types.OID {
	switch id {
	case types.OIDAny:
		return types.OIDAny
	case types.OIDAnyArray:
		return types.OIDAnyElement
	case types.OIDAnyCompatibleArray:
		return types.OIDAnyCompatible
	}
	if d := snap.TypeByOID(id); d != nil && d.Elem != nil {
		return d.Elem.OID
	}
	return 0
}

// needsFunction notes that a user's function is called: running the statement takes the privilege to execute it.
func (b *binder) needsFunction(p *builtin.Proc, pos int) {
	if !p.User {
		return
	}
	b.out.Calls = true
	if b.tracing() {
		b.trace.need(catalog.Dep{Object: p.OID})
	}
	at := -1
	if b.views == 0 {
		at = b.stmt.Source(pos)
	}
	for i := range b.out.Access {
		if a := &b.out.Access[i]; a.Object == catalog.Object(p.Function) && (a.At >= 0 || at < 0) {
			return
		}
	}
	b.out.Access = append(b.out.Access, Access{Object: p.Function, Ref: p.Ref, Privilege: catalog.PrivExecute, At: at})
}

// inputNamesOf are the names of a function's input arguments.
func inputNamesOf(f *catalog.Function) []string {
	if len(f.ArgModes) == 0 {
		return f.ArgNames
	}
	var out []string
	for i, m := range f.ArgModes {
		if i < len(f.ArgNames) && (m == 'i' || m == 'b' || m == 'v') {
			out = append(out, f.ArgNames[i])
		}
	}
	return out
}

func dotted(names []string) string { return strings.Join(names, ".") }
