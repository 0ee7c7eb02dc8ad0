package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// createFunction binds CREATE FUNCTION and PROCEDURE. The body is kept as it is.
func (b *definer) createFunction(s *pg.CreateFunctionStmt) (command.Command, error) {
	at, err := b.newName(stringList(s.Funcname))
	if err != nil {
		return nil, err
	}
	f := &catalog.Function{Header: catalog.Header{Schema: at.Schema, Name: at.Name}, Kind: 'f', Volatile: 'v', Parallel: 'u', Language: "sql"}
	if s.IsProcedure {
		f.Kind = 'p'
	}
	out, err := b.parameters(f, s.Parameters)
	if err != nil {
		return nil, err
	}
	if err := b.returns(f, s, out); err != nil {
		return nil, err
	}
	if s.SqlBody != nil {
		if f.Body, err = standardBody(s.SqlBody); err != nil {
			return nil, err
		}
	}
	for _, n := range s.Options {
		if err := functionOption(f, n.GetDefElem()); err != nil {
			return nil, err
		}
	}
	return &command.CreateFunction{Function: f, Replace: s.Replace}, checkLanguage(f)
}

func checkLanguage(f *catalog.Function) error {
	switch f.Language {
	case "sql", "plpgsql":
		return nil
	case "c", "internal":
		return pgerr.Unsupported("language %q", f.Language)
	}
	return pgerr.New(pgerrcode.UndefinedObject, "language %q does not exist", f.Language).
		WithHint("Use CREATE EXTENSION to load the language into the database.")
}

var parameterModes = map[pg.FunctionParameterMode]byte{
	pg.FunctionParameterMode_FUNC_PARAM_IN: 'i', pg.FunctionParameterMode_FUNC_PARAM_OUT: 'o', pg.FunctionParameterMode_FUNC_PARAM_INOUT: 'b',
	pg.FunctionParameterMode_FUNC_PARAM_VARIADIC: 'v', pg.FunctionParameterMode_FUNC_PARAM_TABLE: 't', pg.FunctionParameterMode_FUNC_PARAM_DEFAULT: 'i',
}

// parameters binds the arguments and returns the types of those that are results.
func (b *definer) parameters(f *catalog.Function, nodes []*pg.Node) ([]types.OID, error) {
	var out []types.OID
	named, moded := false, false
	for _, n := range nodes {
		p := n.GetFunctionParameter()
		t, err := b.argumentType(p.ArgType)
		if err != nil {
			return nil, err
		}
		mode := parameterModes[p.Mode]
		f.ArgTypes, f.ArgNames, f.ArgModes = append(f.ArgTypes, t.ID()), append(f.ArgNames, p.Name), append(f.ArgModes, mode)
		named, moded = named || p.Name != "", moded || mode != 'i'
		if mode != 'i' && mode != 'v' {
			out = append(out, t.ID())
		}
		if p.Defexpr != nil {
			e, err := b.child(nil).in(kindFunctionDefault, p.Defexpr)
			if err != nil {
				return nil, err
			}
			if e, err = b.require(e, t, "DEFAULT", location(p.Defexpr)); err != nil {
				return nil, err
			}
			f.Defaults = append(f.Defaults, expr.SQL(e, b.storedForm()))
		} else if len(f.Defaults) > 0 && mode != 'o' && mode != 't' {
			return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "input parameters after one with a default value must also have defaults")
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

// argumentType resolves a type in a function's signature, where PostgreSQL words its absence in another way.
func (b *definer) argumentType(tn *pg.TypeName) (types.Type, error) {
	t, err := b.typeName(tn)
	if err != nil && pgerr.Code(err) == pgerrcode.UndefinedObject {
		err = pgerr.New(pgerrcode.UndefinedObject, "type %s does not exist", typeNameText(tn))
	}
	return t, err
}

// standardBody is the text of a body written as RETURN expression or BEGIN ATOMIC … END.
func standardBody(n *pg.Node) (string, error) {
	if r := n.GetReturnStmt(); r != nil {
		return deparse(&pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{resTarget("", r.Returnval)},
			LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}}})
	}
	var out []string
	for _, outer := range n.GetList().GetItems() {
		for _, s := range outer.GetList().GetItems() {
			text, err := standardBody(s)
			if err != nil {
				return "", err
			}
			out = append(out, text)
		}
	}
	if out == nil {
		return deparse(n)
	}
	return strings.Join(out, "; "), nil
}

