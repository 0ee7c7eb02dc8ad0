package plpgsql

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Function is a compiled body.
type Function struct {
	Definition
	vars   []*variable
	body   *block
	slots  int
	found  int
	out    []target // OUT parameters, in order
	args   []int    // variables of the input parameters
	new    int      // variables of a trigger function; -1 in others
	old    int
	tg     int // the first of TriggerVariables
	writes bool

	free []*Frame
}

// Compile makes a function of a body. Errors that have no place in the text say near which line they are.
func Compile(ctx context.Context, d Definition, h Host) (*Function, error) {
	c := &compiler{ctx: ctx, h: h, f: &Function{Definition: d, new: -1, old: -1}, line: d.Body.Block.Line}
	if err := c.function(); err != nil {
		e := *pgerr.From(err)
		if e.ByteOffset() < 0 {
			line := fmt.Sprintf("compilation of PL/pgSQL function \"%s\" near line %d", d.Name, c.line)
			if e.Where != "" {
				line = e.Where + "\n" + line
			}
			e.Where = line
		}
		return nil, &e
	}
	return c.f, nil
}

type compiler struct {
	ctx   context.Context
	h     Host
	f     *Function
	scope *scope
	line  int
}

func (c *compiler) push(label string, loop bool) {
	c.scope = &scope{outer: c.scope, label: label, loop: loop}
}
func (c *compiler) pop() { c.scope = c.scope.outer }

func (c *compiler) add(v *variable) int {
	c.f.vars = append(c.f.vars, v)
	return len(c.f.vars) - 1
}

func (c *compiler) function() error {
	f := c.f
	switch f.Body.Conflict {
	case "error":
		f.Conflict = ConflictError
	case "use_variable":
		f.Conflict = ConflictVariable
	case "use_column":
		f.Conflict = ConflictColumn
	}
	c.push(f.Name, false)
	if err := c.parameters(); err != nil {
		return err
	}
	if f.Kind == KindTrigger {
		c.triggerVariables()
	}
	f.found = c.add(&variable{name: "found", t: types.Of(types.Builtin(types.OIDBool))})
	c.scope.declare("found", f.found)
	var err error
	f.body, err = c.block(f.Body.Block)
	return err
}

// parameters declares the parameters, by name and by number.
func (c *compiler) parameters() error {
	f := c.f
	for i, a := range f.Args {
		if a.Type.Def != nil && a.Type.Kind == types.KindPseudo && a.Type.ID() != types.OIDRecord && a.Mode != 'o' && a.Mode != 't' {
			return pgerr.New(pgerrcode.FeatureNotSupported, "PL/pgSQL functions cannot accept type %s", c.h.TypeName(a.Type))
		}
		name := fmt.Sprintf("$%d", i+1)
		v := c.add(&variable{name: name, t: a.Type, record: isRecord(a.Type)})
		c.scope.declare(name, v)
		if a.Name != "" {
			if _, twice := c.scope.names[a.Name]; twice {
				return pgerr.New(pgerrcode.InvalidFunctionDefinition, "parameter name \"%s\" used more than once", a.Name)
			}
			c.scope.declare(a.Name, v)
			f.vars[v].name = a.Name
		}
		if a.Mode == 'i' || a.Mode == 'b' || a.Mode == 'v' || a.Mode == 0 {
			f.args = append(f.args, v)
		}
		if a.Mode == 'o' || a.Mode == 'b' || a.Mode == 't' {
			f.out = append(f.out, target{v: v})
		}
	}
	return nil
}

// triggerVariables declares NEW, OLD and what begins with TG_.
func (c *compiler) triggerVariables() {
	f := c.f
	record := types.Of(types.Builtin(types.OIDRecord))
	f.new = c.add(&variable{name: "new", t: record, record: true})
	f.old = c.add(&variable{name: "old", t: record, record: true})
	c.scope.declare("new", f.new)
	c.scope.declare("old", f.old)
	f.tg = len(f.vars)
	for i, name := range TriggerVariables {
		c.scope.declare(name, c.add(&variable{name: name, t: types.Of(types.Builtin(triggerTypes[i]))}))
	}
}

