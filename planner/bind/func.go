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

// functionCandidate is a function in the choice between overloads, with its parameters laid out for one call.
type functionCandidate struct {
	proc     *builtin.Proc
	args     []*types.Def // one per actual argument, in the order of the call
	order    []int        // order[i] is the parameter that actual argument i is for; nil: the same
	variadic int          // how many actual arguments the VARIADIC parameter takes; 0: none
	defaults int          // how many parameters their defaults fill
	rank     int          // of its schema in the search path
}

func (c *functionCandidate) argTypes() []*types.Def { return c.args }

// call is a function call while its overload is being chosen.
type call struct {
	name     []string
	args     []expr.Expr
	names    []string // names of the last len(names) arguments
	variadic bool     // VARIADIC before the last
	pos      int
	context  bool // of CALL
}

func (c *call) text() string { return strings.Join(c.name, ".") }

// candidates lists the functions that the call can mean by name and number of arguments.
func (b *binder) candidates(c *call) ([]*functionCandidate, error) {
	schema, name, err := b.splitName(c.name, c.pos)
	if err != nil {
		return nil, err
	}
	snap, err := b.snapshot(b.ref)
	if err != nil {
		return nil, err
	}
	var out []*functionCandidate
	take := func(procs []*builtin.Proc, id catalog.OID, rank int) {
		for _, p := range procs {
			if p.Schema != id {
				continue
			}
			if c.context {
				p = withOutputs(p)
			}
			if cand := b.fit(p, c); cand != nil {
				cand.rank = rank
				out = append(out, cand)
			}
		}
	}
	if schema != "" {
		sc := snap.Schema(schema)
		if sc == nil {
			return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", schema).At(c.pos)
		}
		take(builtin.ProcsByName(name), sc.OID, 0)
		take(b.userProcs(snap, sc.OID, name), sc.OID, 0)
		return unshadowed(out), nil
	}
	for rank, s := range b.searchPath() {
		if sc := snap.Schema(s); sc != nil {
			take(builtin.ProcsByName(name), sc.OID, rank)
			take(b.userProcs(snap, sc.OID, name), sc.OID, rank)
		}
	}
	return unshadowed(out), nil
}

// unshadowed drops functions that one earlier in the search path, or one that needs less expansion, hides.
func unshadowed(cands []*functionCandidate) []*functionCandidate {
	out := cands[:0:0]
next:
	for _, c := range cands {
		for i, o := range out {
			if !slices.Equal(o.args, c.args) {
				continue
			}
			if o.rank == c.rank && (o.variadic > c.variadic || o.variadic == c.variadic && o.defaults > c.defaults) {
				out[i] = c
			}
			continue next
		}
		out = append(out, c)
	}
	return out
}

// userProcs gives users' functions the shape of built-in ones.
func (b *binder) userProcs(snap *catalog.Snapshot, schema catalog.OID, name string) []*builtin.Proc {
	fs := snap.Functions(schema, name)
	if len(fs) == 0 {
		return nil
	}
	out := make([]*builtin.Proc, len(fs))
	for i, f := range fs {
		out[i] = Callee(f, snap, b.ref)
	}
	return out
}

// inputNames are the names of the input arguments.
func inputNames(p *builtin.Proc) []string {
	if p.ArgModes == nil {
		return p.ArgNames
	}
	var out []string
	for i, m := range p.ArgModes {
		if (m == 'i' || m == 'b' || m == 'v') && i < len(p.ArgNames) {
			out = append(out, p.ArgNames[i])
		}
	}
	return out
}

// fit lays a function's parameters out for the call; nil when their number or names do not fit.
func (b *binder) fit(p *builtin.Proc, c *call) *functionCandidate {
	n := len(c.args)
	cand := &functionCandidate{proc: p}
	params := p.Args
	switch {
	case p.Variadic != 0 && !c.variadic && len(c.names) == 0 && n >= len(params):
		cand.variadic = n - len(params) + 1
		elem := p.Variadic
		params = slices.Clone(params[:len(params)-1])
		for range cand.variadic {
			params = append(params, elem)
		}
	case c.variadic && p.Variadic == 0:
		return nil
	case n > len(params) || n < len(params)-p.NDefaults:
		return nil
	}
	if len(c.names) > 0 {
		if cand.order = orderByName(p, c, len(params)); cand.order == nil {
			return nil
		}
	}
	cand.defaults = len(params) - n
	cand.args = make([]*types.Def, n)
	for i := range cand.args {
		at := i
		if cand.order != nil {
			at = cand.order[i]
		}
		if cand.args[i] = b.def(params[at]); cand.args[i] == nil {
			return nil
		}
	}
	return cand
}

