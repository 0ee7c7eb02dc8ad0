package pgregex

// opcode is an instruction of the backtracking machine.
type opcode uint8

const (
	opMatch   opcode = iota
	opNode           // the node decides on one character or a constraint
	opSplit          // try x, then y
	opJump           // go on at x
	opSave           // remember the position in slot x
	opLook           // run sub
	opBackref        // match group x again
	opMark           // remember the position of a loop's round in slot x
	opAdvance        // fail unless the round that began at slot x has consumed something
)

type instruction struct {
	op   opcode
	x, y int
	node *node
	sub  *program
}

// program is a pattern for the machine.
type program struct {
	code  []instruction
	opts  Options
	slots int  // capture slots, then loop marks
	caps  int  // capture slots
	short bool // prefer the shortest match
	refs  bool // has back references: the same place may be worth a second visit
}

func compile(root *node, o Options, groups int, short bool) *program {
	p := &program{opts: o, caps: 2 * (groups + 1), slots: 2 * (groups + 1), short: short}
	p.emit(instruction{op: opSave, x: 0})
	p.node(root)
	p.emit(instruction{op: opSave, x: 1})
	p.emit(instruction{op: opMatch})
	return p
}

func (p *program) emit(i instruction) int {
	p.code = append(p.code, i)
	return len(p.code) - 1
}

func (p *program) node(n *node) {
	switch n.kind {
	case empty:
	case concat:
		for _, k := range n.kids {
			p.node(k)
		}
	case alternate:
		p.alternate(n.kids)
	case repeat:
		p.repeat(n)
	case capture:
		p.emit(instruction{op: opSave, x: 2 * n.n})
		p.node(n.kids[0])
		p.emit(instruction{op: opSave, x: 2*n.n + 1})
	case group:
		p.node(n.kids[0])
	case look:
		sub := compile(n.kids[0], p.opts, 0, false)
		p.emit(instruction{op: opLook, node: n, sub: sub})
	case backref:
		p.refs = true
		p.emit(instruction{op: opBackref, x: n.n})
	default:
		p.emit(instruction{op: opNode, node: n})
	}
}

func (p *program) alternate(kids []*node) {
	var ends []int
	for i, k := range kids {
		if i == len(kids)-1 {
			p.node(k)
			break
		}
		split := p.emit(instruction{op: opSplit})
		p.code[split].x = len(p.code)
		p.node(k)
		ends = append(ends, p.emit(instruction{op: opJump}))
		p.code[split].y = len(p.code)
	}
	for _, e := range ends {
		p.code[e].x = len(p.code)
	}
}

func (p *program) repeat(n *node) {
	for range n.min {
		p.node(n.kids[0])
	}
	if n.max < 0 {
		p.loop(n)
		return
	}
	var splits []int
	for range n.max - n.min {
		splits = append(splits, p.emit(instruction{op: opSplit}))
		p.node(n.kids[0])
	}
	for _, s := range splits {
		p.branch(s, s+1, len(p.code), n.lazy)
	}
}

func (p *program) loop(n *node) {
	mark := p.slots
	p.slots++
	split := p.emit(instruction{op: opSplit})
	p.emit(instruction{op: opMark, x: mark})
	p.node(n.kids[0])
	p.emit(instruction{op: opAdvance, x: mark})
	p.emit(instruction{op: opJump, x: split})
	p.branch(split, split+1, len(p.code), n.lazy)
}

// branch sets the ways of a split: into the loop first, or past it.
func (p *program) branch(split, in, past int, lazily bool) {
	if lazily || p.short {
		in, past = past, in
	}
	p.code[split].x, p.code[split].y = in, past
}
