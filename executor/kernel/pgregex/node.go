package pgregex

// kind is what a node of a parsed pattern is.
type kind uint8

const (
	empty     kind = iota
	literal        // r
	any            // .
	set            // one character of set
	concat         // kids one after the other
	alternate      // one of kids
	repeat         // kids[0] min to max times; max -1: no limit
	capture        // kids[0] as group n
	group          // kids[0]
	begin          // ^
	end            // $
	textBegin      // \A
	textEnd        // \Z
	wordBegin      // \m
	wordEnd        // \M
	wordEdge       // \y
	notEdge        // \Y
	look           // kids[0] must match here: ahead or behind, or must not
	backref        // what group n matched
)

type node struct {
	kind     kind
	r        rune
	set      *class
	kids     []*node
	min, max int
	lazy     bool // of repeat
	fixed    bool // of repeat: {m}, not {m,m}
	n        int
	behind   bool // of look
	not      bool
}

// preference is which of two matches from the same place an expression likes better.
type preference uint8

const (
	neither preference = iota
	greedy
	lazy
)

// preference follows PostgreSQL's documentation: an atom has none but what stands in its parentheses; a fixed repetition
// has its atom's; a branch has the one of its first part that has one; alternatives are greedy.
func (n *node) preference() preference {
	switch n.kind {
	case repeat:
		switch {
		case n.fixed:
			return n.kids[0].preference()
		case n.lazy:
			return lazy
		}
		return greedy
	case concat:
		for _, k := range n.kids {
			if p := k.preference(); p != neither {
				return p
			}
		}
	case alternate:
		return greedy
	case capture, group:
		return n.kids[0].preference()
	}
	return neither
}

// maxSize is how many instructions a program may have: about where PostgreSQL refuses a pattern as well.
const maxSize = 100_000

// size estimates the number of instructions that the node compiles to; beyond maxSize it is not exact.
func (n *node) size() int {
	total := 2
	for _, k := range n.kids {
		if total += k.size() + 2; total > maxSize {
			return total
		}
	}
	if n.kind == repeat {
		total *= max(n.min, n.max, 1)
	}
	return total
}
