package plpgsql

import (
	"testing"

	"github.com/rowandb/rowan/types"
)

func ints(lower int32, elems ...int64) types.Array {
	a := types.Array{}
	for _, e := range elems {
		a.Elems = append(a.Elems, types.Int(e))
	}
	if len(elems) > 0 {
		a.Dims = []types.Dim{{Len: int32(len(elems)), Lower: lower}}
	}
	return a
}

func shown(s string) string {
	return types.Text(types.Of(types.Builtin(types.OIDInt4Array)), types.String(s), types.DefaultFormat())
}

// TestSetElement puts elements where arrays have none yet, too.
func TestSetElement(t *testing.T) {
	elem := types.Builtin(types.OIDInt4)
	for _, c := range []struct {
		a     types.Array
		index int64
		want  string
	}{
		{ints(1, 1, 2, 3), 2, "{1,9,3}"},
		{ints(1, 1, 2, 3), 4, "{1,2,3,9}"},
		{ints(1, 1, 2), 5, "{1,2,NULL,NULL,9}"},
		{ints(1, 1), -1, "[-1:1]={9,NULL,1}"},
		{types.Array{}, 3, "[3:3]={9}"},
	} {
		d, err := setElement(c.a, []place{{index: c.index}}, types.Int(9), elem)
		if err != nil || shown(d.S) != c.want {
			t.Errorf("[%d] of %v: %s, %v, not %s", c.index, c.a, shown(d.S), err, c.want)
		}
	}
	if _, err := setElement(ints(1, 1), []place{{index: 1}, {index: 1}}, types.Int(9), elem); err == nil {
		t.Error("two subscripts of an array of one dimension")
	}
	if _, err := setElement(ints(1, 1), []place{{index: 1 << 31}}, types.Int(9), elem); err == nil {
		t.Error("an array of two thousand million elements")
	}
}

// TestSetSlice puts arrays into slices.
func TestSetSlice(t *testing.T) {
	elem := types.Builtin(types.OIDInt4)
	at := func(i int64) *int64 { return &i }
	value := types.String(ints(1, 7, 8).Pack(elem))
	for _, c := range []struct {
		a            types.Array
		lower, upper *int64
		want         string
	}{
		{ints(1, 1, 2, 3), at(2), at(3), "{1,7,8}"},
		{ints(1, 1, 2, 3), at(3), at(4), "{1,2,7,8}"},
		{ints(1, 1, 2), nil, nil, "{7,8}"},
		{types.Array{}, at(1), at(2), "{7,8}"},
	} {
		d, err := setSlice(c.a, []place{{slice: true, lower: c.lower, upper: c.upper}}, value, elem)
		if err != nil || shown(d.S) != c.want {
			t.Errorf("%v: %s, %v, not %s", c.a, shown(d.S), err, c.want)
		}
	}
	for _, p := range []place{{slice: true, lower: at(3), upper: at(2)}, {slice: true, lower: at(1), upper: at(3)}, {slice: true, lower: at(1)}} {
		if _, err := setSlice(types.Array{}, []place{p}, value, elem); err == nil {
			t.Errorf("slice %v", p)
		}
	}
}

// TestScope looks names up from the inside out, by labels too.
func TestScope(t *testing.T) {
	function := &scope{label: "f"}
	function.declare("a", 0)
	block := &scope{outer: function, label: "b"}
	block.declare("a", 1)
	block.declare("r", 2)
	for _, c := range []struct {
		names   []string
		v, used int
	}{
		{[]string{"a"}, 1, 1}, {[]string{"f", "a"}, 0, 2}, {[]string{"b", "a"}, 1, 2}, {[]string{"r", "x"}, 2, 1}, {[]string{"x"}, 0, 0}, {[]string{"f", "r"}, 0, 0},
	} {
		if v, used := block.find(c.names); v != c.v || used != c.used {
			t.Errorf("%v is %d by %d", c.names, v, used)
		}
	}
}

// TestHandlers has classes of SQLSTATEs, and what OTHERS leaves out.
func TestHandlers(t *testing.T) {
	others := handler{others: true}
	for code, want := range map[string]bool{"22012": true, "57014": false, "P0004": false} {
		if others.covers(code) != want {
			t.Errorf("OTHERS of %s is not %v", code, want)
		}
	}
	class := handler{codes: conditionCodes()["data_exception"]}
	if !class.covers("22012") || class.covers("23505") {
		t.Error("data_exception is not the class 22")
	}
}
