package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// assign is target := value; steps are what follows the target's variable, and its field if that is of a record.
type assign struct {
	to    target
	steps []step
	value *Query
}

// step is .field, [index] or [lower:upper].
type step struct {
	field        string
	slice        bool
	lower, upper *Query
}

func (c *compiler) assign(s *parse.PLAssign) (stmt, error) {
	v, used := c.scope.find(s.Target.Parts)
	if used == 0 {
		return nil, unknownVariable(s.Target)
	}
	va := c.f.vars[v]
	if va.constant {
		return nil, pgerr.New(pgerrcode.ErrorInAssignment, "variable \"%s\" is declared CONSTANT", va.name).At(s.Target.Offset)
	}
	out := &assign{to: target{v: v}}
	rest := s.Target.Parts[used:]
	if len(rest) > 0 && va.record {
		out.to.field = rest[0]
		rest = rest[1:]
	}
	for _, f := range rest {
		out.steps = append(out.steps, step{field: f})
	}
	for _, p := range s.Path {
		out.steps = append(out.steps, step{field: p.Field, slice: p.Slice, lower: c.expr(p.Lower), upper: c.expr(p.Upper)})
	}
	out.value = c.query(s.Value, Assignment)
	out.value.Text = s.Text
	out.value.grows, out.value.target = len(out.steps) == 0 && !va.record, v
	return out, nil
}

func (s *assign) run(x *run) (flow, error) {
	if len(s.steps) > 0 {
		return next, x.assignInside(s)
	}
	want, err := x.targetType(s.to)
	if err != nil {
		e := *pgerr.From(err)
		e.Where = "PL/pgSQL assignment \"" + s.value.Text + "\""
		return next, &e
	}
	if s.to.field == "" && x.f.vars[s.to.v].record {
		d, t, err := x.eval(s.value)
		if err != nil {
			return next, err
		}
		return next, x.assignRecord(s.to.v, d, t)
	}
	p, err := x.plan(s.value, want)
	if err != nil {
		return next, err
	}
	if p.growth != nil {
		if done, err := x.grow(s.to.v, p); done || err != nil {
			return next, err
		}
	}
	d, err := x.compute(p)
	if err != nil {
		return next, err
	}
	if t := p.resType; t.Def != want.Def {
		if d, err = x.cast(d, t, want); err != nil {
			return next, err
		}
	}
	return next, x.store(s.to, d)
}

// targetType is the type of what is assigned to.
func (x *run) targetType(t target) (types.Type, error) {
	if t.field == "" {
		return x.f.vars[t.v].t, nil
	}
	i, err := x.fieldIndex(t)
	if err != nil {
		return types.Type{}, err
	}
	return fieldsOf(x.recs[t.v].def)[i].Type, nil
}

// fieldIndex finds a record's field.
func (x *run) fieldIndex(t target) (int, error) {
	r := &x.recs[t.v]
	if !r.def.Known() {
		return 0, notAssigned(x.f.vars[t.v].name)
	}
	for i, f := range fieldsOf(r.def) {
		if f.Name == t.field {
			return i, nil
		}
	}
	return 0, noField(x.f.vars[t.v].name, t.field)
}

// store puts a value of the target's type into it.
func (x *run) store(t target, d types.Datum) error {
	va := x.f.vars[t.v]
	if d.Null && va.notNull && t.field == "" {
		return nullNotAllowed(va.name)
	}
	if d.S != "" {
		d = d.Clone()
	}
	if !va.record {
		x.shut(t.v)
		x.vals[t.v] = d
		return nil
	}
	i, err := x.fieldIndex(t)
	if err != nil {
		return err
	}
	x.recs[t.v].own()
	x.recs[t.v].fields[i] = d
	return nil
}

func nullNotAllowed(name string) error {
	return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "null value cannot be assigned to variable \"%s\" declared NOT NULL", name)
}

// own makes a record one that has fields to be assigned to.
func (r *record) own() {
	n := len(fieldsOf(r.def))
	if !r.null && len(r.fields) == n {
		return
	}
	r.fields = make([]types.Datum, n)
	for i := range r.fields {
		r.fields[i] = types.Null
	}
	r.null = false
}

// assignTo puts a value of any type into a target.
func (x *run) assignTo(t target, d types.Datum, from types.Type) error {
	if t.field == "" && x.f.vars[t.v].record {
		return x.assignRecord(t.v, d, from)
	}
	want, err := x.targetType(t)
	if err != nil {
		return err
	}
	if d, err = x.cast(d, from, want); err != nil {
		return err
	}
	return x.store(t, d)
}

