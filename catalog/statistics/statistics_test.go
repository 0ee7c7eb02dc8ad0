package statistics

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var int4, text, jsonType = types.Of(types.Builtin(types.OIDInt4)), types.Of(types.Builtin(types.OIDText)), types.Of(types.Builtin(types.OIDJSON))

// collect makes statistics of n rows: the columns are given by functions of the row's number.
func collect(n int, cols ...func(i int) types.Datum) *Table {
	var fields []Field
	for i := range cols {
		t := int4
		if v := cols[i](0); v.S != "" {
			if t = text; v.S[0] == '{' {
				t = jsonType
			}
		}
		fields = append(fields, Field{catalog.ColumnID(i + 1), t})
	}
	c := NewCollector(fields, 1)
	for from := 0; from < n; from += vector.Size {
		b := &vector.Batch{N: min(n-from, vector.Size)}
		for j, f := range cols {
			v := &vector.Vector{}
			v.Reset(fields[j].Type)
			for i := range b.N {
				v.Append(f(from + i))
			}
			b.Cols = append(b.Cols, v)
		}
		c.Add(b)
	}
	return c.Table(0, time.Time{})
}

func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*math.Abs(want)+1e-9 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestCollect(t *testing.T) {
	const n = 200_000
	s := collect(n,
		func(i int) types.Datum { return types.Int(int64(i)) },
		func(i int) types.Datum { return types.Int(int64(i * 7919 % 5000)) },
		func(i int) types.Datum {
			switch {
			case i%4 == 0:
				return types.Null
			case i%2 == 0:
				return types.Int(42)
			}
			return types.Int(int64(-i))
		},
		func(i int) types.Datum { return types.String(fmt.Sprintf("k%02d", i%20)) },
		func(i int) types.Datum { return types.String(fmt.Sprintf(`{"a":%d}`, i)) },
	)
	id, mod, mixed, label, doc := s.Columns[1], s.Columns[2], s.Columns[3], s.Columns[4], s.Columns[5]
	if id.Distinct != -1 || len(id.Common) != 0 || len(id.Bounds) != Target+1 || id.Correlation != 1 {
		t.Errorf("key: %v distinct, %d common, %d bounds, correlation %v", id.Distinct, len(id.Common), len(id.Bounds), id.Correlation)
	}
	near(t, "median of the key", float64(id.Bounds[50].I), n/2, 0.03)
	near(t, "distinct of 5000", mod.Distinct, 5000, 0.05)
	near(t, "null share", mixed.NullFrac, 0.25, 0.05)
	if len(mixed.Common) != 1 || mixed.Common[0].I != 42 {
		t.Fatalf("common: %v", mixed.Common)
	}
	near(t, "share of 42", mixed.Freqs[0], 0.25, 0.05)
	near(t, "distinct with many equal", -mixed.Distinct, 0.5, 0.06)
	if slices.ContainsFunc(mixed.Bounds, func(d types.Datum) bool { return d.I == 42 }) {
		t.Error("a most common value is in the histogram")
	}
	near(t, "correlation of falling values", mixed.Correlation, -0.5, 0.9)
	if label.Distinct != 20 || len(label.Common) != 20 || len(label.Bounds) != 0 || label.Width != 4 {
		t.Errorf("labels: %v distinct, %d common, %d bounds, width %v", label.Distinct, len(label.Common), len(label.Bounds), label.Width)
	}
	if len(doc.Common)+len(doc.Bounds) != 0 || doc.Correlated {
		t.Error("a type without order has a histogram")
	}
}

// TestSmall has all rows in the sample.
func TestSmall(t *testing.T) {
	s := collect(10, func(i int) types.Datum { return types.Int(int64(i / 2)) }, func(int) types.Datum { return types.Null })
	c := s.Columns[1]
	if c.Distinct != -0.5 || len(c.Common) != 5 || len(c.Bounds) != 0 {
		t.Errorf("pairs: %+v", c)
	}
	if x := s.Columns[2]; x.NullFrac != 1 || x.Distinct != 0 {
		t.Errorf("nulls only: %+v", x)
	}
	if e := collect(0, func(int) types.Datum { return types.Int(1) }); e.Rows != 0 || e.Pages != 0 {
		t.Errorf("no rows: %+v", e)
	}
}

func TestEncode(t *testing.T) {
	s := collect(1000, func(i int) types.Datum { return types.Int(int64(i % 200)) }, func(i int) types.Datum { return types.String(fmt.Sprint("v", i)) })
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	tab := &catalog.Table{Columns: []catalog.Column{{ID: 1, TypeOID: types.OIDInt4, Type: int4}, {ID: 2, TypeOID: types.OIDText, Type: text}}}
	got, err := Decode(b, tab)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(*got.Columns[1]) != fmt.Sprint(*s.Columns[1]) || fmt.Sprint(*got.Columns[2]) != fmt.Sprint(*s.Columns[2]) || got.Rows != s.Rows {
		t.Error("not what was written")
	}
	tab.Columns[1].Type, tab.Columns = int4, tab.Columns[1:]
	if got, err = Decode(b, tab); err != nil || len(got.Columns) != 0 {
		t.Errorf("columns gone or of another type: %v %v", got, err)
	}
}

func TestSketch(t *testing.T) {
	for _, n := range []int{1, 10, 1000, 9000, 50_000, 1_000_000} {
		var s sketch
		for i := range 2 * n {
			s.add(mix(types.HashInt(int64(i % n))))
		}
		near(t, fmt.Sprint(n), s.count(), float64(n), 0.05)
	}
}

func BenchmarkCollect(b *testing.B) {
	v, w := &vector.Vector{}, &vector.Vector{}
	v.Reset(int4)
	w.Reset(text)
	for i := range vector.Size {
		v.Append(types.Int(int64(i)))
		w.Append(types.String(fmt.Sprint("text ", i)))
	}
	batch := &vector.Batch{N: vector.Size, Cols: []*vector.Vector{v, w}}
	c := NewCollector([]Field{{1, int4}, {2, text}}, 1)
	b.ReportAllocs()
	for b.Loop() {
		c.Add(batch)
	}
}