// returns binds the result's type.
func (b *definer) returns(f *catalog.Function, s *pg.CreateFunctionStmt, out []types.OID) error {
	f.ReturnsSet = s.ReturnType.GetSetof() || slices.Contains(f.ArgModes, 't')
	switch {
	case s.ReturnType != nil && !slices.Contains(f.ArgModes, 't'):
		t, err := b.typeName(s.ReturnType)
		if err != nil && pgerr.Code(err) == pgerrcode.UndefinedObject {
			err = pgerr.New(pgerrcode.UndefinedObject, "type %q does not exist", typeNameText(s.ReturnType))
		}
		if err != nil {
			return err
		}
		if t.ID() == types.OIDTrigger && f.Language == "sql" && s.SqlBody == nil && languageOf(s) == "sql" {
			return pgerr.New(pgerrcode.InvalidFunctionDefinition, "SQL functions cannot return type trigger")
		}
		f.Returns = t.ID()
	case len(out) == 1:
		f.Returns = out[0]
	case len(out) > 1:
		f.Returns = types.OIDRecord
	case s.IsProcedure:
		f.Returns = types.OIDVoid
	default:
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "function result type must be specified")
	}
	return nil
}

// languageOf is the language that the statement names.
func languageOf(s *pg.CreateFunctionStmt) string {
	for _, n := range s.Options {
		if d := n.GetDefElem(); d.Defname == "language" {
			return strings.ToLower(defText(d))
		}
	}
	return "sql"
}

func functionOption(f *catalog.Function, d *pg.DefElem) error {
	flag := func(to *bool) error {
		v, err := defBool(d)
		*to = v
		return err
	}
	switch d.Defname {
	case "as":
		f.Body = strings.Join(stringList(d.Arg.GetList().GetItems()), "\n")
		if s := d.Arg.GetString_(); s != nil {
			f.Body = s.Sval
		}
	case "language":
		f.Language = strings.ToLower(defText(d))
	case "volatility":
		f.Volatile = volatility(defText(d))
	case "strict":
		return flag(&f.Strict)
	case "security":
		return flag(&f.Security)
	case "leakproof":
		return flag(&f.Leakproof)
	case "parallel":
		f.Parallel = parallel(defText(d))
		if f.Parallel == 0 {
			return pgerr.New(pgerrcode.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
		}
	case "set":
		if v := d.Arg.GetVariableSetStmt(); v != nil {
			var c command.AlterSetting
			if err := setting(&c, v); err != nil {
				return err
			}
			f.Config = append(f.Config, c.Setting+"="+c.Value)
		}
	case "window":
		return pgerr.Unsupported("CREATE FUNCTION … WINDOW")
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
	f, err := b.userFunction(s.Func, strings.ToLower(objectWord(s.Objtype)))
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", strings.ToLower(objectWord(s.Objtype)), b.functionText(s.Func))
	}
	c := &command.AlterFunction{Function: f.OID}
	for _, n := range s.Actions {
		d := n.GetDefElem()
		v, _ := defBool(d)
		switch d.Defname {
		case "volatility":
			c.Volatile = volatility(defText(d))
		case "strict":
			c.Strict = &v
		case "security":
			c.Security = &v
		case "leakproof":
			c.Leakproof = &v
		case "parallel":
			c.Parallel = parallel(defText(d))
		case "set":
			var set command.AlterSetting
			if err := setting(&set, d.Arg.GetVariableSetStmt()); err != nil {
				return nil, err
			}
			switch {
			case set.Reset && set.Setting == "":
				c.Reset = append(c.Reset, "all")
			case set.Reset:
				c.Reset = append(c.Reset, set.Setting)
			default:
				c.Set = append(c.Set, set.Setting+"="+set.Value)
			}
		}
	}
	return c, nil
}
