package kernel

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/numeric"
)

var seriesFunctions = map[string]Kernel{
	"generate_series_int4": set(seriesInt), "generate_series_step_int4": set(seriesInt),
	"generate_series_int8": set(seriesInt), "generate_series_step_int8": set(seriesInt),
	"generate_series_numeric": set(seriesNumeric), "generate_series_step_numeric": set(seriesNumeric),
	"generate_series_timestamp": set(func(_ *Env, a []datum, yield func([]datum) bool) error {
		return seriesTime(a, datetime.AddInterval, yield)
	}),
	"generate_series_timestamptz": set(func(e *Env, a []datum, yield func([]datum) bool) error {
		return seriesTime(a, func(ts int64, v datetime.Interval) (int64, error) {
			return datetime.AddIntervalIn(ts, v, e.Format.Location)
		}, yield)
	}),
	"array_unnest":              set(unnest),
	"generate_subscripts":       set(subscripts),
	"generate_subscripts_nodir": set(subscripts),
	"pg_get_keywords":           set(keywords),
	"pg_options_to_table":       set(optionsToTable),
}

func zeroStep() error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "step size cannot equal zero")
}

// seriesInt stops quietly when the next value would overflow.
func seriesInt(_ *Env, a []datum, yield func([]datum) bool) error {
	step := intArg(a, 2, 1)
	if step == 0 {
		return zeroStep()
	}
	out := make([]datum, 1)
	for i := a[0].I; step > 0 && i <= a[1].I || step < 0 && i >= a[1].I; {
		out[0] = types.Int(i)
		if !yield(out) {
			return nil
		}
		next := i + step
		if (next > i) != (step > 0) {
			return nil
		}
		i = next
	}
	return nil
}

func finite(s, what string) error {
	switch {
	case numeric.IsNaN(s):
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s cannot be NaN", what)
	case numeric.IsInf(s):
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s cannot be infinity", what)
	}
	return nil
}

func seriesNumeric(_ *Env, a []datum, yield func([]datum) bool) error {
	step := numeric.One
	if err := finite(a[0].S, "start value"); err != nil {
		return err
	}
	if err := finite(a[1].S, "stop value"); err != nil {
		return err
	}
	if len(a) > 2 {
		step = a[2].S
		if err := finite(step, "step size"); err != nil {
			return err
		}
	}
	sign := numeric.Sign(step)
	if sign == 0 {
		return zeroStep()
	}
	for v := a[0].S; numeric.Compare(v, a[1].S)*sign <= 0; {
		if !yield([]datum{types.String(v)}) {
			return nil
		}
		next, err := numeric.Add(v, step)
		if err != nil {
			return err
		}
		v = next
	}
	return nil
}

func seriesTime(a []datum, add func(int64, datetime.Interval) (int64, error), yield func([]datum) bool) error {
	step := span(a[2])
	sign := step.Compare(datetime.Interval{})
	if sign == 0 {
		return zeroStep()
	}
	for ts := a[0].I; sign > 0 && ts <= a[1].I || sign < 0 && ts >= a[1].I; {
		if !yield([]datum{types.Int(ts)}) {
			return nil
		}
		next, err := add(ts, step)
		if err != nil {
			return err
		}
		if datetime.IsInf(next) && next == ts {
			continue
		}
		ts = next
	}
	return nil
}

func unnest(_ *Env, a []datum, yield func([]datum) bool) error {
	n := types.ArrayLen(a[0].S)
	out := make([]datum, 1)
	for i := range n {
		out[0] = types.ArrayElem(a[0].S, i)
		if !yield(out) {
			return nil
		}
	}
	return nil
}

// subscripts is generate_subscripts(array, dimension, reverse).
func subscripts(_ *Env, a []datum, yield func([]datum) bool) error {
	d, ok := types.ArrayDim(a[0].S, int(a[1].I)-1)
	if !ok {
		return nil
	}
	reverse := len(a) > 2 && a[2].B()
	for i := range d.Len {
		v := d.Lower + i
		if reverse {
			v = d.Lower + d.Len - 1 - i
		}
		if !yield([]datum{types.Int(int64(v))}) {
			return nil
		}
	}
	return nil
}

// optionsToTable splits the name=value texts of reloptions and the like.
func optionsToTable(_ *Env, a []datum, yield func([]datum) bool) error {
	for _, e := range types.UnpackArray(a[0].S).Elems {
		if e.Null {
			continue
		}
		row := []datum{e, types.Null}
		for i := range len(e.S) {
			if e.S[i] == '=' {
				row = []datum{types.String(e.S[:i]), types.String(e.S[i+1:])}
				break
			}
		}
		if !yield(row) {
			return nil
		}
	}
	return nil
}
