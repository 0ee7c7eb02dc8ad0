package mvcc

import (
	"testing"

	"github.com/rowandb/rowan/storage/keys"
)

// TestMoves follows rows through the moves of several transactions, and forgets them.
func TestMoves(t *testing.T) {
	var m moves
	at := func(key string) place { return place{keys.Space{Layer: 1, Keyspace: 2}, key} }
	m.add(20, []move{{at("b"), "c"}})
	m.add(10, []move{{at("a"), "x"}, {at("x"), "b"}, {at("d"), "e"}, {at("e"), "d"}})
	for _, c := range []struct {
		key   string
		since uint64
		want  string
		moved bool
	}{
		{"a", 5, "c", true},
		{"a", 10, "a", false},
		{"b", 10, "c", true},
		{"x", 5, "x", false},
		{"d", 5, "d", false},
	} {
		if got, moved := m.follow(at(c.key), c.since); got != c.want || moved != c.moved {
			t.Errorf("%s since %d is at %s, %v; want %s, %v", c.key, c.since, got, moved, c.want, c.moved)
		}
	}
	m.forget(10)
	if got, _ := m.follow(at("b"), 10); got != "c" {
		t.Errorf("b is at %s", got)
	}
	m.forget(20)
	if len(m.from) > 0 {
		t.Errorf("%v is still there", m.from)
	}
}
