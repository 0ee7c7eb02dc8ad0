// Package ancestry is the graph that histories are, for the models that tests hold merges against: nodes with what a branch had,
// and what they have grown from. It finds by brute force what two of them have in common, and knows nothing of how storage does.
// Nodes are values of one goroutine and do not change once they are made. The tests of storage/merge and conformance use it.
package ancestry

import "slices"

// Node is a state in a history: what it has, and what it has grown from.
type Node[S any] struct {
	Parents []*Node[S]
	State   S
	Made    int // nodes are made one after the other
}

// Ancestors are all that a node has grown from, itself included.
func (n *Node[S]) Ancestors() map[*Node[S]]bool { return union([]*Node[S]{n}) }

func union[S any](list []*Node[S]) map[*Node[S]]bool {
	out := map[*Node[S]]bool{}
	var visit func(*Node[S])
	visit = func(x *Node[S]) {
		if !out[x] {
			out[x] = true
			for _, p := range x.Parents {
				visit(p)
			}
		}
	}
	for _, n := range list {
		visit(n)
	}
	return out
}

// Bases are the ancestors that two lists of nodes have in common and that no other such contains, the youngest first.
func Bases[S any](a, b []*Node[S]) []*Node[S] {
	x, y := union(a), union(b)
	var common, out []*Node[S]
	for n := range x {
		if y[n] {
			common = append(common, n)
		}
	}
	for _, n := range common {
		if !slices.ContainsFunc(common, func(m *Node[S]) bool { return m != n && m.Ancestors()[n] }) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(p, q *Node[S]) int { return q.Made - p.Made })
	return out
}
