package jsonb

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func errParam(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerrcode.InvalidParameterValue, format, args...)
}

// pathIndex reads an array index as paths spell it.
func pathIndex(s string) (int, bool) {
	i, err := strconv.ParseInt(strings.TrimLeft(s, " \t\n\r\v\f"), 10, 32)
	return int(i), err == nil
}

// Get returns an object's member.
func (v Value) Get(key string) (Value, bool) {
	if i, ok := v.find(key); ok {
		return v.Pairs[i].Value, true
	}
	return Value{}, false
}

func (v Value) find(key string) (int, bool) {
	i := sort.Search(len(v.Pairs), func(i int) bool { return !less(v.Pairs[i].Key, key) })
	return i, i < len(v.Pairs) && v.Pairs[i].Key == key
}

// At returns an array's element, counted from the end when i is negative.
func (v Value) At(i int) (Value, bool) {
	if i < 0 {
		i += len(v.Elems)
	}
	if i < 0 || i >= len(v.Elems) {
		return Value{}, false
	}
	return v.Elems[i], true
}

// GetPath follows a path of keys and indexes.
func (v Value) GetPath(path []string) (Value, bool) {
	for _, p := range path {
		ok := false
		switch v.Kind {
		case Object:
			v, ok = v.Get(p)
		case Array:
			var i int
			if i, ok = pathIndex(p); ok {
				v, ok = v.At(i)
			}
		}
		if !ok {
			return Value{}, false
		}
	}
	return v, true
}

// Exists is the operator ?: whether key is an object's key, an array's string, or the string itself.
func (v Value) Exists(key string) bool {
	switch v.Kind {
	case Object:
		_, ok := v.find(key)
		return ok
	case Array:
		return slices.ContainsFunc(v.Elems, func(e Value) bool { return e.Kind == String && e.Str == key })
	case String:
		return v.Str == key
	}
	return false
}

// Contains is the operator @>.
func (v Value) Contains(w Value) bool {
	if v.Kind == Array && !w.IsContainer() { // at the top, an array contains a scalar as if it stood in an array
		return v.hasElem(w)
	}
	return v.contains(w)
}

func (v Value) contains(w Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case Object:
		for _, p := range w.Pairs {
			if x, ok := v.Get(p.Key); !ok || !x.contains(p.Value) {
				return false
			}
		}
		return true
	case Array:
		for _, e := range w.Elems {
			if !v.hasElem(e) {
				return false
			}
		}
		return true
	}
	return compare(v, w) == 0
}

func (v Value) hasElem(e Value) bool {
	return slices.ContainsFunc(v.Elems, func(x Value) bool { return x.contains(e) })
}

// Concat is the operator ||.
func (v Value) Concat(w Value) Value {
	if v.Kind == Object && w.Kind == Object {
		return MakeObject(slices.Concat(v.Pairs, w.Pairs))
	}
	return MakeArray(slices.Concat(v.list(), w.list()))
}

// list is v as an array's elements, a scalar or object being the only one.
func (v Value) list() []Value {
	if v.Kind == Array {
		return v.Elems
	}
	return []Value{v}
}

// DeleteKeys is the operator - with keys: members of an object, strings of an array.
func (v Value) DeleteKeys(keys ...string) (Value, error) {
	switch v.Kind {
	case Object:
		pairs := make([]Pair, 0, len(v.Pairs))
		for _, p := range v.Pairs {
			if !slices.Contains(keys, p.Key) {
				pairs = append(pairs, p)
			}
		}
		return Value{Kind: Object, Pairs: pairs}, nil
	case Array:
		elems := make([]Value, 0, len(v.Elems))
		for _, e := range v.Elems {
			if e.Kind != String || !slices.Contains(keys, e.Str) {
				elems = append(elems, e)
			}
		}
		return MakeArray(elems), nil
	}
	return v, errParam("cannot delete from scalar")
}

// DeleteIndex is the operator - with an index.
func (v Value) DeleteIndex(i int) (Value, error) {
	switch v.Kind {
	case Object:
		return v, errParam("cannot delete from object using integer index")
	case Array:
	default:
		return v, errParam("cannot delete from scalar")
	}
	if i < 0 {
		i += len(v.Elems)
	}
	if i < 0 || i >= len(v.Elems) {
		return v, nil
	}
	return MakeArray(slices.Concat(v.Elems[:i], v.Elems[i+1:])), nil
}

// edit says what is done at the end of a path.
type edit uint8

