package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// createFunction binds CREATE FUNCTION and PROCEDURE.
func (b *definer) createFunction(s *pg.CreateFunctionStmt) (command.Command, error) {
	at, err := b.newName(stringList(s.Funcname))
	if err != nil {
		return nil, err
	}
	f := &catalog.Function{Header: catalog.Header{Schema: at.Schema, Name: at.Name}, Kind: 'f', Volatile: 'v', Parallel: 'u'}
	if s.IsProcedure {
		f.Kind = 'p'
	}
	o, err := b.functionOptions(f, s)
	if err != nil {
		return nil, err
	}
	out, err := b.parameters(f, s.Parameters)
	if err != nil {
		return nil, err
	}
	if err := b.returns(f, s, out); err != nil {
		return nil, err
	}
	c := &command.CreateFunction{Function: f, Replace: s.Replace, Temp: at.Temp}
	if err := o.check(f, s.SqlBody != nil); err != nil {
		return nil, err
	}
	if s.SqlBody != nil {
		if err := b.standardBody(f, s.SqlBody); err != nil {
			return nil, err
		}
	}
	if f.Language == "sql" && !b.opts.NoBodyCheck {
		c.Invalid = b.checkSQL(f)
	}
	if f.Language == "plpgsql" && !b.opts.NoBodyCheck {
		st := b.stmt
		c.Place = func(offset int) int { return bodyPlace(st, f.Body, offset) }
	}
	return c, nil
}

// checkSQL tells what is wrong with a function in SQL.
func (b *definer) checkSQL(f *catalog.Function) error {
	for i, id := range f.ArgTypes {
		if d := b.def(id); d.Kind == types.KindPseudo && !isPolymorphic(id) && id != types.OIDRecord && id != types.OIDVoid && (i >= len(f.ArgModes) || f.ArgModes[i] != 'o') {
			return pgerr.New(pgerrcode.InvalidFunctionDefinition, "SQL functions cannot have arguments of type %s", b.formatType(d))
		}
	}
	if d := b.def(f.Returns); d.Kind == types.KindPseudo && !isPolymorphic(d.OID) && d.OID != types.OIDRecord && d.OID != types.OIDVoid {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "SQL functions cannot return type %s", b.formatType(d))
	}
	return b.checkBody(f)
}

func checkLanguage(f *catalog.Function) error {
	switch f.Language {
	case "sql", "plpgsql":
		return nil
	case "c", "internal":
		return pgerr.Unsupported("language \"%s\"", f.Language)
	}
	return pgerr.New(pgerrcode.UndefinedObject, "language \"%s\" does not exist", f.Language)
}

var parameterModes = map[pg.FunctionParameterMode]byte{
	pg.FunctionParameterMode_FUNC_PARAM_IN: 'i', pg.FunctionParameterMode_FUNC_PARAM_OUT: 'o', pg.FunctionParameterMode_FUNC_PARAM_INOUT: 'b',
	pg.FunctionParameterMode_FUNC_PARAM_VARIADIC: 'v', pg.FunctionParameterMode_FUNC_PARAM_TABLE: 't', pg.FunctionParameterMode_FUNC_PARAM_DEFAULT: 'i',
}

// parameters binds the arguments and returns the types of those that are results.
func (b *definer) parameters(f *catalog.Function, nodes []*pg.Node) ([]types.OID, error) {
	var out []types.OID
	named, moded, variadic := false, false, false
	for _, n := range nodes {
		p := n.GetFunctionParameter()
		t, err := b.argumentType(p.ArgType)
		if err != nil {
			return nil, err
		}
		mode := parameterModes[p.Mode]
		if p.ArgType.Setof {
			return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "%ss cannot accept set arguments", kindWord(f))
		}
		if err := b.parameterFits(f, t, mode, p.Name, variadic); err != nil {
			return nil, err
		}
		variadic = variadic || mode == 'v'
		f.ArgTypes, f.ArgNames, f.ArgModes = append(f.ArgTypes, t.ID()), append(f.ArgNames, p.Name), append(f.ArgModes, mode)
		named, moded = named || p.Name != "", moded || mode != 'i'
		if mode != 'i' && mode != 'v' {
			out = append(out, t.ID())
		}
		if err := b.parameterDefault(f, p, types.Of(t.Def), mode); err != nil {
			return nil, err
		}
	}
	if !named {
		f.ArgNames = nil
	}
	if !moded {
		f.ArgModes = nil
	}
	return out, nil
}

