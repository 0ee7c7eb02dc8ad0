package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
	"github.com/rowandb/rowan/types/vector"
)

// jsonAgg is json_agg and json_object_agg, and for jsonb the same text made canonical at the end.
type jsonAgg struct {
	e      *Env
	types  []types.Type
	object bool
	binary bool
	text   [][]byte // nil: no row yet
	bytes  int64
}

func newJSONAgg(object, binary bool) NewAggregate {
	return func(e *Env, args []types.Type, _ types.Type) (Aggregate, error) {
		return &jsonAgg{e: e, types: args, object: object, binary: binary}, nil
	}
}

func (s *jsonAgg) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.text = extend(s.text, maxGroup(groups))
	idx := rows(len(groups), sel)
	for k, g := range groups {
		before := cap(s.text[g])
		var err error
		if s.object {
			s.text[g], err = s.member(s.text[g], args, int(idx[k]))
		} else {
			s.text[g] = s.element(s.text[g], args[0].Datum(int(idx[k])))
		}
		if err != nil {
			return err
		}
		s.bytes += int64(cap(s.text[g]) - before)
	}
	return nil
}

// element adds to an array; containers begin a new line.
func (s *jsonAgg) element(b []byte, d datum) []byte {
	t := s.types[0]
	if b == nil {
		b = append(b, '[')
	} else {
		b = append(b, ", "...)
		if !d.Null && (t.IsArray() || t.Kind == types.KindComposite || t.ID() == types.OIDRecord) {
			b = append(b, "\n "...)
		}
	}
	return AppendJSON(b, t, d, s.e.Format)
}

func (s *jsonAgg) member(b []byte, args []*vector.Vector, i int) ([]byte, error) {
	key := args[0].Datum(i)
	if key.Null {
		return b, badJSON("field name must not be null")
	}
	if b == nil {
		b = append(b, "{ "...)
	} else {
		b = append(b, ", "...)
	}
	b, err := appendKey(b, s.e, s.types[0], key)
	if err != nil {
		return b, err
	}
	b = append(b, " : "...)
	return AppendJSON(b, s.types[1], args[1].Datum(i), s.e.Format), nil
}

func (s *jsonAgg) Result(n int, out *vector.Vector) error {
	s.text = extend(s.text, n)
	end := "]"
	if s.object {
		end = " }"
	}
	for _, b := range s.text[:n] {
		if b == nil {
			out.AppendNull()
			continue
		}
		b = append(b, end...)
		if !s.binary {
			out.AppendBytes(b)
			continue
		}
		c, err := jsonb.Canonical(view(b))
		if err != nil {
			return err
		}
		out.AppendString(c)
	}
	return nil
}

func (s *jsonAgg) Bytes() int64 { return int64(24*cap(s.text)) + s.bytes }