// orderByName maps actual arguments to parameters; nil when a name is not a parameter's, is given twice, or a parameter
// without default is left out.
func orderByName(p *builtin.Proc, c *call, params int) []int {
	names := inputNames(p)
	if len(p.Args) == len(p.AllArgs) {
		names = p.ArgNames
	}
	if len(names) == 0 {
		return nil
	}
	order := make([]int, len(c.args))
	given := make([]bool, params)
	positional := len(c.args) - len(c.names)
	for i := range positional {
		order[i], given[i] = i, true
	}
	for i, n := range c.names {
		at := slices.Index(names, n)
		if at < positional || given[at] {
			return nil
		}
		order[positional+i], given[at] = at, true
	}
	for i, g := range given {
		if !g && i < params-p.NDefaults {
			return nil
		}
	}
	return order
}

// overload is the outcome of choosing a function: one of proc and coercion, or neither.
type overload struct {
	cand     *functionCandidate
	coercion *types.Def // f(x) means x::f
	many     bool       // several fit equally well
}

// choose picks the function that the call means.
func (b *binder) overload(c *call) (overload, error) {
	cands, err := b.candidates(c)
	if err != nil {
		return overload{}, err
	}
	actual := typesOf(c.args)
	for _, k := range cands {
		if slices.EqualFunc(actual, k.args, func(x, y *types.Def) bool { return x.OID == y.OID }) {
			return overload{cand: k}, nil
		}
	}
	if t := b.coercionCall(c); t != nil {
		return overload{coercion: t}, nil
	}
	cands = matching(b, actual, cands)
	switch len(cands) {
	case 0:
		return overload{}, nil
	case 1:
		return overload{cand: cands[0]}, nil
	}
	if best, ok := choose(b, actual, cands); ok {
		return overload{cand: best}, nil
	}
	return overload{many: true}, nil
}

// coercionCall recognises a function call that is a cast by another name, such as text(x).
func (b *binder) coercionCall(c *call) *types.Def {
	if len(c.args) != 1 || len(c.names) > 0 {
		return nil
	}
	t, err := b.lookupType(c.name, -1)
	if err != nil || t == nil || t.OID == types.OIDRecord || t.Kind == types.KindComposite {
		return nil
	}
	from := c.args[0].Type().Def
	if from.OID == types.OIDUnknown {
		return t
	}
	switch p, _ := findPath(from, t, explicit); p {
	case relabel:
		return t
	case byText:
		if !isRow(from) || t.Category != 'S' {
			return t
		}
	}
	return nil
}

// noFunction is the error for a call that no function fits.
func (b *binder) noFunction(c *call, many bool) error {
	sig := c.text() + b.signature(c)
	if many {
		return pgerr.New(pgerrcode.AmbiguousFunction, "function %s is not unique", sig).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.").At(c.pos)
	}
	what := "function"
	if c.context {
		what = "procedure"
	}
	return pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", what, sig).
		WithHint("No %s matches the given name and argument types. You might need to add explicit type casts.", what).At(c.pos)
}

func (b *binder) signature(c *call) string {
	var s strings.Builder
	s.WriteByte('(')
	for i, a := range c.args {
		if i > 0 {
			s.WriteString(", ")
		}
		if n := i - (len(c.args) - len(c.names)); n >= 0 {
			s.WriteString(c.names[n] + " => ")
		}
		s.WriteString(b.formatType(a.Type().Def))
	}
	s.WriteByte(')')
	return s.String()
}

// resolved is a chosen function with its arguments coerced and complete.
type resolved struct {
	proc     *builtin.Proc
	args     []expr.Expr
	result   types.Type
	variadic bool
}