func kindWord(f *catalog.Function) string {
	if f.Kind == 'p' {
		return "procedure"
	}
	return "function"
}

// parameterFits checks a parameter beside those before it.
func (b *definer) parameterFits(f *catalog.Function, t types.Type, mode byte, name string, variadic bool) error {
	isOut := func(m byte) bool { return m == 'o' || m == 't' }
	if variadic && !isOut(mode) {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "VARIADIC parameter must be the last input parameter")
	}
	if variadic && mode == 'o' && f.Kind == 'p' {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "VARIADIC parameter must be the last parameter")
	}
	if mode == 'v' && !isArrayLike(t.Def) && t.ID() != types.OIDAny && t.ID() != types.OIDAnyArray && t.ID() != types.OIDAnyCompatibleArray {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "VARIADIC parameter must be an array")
	}
	for i, n := range f.ArgNames {
		pureIn, pureOut := func(m byte) bool { return m == 'i' || m == 'v' }, isOut
		old := f.ArgModes[i]
		if n == "" || n != name || pureIn(old) && pureOut(mode) || pureOut(old) && pureIn(mode) {
			continue
		}
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "parameter name \"%s\" used more than once", name)
	}
	return nil
}

// parameterDefault binds a parameter's default and keeps its stored form.
func (b *definer) parameterDefault(f *catalog.Function, p *pg.FunctionParameter, t types.Type, mode byte) error {
	if p.Defexpr == nil {
		if len(f.Defaults) > 0 && mode != 'o' && mode != 't' {
			return pgerr.New(pgerrcode.InvalidFunctionDefinition, "input parameters after one with a default value must also have defaults")
		}
		return nil
	}
	if mode == 'o' || mode == 't' {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "only input parameters can have default values")
	}
	e, err := b.child(nil).in(kindFunctionDefault, p.Defexpr)
	if err != nil {
		return err
	}
	if e, err = b.require(e, t, "DEFAULT", location(p.Defexpr)); err != nil {
		return err
	}
	k := b.keep(e)
	f.Defaults = append(f.Defaults, k.sql)
	for _, d := range k.deps {
		if !slices.Contains(f.Deps, d) {
			f.Deps = append(f.Deps, d)
		}
	}
	return nil
}

// argumentType resolves a type in a function's signature, where PostgreSQL words its absence in another way.
func (b *definer) argumentType(tn *pg.TypeName) (types.Type, error) {
	t, err := b.typeName(tn)
	if err != nil && pgerr.Code(err) == pgerrcode.UndefinedObject {
		err = pgerr.New(pgerrcode.UndefinedObject, "type %s does not exist", typeNameText(tn))
	}
	return t, err
}

// returns binds the result's type.
func (b *definer) returns(f *catalog.Function, s *pg.CreateFunctionStmt, out []types.OID) error {
	f.ReturnsSet = s.ReturnType.GetSetof() || slices.Contains(f.ArgModes, 't')
	var implied types.OID
	switch {
	case len(out) == 1 && f.Kind != 'p':
		implied = out[0]
	case len(out) > 0:
		implied = types.OIDRecord
	}
	switch {
	case s.ReturnType != nil && !slices.Contains(f.ArgModes, 't'):
		t, err := b.typeName(s.ReturnType)
		if err != nil && pgerr.Code(err) == pgerrcode.UndefinedObject {
			err = pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", typeNameText(s.ReturnType))
		}
		if err != nil {
			return err
		}
		if implied != 0 && implied != t.ID() {
			return pgerr.New(pgerrcode.InvalidFunctionDefinition, "function result type must be %s because of OUT parameters", b.formatType(b.def(implied)))
		}
		f.Returns = t.ID()
	case implied != 0:
		f.Returns = implied
	case f.Kind == 'p':
		f.Returns = types.OIDVoid
	default:
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "function result type must be specified")
	}
	return b.determinable(f)
}