// assignRecord puts a composite value, or NULL, into a record.
func (x *run) assignRecord(v int, d types.Datum, from types.Type) error {
	va, r := x.f.vars[v], &x.recs[v]
	if d.Null {
		if va.notNull {
			return nullNotAllowed(va.name)
		}
		if va.t.ID() == types.OIDRecord && len(va.t.Fields) == 0 && len(fieldsOf(from)) > 0 {
			r.def = from
		}
		r.null, r.fields = true, nil
		return x.domainRow(va, r)
	}
	if !isRecord(from) {
		return pgerr.New(pgerrcode.DatatypeMismatch, "cannot assign non-composite value to a record variable")
	}
	fields, values := unpack(from, d.Clone())
	if va.t.ID() == types.OIDRecord && len(va.t.Fields) == 0 && len(fieldsOf(from)) > 0 {
		r.def, r.null, r.fields = from, false, values
		return nil
	}
	if err := x.fill(v, fields, values); err != nil {
		return err
	}
	return x.domainRow(va, r)
}

// domainRow checks a value of a domain over a composite type.
func (x *run) domainRow(va *variable, r *record) error {
	if va.t.Kind != types.KindDomain {
		return nil
	}
	base := *va.t.Base
	for base.Kind == types.KindDomain && base.Base != nil {
		base = *base.Base
	}
	_, err := x.cast(r.datum(), base, va.t)
	return err
}

// unpack takes a composite value apart.
func unpack(t types.Type, d types.Datum) ([]types.Field, []types.Datum) {
	known := fieldsOf(t)
	base := t
	for base.Kind == types.KindDomain && base.Base != nil {
		base = *base.Base
	}
	var fields []types.Field
	var values []types.Datum
	for i, f := range types.UnpackRecord(base, d.S) {
		name := "f" + itoa(i+1)
		if i < len(known) {
			name = known[i].Name
		}
		fields = append(fields, types.Field{Name: name, Type: f.Type})
		values = append(values, f.Value)
	}
	return fields, values
}

// fill puts a row into a record: one that takes any becomes one of these fields, others take them by their place.
func (x *run) fill(v int, fields []types.Field, values []types.Datum) error {
	va, r := x.f.vars[v], &x.recs[v]
	if va.t.ID() == types.OIDRecord && len(va.t.Fields) == 0 {
		x.shape(r, fields)
		r.null = false
		r.fields = make([]types.Datum, len(values))
		for i, d := range values {
			r.fields[i] = d.Clone()
		}
		return nil
	}
	want := fieldsOf(va.t)
	out := make([]types.Datum, len(want))
	for i := range want {
		if out[i] = types.Null; i >= len(values) {
			continue
		}
		d, err := x.cast(values[i], fields[i].Type, want[i].Type)
		if err != nil {
			return err
		}
		out[i] = d.Clone()
	}
	r.def, r.null, r.fields = va.t, false, out
	return nil
}

// shape makes a record one of these fields; a definition that has them is kept, since plans go by it.
func (x *run) shape(r *record, fields []types.Field) {
	if r.def.Known() && r.def.ID() == types.OIDRecord && sameFields(r.def.Fields, fields) {
		return
	}
	def := *types.Builtin(types.OIDRecord)
	def.Fields = fields
	r.def = types.Of(&def)
}

func sameFields(a, b []types.Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type.Def != b[i].Type.Def || a[i].Type.Mod != b[i].Type.Mod {
			return false
		}
	}
	return true
}

// assignRow puts a row into targets.
func (x *run) assignRow(into []target, fields []types.Field, row []types.Datum) error {
	if len(into) == 1 && into[0].field == "" && x.f.vars[into[0].v].record {
		v := into[0].v
		if len(row) == 1 && isRecord(fields[0].Type) && x.f.vars[v].t.ID() != types.OIDRecord {
			return x.assignRecord(v, row[0], fields[0].Type)
		}
		if err := x.fill(v, fields, row); err != nil {
			return err
		}
		return x.domainRow(x.f.vars[v], &x.recs[v])
	}
	for i, t := range into {
		d, from := types.Null, types.Of(types.Builtin(types.OIDUnknown))
		if i < len(row) {
			d, from = row[i], fields[i].Type
		}
		if err := x.assignTo(t, d, from); err != nil {
			return err
		}
	}
	return nil
}

// assignNull makes targets NULL, for want of a row.
func (x *run) assignNull(into []target) error {
	for _, t := range into {
		if t.field == "" && x.f.vars[t.v].record {
			if err := x.assignRecord(t.v, types.Null, types.Type{}); err != nil {
				return err
			}
			continue
		}
		if err := x.assignTo(t, types.Null, types.Of(types.Builtin(types.OIDUnknown))); err != nil {
			return err
		}
	}
	return nil
}

// assignElement puts an element of an array into targets.
func (x *run) assignElement(into []target, d types.Datum, t types.Type) error {
	if len(into) == 1 {
		return x.assignTo(into[0], d, t)
	}
	if !isRecord(t) {
		return x.assignTo(into[0], d, t)
	}
	fields, values := unpack(t, d)
	return x.assignRow(into, fields, values)
}
