package types

import (
	"github.com/cespare/xxhash/v2"
)

// Compare orders two values of type t, neither NULL, as ORDER BY does. Types without order compare as their bytes.
func Compare(t Type, a, b Datum) int {
	if c := codecOf(t.Def); c != nil {
		if c.compare != nil {
			return c.compare(a, b)
		}
		return compareString(a, b)
	}
	switch {
	case t.Elem != nil:
		return compareArray(Of(t.Elem), a.S, b.S)
	case t.Kind == KindEnum:
		return compareInt(a, b)
	case t.Kind == KindDomain:
		return Compare(*t.Base, a, b)
	case isRecord(t):
		return compareRecord(t, a.S, b.S)
	}
	return compareString(a, b)
}

// Equal reports whether two values of type t, neither NULL, are equal.
func Equal(t Type, a, b Datum) bool {
	if t.Class == ClassInt {
		return a.I == b.I
	}
	return Compare(t, a, b) == 0
}

// Comparer returns Compare for one type, so that a sort looks the type up once.
func Comparer(t Type) func(a, b Datum) int {
	if c := codecOf(t.Def); c != nil && c.compare != nil {
		return c.compare
	}
	if t.Kind == KindEnum {
		return compareInt
	}
	return func(a, b Datum) int { return Compare(t, a, b) }
}

// Hash returns a hash that is the same for values of type t that Equal finds equal. The hash of NULL is 0.
func Hash(t Type, d Datum) uint64 {
	if d.Null {
		return 0
	}
	if c := codecOf(t.Def); c != nil {
		if c.hash != nil {
			return c.hash(d)
		}
		return hashString(d)
	}
	switch {
	case t.Elem != nil:
		return hashArray(Of(t.Elem), d.S)
	case t.Kind == KindEnum:
		return hashInt(d)
	case t.Kind == KindDomain:
		return Hash(*t.Base, d)
	case isRecord(t):
		return hashRecord(t, d.S)
	}
	return xxhash.Sum64String(d.S)
}

// Hasher returns Hash for one type.
func Hasher(t Type) func(d Datum) uint64 { return func(d Datum) uint64 { return Hash(t, d) } }

// Comparable reports whether the type has an order, and so may be sorted and grouped.
func Comparable(d *Def) bool {
	if d == nil {
		return false
	}
	if c := codecOf(d); c != nil {
		return c.compare != nil
	}
	switch {
	case d.Elem != nil:
		return Comparable(d.Elem)
	case d.Kind == KindDomain:
		return Comparable(d.Base.Def)
	case d.Kind == KindComposite:
		for _, f := range d.Fields {
			if !Comparable(f.Type.Def) {
				return false
			}
		}
		return true
	}
	return d.Kind == KindEnum || d.OID == OIDRecord
}

// compareArray orders by the elements, a NULL being above all else, then by length, dimensions and lower bounds.
func compareArray(elem Type, a, b string) int {
	v, w := viewArray(a), viewArray(b)
	for i := range min(v.n, w.n) {
		x, y := v.elem(i), w.elem(i)
		if c := compareNullable(elem, x, y); c != 0 {
			return c
		}
	}
	switch {
	case v.n != w.n:
		return v.n - w.n
	case v.ndim != w.ndim:
		return v.ndim - w.ndim
	}
	for i := range v.ndim {
		if c := int(v.dim(i).Len) - int(w.dim(i).Len); c != 0 {
			return c
		}
	}
	for i := range v.ndim {
		if c := int64(v.dim(i).Lower) - int64(w.dim(i).Lower); c != 0 {
			return int(max(-1, min(1, c)))
		}
	}
	return 0
}

// compareNullable orders as NULLS LAST does, two NULLs being equal.
func compareNullable(t Type, a, b Datum) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return 1
	case b.Null:
		return -1
	}
	return Compare(t, a, b)
}

func hashArray(elem Type, s string) uint64 {
	v := viewArray(s)
	h := uint64(1)
	for i := range v.n {
		h = h*31 + Hash(elem, v.elem(i))
	}
	return h
}

func compareRecord(t Type, a, b string) int {
	x, y := UnpackRecord(t, a), UnpackRecord(t, b)
	for i := range min(len(x), len(y)) {
		ft := x[i].Type
		if ft.Def == nil { // of a type that the record does not tell: numbers or strings
			if c := compareInt(x[i].Value, y[i].Value); c != 0 && !x[i].Value.Null && !y[i].Value.Null {
				return c
			}
			ft = Of(builtinByOID[OIDText])
		}
		if c := compareNullable(ft, x[i].Value, y[i].Value); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}

func hashRecord(t Type, s string) uint64 {
	h := uint64(1)
	for _, f := range UnpackRecord(t, s) {
		if f.Type.Def != nil {
			h = h*31 + Hash(f.Type, f.Value)
		}
	}
	return h
}
