package numeric

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

var numbers = rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,20})?`)

func draw(t *rapid.T, name string) string {
	n, err := Parse(numbers.Draw(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func rat(s string) *big.Rat {
	r, _ := new(big.Rat).SetString(String(s))
	return r
}

// TestExact checks sums and products against exact fractions, and the order of keys against Compare.
func TestExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		sum, _ := Add(a, b)
		product, _ := Mul(a, b)
		if rat(sum).Cmp(new(big.Rat).Add(rat(a), rat(b))) != 0 || rat(product).Cmp(new(big.Rat).Mul(rat(a), rat(b))) != 0 {
			t.Fatalf("%s, %s: sum %s, product %s", String(a), String(b), String(sum), String(product))
		}
		c := Compare(a, b)
		if sign(c) != rat(a).Cmp(rat(b)) {
			t.Fatalf("Compare(%s, %s) = %d", String(a), String(b), c)
		}
		ka, kb := string(AppendKey(nil, a)), string(AppendKey(nil, b))
		if (ka < kb) != (c < 0) || (ka == kb) != (c == 0) {
			t.Fatalf("keys of %s and %s are in another order", String(a), String(b))
		}
		if back, err := ParseBinary(AppendBinary(nil, a)); err != nil || back != a {
			t.Fatalf("%s came back as %s", String(a), String(back))
		}
	})
}

// TestSum checks the running sum, with values taken back, against plain additions.
func TestSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s, half Sum
		want := Zero
		for i := range rapid.IntRange(1, 40).Draw(t, "n") {
			v := draw(t, "v")
			want, _ = Add(want, v)
			if i%2 == 0 {
				s.Add(v)
			} else {
				half.Add(v)
			}
			if rapid.Bool().Draw(t, "remove") {
				s.Add(v)
				s.Remove(v)
			}
		}
		s.Merge(&half)
		if got, err := s.Value(); err != nil || got != want {
			t.Fatalf("got %s, want %s, %v", String(got), String(want), err)
		}
	})
}

// FuzzParse checks that what is read is written and read the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-0.00", "1e10", "1e-300", "NaN", "inf", "123456789012345678901234567890.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			return
		}
		if m, err := Parse(String(n)); err != nil || m != n {
			t.Errorf("%q: %q is read as %q, %v", s, String(n), String(m), err)
		}
	})
}

func BenchmarkOperations(b *testing.B) {
	x, _ := Parse("12345.67")
	y, _ := Parse("-89.012")
	buf := make([]byte, 0, 64)
	for name, f := range map[string]func(){
		"add": func() { buf, _ = AppendAdd(buf[:0], x, y) },
		"mul": func() { buf, _ = AppendMul(buf[:0], x, y) },
		"div": func() { buf, _ = AppendDiv(buf[:0], x, y) },
		"cmp": func() { _ = Compare(x, y) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	b.Run("sum", func(b *testing.B) {
		var s Sum
		b.ReportAllocs()
		for b.Loop() {
			s.Add(x)
		}
	})
}
