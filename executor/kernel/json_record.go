package kernel

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// jsonRecords are the functions that make rows of JSON objects, by the row type that the query or the first argument gives.
var jsonRecords = join(jsonRecordFunctions("json_"), jsonRecordFunctions("jsonb_"))

func jsonRecordFunctions(p string) map[string]Kernel {
	return map[string]Kernel{
		p + "to_record":          recordKernel(p+"to_record", false),
		p + "populate_record":    recordKernel(p+"populate_record", true),
		p + "to_recordset":       recordSetKernel(p+"to_recordset", false),
		p + "populate_recordset": recordSetKernel(p+"populate_recordset", true),
	}
}

// rowMaker makes rows of one type.
type rowMaker struct {
	name   string
	result types.Type
	fields []types.Field
	base   bool // the first argument is a row whose fields stay where the object has none
}

func newRowMaker(name string, base bool, result types.Type) (*rowMaker, error) {
	switch {
	case result.Kind == types.KindDomain:
		return nil, pgerr.Unsupported("%s of a domain", name)
	case len(result.Fields) > 0:
		return &rowMaker{name, result, result.Fields, base}, nil
	case base && result.ID() != types.OIDRecord:
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "first argument of %s must be a row type", name)
	}
	return nil, pgerr.New(pgerrcode.FeatureNotSupported, "could not determine row type for result of %s", name).
		WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
}

func recordKernel(name string, base bool) Kernel {
	return Kernel{Bind: func(_ []types.Type, result types.Type) (Kernel, error) {
		m, err := newRowMaker(name, base, result)
		if err != nil {
			return Kernel{}, err
		}
		return row(func(e *Env, a []datum) (datum, error) {
			object := a[0]
			if base {
				if object = a[1]; object.Null {
					return a[0], nil
				}
			}
			if k := jsonb.KindOf(object.S); k != jsonb.Object {
				return datum{}, badJSON("cannot call populate_composite on %s", map[bool]string{true: "an array", false: "a scalar"}[k == jsonb.Array])
			}
			values, err := m.row(e, a[0], object.S)
			if err != nil {
				return datum{}, err
			}
			return m.pack(values), nil
		}), nil
	}}
}

func recordSetKernel(name string, base bool) Kernel {
	return Kernel{Bind: func(_ []types.Type, result types.Type) (Kernel, error) {
		m, err := newRowMaker(name, base, result)
		if err != nil {
			return Kernel{}, err
		}
		return set(func(e *Env, a []datum, yield func([]datum) bool) error {
			list := a[0]
			if base {
				if list = a[1]; list.Null {
					return nil
				}
			}
			return m.rows(e, a[0], list.S, yield)
		}), nil
	}}
}

// rows yields a row for each object of an array.
func (m *rowMaker) rows(e *Env, base datum, list string, yield func([]datum) bool) (err error) {
	switch k := jsonb.KindOf(list); {
	case k == jsonb.Array:
	case strings.HasPrefix(m.name, "jsonb_"):
		return badJSON("cannot call %s on a non-array", m.name)
	case k == jsonb.Object:
		return badJSON("cannot call %s on an object", m.name)
	default:
		return badJSON("cannot call %s on a scalar", m.name)
	}
	jsonb.Elements(list, func(part string) bool {
		if jsonb.KindOf(part) != jsonb.Object {
			err = badJSON("argument of %s must be an array of objects", m.name)
			return false
		}
		var values []datum
		if values, err = m.row(e, base, part); err != nil {
			return false
		}
		if len(values) == 1 { // a row of one value is that value: here the record, not its field
			values[0] = m.pack(values)
		}
		return yield(values)
	})
	return err
}

