package copy

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// parser appends the value of a field to a column.
type parser func(v *vector.Vector, b []byte, f *types.Format) error

// parserOf returns the parser of a column.
func (r *Reader) parserOf(i int, t types.Type) parser {
	if r.Taken == nil || r.Taken[i] == nil {
		return parserOf(t)
	}
	return func(_ *vector.Vector, b []byte, f *types.Format) error {
		d, err := types.ParseText(t, string(b), f)
		if err != nil {
			return err
		}
		return r.accept(i, d)
	}
}

// accept appends a value to a column, if domains let it.
func (r *Reader) accept(i int, d types.Datum) (err error) {
	if r.Taken != nil && r.Taken[i] != nil {
		if d, err = r.Taken[i](d); err != nil {
			return err
		}
	}
	r.vecs[i].Append(d)
	return nil
}

// parserOf returns the parser of a type: integers and texts without length have their own.
func parserOf(t types.Type) parser {
	switch t.ID() {
	case types.OIDInt2, types.OIDInt4, types.OIDInt8:
		return intParser(t)
	case types.OIDText:
		return parseTextField
	case types.OIDVarchar:
		if t.Mod < 0 {
			return parseTextField
		}
	}
	return func(v *vector.Vector, b []byte, f *types.Format) error { return parseField(t, v, b, f) }
}

func parseTextField(v *vector.Vector, b []byte, _ *types.Format) error {
	v.AppendBytes(b)
	return nil
}

func parseField(t types.Type, v *vector.Vector, b []byte, f *types.Format) error {
	d, err := types.ParseText(t, view(b), f)
	if err == nil {
		v.Append(d)
		return nil
	}
	// The error may hold on to the bytes, which will be overwritten.
	_, err = types.ParseText(t, string(b), f)
	return err
}

// intParser reads plain digits itself and leaves everything else, errors too, to the input function.
func intParser(t types.Type) parser {
	limit := int64(1)<<(8*int(t.Len)-1) - 1
	return func(v *vector.Vector, b []byte, f *types.Format) error {
		x, ok := digits(b)
		if !ok || x > limit || x < -limit {
			return parseField(t, v, b, f)
		}
		v.Int = append(v.Int, x)
		return nil
	}
}

// digits reads up to 18 digits with an optional minus.
func digits(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	x := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + int64(c-'0')
	}
	if neg {
		x = -x
	}
	return x, true
}
