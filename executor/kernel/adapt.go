package kernel

import (
	"unicode/utf8"
	"unsafe"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// The adapters of this file turn Go functions into kernels.

// row makes a kernel that has only a row form.
func row(f func(e *Env, a []datum) (datum, error)) Kernel { return Kernel{Row: f} }

// set makes a set-returning kernel.
func set(f func(e *Env, a []datum, yield func([]datum) bool) error) Kernel { return Kernel{Set: f} }

// strStr is text → text.
func strStr(f func(string) string) Kernel {
	return row(func(_ *Env, a []datum) (datum, error) { return types.String(f(a[0].S)), nil })
}

// strStrErr is text → text for functions that may fail.
func strStrErr(f func(string) (string, error)) Kernel {
	return row(func(_ *Env, a []datum) (datum, error) {
		s, err := f(a[0].S)
		return types.String(s), err
	})
}

// strStr2 is (text, text) → text.
func strStr2(f func(a, b string) (string, error)) Kernel {
	return row(func(_ *Env, a []datum) (datum, error) {
		s, err := f(a[0].S, a[1].S)
		return types.String(s), err
	})
}

// strInt is text → integer, with a vector form.
func strInt(f func(string) int64) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Int(f(a[0].S)), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Str, mask(args[0])
			for _, i := range rows(n, sel) {
				out.Int[i] = f(a[int(i)&m])
			}
			return nil
		},
	}
}

// appendStr is string → string by a function that appends its result to a buffer: the vector form allocates once a batch.
// It must not be given the bytes of NULL rows.
func appendStr(f func(dst []byte, a string) ([]byte, error)) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			var buf [24]byte
			b, err := f(buf[:0], a[0].S)
			return types.String(string(b)), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m, nulls := args[0].Str, mask(args[0]), hasNulls(args)
			buf := make([]byte, 0, 64)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				b, err := f(buf[:0], a[int(i)&m])
				if err != nil {
					return err
				}
				out.SetString(int(i), view(b))
				buf = b
			}
			return nil
		},
	}
}

// appendStr2 is appendStr for two arguments.
func appendStr2(f func(dst []byte, a, b string) ([]byte, error)) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			var buf [24]byte
			b, err := f(buf[:0], a[0].S, a[1].S)
			return types.String(string(b)), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b, ma, mb, nulls := args[0].Str, args[1].Str, mask(args[0]), mask(args[1]), hasNulls(args)
			buf := make([]byte, 0, 64)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				r, err := f(buf[:0], a[int(i)&ma], b[int(i)&mb])
				if err != nil {
					return err
				}
				out.SetString(int(i), view(r))
				buf = r
			}
			return nil
		},
	}
}

// intStr is integer → string by appending.
func intStr(f func(dst []byte, a int64) []byte) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			var buf [24]byte
			return types.String(string(f(buf[:0], a[0].I))), nil
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Int, mask(args[0])
			buf := make([]byte, 0, 32)
			for _, i := range rows(n, sel) {
				buf = f(buf[:0], a[int(i)&m])
				out.SetString(int(i), view(buf))
			}
			return nil
		},
	}
}

// view looks at bytes as a string without copying: for callees that do not keep it.
func view(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// runeCount is the length of a text in characters.
func runeCount(s string) int64 { return int64(utf8.RuneCountInString(s)) }

// runeOffset returns the byte offset of the n-th character (from 0), or len(s) if there are fewer.
func runeOffset(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}
