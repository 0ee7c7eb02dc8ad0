package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A history is what transactions did to lists: each appends numbers that nobody else appends, and reads whole lists. The
// lists tell in which order the appends came, and so who depends on whom; a circle of dependencies is an anomaly, and which
// ones may be depends on the isolation level. (Adya's names; the method is that of Kingsbury and Alvaro's Elle.)
type history struct {
	txns  []*listTxn
	final map[string][]int // the lists at the end
}

type listTxn struct {
	id        int
	ops       []listOp
	committed bool
	unknown   bool // whether it has committed
}

// listOp is an append, or a read when add is 0.
type listOp struct {
	key  string
	add  int
	list []int
}

// dependency is why one transaction comes before another.
type dependency struct {
	kind string // ww, wr, rw
	key  string
	to   *listTxn
}

// checker finds the anomalies of one history.
type checker struct {
	h       *history
	writer  map[string]map[int]*listTxn // of an element, by key
	edges   map[*listTxn][]dependency
	found   []string
	lastAdd map[*listTxn]map[string]int
}

// check lists what a level forbids: "read committed", "repeatable read" or "serializable".
func (h *history) check(level string) []string {
	c := &checker{h: h, writer: map[string]map[int]*listTxn{}, edges: map[*listTxn][]dependency{}, lastAdd: map[*listTxn]map[string]int{}}
	c.index()
	for _, t := range h.txns {
		if t.committed {
			c.reads(t)
		}
	}
	for key, list := range h.final {
		c.order(key, list)
	}
	c.lost()
	c.cycle("G0", 0, "ww")
	c.cycle("G1c", 0, "ww", "wr")
	if level != "read committed" {
		c.cycle("G-single", 1, "ww", "wr", "rw")
	}
	if level == "serializable" {
		c.cycle("G2", -1, "ww", "wr", "rw")
	}
	return c.found
}

func (c *checker) say(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *checker) index() {
	for _, t := range c.h.txns {
		c.lastAdd[t] = map[string]int{}
		for _, o := range t.ops {
			if o.add == 0 {
				continue
			}
			if c.writer[o.key] == nil {
				c.writer[o.key] = map[int]*listTxn{}
			}
			c.writer[o.key][o.add] = t
			c.lastAdd[t][o.key] = o.add
		}
	}
}

// reads checks what a transaction has read and notes what it depends on.
func (c *checker) reads(t *listTxn) {
	own := map[string][]int{}
	for _, o := range t.ops {
		if o.add != 0 {
			own[o.key] = append(own[o.key], o.add)
			continue
		}
		mine := own[o.key]
		if len(o.list) < len(mine) || !slices.Equal(o.list[len(o.list)-len(mine):], mine) {
			c.say("internal: transaction %d does not read its own appends to %s: %v", t.id, o.key, o.list)
			continue
		}
		seen := o.list[:len(o.list)-len(mine)]
		final := c.h.final[o.key]
		if len(seen) > len(final) || !slices.Equal(final[:len(seen)], seen) {
			c.say("incompatible: transaction %d reads %v of %s, which ends as %v", t.id, seen, o.key, final)
			continue
		}
		if n := len(seen); n > 0 {
			w := c.writer[o.key][seen[n-1]]
			switch {
			case w == nil:
			case !w.committed && !w.unknown:
				c.say("G1a: transaction %d reads what %d, which was rolled back, appended to %s", t.id, w.id, o.key)
			case w != t && c.lastAdd[w][o.key] != seen[n-1]:
				c.say("G1b: transaction %d reads %s between the appends of %d", t.id, o.key, w.id)
			}
			c.edge("wr", o.key, w, t)
		}
		if len(seen) < len(final) {
			c.edge("rw", o.key, t, c.writer[o.key][final[len(seen)]])
		}
	}
}

func (c *checker) edge(kind, key string, from, to *listTxn) {
	if from == nil || to == nil || from == to {
		return
	}
	c.edges[from] = append(c.edges[from], dependency{kind, key, to})
}

func (c *checker) order(key string, list []int) {
	seen := map[int]bool{}
	for i, e := range list {
		if seen[e] {
			c.say("duplicate: %d is twice in %s", e, key)
		}
		seen[e] = true
		w := c.writer[key][e]
		if w != nil && !w.committed && !w.unknown {
			c.say("G1a: %s has %d, whose transaction %d was rolled back", key, e, w.id)
		}
		if i > 0 {
			c.edge("ww", key, c.writer[key][list[i-1]], w)
		}
	}
}

// lost looks for appends that were committed and are not there.
func (c *checker) lost() {
	for key, writers := range c.writer {
		for e, w := range writers {
			if w.committed && !slices.Contains(c.h.final[key], e) {
				c.say("lost: %d of transaction %d is not in %s", e, w.id, key)
			}
		}
	}
}

