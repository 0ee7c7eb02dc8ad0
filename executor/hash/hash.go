// Package hash numbers distinct keys (Groups), chains rows by key (Chains) and parts rows by the hash of their keys
// (Partitions): what aggregation, joins, DISTINCT and set operations have in common.
//
// Keys come in the form of eval.Keys, in which equal values are equal bytes. NULLs are equal to each other here; callers for
// whom they are not leave such rows out. A Groups is used by one goroutine. It does not account for memory: its owner does,
// by Bytes.
package hash

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// None is the number that Find gives for unknown keys.
const None = ^uint32(0)

var seed = maphash.MakeSeed()

// mix scatters an integer's bits.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

const nullHash = 0x5bd1e9955bd1e995

// Sum computes a hash for each row of sel (all n when nil), in the order of sel.
func Sum(keys []*vector.Vector, n int, sel []uint16, out []uint64) []uint64 {
	if sel != nil {
		n = len(sel)
	}
	if cap(out) < n {
		out = make([]uint64, n)
	}
	out = out[:n]
	clear(out)
	for _, v := range keys {
		for k := range out {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			out[k] = mix(out[k]*31 + value(v, i))
		}
	}
	return out
}

func value(v *vector.Vector, i int) uint64 {
	if v.Const {
		i = 0
	}
	if v.Nulls != nil && v.Nulls.Get(i) {
		return nullHash
	}
	switch v.Type.Class {
	case types.ClassInt:
		return uint64(v.Int[i])
	case types.ClassFloat:
		return math.Float64bits(v.Float[i])
	default:
		return maphash.String(seed, v.Str[i])
	}
}

// appendKey adds row i of a column to a serialized key: a byte for NULL, then the value, strings with their length.
func appendKey(dst []byte, v *vector.Vector, i int) []byte {
	if v.Const {
		i = 0
	}
	if v.Nulls != nil && v.Nulls.Get(i) {
		return append(dst, 1)
	}
	dst = append(dst, 0)
	switch v.Type.Class {
	case types.ClassInt:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int[i]))
	case types.ClassFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float[i]))
	default:
		s := v.Str[i]
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	}
}
