package window

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// rangeBounds finds the bounds of RANGE frames with offsets: the rows whose key is within an offset of the current row's.
// The keys ascend or descend, and so do the bounds: each search goes on from where the last one ended.
type rangeBounds struct {
	typ        types.Type // of the key as it is compared: timestamp for date
	desc       bool
	nullsFirst bool
	lo, hi     shift1
	keys       []types.Datum
	cmp        func(a, b types.Datum) int
	date       bool
	env        *kernel.Env
	at         [2]int
}

// shift1 moves a key by an offset: sign -1 for less. limit is set when the result is beyond all values.
type shift1 func(key types.Datum, sign int) (d types.Datum, limit bool, err error)

func newRangeBounds(w *Window, f *frame) (*rangeBounds, error) {
	k := w.node.Order[0]
	r := &rangeBounds{typ: k.Expr.Type(), desc: k.Desc, nullsFirst: k.NullsFirst, env: w.env.Kernel}
	if r.date = r.typ.ID() == types.OIDDate; r.date {
		r.typ = types.Of(types.Builtin(types.OIDTimestamp))
	}
	r.cmp = types.Comparer(r.typ)
	var err error
	if f.Start.Offset != nil {
		if r.lo, err = r.shifter(f.Start.Offset.Type(), f.lo); err != nil {
			return nil, err
		}
	}
	if f.End.Offset != nil {
		r.hi, err = r.shifter(f.End.Offset.Type(), f.hi)
	}
	return r, err
}

func errRangeSize() error {
	return pgerr.New(pgerrcode.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
}

// shifter makes the function that adds or subtracts the offset.
func (r *rangeBounds) shifter(t types.Type, offset types.Datum) (shift1, error) {
	switch {
	case r.typ.Class == types.ClassFloat:
		return shiftFloat(t, offset)
	case r.typ.ID() == types.OIDNumeric:
		return shiftNumeric(offset)
	case r.typ.Class == types.ClassInt && t.Class == types.ClassInt:
		return shiftInt(offset)
	}
	if t.ID() == types.OIDInterval && types.Compare(t, offset, zeroInterval()) < 0 {
		return nil, errRangeSize()
	}
	return r.shiftByOperator(t, offset)
}

func zeroInterval() types.Datum {
	d, _ := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), "0", types.DefaultFormat()) // cannot fail
	return d
}

func shiftInt(offset types.Datum) (shift1, error) {
	if offset.I < 0 {
		return nil, errRangeSize()
	}
	return func(key types.Datum, sign int) (types.Datum, bool, error) {
		if sign < 0 {
			x := key.I - offset.I
			return types.Int(x), x > key.I, nil
		}
		x := key.I + offset.I
		return types.Int(x), x < key.I, nil
	}, nil
}

func shiftFloat(t types.Type, offset types.Datum) (shift1, error) {
	by := offset.F()
	if t.Class == types.ClassInt {
		by = float64(offset.I)
	}
	if by < 0 || by != by {
		return nil, errRangeSize()
	}
	return func(key types.Datum, sign int) (types.Datum, bool, error) {
		x := key.F()
		if x != x || math.IsInf(x, 0) && math.IsInf(by, 0) {
			return key, false, nil
		}
		return types.Float(x + float64(sign)*by), false, nil
	}, nil
}

func shiftNumeric(offset types.Datum) (shift1, error) {
	if numeric.Sign(offset.S) < 0 || numeric.IsNaN(offset.S) {
		return nil, errRangeSize()
	}
	return func(key types.Datum, sign int) (types.Datum, bool, error) {
		f := numeric.Add
		if sign < 0 {
			f = numeric.Sub
		}
		s, err := f(key.S, offset.S)
		return types.String(s), false, err
	}, nil
}

// shiftByOperator uses the + and - operators of the key's type, as for timestamps and intervals.
func (r *rangeBounds) shiftByOperator(t types.Type, offset types.Datum) (shift1, error) {
	var rows [2]kernel.Row
	for i, name := range []string{"-", "+"} {
		o := builtin.OperatorFor(name, r.typ.ID(), t.ID())
		if o == nil || o.Result != r.typ.ID() {
			return nil, pgerr.Unsupported("RANGE with offset over type %s", types.TypeName(r.typ, nil))
		}
		k, err := eval.Kernel(builtin.ProcByOID(o.Proc), []types.Type{r.typ, t}, r.typ)
		if err != nil {
			return nil, err
		}
		rows[i] = k.Row
	}
	return func(key types.Datum, sign int) (types.Datum, bool, error) {
		row := rows[0]
		if sign > 0 {
			row = rows[1]
		}
		d, err := row(r.env, []types.Datum{key, offset})
		if pgerr.Code(err) == pgerrcode.DatetimeFieldOverflow || pgerr.Code(err) == pgerrcode.IntervalFieldOverflow {
			return d, true, nil
		}
		return d, false, err
	}, nil
}

const microsPerDay = 86400 * 1000000

// load takes the partition's keys.
func (r *rangeBounds) load(w *Window) error {
	r.keys, r.at = r.keys[:0], [2]int{}
	for i := range w.part.n {
		d, err := w.rows.Datum(w.value, uint32(i))
		if err != nil {
			return err
		}
		if r.date && !d.Null {
			d.I = dateToTimestamp(d.I)
		}
		if w.rows.Spilled() {
			d = d.Clone()
		}
		r.keys = append(r.keys, d)
	}
	return nil
}

func dateToTimestamp(days int64) int64 {
	switch days {
	case math.MinInt32:
		return math.MinInt64
	case math.MaxInt32:
		return math.MaxInt64
	}
	return days * microsPerDay
}

// find gives a bound for row i: kind p or f says on which side of it. The rows of NULL keys have each other as frame.
func (r *rangeBounds) find(w *Window, i int, kind byte, start bool) int {
	if r.keys[i].Null {
		from, to := w.part.peers(i)
		if start {
			return from
		}
		return to
	}
	move, which := r.lo, 0
	if !start {
		move, which = r.hi, 1
	}
	sign := 1
	if (kind == 'p') != r.desc {
		sign = -1
	}
	limit, beyond, err := move(r.keys[i], sign)
	if err != nil {
		beyond = true
	}
	at := r.at[which]
	for at < w.part.n && r.before(at, limit, beyond, sign, start) {
		at++
	}
	r.at[which] = at
	return at
}

// before reports whether row j comes before the bound.
func (r *rangeBounds) before(j int, limit types.Datum, beyond bool, sign int, start bool) bool {
	if r.keys[j].Null {
		return r.nullsFirst
	}
	if beyond {
		return (sign > 0) != r.desc
	}
	c := r.cmp(r.keys[j], limit)
	if r.desc {
		c = -c
	}
	if start {
		return c < 0
	}
	return c <= 0
}
