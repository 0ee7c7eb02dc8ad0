package mvcc

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A set that overflows to files yields what one in memory does, whatever the order and repetitions.
func TestKeySetOverflow(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := &keySet{limit: rapid.SampledFrom([]int{0, 200, 2000, 1 << 20}).Draw(t, "limit"), dir: dir}
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		values := rapid.IntRange(1, 2*n+1).Draw(t, "values")
		step := rapid.IntRange(1, 1000).Draw(t, "step")
		var want []string
		for i := range n {
			k := fmt.Sprintf("%d-key", i*step%values)
			want = append(want, k)
			if !s.add([]byte(k)) {
				t.Fatal(s.err)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		list := s.list()
		defer list.Close()
		if list.Len() < len(want) {
			t.Fatalf("Len %d, there are %d", list.Len(), len(want))
		}
		var got []string
		for {
			part, err := list.Next(context.Background(), rapid.IntRange(1, 700).Draw(t, "part"))
			if err != nil {
				t.Fatal(err)
			}
			if len(part) == 0 {
				break
			}
			got = append(got, part...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d keys, want %d", len(got), len(want))
		}
		if list.Len() != 0 {
			t.Fatalf("%d are said to be left", list.Len())
		}
	})
}