// determinable refuses polymorphic results that no argument decides.
func (b *definer) determinable(f *catalog.Function) error {
	var element, compatible bool
	for i, id := range f.ArgTypes {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			continue
		}
		element, compatible = element || isAnyElement(id), compatible || isAnyCompatible(id)
	}
	results := []types.OID{f.Returns}
	for i, m := range f.ArgModes {
		if m == 'o' || m == 't' {
			results = append(results, f.ArgTypes[i])
		}
	}
	for _, id := range results {
		family := ""
		switch {
		case isAnyElement(id) && !element:
			family = "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange"
		case isAnyCompatible(id) && !compatible:
			family = "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"
		default:
			continue
		}
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "cannot determine result data type").
			WithDetail("A result of type %s requires at least one input of type %s.", b.formatType(b.def(id)), family)
	}
	return nil
}

func volatility(word string) byte {
	switch word {
	case "immutable":
		return 'i'
	case "stable":
		return 's'
	}
	return 'v'
}

func parallel(word string) byte {
	switch word {
	case "safe":
		return 's'
	case "restricted":
		return 'r'
	case "unsafe":
		return 'u'
	}
	return 0
}

// alterFunction binds ALTER FUNCTION with actions.
func (b *definer) alterFunction(s *pg.AlterFunctionStmt) (command.Command, error) {
	word := strings.ToLower(objectWord(s.Objtype))
	f, err := b.userFunction(s.Func, word)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", word, b.functionText(s.Func))
	}
	c := &command.AlterFunction{Function: f.OID, Routine: word}
	seen := map[string]bool{}
	for _, n := range s.Actions {
		d := n.GetDefElem()
		if f.Kind == 'p' && !procedureOptions[d.Defname] {
			return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "invalid attribute in procedure definition").At(int(d.Location))
		}
		if seen[d.Defname] && d.Defname != "set" {
			return nil, redundant(d)
		}
		seen[d.Defname] = true
		if err := alterAction(c, f, d); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// alterAction applies one action of ALTER FUNCTION.
func alterAction(c *command.AlterFunction, f *catalog.Function, d *pg.DefElem) error {
	if d.Defname == "set" {
		return alterSet(c, d)
	}
	draft, o := *f, functionOptions{}
	if err := o.property(&draft, d); err != nil {
		return err
	}
	switch d.Defname {
	case "volatility":
		c.Volatile = draft.Volatile
	case "strict":
		c.Strict = &draft.Strict
	case "security":
		c.Security = &draft.Security
	case "leakproof":
		c.Leakproof = &draft.Leakproof
	case "parallel":
		c.Parallel = draft.Parallel
	case "cost":
		c.Cost = draft.Cost
	case "rows":
		if c.Rows = draft.Rows; !f.ReturnsSet {
			return pgerr.New(pgerrcode.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
		}
	}
	return nil
}

func alterSet(c *command.AlterFunction, d *pg.DefElem) error {
	var set command.AlterSetting
	if err := setting(&set, d.Arg.GetVariableSetStmt()); err != nil {
		return err
	}
	switch {
	case set.Reset && set.Setting == "":
		c.Reset = append(c.Reset, "all")
	case set.Reset:
		c.Reset = append(c.Reset, set.Setting)
	default:
		c.Set = append(c.Set, set.Setting+"="+set.Value)
	}
	return nil
}

// kindFits refuses a function where a procedure is meant and the reverse; ROUTINE means either.
func (b *definer) kindFits(f *catalog.Function, word string) error {
	switch {
	case word == "function" && f.Kind == 'p':
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not a function", b.signatureOf(f))
	case word == "procedure" && f.Kind != 'p':
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not a procedure", b.signatureOf(f))
	}
	return nil
}

// signatureOf is name(argument types) of a function, as messages have it.
func (b *definer) signatureOf(f *catalog.Function) string {
	var args []string
	for i, id := range f.ArgTypes {
		if i >= len(f.ArgModes) || f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			args = append(args, b.formatType(b.def(id)))
		}
	}
	return f.Name + "(" + strings.Join(args, ", ") + ")"
}