// resolve coerces a call's arguments for the chosen function, fills in defaults and packs variadic ones.
func (b *binder) resolve(c *call, k *functionCandidate) (*resolved, error) {
	p := k.proc
	b.needsFunction(p, c.pos)
	result := b.def(p.Returns)
	if result == nil {
		return nil, pgerr.Unsupported("the result type of function %s", p.Name).At(c.pos)
	}
	args, declared := slices.Clone(c.args), slices.Clone(k.args)
	if k.defaults > 0 || k.order != nil {
		var err error
		if args, declared, err = b.complete(p, c, k); err != nil {
			return nil, err
		}
	}
	result, err := b.settleGenerics(typesOf(args), declared, result)
	if err != nil {
		return nil, err
	}
	if args, err = b.arguments(args, declared, c.pos); err != nil {
		return nil, err
	}
	r := &resolved{proc: p, args: args, result: types.Of(result), variadic: c.variadic}
	if k.variadic > 0 && p.Variadic != types.OIDAny {
		if err := b.packVariadic(r, k.variadic); err != nil {
			return nil, err
		}
		r.variadic = true
	}
	if p.Returns == types.OIDRecord {
		r.result = b.recordResult(p, r.result, typesOf(r.args))
	}
	return r, nil
}

// complete puts named arguments in order and adds the defaults.
func (b *binder) complete(p *builtin.Proc, c *call, k *functionCandidate) ([]expr.Expr, []*types.Def, error) {
	args := make([]expr.Expr, len(p.Args))
	declared := make([]*types.Def, len(p.Args))
	for i, a := range c.args {
		at := i
		if k.order != nil {
			at = k.order[i]
		}
		args[at] = a
	}
	for i, a := range p.Args {
		declared[i] = b.def(a)
		if args[i] != nil {
			continue
		}
		d := i - (len(p.Args) - p.NDefaults)
		if d < 0 || d >= len(p.Defaults) {
			return nil, nil, pgerr.Internal("function %s has no default for argument %d", p.Name, i+1)
		}
		e, err := b.expression(p.Defaults[d])
		if err != nil {
			return nil, nil, err
		}
		args[i] = e
	}
	return args, declared, nil
}

// packVariadic makes one array of the last n arguments.
func (b *binder) packVariadic(r *resolved, n int) error {
	at := len(r.args) - n
	elem := r.args[at].Type().Def
	array := b.arrayOf(elem)
	if array == nil || isTrueArray(elem) {
		return pgerr.New(pgerrcode.UndefinedObject, "could not find array type for data type %s", b.formatType(elem))
	}
	a := &expr.Array{Elems: slices.Clone(r.args[at:]), T: types.Of(array)}
	r.args = append(r.args[:at:at], a)
	return nil
}

// recordResult gives a record the fields that the function's OUT arguments name.
func (b *binder) recordResult(p *builtin.Proc, t types.Type, actual []*types.Def) types.Type {
	fields := b.outFields(p, actual)
	if len(fields) == 0 {
		return t
	}
	d := *types.Builtin(types.OIDRecord)
	d.Fields = fields
	return types.Of(&d)
}

// outFields lists the OUT and TABLE columns of a function, polymorphic ones settled by the actual arguments.
func (b *binder) outFields(p *builtin.Proc, actual []*types.Def) []types.Field {
	var out []types.Field
	for i, m := range p.ArgModes {
		if m != 'o' && m != 'b' && m != 't' {
			continue
		}
		d := b.def(p.AllArgs[i])
		if d == nil {
			d = typeText.Def
		}
		if isPolymorphic(d.OID) {
			declared := make([]*types.Def, len(p.Args))
			for j, a := range p.Args {
				declared[j] = b.def(a)
			}
			if len(declared) == len(actual) {
				if t, err := b.settleGenerics(actual, declared, d); err == nil {
					d = t
				}
			}
		}
		name := ""
		if i < len(p.ArgNames) {
			name = p.ArgNames[i]
		}
		if name == "" {
			name = "column" + itoa(len(out)+1)
		}
		out = append(out, types.Field{Name: name, Type: types.Of(d)})
	}
	return out
}