// query makes a Query of an expression.
func (c *compiler) query(e *parse.PLExpr, m Mode) *Query {
	if e == nil {
		return nil
	}
	q := &Query{Text: e.Text, SQL: e.Text, Mode: m, Conflict: c.f.Conflict, scope: c.scope, slot: c.f.slots}
	if m != Command {
		q.SQL = "SELECT " + e.Text
	}
	c.f.slots++
	return q
}

func (c *compiler) expr(e *parse.PLExpr) *Query { return c.query(e, Expression) }

func (c *compiler) exprs(list []*parse.PLExpr) []*Query {
	var out []*Query
	for _, e := range list {
		out = append(out, c.expr(e))
	}
	return out
}

// block compiles a block.
func (c *compiler) block(b *parse.PLBlock) (*block, error) {
	c.push(b.Label, false)
	defer c.pop()
	out := &block{line: b.Line, label: b.Label, catches: b.Catches}
	for i := range b.Decls {
		if err := c.declaration(&b.Decls[i], out); err != nil {
			return nil, err
		}
	}
	var err error
	if out.body, err = c.statements(b.Body); err != nil || !b.Catches {
		return out, err
	}
	c.push("", false)
	defer c.pop()
	text := types.Of(types.Builtin(types.OIDText))
	out.state = c.add(&variable{name: "sqlstate", t: text, constant: true})
	out.message = c.add(&variable{name: "sqlerrm", t: text, constant: true})
	c.scope.declare("sqlstate", out.state)
	c.scope.declare("sqlerrm", out.message)
	for i := range b.Handlers {
		h, err := c.handler(&b.Handlers[i])
		if err != nil {
			return nil, err
		}
		out.handlers = append(out.handlers, h)
	}
	return out, nil
}

func (c *compiler) handler(p *parse.PLHandler) (handler, error) {
	h := handler{}
	for _, k := range p.Conditions {
		c.line = k.Line
		if k.State {
			h.codes = append(h.codes, k.Name)
			continue
		}
		if k.Name == "others" {
			h.others = true
			continue
		}
		codes := conditionCodes()[k.Name]
		if codes == nil {
			return h, unknownCondition(k.Name)
		}
		h.codes = append(h.codes, codes...)
	}
	var err error
	h.body, err = c.statements(p.Body)
	return h, err
}

// declaration compiles one of DECLARE.
func (c *compiler) declaration(d *parse.PLDecl, b *block) error {
	c.line = d.Line
	if _, twice := c.scope.names[d.Name]; twice {
		return pgerr.New(pgerrcode.SyntaxError, "duplicate declaration at or near \"%s\"", c.f.Body.Text[d.Offset:d.Offset+len(d.Name)]).At(d.Offset)
	}
	switch {
	case d.Alias != nil:
		v, used := c.scope.find(d.Alias.Parts)
		if used != len(d.Alias.Parts) {
			return pgerr.New(pgerrcode.SyntaxError, "variable \"%s\" does not exist", d.Alias.Text).At(d.Alias.Offset)
		}
		c.scope.declare(d.Name, v)
		return nil
	case d.Cursor != nil:
		return c.cursor(d, b)
	}
	t, err := c.typeOf(&d.Type)
	if err != nil {
		return err
	}
	v := &variable{name: d.Name, t: t, record: isRecord(t), constant: d.Constant, notNull: d.NotNull, line: d.Line}
	if t.Kind == types.KindPseudo && !v.record {
		return pgerr.New(pgerrcode.FeatureNotSupported, "variable \"%s\" has pseudo-type %s", d.Name, c.h.TypeName(t))
	}
	if d.NotNull && d.Default == nil {
		return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "variable \"%s\" must have a default value, since it's declared NOT NULL", d.Name).At(d.Offset)
	}
	v.init = c.expr(d.Default)
	i := c.add(v)
	c.scope.declare(d.Name, i)
	b.vars = append(b.vars, i)
	return nil
}