const (
	editReplace edit = iota // only what is there
	editCreate              // replace or add
	editDelete
	editBefore // insert
	editAfter
)

// editor applies one edit.
type editor struct {
	path  []string
	what  edit
	value Value
}

// DeletePath is the operator #-.
func (v Value) DeletePath(path []string) (Value, error) {
	if !v.IsContainer() {
		return v, errParam("cannot delete path in scalar")
	}
	return editor{path: path, what: editDelete}.start(v)
}

// SetPath is jsonb_set.
func (v Value) SetPath(path []string, value Value, create bool) (Value, error) {
	if !v.IsContainer() {
		return v, errParam("cannot set path in scalar")
	}
	e := editor{path: path, value: value}
	if create {
		e.what = editCreate
	}
	return e.start(v)
}

// InsertPath is jsonb_insert.
func (v Value) InsertPath(path []string, value Value, after bool) (Value, error) {
	if !v.IsContainer() {
		return v, errParam("cannot set path in scalar")
	}
	e := editor{path: path, what: editBefore, value: value}
	if after {
		e.what = editAfter
	}
	return e.start(v)
}

func (e editor) start(v Value) (Value, error) {
	if len(e.path) == 0 {
		return v, nil
	}
	return e.apply(v, 0)
}

func (e editor) apply(v Value, level int) (Value, error) {
	switch v.Kind {
	case Object:
		return e.object(v, level)
	case Array:
		return e.array(v, level)
	}
	return v, nil
}

func (e editor) creates() bool { return e.what != editReplace && e.what != editDelete }

func (e editor) object(v Value, level int) (Value, error) {
	i, found := v.find(e.path[level])
	last := level == len(e.path)-1
	switch {
	case !found && last && e.creates():
		return Value{Kind: Object, Pairs: slices.Insert(slices.Clone(v.Pairs), i, Pair{e.path[level], e.value})}, nil
	case !found:
		return v, nil
	case last && e.what == editDelete:
		return Value{Kind: Object, Pairs: slices.Delete(slices.Clone(v.Pairs), i, i+1)}, nil
	case last && (e.what == editBefore || e.what == editAfter):
		return v, errParam("cannot replace existing key").WithHint(
			"Try using the function jsonb_set to replace key value.")
	}
	pairs := slices.Clone(v.Pairs)
	if last {
		pairs[i].Value = e.value
		return Value{Kind: Object, Pairs: pairs}, nil
	}
	x, err := e.apply(pairs[i].Value, level+1)
	pairs[i].Value = x
	return Value{Kind: Object, Pairs: pairs}, err
}

func (e editor) array(v Value, level int) (Value, error) {
	i, ok := pathIndex(e.path[level])
	if !ok {
		return v, pgerr.New(pgerrcode.InvalidTextRepresentation,
			"path element at position %d is not an integer: \"%s\"", level+1, e.path[level])
	}
	n := len(v.Elems)
	last := level == len(e.path)-1
	switch {
	case i < -n:
		i = math.MinInt
	case i < 0:
		i += n
	}
	if i < 0 || i >= n {
		if !last || !e.creates() {
			return v, nil
		}
		if i < 0 {
			return MakeArray(slices.Insert(slices.Clone(v.Elems), 0, e.value)), nil
		}
		return MakeArray(append(slices.Clone(v.Elems), e.value)), nil
	}
	elems := slices.Clone(v.Elems)
	if !last {
		x, err := e.apply(elems[i], level+1)
		elems[i] = x
		return MakeArray(elems), err
	}
	switch e.what {
	case editDelete:
		elems = slices.Delete(elems, i, i+1)
	case editBefore:
		elems = slices.Insert(elems, i, e.value)
	case editAfter:
		elems = slices.Insert(elems, i+1, e.value)
	default:
		elems[i] = e.value
	}
	return MakeArray(elems), nil
}

// StripNulls drops members whose value is null, at all depths.
func (v Value) StripNulls() Value {
	switch v.Kind {
	case Object:
		pairs := make([]Pair, 0, len(v.Pairs))
		for _, p := range v.Pairs {
			if p.Value.Kind != Null {
				pairs = append(pairs, Pair{p.Key, p.Value.StripNulls()})
			}
		}
		return Value{Kind: Object, Pairs: pairs}
	case Array:
		elems := make([]Value, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = e.StripNulls()
		}
		return MakeArray(elems)
	}
	return v
}
