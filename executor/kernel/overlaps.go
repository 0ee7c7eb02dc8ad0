package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// overlapsFunctions is (a, b) OVERLAPS (c, d), where b and d may be lengths.
var overlapsFunctions = func() map[string]Kernel {
	m := map[string]Kernel{
		"overlaps_timestamp": overlaps("tt", nil), "overlaps_time": overlaps("tt", nil), "overlaps_timetz": overlapsTimetz,
	}
	plusLocal := func(_ *Env, t int64, v datetime.Interval) (int64, error) { return datetime.AddInterval(t, v) }
	plusZone := func(e *Env, t int64, v datetime.Interval) (int64, error) {
		return datetime.AddIntervalIn(t, v, e.Format.Location)
	}
	plusTime := func(_ *Env, t int64, v datetime.Interval) (int64, error) { return datetime.AddTime(t, v), nil }
	m["sql_overlaps_2042"], m["sql_overlaps_2043"], m["sql_overlaps_2044"] = overlaps("ii", plusLocal), overlaps("ti", plusLocal), overlaps("it", plusLocal)
	m["sql_overlaps_1305"], m["sql_overlaps_1306"], m["sql_overlaps_1307"] = overlaps("ii", plusZone), overlaps("ti", plusZone), overlaps("it", plusZone)
	m["sql_overlaps_1309"], m["sql_overlaps_1310"], m["sql_overlaps_1311"] = overlaps("ii", plusTime), overlaps("ti", plusTime), overlaps("it", plusTime)
	return m
}()

// overlaps makes the kernel for ends that are times (t) or intervals (i).
func overlaps(ends string, plus func(e *Env, t int64, v datetime.Interval) (int64, error)) Kernel {
	return row(func(e *Env, a []datum) (datum, error) {
		b := [4]datum{a[0], a[1], a[2], a[3]}
		for k, c := range ends {
			end := 2*k + 1
			if c != 'i' || b[end].Null {
				continue
			}
			if b[end-1].Null {
				b[end] = types.Null
				continue
			}
			t, err := plus(e, b[end-1].I, span(b[end]))
			if err != nil {
				return datum{}, err
			}
			b[end] = types.Int(t)
		}
		return overlap(b, func(x, y datum) int { return cmp3(x.I, y.I) }), nil
	})
}

var overlapsTimetz = row(func(_ *Env, a []datum) (datum, error) {
	t := types.Of(types.Builtin(types.OIDTimetz))
	return overlap([4]datum{a[0], a[1], a[2], a[3]}, func(x, y datum) int { return types.Compare(t, x, y) }), nil
})

// overlap decides with the standard's rules for NULL ends: a period with one end known is that moment.
func overlap(p [4]datum, cmp func(x, y datum) int) datum {
	for k := 0; k < 4; k += 2 {
		switch s, e := p[k], p[k+1]; {
		case s.Null && e.Null:
			return types.Null
		case s.Null:
			p[k], p[k+1] = e, types.Null
		case !e.Null && cmp(s, e) > 0:
			p[k], p[k+1] = e, s
		}
	}
	first, second := p[:2], p[2:]
	switch c := cmp(first[0], second[0]); {
	case c == 0:
		if first[1].Null || second[1].Null {
			return types.Null
		}
		return types.Bool(true)
	case c < 0:
		first, second = second, first
	}
	if second[1].Null {
		return types.Null
	}
	if cmp(first[0], second[1]) < 0 {
		return types.Bool(true)
	}
	if first[1].Null {
		return types.Null
	}
	return types.Bool(false)
}