// cycle looks for a circle of dependencies of these kinds. rw says how many of them may be anti-dependencies: none, exactly
// one, or any number (-1).
func (c *checker) cycle(name string, rw int, kinds ...string) {
	if rw == 1 { // from each anti-dependency a way back without another
		for _, t := range c.h.txns {
			for _, d := range c.edges[t] {
				if d.kind == "rw" && c.way(d.to, t) {
					c.say("%s: %d -rw(%s)→ %d and a way back", name, t.id, d.key, d.to.id)
					return
				}
			}
		}
		return
	}
	state := map[*listTxn]int{}
	var path []string
	var visit func(t *listTxn) bool
	visit = func(t *listTxn) bool {
		state[t] = 1
		for _, d := range c.edges[t] {
			if !slices.Contains(kinds, d.kind) {
				continue
			}
			path = append(path, fmt.Sprintf("%d -%s(%s)→ %d", t.id, d.kind, d.key, d.to.id))
			if state[d.to] == 1 {
				for !strings.HasPrefix(path[0], fmt.Sprintf("%d ", d.to.id)) { // the way to the circle
					path = path[1:]
				}
				return true
			}
			if state[d.to] == 0 && visit(d.to) {
				return true
			}
			path = path[:len(path)-1]
		}
		state[t] = 2
		return false
	}
	for _, t := range c.h.txns {
		if state[t] == 0 && visit(t) {
			c.say("%s: %s", name, strings.Join(path, ", "))
			return
		}
	}
}

// way reports whether dependencies other than anti-dependencies lead from a to b.
func (c *checker) way(a, b *listTxn) bool {
	seen := map[*listTxn]bool{a: true}
	todo := []*listTxn{a}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if t == b {
			return true
		}
		for _, d := range c.edges[t] {
			if d.kind != "rw" && !seen[d.to] {
				seen[d.to] = true
				todo = append(todo, d.to)
			}
		}
	}
	return false
}

func appends(key string, e int) listOp            { return listOp{key: key, add: e} }
func reads(key string, list ...int) listOp        { return listOp{key: key, list: list} }
func committedTxn(id int, ops ...listOp) *listTxn { return &listTxn{id: id, ops: ops, committed: true} }

// TestHistoryChecker shows the checker histories that it must refuse, and some that it must not.
func TestHistoryChecker(t *testing.T) {
	skew := history{[]*listTxn{committedTxn(1, reads("x"), reads("y"), appends("x", 1)), committedTxn(2, reads("x"), reads("y"), appends("y", 2))},
		map[string][]int{"x": {1}, "y": {2}}}
	single := history{[]*listTxn{committedTxn(1, reads("x"), reads("y", 2)), committedTxn(2, appends("x", 1), appends("y", 2))},
		map[string][]int{"x": {1}, "y": {2}}}
	for _, c := range []struct {
		name, level, want string
		h                 history
	}{
		{"serial", "serializable", "", history{[]*listTxn{committedTxn(1, appends("x", 1)), committedTxn(2, reads("x", 1), appends("x", 2)), committedTxn(3, reads("x", 1, 2))},
			map[string][]int{"x": {1, 2}}}},
		{"own appends", "serializable", "", history{[]*listTxn{committedTxn(1, appends("x", 1), reads("x", 1), appends("x", 2), reads("x", 1, 2))},
			map[string][]int{"x": {1, 2}}}},
		{"own appends not read", "read committed", "internal", history{[]*listTxn{committedTxn(1, appends("x", 1), reads("x"))}, map[string][]int{"x": {1}}}},
		{"dirty write", "read committed", "G0", history{[]*listTxn{committedTxn(1, appends("x", 1), appends("y", 1)), committedTxn(2, appends("x", 2), appends("y", 2))},
			map[string][]int{"x": {1, 2}, "y": {2, 1}}}},
		{"aborted read", "read committed", "G1a", history{[]*listTxn{{id: 1, ops: []listOp{appends("x", 1)}}, committedTxn(2, reads("x", 1))}, map[string][]int{"x": {1}}}},
		{"intermediate read", "read committed", "G1b", history{[]*listTxn{committedTxn(1, appends("x", 1), appends("x", 2)), committedTxn(2, reads("x", 1))},
			map[string][]int{"x": {1, 2}}}},
		{"circular information flow", "read committed", "G1c", history{[]*listTxn{committedTxn(1, appends("x", 1), reads("y", 2)), committedTxn(2, appends("y", 2), reads("x", 1))},
			map[string][]int{"x": {1}, "y": {2}}}},
		{"a version that never was", "read committed", "incompatible", history{[]*listTxn{committedTxn(1, appends("x", 1)), committedTxn(2, appends("x", 2)), committedTxn(3, reads("x", 2))},
			map[string][]int{"x": {1, 2}}}},
		{"lost append", "read committed", "lost", history{[]*listTxn{committedTxn(1, appends("x", 1)), committedTxn(2, appends("x", 2))}, map[string][]int{"x": {2}}}},
		{"duplicate", "read committed", "duplicate", history{[]*listTxn{committedTxn(1, appends("x", 1))}, map[string][]int{"x": {1, 1}}}},
		{"read skew", "read committed", "", single},
		{"read skew", "repeatable read", "G-single", single},
		{"lost update", "repeatable read", "G-single", history{[]*listTxn{committedTxn(1, reads("x"), appends("x", 1)), committedTxn(2, reads("x"), appends("x", 2))},
			map[string][]int{"x": {1, 2}}}},
		{"write skew", "repeatable read", "", skew},
		{"write skew", "serializable", "G2", skew},
	} {
		t.Run(c.name+" under "+c.level, func(t *testing.T) {
			got := c.h.check(c.level)
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, c.want) }) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}
