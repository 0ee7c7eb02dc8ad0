package kernel

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// sizeUnit is a unit of pg_size_pretty. half: the number has a bit more than shown, to round by.
type sizeUnit struct {
	name  string
	limit int64
	half  bool
	bits  uint
}

var sizeUnits = []sizeUnit{
	{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30}, {"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50},
}

func (u sizeUnit) shift(next sizeUnit) uint {
	return next.bits - u.bits - uint(b2i(next.half)) + uint(b2i(u.half))
}

func halfRounded(n int64) int64 {
	if n < 0 {
		return (n - 1) / 2
	}
	return (n + 1) / 2
}

func sizePretty(n int64) string {
	for i, u := range sizeUnits {
		if i == len(sizeUnits)-1 || magnitude(n) < uint64(u.limit) {
			if u.half {
				n = halfRounded(n)
			}
			return strconv.FormatInt(n, 10) + " " + u.name
		}
		n /= 1 << u.shift(sizeUnits[i+1])
	}
	return ""
}

func sizePrettyNumeric(s string) (string, error) {
	for i, u := range sizeUnits {
		if i == len(sizeUnits)-1 || numeric.Compare(numeric.Abs(s), numeric.FromInt(u.limit)) < 0 {
			return prettyIn(s, u)
		}
		q, err := numeric.DivTrunc(s, numeric.FromInt(1<<u.shift(sizeUnits[i+1])))
		if err != nil {
			return "", err
		}
		s = q
	}
	return "", nil
}

func prettyIn(s string, u sizeUnit) (string, error) {
	if u.half {
		one := int64(1)
		if numeric.Sign(s) < 0 {
			one = -1
		}
		sum, err := numeric.Add(s, numeric.FromInt(one))
		if err == nil {
			s, err = numeric.DivTrunc(sum, numeric.FromInt(2))
		}
		if err != nil {
			return "", err
		}
	}
	return numeric.String(s) + " " + u.name, nil
}

// sizeBytes is pg_size_bytes: a number and a unit.
func sizeBytes(text string) (datum, error) {
	s := strings.Trim(text, " \t\n\r\v\f")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || end == 0 && (s[end] == '+' || s[end] == '-')) {
		end++
	}
	if end+1 < len(s) && end > 0 && (s[end] == 'e' || s[end] == 'E') {
		exp := end + 1
		if s[exp] == '+' || s[exp] == '-' {
			exp++
		}
		if exp < len(s) && s[exp] >= '0' && s[exp] <= '9' {
			for end = exp; end < len(s) && s[end] >= '0' && s[end] <= '9'; end++ {
			}
		}
	}
	if strings.Trim(s[:end], "+-.") == "" {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "invalid size: \"%s\"", text)
	}
	n, err := numeric.Parse(s[:end])
	if err != nil {
		return datum{}, err
	}
	unit := strings.Trim(s[end:], " \t\n\r\v\f")
	bits := uint(0)
	if unit != "" {
		i := 0
		for ; i < len(sizeUnits) && !strings.EqualFold(unit, sizeUnits[i].name); i++ {
		}
		switch {
		case i < len(sizeUnits):
			bits = sizeUnits[i].bits
		case strings.EqualFold(unit, "B"):
		default:
			return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "invalid size: \"%s\"", text).
				WithDetail("Invalid size unit: \"%s\".", unit).
				WithHint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
		}
	}
	if n, err = numeric.Mul(n, numeric.FromInt(1<<bits)); err != nil {
		return datum{}, err
	}
	v, err := numeric.ToInt(n, math.MinInt64, math.MaxInt64, "bigint")
	return types.Int(v), err
}

// bucketOf is width_bucket(operand, thresholds): how many thresholds are not above the operand.
func bucketOf(elem types.Type, x datum, thresholds string) (datum, error) {
	a := types.UnpackArray(thresholds)
	if len(a.Dims) > 1 {
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "thresholds must be one-dimensional array")
	}
	for _, e := range a.Elems {
		if e.Null {
			return datum{}, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "thresholds array must not contain NULLs")
		}
	}
	n := sort.Search(len(a.Elems), func(i int) bool { return types.Compare(elem, x, a.Elems[i]) < 0 })
	return types.Int(int64(n)), nil
}
