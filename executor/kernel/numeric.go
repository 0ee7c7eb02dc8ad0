package kernel

import (
	"math"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

var numericFunctions = join(
	family(func(o op) Kernel {
		if o == opEQ || o == opNE {
			return compareWith(o, compareNumericEqual)
		}
		return compareWith(o, numeric.Compare)
	}, "numeric_%"),
	larger(cmpNumeric, "numeric_%"),
	map[string]Kernel{
		"numeric_cmp": cmpKernel(cmpNumeric),
		"numeric_add": appendStr2(numeric.AppendAdd), "numeric_sub": appendStr2(numeric.AppendSub),
		"numeric_mul": appendStr2(numeric.AppendMul), "numeric_div": appendStr2(numeric.AppendDiv),
		"numeric_mod": appendStr2(numeric.AppendMod), "numeric_div_trunc": appendStr2(numeric.AppendDivTrunc),
		"numeric_uminus": strStr(numeric.Neg), "numeric_uplus": strStr(func(a string) string { return a }),
		"numeric_abs":    strStr(numeric.Abs),
		"numeric_sign":   row(func(_ *Env, a []datum) (datum, error) { return types.String(numericSign(a[0].S)), nil }),
		"numeric_round":  row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.Round(a[0].S, int(a[1].I))) }),
		"numeric_trunc":  row(func(_ *Env, a []datum) (datum, error) { return types.String(numeric.Trunc(a[0].S, int(a[1].I))), nil }),
		"sql_round_1708": strStrErr(func(a string) (string, error) { return numeric.Round(a, 0) }),
		"sql_trunc_1710": strStr(func(a string) string { return numeric.Trunc(a, 0) }),
		"numeric_ceil":   strStr(numeric.Ceil), "numeric_floor": strStr(numeric.Floor),
		"numeric_sqrt": strStrErr(numeric.Sqrt), "numeric_exp": strStrErr(numeric.Exp), "numeric_ln": strStrErr(numeric.Ln),
		"numeric_log": strStr2(numeric.Log), "numeric_power": strStr2(numeric.Power),
		"sql_log_1741": strStrErr(numeric.Log10), "sql_log10_1481": strStrErr(numeric.Log10),
		"numeric_inc": strStrErr(numeric.Inc), "numeric_fac": row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.Factorial(a[0].I)) }),
		"numeric_gcd":        strStr2(func(a, b string) (string, error) { return numeric.GCD(a, b), nil }),
		"numeric_lcm":        strStr2(numeric.LCM),
		"numeric_scale":      row(func(_ *Env, a []datum) (datum, error) { return scaleOf(a[0].S, numeric.Scale), nil }),
		"numeric_min_scale":  row(func(_ *Env, a []datum) (datum, error) { return scaleOf(a[0].S, numeric.MinScale), nil }),
		"numeric_trim_scale": strStr(numeric.TrimScale),
		"numeric":            row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.Coerce(a[0].S, int32(a[1].I))) }),

		"int2_numeric": intStr(numeric.AppendInt), "int4_numeric": intStr(numeric.AppendInt), "int8_numeric": intStr(numeric.AppendInt),
		"float4_numeric": row(func(_ *Env, a []datum) (datum, error) {
			return types.String(numeric.FromFloat32(float32(a[0].F()))), nil
		}),
		"float8_numeric": row(func(_ *Env, a []datum) (datum, error) { return types.String(numeric.FromFloat(a[0].F())), nil }),
		"numeric_int2":   numericToInt(math.MinInt16, math.MaxInt16, "smallint"),
		"numeric_int4":   numericToInt(math.MinInt32, math.MaxInt32, "integer"),
		"numeric_int8":   numericToInt(math.MinInt64, math.MaxInt64, "bigint"),
		"numeric_float8": numericToFloat(false), "numeric_float4": numericToFloat(true),
		"width_bucket_numeric": {Row: widthBucketNumeric},
	})

// compareNumericEqual is a comparison that only tells equal from different, which equal bytes settle at once.
func compareNumericEqual(a, b string) int {
	if a == b || numeric.Equal(a, b) {
		return 0
	}
	return 1
}

func cmpNumeric(a, b datum) int { return numeric.Compare(a.S, b.S) }

func stringOr(s string, err error) (datum, error) { return types.String(s), err }

func numericSign(a string) string {
	if numeric.IsNaN(a) {
		return numeric.NaN
	}
	return numeric.FromInt(int64(numeric.Sign(a)))
}

func scaleOf(a string, f func(string) int) datum {
	if numeric.IsNaN(a) || numeric.IsInf(a) {
		return types.Null
	}
	return types.Int(int64(f(a)))
}

func numericToInt(lo, hi int64, name string) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			v, err := numeric.ToInt(a[0].S, lo, hi, name)
			return types.Int(v), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m, nulls := args[0].Str, mask(args[0]), hasNulls(args)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				v, err := numeric.ToInt(a[int(i)&m], lo, hi, name)
				if err != nil {
					return err
				}
				out.Int[i] = v
			}
			return nil
		},
	}
}

func numericToFloat(single bool) Kernel {
	convert := func(s string) (float64, error) {
		f, err := numeric.ToFloat(s)
		if err != nil || !single {
			return f, err
		}
		r := round32(f)
		if isInf(r) && !isInf(f) || r == 0 && f != 0 {
			return 0, outOfRangeReal(s)
		}
		return r, nil
	}
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			f, err := convert(a[0].S)
			return types.Float(f), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m, nulls := args[0].Str, mask(args[0]), hasNulls(args)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				f, err := convert(a[int(i)&m])
				if err != nil {
					return err
				}
				out.Float[i] = f
			}
			return nil
		},
	}
}
