package hash

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// TestGroups numbers random keys and compares with a map.
func TestGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom([]types.OID{types.OIDInt8, types.OIDText, types.OIDFloat8}), 1, 2).Draw(t, "types")
		var ts []types.Type
		for _, k := range kinds {
			ts = append(ts, types.Of(types.Builtin(k)))
		}
		g := NewGroups(ts)
		seen := map[string]uint32{}
		scale := rapid.SampledFrom([]int64{1, 100_000}).Draw(t, "scale")
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			n := rapid.IntRange(1, 200).Draw(t, "n")
			keys := make([]*vector.Vector, len(ts))
			for c, x := range ts {
				keys[c] = &vector.Vector{}
				keys[c].Reset(x)
				for range n {
					v := rapid.Int64Range(-40, 40).Draw(t, "v") * scale
					switch {
					case v == 0:
						keys[c].AppendNull()
					case x.Class == types.ClassFloat:
						keys[c].Append(types.Float(float64(v)))
					case x.Class == types.ClassString:
						keys[c].AppendString(fmt.Sprint(v))
					default:
						keys[c].Append(types.Int(v))
					}
				}
			}
			known := len(seen)
			found := g.Find(keys, n, nil, nil)
			ids := g.Assign(keys, n, nil, nil)
			for i := range n {
				s := ""
				for _, v := range keys {
					s += fmt.Sprint(v.Datum(i), ";")
				}
				want, ok := seen[s]
				if !ok {
					want = uint32(len(seen))
					seen[s] = want
				}
				if ids[i] != want {
					t.Fatalf("%s has number %d, want %d", s, ids[i], want)
				}
				if want < uint32(known) && found[i] != want || want >= uint32(known) && found[i] != None {
					t.Fatalf("%s found as %d", s, found[i])
				}
			}
		}
		if g.Len() != len(seen) {
			t.Fatalf("%d keys, want %d", g.Len(), len(seen))
		}
	})
}
