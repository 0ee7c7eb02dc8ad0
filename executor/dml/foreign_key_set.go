package dml

import (
	"slices"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// keySet collects distinct keys without NULLs, with memory of their own.
type keySet struct {
	ts     []types.Type
	keys   [][]types.Datum
	byHash map[uint64][]int
}

func newKeySet(ts []types.Type) *keySet { return &keySet{ts: ts, byHash: map[uint64][]int{}} }

// add takes the key of one row.
func (s *keySet) add(b *vector.Batch, row int, at []int) {
	var h uint64
	for n, c := range at {
		h = h*1099511628211 ^ types.Hash(s.ts[n], b.Cols[c].Datum(row))
	}
	for _, i := range s.byHash[h] {
		if s.matches(s.keys[i], b, row, at) {
			return
		}
	}
	key := make([]types.Datum, len(at))
	for n, c := range at {
		key[n] = b.Cols[c].Datum(row).Clone()
	}
	s.byHash[h] = append(s.byHash[h], len(s.keys))
	s.keys = append(s.keys, key)
}

// find returns the index of a row's key, or -1.
func (s *keySet) find(b *vector.Batch, row int, at []int) int {
	var h uint64
	for n, c := range at {
		d := b.Cols[c].Datum(row)
		if d.Null {
			return -1
		}
		h = h*1099511628211 ^ types.Hash(s.ts[n], d)
	}
	for _, i := range s.byHash[h] {
		if s.matches(s.keys[i], b, row, at) {
			return i
		}
	}
	return -1
}

func (s *keySet) matches(key []types.Datum, b *vector.Batch, row int, at []int) bool {
	for n, c := range at {
		if !types.Equal(s.ts[n], key[n], b.Cols[c].Datum(row)) {
			return false
		}
	}
	return true
}

// setOf makes a keySet of keys that are distinct already.
func setOf(ts []types.Type, keys [][]types.Datum) *keySet {
	s := &keySet{ts: ts, keys: keys, byHash: make(map[uint64][]int, len(keys))}
	for i, key := range keys {
		var h uint64
		for n := range key {
			h = h*1099511628211 ^ types.Hash(ts[n], key[n])
		}
		s.byHash[h] = append(s.byHash[h], i)
	}
	return s
}

// sortKeys orders keys by the columns of an index; perm[i] is the place in a key of the index's i-th column.
func sortKeys(keys [][]types.Datum, ts []types.Type, perm []int, desc []bool) {
	slices.SortFunc(keys, func(a, b []types.Datum) int {
		for i, p := range perm {
			c := types.Compare(ts[p], a[p], b[p])
			if desc[i] {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}