// row makes the fields of a row from an object.
func (m *rowMaker) row(e *Env, base datum, object string) ([]datum, error) {
	members := map[string]string{}
	jsonb.Members(object, func(key, part string) bool {
		members[key] = part
		return true
	})
	var old []types.RecordField
	if m.base && !base.Null {
		old = types.UnpackRecord(m.result, base.S)
	}
	values := make([]datum, len(m.fields))
	for i, f := range m.fields {
		part, ok := members[f.Name]
		var err error
		switch {
		case ok:
			values[i], err = fromJSON(e, f.Type, part, "key \""+f.Name+"\"")
		case i < len(old):
			values[i] = old[i].Value
		default:
			values[i], err = e.taken(f.Type, types.Null)
		}
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (m *rowMaker) pack(values []datum) datum {
	fields := make([]types.RecordField, len(values))
	for i, v := range values {
		fields[i] = types.RecordField{Type: m.fields[i].Type, Value: v}
	}
	return types.String(types.PackRecord(fields))
}

// fromJSON converts a part of a JSON text to a type; where is named when it does not fit.
func fromJSON(e *Env, t types.Type, part, where string) (datum, error) {
	kind := jsonb.KindOf(part)
	switch {
	case t.Kind == types.KindDomain:
		d, err := fromJSON(e, *t.Base, part, where)
		if err != nil {
			return d, err
		}
		return e.taken(t, d)
	case kind == jsonb.Null && t.ID() != types.OIDJSON && t.ID() != types.OIDJSONB:
		return types.Null, nil
	case t.ID() == types.OIDJSON:
		return types.String(part), nil
	case t.ID() == types.OIDJSONB:
		return types.ParseText(t, part, e.Format)
	case t.IsArray() && kind == jsonb.Array:
		return arrayFromJSON(e, t, part, where)
	case t.IsArray() && kind != jsonb.String:
		return datum{}, notArray(where)
	case t.Kind == types.KindComposite && kind == jsonb.Object:
		m := &rowMaker{result: t, fields: t.Fields}
		values, err := m.row(e, types.Null, part)
		if err != nil {
			return datum{}, err
		}
		return m.pack(values), nil
	case t.Kind == types.KindComposite && kind != jsonb.String:
		return datum{}, badJSON("cannot call populate_composite on %s", map[bool]string{true: "an array", false: "a scalar"}[kind == jsonb.Array])
	}
	text, err := jsonText(part)
	if err != nil {
		return datum{}, err
	}
	d, err := types.ParseText(t, text.S, e.Format)
	if err != nil {
		return d, err
	}
	return e.taken(t, d)
}

// taken is a value that was read from a text, if domains let it.
func (e *Env) taken(t types.Type, d datum) (datum, error) {
	if !types.HoldsDomain(t.Def) {
		return d, nil
	}
	check, err := e.Session.Taken(e.Ctx, t)
	if err != nil || check == nil {
		return d, err
	}
	return check(d)
}

func notArray(where string) error {
	return pgerr.New(pgerrcode.InvalidTextRepresentation, "expected JSON array").WithHint("See the value of %s.", where)
}

func arrayFromJSON(e *Env, t types.Type, part, where string) (datum, error) {
	b := &arrayBuilder{e: e, elem: types.Type{Def: t.Elem, Mod: t.Mod}, where: where}
	if err := b.add(part, 0); err != nil {
		return datum{}, err
	}
	if len(b.elems) == 0 {
		return types.String(types.Array{}.Pack(b.elem.Def)), nil
	}
	dims := make([]types.Dim, len(b.dims))
	for i, n := range b.dims {
		dims[i] = types.Dim{Len: int32(n), Lower: 1}
	}
	return types.String(types.Array{Dims: dims, Elems: b.elems}.Pack(b.elem.Def)), nil
}

// arrayBuilder collects the elements of nested JSON arrays.
type arrayBuilder struct {
	e     *Env
	elem  types.Type
	where string
	dims  []int // lengths by depth
	depth int   // at which the elements are; 0: not known yet
	elems []datum
}

func (b *arrayBuilder) add(list string, depth int) (err error) {
	n, i := jsonb.Len(list), 0
	if depth == len(b.dims) {
		b.dims = append(b.dims, n)
	} else if b.dims[depth] != n {
		return pgerr.New(pgerrcode.InvalidTextRepresentation, "malformed JSON array").
			WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	jsonb.Elements(list, func(part string) bool {
		nested := jsonb.KindOf(part) == jsonb.Array && b.elem.ID() != types.OIDJSON && b.elem.ID() != types.OIDJSONB
		switch {
		case nested && b.depth != depth+1:
			err = b.add(part, depth+1)
		case b.depth != 0 && b.depth != depth+1:
			err = pgerr.New(pgerrcode.InvalidTextRepresentation, "expected JSON array").WithHint("See the array element [%d] of %s.", i, b.where)
		default:
			b.depth = depth + 1
			var v datum
			if v, err = fromJSON(b.e, b.elem, part, b.where); err == nil {
				b.elems = append(b.elems, v)
			}
		}
		i++
		return err == nil
	})
	return err
}
