package vector

import (
	"unsafe"

	"github.com/rowandb/rowan/types"
)

// AppendFrom adds the rows of src that sel lists (all n rows when sel is nil), copying strings.
func (v *Vector) AppendFrom(src *Vector, sel []uint16, n int) {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	if src.Const {
		v.appendConst(src, n)
		return
	}
	base := v.Len()
	if len(src.Nulls) > 0 {
		v.appendNulls(src.Nulls, sel, n, base)
	}
	switch v.Type.Class {
	case types.ClassInt:
		v.Int = appendValues(v.Int, src.Int, sel, n)
	case types.ClassFloat:
		v.Float = appendValues(v.Float, src.Float, sel, n)
	default:
		v.Str = appendValues(v.Str, src.Str, sel, n)
		v.own(base)
	}
}

func appendValues[T any](dst, src []T, sel []uint16, n int) []T {
	if sel == nil {
		return append(dst, src[:n]...)
	}
	k := len(dst)
	dst = extend(dst, n)
	for _, i := range sel {
		dst[k] = src[i]
		k++
	}
	return dst
}

// extend makes room for n more values, doubling.
func extend[T any](s []T, n int) []T {
	need := len(s) + n
	if need <= cap(s) {
		return s[:need]
	}
	grown := make([]T, need, max(need, 2*cap(s)))
	copy(grown, s)
	return grown
}

func (v *Vector) appendNulls(nulls Bitmap, sel []uint16, n, base int) {
	if sel == nil {
		for w, word := range nulls {
			if word == 0 {
				continue
			}
			for i := w * 64; i < min(n, w*64+64); i++ {
				if word&(1<<(i&63)) != 0 {
					v.Nulls = v.Nulls.Set(base + i)
				}
			}
		}
		return
	}
	for k, i := range sel {
		if nulls.Get(int(i)) {
			v.Nulls = v.Nulls.Set(base + k)
		}
	}
}

func (v *Vector) appendConst(src *Vector, n int) {
	if src.Nulls != nil && src.Nulls.Get(0) {
		for range n {
			v.AppendNull()
		}
		return
	}
	switch v.Type.Class {
	case types.ClassInt:
		v.Int = appendRepeated(v.Int, src.Int[0], n)
	case types.ClassFloat:
		v.Float = appendRepeated(v.Float, src.Float[0], n)
	default:
		v.Str = appendRepeated(v.Str, v.intern(src.Str[0]), n)
	}
}

func appendRepeated[T any](dst []T, x T, n int) []T {
	k := len(dst)
	dst = extend(dst, n)
	for ; k < len(dst); k++ {
		dst[k] = x
	}
	return dst
}

// own copies the bytes of the strings from row base on into v's memory, in one piece. The strings of NULL rows, which may
// be anything, are dropped.
func (v *Vector) own(base int) {
	total := 0
	for i := base; i < len(v.Str); i++ {
		if v.Nulls != nil && v.Nulls.Get(i) {
			v.Str[i] = ""
		}
		total += len(v.Str[i])
	}
	if total == 0 {
		return
	}
	if len(v.arena)+total > cap(v.arena) {
		v.arena = make([]byte, 0, max(min(2*cap(v.arena), 1<<20), total, 64))
	}
	arena := v.arena
	for i := base; i < len(v.Str); i++ {
		s := v.Str[i]
		if len(s) == 0 {
			continue
		}
		at := len(arena)
		arena = append(arena, s...)
		v.Str[i] = unsafe.String(&arena[at], len(s))
	}
	v.arena = arena
}

// Gather makes v the rows of src that idx lists, in that order, without copying the bytes of strings: they are borrowed
// from src.
func (v *Vector) Gather(src *Vector, idx []uint16) {
	v.Resize(src.Type, len(idx))
	if src.Const {
		v.fill(src)
		return
	}
	switch src.Type.Class {
	case types.ClassInt:
		gather(v.Int, src.Int, idx)
	case types.ClassFloat:
		gather(v.Float, src.Float, idx)
	default:
		gather(v.Str, src.Str, idx)
	}
	if len(src.Nulls) > 0 {
		for k, i := range idx {
			if src.Nulls.Get(int(i)) {
				v.Nulls = v.Nulls.Set(k)
			}
		}
	}
}

func gather[T any](dst, src []T, idx []uint16) {
	dst = dst[:len(idx)]
	for k, i := range idx {
		dst[k] = src[i]
	}
}

// fill sets all of v's rows to the value of a constant.
func (v *Vector) fill(src *Vector) {
	if src.Nulls != nil && src.Nulls.Get(0) {
		for i := range v.Len() {
			v.Nulls = v.Nulls.Set(i)
		}
		return
	}
	switch src.Type.Class {
	case types.ClassInt:
		for i := range v.Int {
			v.Int[i] = src.Int[0]
		}
	case types.ClassFloat:
		for i := range v.Float {
			v.Float[i] = src.Float[0]
		}
	default:
		for i := range v.Str {
			v.Str[i] = src.Str[0]
		}
	}
}

// Window makes v a view of rows lo to hi of src, borrowing its memory; lo must be a multiple of 64.
func (v *Vector) Window(src *Vector, lo, hi int) {
	v.Type, v.Const, v.Nulls = src.Type, false, nil
	if lo>>6 < len(src.Nulls) {
		v.Nulls = src.Nulls[lo>>6 : min(len(src.Nulls), (hi+63)>>6)]
	}
	switch src.Type.Class {
	case types.ClassInt:
		v.Int = src.Int[lo:hi:hi]
	case types.ClassFloat:
		v.Float = src.Float[lo:hi:hi]
	default:
		v.Str = src.Str[lo:hi:hi]
	}
}

// Bytes is the memory that v holds, for accounts.
func (v *Vector) Bytes() int64 {
	n := int64(cap(v.Int)+cap(v.Float))*8 + int64(cap(v.Str))*16 + int64(cap(v.Nulls))*8
	for _, s := range v.Str {
		n += int64(len(s))
	}
	return n
}
