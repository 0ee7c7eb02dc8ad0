package plpgsql

import (
	"context"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Frame is what a call of a function keeps for the next one: plans and room.
type Frame struct {
	prepared []prepared
	vals     []types.Datum
	recs     []record
	open     []*openArray
	new, old []types.Datum // of a trigger function
	run      run
	call     Call
}

// prepared is a Query's statement with the variables that are its parameters.
type prepared struct {
	st      Statement
	params  []param
	shapes  []*types.Def // of the records among them, by parameter
	args    []types.Datum
	shaped  bool // there are such, or variables of CASE
	want    *types.Def
	resType types.Type

	simple *computed // as an expression without a query
	growth *growth   // of the variable that its value is assigned to
}

// param is a variable, or a field of one.
type param struct{ v, field int }

// record is a record's value: its fields, or nothing.
type record struct {
	def    types.Type // Fields say what it has; without a definition it is not assigned yet
	fields []types.Datum
	null   bool
}

// run is a call.
type run struct {
	ctx   context.Context
	h     Host
	f     *Function
	frame *Frame
	vals  []types.Datum
	recs  []record

	// open are the arrays whose elements are assigned to, by variable: those that are newer than vals are packed when they are
	// read. texts is room for the texts that are added to.
	open    []*openArray
	anyOpen bool
	texts   map[int][]byte

	line     int
	kind     string
	phase    string // where there is no statement
	label    string
	handling []*pgerr.Error
	rows     int64 // ROW_COUNT

	value   types.Datum // of RETURN
	result  record
	isRow   bool // a trigger function has returned the record variable returns
	returns int
	done    bool // RETURN was met
	yield   func(row []types.Datum) (bool, error)
}

// Begin begins a call of the function; Finish must be called after it.
func (f *Function) Begin(ctx context.Context, h Host) *Call {
	var fr *Frame
	if n := len(f.free); n > 0 {
		fr, f.free = f.free[n-1], f.free[:n-1]
	} else {
		fr = &Frame{prepared: make([]prepared, f.slots), vals: make([]types.Datum, len(f.vars)), recs: make([]record, len(f.vars)), open: make([]*openArray, len(f.vars))}
	}
	for i := range fr.vals {
		fr.vals[i] = types.Null
		fr.recs[i] = record{null: true}
		if v := f.vars[i]; v.record && len(fieldsOf(v.t)) > 0 {
			fr.recs[i].def = v.t
		}
	}
	fr.run = run{ctx: ctx, h: h, f: f, frame: fr, vals: fr.vals, recs: fr.recs, open: fr.open, phase: "during function entry"}
	fr.call.x = &fr.run
	return &fr.call
}

// end gives the frame back.
func (x *run) end() {
	if x.anyOpen {
		clear(x.open)
	}
	x.texts = nil
	x.f.free = append(x.f.free, x.frame)
}

// Context is the line that contexts have of the call.
func (x *run) Context() string {
	s := "PL/pgSQL function " + x.f.Signature
	switch {
	case x.phase != "" && x.line > 0:
		return s + " line " + strconv.Itoa(x.line) + " " + x.phase
	case x.phase != "":
		return s + " " + x.phase
	case x.kind == "":
		return s
	}
	return s + " line " + strconv.Itoa(x.line) + " at " + x.kind
}

// within adds the call's line to the context of an error.
func (x *run) within(err error) error {
	e := *pgerr.From(err)
	e.Position = 0
	e.Relocate(-1)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += x.Context()
	return &e
}

// body runs the body.
func (x *run) body() error {
	x.vals[x.f.found] = types.Bool(false)
	x.phase, x.line, x.kind = "", x.f.body.line, "statement block"
	f, err := x.f.body.run(x)
	if err != nil {
		return err
	}
	switch f {
	case finish:
	case leave, again:
		if x.label != "" && x.label != x.f.body.label && x.label != x.f.Name {
			return pgerr.New(pgerrcode.SyntaxError, "control reached end of function without RETURN")
		}
	}
	return nil
}

// setFound sets FOUND.
func (x *run) setFound(found bool) { x.vals[x.f.found] = types.Bool(found) }

// names are the variables that a query can see, in one call.
type names struct {
	x *run
	q *Query
	p *prepared
}

// Variable implements Names.
func (n *names) Variable(parts []string, sure bool) (int, types.Type, int, error) {
	v, used := n.q.scope.find(parts)
	if used == 0 {
		return -1, types.Type{}, 0, nil
	}
	va := n.x.f.vars[v]
	if !va.record {
		if len(parts) > used && !sure {
			return -1, types.Type{}, 0, nil
		}
		t := n.x.typeOf(v)
		return n.param(param{v, -1}), t, used, nil
	}
	rec := &n.x.recs[v]
	if len(parts) == used {
		return n.param(param{v, -1}), n.x.recordType(v), used, nil
	}
	if !rec.def.Known() {
		return -1, types.Type{}, 0, notAssigned(va.name)
	}
	for i, f := range fieldsOf(rec.def) {
		if f.Name == parts[used] {
			return n.param(param{v, i}), f.Type, used + 1, nil
		}
	}
	if !sure {
		return -1, types.Type{}, 0, nil
	}
	return -1, types.Type{}, 0, noField(va.name, parts[used])
}

func noField(name, field string) error {
	return pgerr.New(pgerrcode.UndefinedColumn, "record \"%s\" has no field \"%s\"", name, field)
}

func notAssigned(name string) error {
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "record \"%s\" is not assigned yet", name).
		WithDetail("The tuple structure of a not-yet-assigned record is indeterminate.")
}

