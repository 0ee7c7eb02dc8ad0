package ancestry_test

import (
	"testing"

	"github.com/rowandb/rowan/internal/ancestry"
)

type node = ancestry.Node[string]

func grow(name string, made int, parents ...*node) *node {
	return &node{Parents: parents, State: name, Made: made}
}

func names(list []*node) (out string) {
	for _, n := range list {
		out += n.State
	}
	return out
}

// TestBases goes through a fork, a merge, and branches that were merged into each other crosswise.
func TestBases(t *testing.T) {
	a := grow("a", 0)
	b, c := grow("b", 1, a), grow("c", 2, a)
	d, e := grow("d", 3, b, c), grow("e", 4, c, b)
	f := grow("f", 5, c, b)
	for _, x := range []struct {
		left, right []*node
		want        string
	}{
		{[]*node{b}, []*node{c}, "a"},
		{[]*node{b}, []*node{d}, "b"},
		{[]*node{d}, []*node{d}, "d"},
		{[]*node{d}, []*node{e}, "cb"},
		{[]*node{b, c}, []*node{f}, "cb"},
		{[]*node{grow("x", 6)}, []*node{a}, ""},
	} {
		if got := names(ancestry.Bases(x.left, x.right)); got != x.want {
			t.Errorf("%s and %s have %q in common, want %q", names(x.left), names(x.right), got, x.want)
		}
	}
	if got := len(d.Ancestors()); got != 4 {
		t.Errorf("d has %d ancestors", got)
	}
}