// cursor declares a bound cursor, whose arguments are variables of a scope of their own.
func (c *compiler) cursor(d *parse.PLDecl, b *block) error {
	k := &cursorDecl{scroll: d.Cursor.Scroll}
	c.push("", false)
	for i := range d.Cursor.Args {
		a := &d.Cursor.Args[i]
		t, err := c.typeOf(&a.Type)
		if err != nil {
			return err
		}
		v := c.add(&variable{name: a.Name, t: t, record: isRecord(t), line: a.Line})
		c.scope.declare(a.Name, v)
		k.args, k.names = append(k.args, v), append(k.names, a.Name)
	}
	k.query = c.query(d.Cursor.Query, Command)
	c.pop()
	t := types.Of(types.Builtin(types.OIDRefcursor))
	i := c.add(&variable{name: d.Name, t: t, line: d.Line, cursor: k})
	c.scope.declare(d.Name, i)
	b.vars = append(b.vars, i)
	return nil
}

// typeOf resolves a declared type.
func (c *compiler) typeOf(t *parse.PLType) (types.Type, error) {
	c.line = t.Line
	var out types.Type
	var err error
	switch {
	case t.Of != nil:
		if out, err = c.copied(t); err != nil {
			return out, err
		}
	default:
		out, err = c.h.Type(c.ctx, t.Text)
	}
	if err != nil {
		e := *pgerr.From(err)
		if at := e.ByteOffset(); at >= 0 {
			return out, e.Relocate(t.Offset + at)
		}
		return out, &e
	}
	return out, nil
}

// copied is the type of a variable or, through the host, of a column or a table.
func (c *compiler) copied(t *parse.PLType) (types.Type, error) {
	if !t.Row {
		if v, used := c.scope.find(t.Of); used > 0 {
			vt := c.f.vars[v].t
			if used == len(t.Of) {
				return vt, nil
			}
			if used == len(t.Of)-1 && isRecord(vt) {
				for _, f := range fieldsOf(vt) {
					if f.Name == t.Of[used] {
						return f.Type, nil
					}
				}
			}
		}
	}
	out, err := c.h.Copied(c.ctx, t.Of, t.Row)
	if code := pgerr.Code(err); !t.Row && (code == pgerrcode.UndefinedTable || code == pgerrcode.UndefinedColumn || code == pgerrcode.SyntaxError) {
		e := pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", "%").At(t.Offset + strings.LastIndexByte(t.Text, '%'))
		e.Where = "invalid type name \"" + t.Text + "\""
		return out, e
	}
	if err != nil {
		err = pgerr.From(err).Anywhere()
	}
	return out, err
}

// target resolves what can be assigned to.
func (c *compiler) target(n parse.PLName) (target, error) {
	v, used := c.scope.find(n.Parts)
	rest := len(n.Parts) - used
	if used == 0 || rest > 1 || rest == 1 && !c.f.vars[v].record {
		return target{}, unknownVariable(n)
	}
	if c.f.vars[v].constant {
		return target{}, pgerr.New(pgerrcode.ErrorInAssignment, "variable \"%s\" is declared CONSTANT", c.f.vars[v].name).At(n.Offset)
	}
	t := target{v: v}
	if rest == 1 {
		t.field = n.Parts[used]
	}
	return t, nil
}

// targets resolves what rows are put into: one record, or a list of others.
func (c *compiler) targets(names []parse.PLName) ([]target, error) {
	var out []target
	for _, n := range names {
		t, err := c.target(n)
		if err != nil {
			return nil, err
		}
		if len(names) > 1 && t.field == "" && c.f.vars[t.v].record {
			return nil, pgerr.New(pgerrcode.SyntaxError, "record variable cannot be part of multiple-item INTO list").At(n.Offset)
		}
		out = append(out, t)
	}
	return out, nil
}
