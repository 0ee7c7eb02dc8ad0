package mvcc

import (
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
)

// TestClaimBounds wants the first and the last key of a list to be claimed, like those between, and none beside.
func TestClaimBounds(t *testing.T) {
	var c claimTable
	sp := keys.Space{Layer: 2, Keyspace: 16}
	me, other := &largeTxn{}, &largeTxn{}
	l := &claimList{Space: sp, by: me, mode: lock.Mode(catalog.ForUpdate), buf: []byte("bdf"), ends: []uint32{1, 2, 3}}
	if !c.add(l) {
		t.Error("the first list is not alone")
	}
	for key, want := range map[string]*claimList{"a": nil, "b": l, "c": nil, "d": l, "e": nil, "f": l, "g": nil} {
		if got := c.find(sp, []byte(key), lock.Mode(catalog.ForKeyShare), other); got != want {
			t.Errorf("%s is claimed: %v", key, got != nil)
		}
		if c.find(sp, []byte(key), lock.Mode(catalog.ForKeyShare), me) != nil {
			t.Errorf("%s is claimed by another", key)
		}
	}
	for r, want := range map[string]bool{"aa": false, "ab": true, "bb": true, "cc": true, "ff": true, "fg": true, "gg": false, "az": true} {
		if got := c.meets(sp, []byte(r[:1]), []byte(r[1:]), other); got != want {
			t.Errorf("%s: meets %v", r, got)
		}
		if c.meets(sp, []byte(r[:1]), []byte(r[1:]), me) {
			t.Errorf("%s: meets its own", r)
		}
	}
	for r, want := range map[string]bool{"aa": true, "ab": false, "fg": false, "gg": true, "cc": false} {
		x := &claimList{Space: sp, by: other, buf: []byte(r), ends: []uint32{1, 2}}
		if got := c.add(x); got != want {
			t.Errorf("%s: alone %v", r, got)
		}
		c.remove([]*claimList{x})
	}
	c.remove([]*claimList{l})
	if c.lists.Load() != 0 || len(c.m) != 0 || c.find(sp, []byte("d"), lock.Mode(catalog.ForKeyShare), other) != nil {
		t.Error("the list is still there")
	}
}
