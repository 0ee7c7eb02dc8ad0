package pgregex

import (
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// maxSteps bounds the work on one match with back references, which can be exponential.
const maxSteps = 20_000_000

// maxVisited bounds the bits that remember visited places: the size of the program times the length of the text.
const maxVisited = 1 << 31

func errFailed() error {
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "regular expression failed: too complex")
}

// machine runs a program over one text. Without back references it visits each pair of instruction and position once,
// wherever it begins: what did not lead to a match from an earlier place does not from a later one.
type machine struct {
	p       *program
	s       string
	visited []uint64
	slots   []int
	best    []int // slots of the best match so far
	want    int   // the match must end here; -1: anywhere
	steps   int
	stack   []frame
}

// frame is a way to be tried later, or (pc -1) a slot to be set back on the way there.
type frame struct{ pc, pos, slot, old int }

// find returns the capture slots of the first match from a position on, or nil.
func (p *program) find(s string, from int) ([]int, error) {
	m := &machine{p: p, s: s, want: -1}
	for at := from; ; {
		ok, err := m.run(at)
		if err != nil {
			return nil, err
		}
		if ok {
			return m.best[:p.caps], nil
		}
		if at >= len(s) {
			return nil, nil
		}
		_, n := utf8.DecodeRuneInString(s[at:])
		at += n
	}
}

// run looks for the best match that begins at a position.
func (m *machine) run(at int) (bool, error) {
	m.best = nil
	if m.slots == nil {
		m.slots = make([]int, m.p.slots)
	}
	for i := range m.slots {
		m.slots[i] = -1
	}
	if places := len(m.p.code) * (len(m.s) + 1); places > maxVisited && !m.p.refs {
		return false, errFailed()
	} else if m.visited == nil && !m.p.refs {
		m.visited = make([]uint64, (places+63)/64)
	}
	m.stack = append(m.stack[:0], frame{pc: 0, pos: at})
	for len(m.stack) > 0 {
		f := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if f.pc < 0 {
			m.slots[f.slot] = f.old
			continue
		}
		done, err := m.thread(f.pc, f.pos)
		if done || err != nil {
			return true, err
		}
	}
	return m.best != nil, nil
}

// seen marks a place as visited and reports whether it was before.
func (m *machine) seen(pc, pos int) bool {
	if m.p.refs {
		return false
	}
	k := pc*(len(m.s)+1) + pos
	if m.visited[k/64]&(1<<(k%64)) != 0 {
		return true
	}
	m.visited[k/64] |= 1 << (k % 64)
	return false
}

// thread follows one way until it fails; done means that no better match can come.
func (m *machine) thread(pc, pos int) (done bool, err error) {
	for {
		if m.seen(pc, pos) {
			return false, nil
		}
		if m.steps++; m.p.refs && m.steps > maxSteps {
			return false, errFailed()
		}
		in := &m.p.code[pc]
		pc++
		switch in.op {
		case opMatch:
			return m.matched(pos), nil
		case opNode:
			n := m.accept(in.node, pos)
			if n < 0 {
				return false, nil
			}
			pos += n
		case opSplit:
			m.stack = append(m.stack, frame{pc: in.y, pos: pos})
			pc = in.x
		case opJump:
			pc = in.x
		case opSave, opMark:
			m.stack = append(m.stack, frame{pc: -1, slot: in.x, old: m.slots[in.x]})
			m.slots[in.x] = pos
		case opAdvance:
			if m.slots[in.x] == pos {
				return false, nil
			}
		case opLook:
			ok, err := m.look(in, pos)
			if err != nil || !ok {
				return false, err
			}
		case opBackref:
			n := m.again(in.x, pos)
			if n < 0 {
				return false, nil
			}
			pos += n
		}
	}
}

// matched takes note of a match that ends at pos.
func (m *machine) matched(pos int) bool {
	if m.want >= 0 {
		if pos == m.want {
			m.best = m.slots
		}
		return pos == m.want
	}
	if m.best == nil || !m.p.short && pos > m.best[1] || m.p.short && pos < m.best[1] {
		m.best = append([]int(nil), m.slots...)
	}
	return !m.p.short && pos == len(m.s)
}

// look decides a lookaround constraint.
func (m *machine) look(in *instruction, pos int) (bool, error) {
	sub := &machine{p: in.sub, s: m.s, want: -1}
	if !in.node.behind {
		ok, err := sub.run(pos)
		return ok != in.node.not, err
	}
	sub.want = pos
	for at := pos; at >= 0; at-- {
		ok, err := sub.run(at)
		if err != nil {
			return false, err
		}
		if ok {
			return !in.node.not, nil
		}
	}
	return in.node.not, nil
}

// again returns the length of the group's text if it stands at pos, or -1.
func (m *machine) again(group, pos int) int {
	from, to := m.slots[2*group], m.slots[2*group+1]
	if from < 0 || to < 0 {
		return -1
	}
	text := m.s[from:to]
	if len(m.s)-pos < len(text) {
		return -1
	}
	there := m.s[pos : pos+len(text)]
	if there == text || m.p.opts.Fold && equalFold(there, text) {
		return len(text)
	}
	return -1
}

func equalFold(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if unicode.ToLower(x[i]) != unicode.ToLower(y[i]) {
			return false
		}
	}
	return true
}

// accept returns how many bytes the node takes at pos: those of a character, 0 for a constraint that holds, -1 for no.
func (m *machine) accept(n *node, pos int) int {
	switch n.kind {
	case literal, any, set:
		if pos >= len(m.s) {
			return -1
		}
		r, size := utf8.DecodeRuneInString(m.s[pos:])
		if !m.character(n, r) {
			return -1
		}
		return size
	}
	if m.constraint(n.kind, pos) {
		return 0
	}
	return -1
}

func (m *machine) character(n *node, r rune) bool {
	switch n.kind {
	case literal:
		return r == n.r || m.p.opts.Fold && unicode.ToLower(r) == unicode.ToLower(n.r)
	case any:
		return r != '\n' || !m.p.opts.Dot
	}
	if n.set.not && r == '\n' && m.p.opts.Dot {
		return false
	}
	return n.set.has(r, m.p.opts.Fold)
}

func (m *machine) constraint(k kind, pos int) bool {
	switch k {
	case begin:
		return pos == 0 || m.p.opts.Lines && m.s[pos-1] == '\n'
	case end:
		return pos == len(m.s) || m.p.opts.Lines && m.s[pos] == '\n'
	case textBegin:
		return pos == 0
	case textEnd:
		return pos == len(m.s)
	}
	r, size := utf8.DecodeLastRuneInString(m.s[:pos])
	before := size > 0 && isWord(r)
	r, size = utf8.DecodeRuneInString(m.s[pos:])
	after := size > 0 && isWord(r)
	switch k {
	case wordBegin:
		return !before && after
	case wordEnd:
		return before && !after
	case wordEdge:
		return before != after
	}
	return before == after
}