// param numbers a parameter.
func (n *names) param(k param) int {
	for i, p := range n.p.params {
		if p == k {
			return i
		}
	}
	n.p.params = append(n.p.params, k)
	n.p.shaped = n.p.shaped || n.x.f.vars[k.v].record || n.x.f.vars[k.v].cased
	var shape *types.Def
	if n.x.f.vars[k.v].record {
		shape = n.x.recordType(k.v).Def
	} else {
		shape = n.x.typeOf(k.v).Def
	}
	n.p.shapes = append(n.p.shapes, shape)
	return len(n.p.params) - 1
}

// recordType is the type of a record as it is now.
func (x *run) recordType(v int) types.Type {
	if x.recs[v].def.Known() {
		return x.recs[v].def
	}
	return x.f.vars[v].t
}

// typeOf is a variable's type; that of CASE's variable is that of its value.
func (x *run) typeOf(v int) types.Type {
	if x.recs[v].def.Known() {
		return x.recs[v].def
	}
	return x.f.vars[v].t
}

// caseType makes CASE's variable one of a type.
func (x *run) caseType(v int, t types.Type) { x.recs[v].def = t }

// plan plans a query again when the catalog, or a record that it names, has changed.
func (x *run) plan(q *Query, want types.Type) (*prepared, error) {
	p := &x.frame.prepared[q.slot]
	if p.st != nil && p.want == want.Def && x.fits(p) && p.st.Current(x.ctx) {
		return p, nil
	}
	*p = prepared{want: want.Def, args: p.args[:0]}
	st, err := x.h.Prepare(x.ctx, q, &names{x, q, p}, want)
	if err != nil {
		*p = prepared{}
		return nil, err
	}
	p.st = st
	if f := st.Fields(); len(f) > 0 {
		p.resType = f[0].Type
	}
	if e := st.Expression(); e != nil {
		c := newComputed(e)
		p.simple = &c
		if q.grows {
			p.growth = newGrowth(p, e, q.target)
		}
	}
	return p, nil
}

func (x *run) fits(p *prepared) bool {
	if !p.shaped {
		return true
	}
	for i, k := range p.params {
		if x.f.vars[k.v].record || x.recs[k.v].def.Def != nil {
			if x.typeOf(k.v).Def != p.shapes[i] {
				return false
			}
		}
	}
	return true
}

// arguments are the values of a query's parameters.
func (x *run) arguments(p *prepared) []types.Datum {
	p.args = p.args[:0]
	for _, k := range p.params {
		p.args = append(p.args, x.get(k))
	}
	return p.args
}

func (x *run) get(k param) types.Datum {
	if !x.f.vars[k.v].record {
		if a := x.open[k.v]; a != nil && a.newer {
			x.vals[k.v], a.newer = types.String(a.Pack(a.elem)), false
		}
		return x.vals[k.v]
	}
	r := &x.recs[k.v]
	if k.field >= 0 {
		if r.null || k.field >= len(r.fields) {
			return types.Null
		}
		return r.fields[k.field]
	}
	return r.datum()
}

// datum packs a record.
func (r *record) datum() types.Datum {
	if r.null || !r.def.Known() {
		return types.Null
	}
	fs := fieldsOf(r.def)
	out := make([]types.RecordField, len(fs))
	for i := range fs {
		out[i] = types.RecordField{Type: fs[i].Type, Value: types.Null}
		if i < len(r.fields) {
			out[i].Value = r.fields[i]
		}
	}
	return types.String(types.PackRecord(out))
}

// prepare plans a statement and gathers its arguments, which stay as they are while it runs.
func (x *run) prepare(q *Query) (Statement, []types.Datum, error) {
	p, err := x.plan(q, types.Type{})
	if err != nil {
		return nil, nil, err
	}
	args := x.gathered(p, nil)
	st, err := p.st.With(x.ctx, args)
	if err != nil {
		return nil, nil, err
	}
	return st, x.gathered(p, args), nil // names may mean variables that meant columns before
}

// gathered adds to args the values of those parameters that it has none of.
func (x *run) gathered(p *prepared, args []types.Datum) []types.Datum {
	for _, k := range p.params[len(args):] {
		args = append(args, x.get(k))
	}
	return args
}

// eval computes an expression. The value may borrow until the next one is computed.
func (x *run) eval(q *Query) (types.Datum, types.Type, error) {
	p, err := x.plan(q, types.Type{})
	if err != nil {
		return types.Null, types.Type{}, err
	}
	d, err := x.compute(p)
	return d, p.resType, err
}

// compute computes a planned expression.
func (x *run) compute(p *prepared) (types.Datum, error) {
	if p.simple == nil {
		return p.st.Value(x.ctx, x.arguments(p))
	}
	out, err := x.values(p, p.simple)
	if err != nil {
		return types.Null, err
	}
	return out[0], nil
}

// evalAs computes an expression that the host makes a value of a type.
func (x *run) evalAs(q *Query, want types.Type) (types.Datum, types.Type, error) {
	p, err := x.plan(q, want)
	if err != nil {
		return types.Null, types.Type{}, err
	}
	d, err := x.compute(p)
	return d, p.resType, err
}

var boolean = types.Of(types.Builtin(types.OIDBool))

// condition computes a condition; NULL is false.
func (x *run) condition(q *Query) (bool, error) {
	d, t, err := x.eval(q)
	if err == nil && t.ID() != types.OIDBool {
		d, err = x.cast(d, t, boolean)
	}
	return d.B(), err
}

// cast makes a value one of another type.
func (x *run) cast(d types.Datum, from, to types.Type) (types.Datum, error) {
	if from.Def == to.Def && (to.Mod < 0 || from.Mod == to.Mod) || d.Null && to.Kind != types.KindDomain {
		return d, nil
	}
	f, err := x.h.Cast(x.ctx, from, to)
	if err != nil || f == nil {
		return d, err
	}
	return f(d)
}
