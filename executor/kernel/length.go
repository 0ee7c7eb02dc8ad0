package kernel

import (
	"github.com/rowandb/rowan/types"
)

// lengthFunctions coerce a value to its type's modifier, and say what enums hold.
var lengthFunctions = map[string]Kernel{
	"varchar": coerceLength(types.OIDVarchar), "bpchar": coerceLength(types.OIDBpchar),
	"bit": coerceLength(types.OIDBit), "varbit": coerceLength(types.OIDVarbit),
	"enum_first":        {Bind: bindEnum(func(labels []types.Label) *types.Label { return &labels[0] })},
	"enum_last":         {Bind: bindEnum(func(labels []types.Label) *types.Label { return &labels[len(labels)-1] })},
	"enum_range_all":    {Bind: bindEnumRange},
	"enum_range_bounds": {Bind: bindEnumRange},
	"pg_size_pretty":    row(func(_ *Env, a []datum) (datum, error) { return types.String(sizePretty(a[0].I)), nil }),
	"pg_size_pretty_numeric": row(func(_ *Env, a []datum) (datum, error) {
		return stringOr(sizePrettyNumeric(a[0].S))
	}),
	"pg_size_bytes": row(func(_ *Env, a []datum) (datum, error) { return sizeBytes(a[0].S) }),
	"oidvectortypes": row(func(e *Env, a []datum) (datum, error) {
		var b []byte
		for i, x := range types.UnpackArray(a[0].S).Elems {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = types.AppendText(b, types.Of(types.Builtin(types.OIDRegtype)), x, e.Format)
		}
		return types.String(view(b)), nil
	}),
	"width_bucket_array": bindElem(1, func(elem types.Type) Row {
		return func(_ *Env, a []datum) (datum, error) { return bucketOf(elem, a[0], a[1].S) }
	}),
}

// maxLength is above the modifiers that types can have; a direct call could ask for gigabytes of blanks.
const maxLength = 8*10485760 + 4

// coerceLength is the function that a cast to a type with modifier calls: (value, modifier, explicit).
func coerceLength(id types.OID) Kernel {
	t := types.Of(types.Builtin(id))
	return row(func(_ *Env, a []datum) (datum, error) {
		if a[1].I <= 0 && (id == types.OIDBit || id == types.OIDVarbit) {
			return a[0], nil
		}
		if a[1].I > maxLength {
			return datum{}, tooLong()
		}
		return types.ApplyMod(t.WithMod(int32(a[1].I)), a[0], a[2].B())
	})
}

func bindEnum(pick func([]types.Label) *types.Label) func([]types.Type, types.Type) (Kernel, error) {
	return func(args []types.Type, _ types.Type) (Kernel, error) {
		t := args[0]
		return row(func(*Env, []datum) (datum, error) {
			if len(t.Labels) == 0 {
				return types.Null, nil
			}
			return labelValue(t, pick(t.Labels))
		}), nil
	}
}

// bindEnumRange is enum_range: all labels, or those from the first bound to the second; NULL is no bound.
func bindEnumRange(args []types.Type, _ types.Type) (Kernel, error) {
	t := args[0]
	return row(func(_ *Env, a []datum) (datum, error) {
		var in []datum
		for i := range t.Labels {
			l := &t.Labels[i]
			if len(a) == 2 && (!a[0].Null && l.Key < a[0].I || !a[1].Null && l.Key > a[1].I) {
				continue
			}
			k, err := labelValue(t, l)
			if err != nil {
				return types.Null, err
			}
			in = append(in, k)
		}
		return pack(types.Of(t.Def), in, 1), nil
	}), nil
}

func labelValue(t types.Type, l *types.Label) (datum, error) {
	return types.LabelValue(t.Def, l, func(d *types.Def) string { return types.TypeName(types.Of(d), nil) })
}
