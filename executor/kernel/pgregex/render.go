package pgregex

import (
	"fmt"
	"strings"
)

// render writes the pattern in Go's syntax. When the whole prefers the shortest match every quantifier is made lazy.
func render(b *strings.Builder, n *node, o Options, short bool) {
	if o.Fold {
		b.WriteString("(?i)")
	}
	renderNode(b, n, o, short)
}

func renderNode(b *strings.Builder, n *node, o Options, short bool) {
	switch n.kind {
	case empty:
		b.WriteString("(?:)")
	case literal:
		fmt.Fprintf(b, `\x{%x}`, n.r)
	case any:
		if o.Dot {
			b.WriteString(`[^\n]`)
		} else {
			b.WriteString(`(?s:.)`)
		}
	case set:
		renderClass(b, n.set, o)
	case concat:
		for _, k := range n.kids {
			renderNode(b, k, o, short)
		}
	case alternate:
		b.WriteString("(?:")
		for i, k := range n.kids {
			if i > 0 {
				b.WriteByte('|')
			}
			renderNode(b, k, o, short)
		}
		b.WriteByte(')')
	case repeat:
		b.WriteString("(?:")
		renderNode(b, n.kids[0], o, short)
		b.WriteByte(')')
		renderBounds(b, n)
		if n.lazy || short {
			b.WriteByte('?')
		}
	case capture:
		b.WriteByte('(')
		renderNode(b, n.kids[0], o, short)
		b.WriteByte(')')
	case group:
		b.WriteString("(?:")
		renderNode(b, n.kids[0], o, short)
		b.WriteByte(')')
	default:
		renderConstraint(b, n, o)
	}
}

func renderBounds(b *strings.Builder, n *node) {
	switch {
	case n.min == 0 && n.max < 0:
		b.WriteByte('*')
	case n.min == 1 && n.max < 0:
		b.WriteByte('+')
	case n.min == 0 && n.max == 1:
		b.WriteByte('?')
	case n.max < 0:
		fmt.Fprintf(b, "{%d,}", n.min)
	default:
		fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
	}
}

func renderConstraint(b *strings.Builder, n *node, o Options) {
	switch {
	case n.kind == begin && o.Lines:
		b.WriteString(`(?m:^)`)
	case n.kind == end && o.Lines:
		b.WriteString(`(?m:$)`)
	case n.kind == begin || n.kind == textBegin:
		b.WriteString(`\A`)
	default:
		b.WriteString(`\z`)
	}
}

func renderClass(b *strings.Builder, c *class, o Options) {
	b.WriteByte('[')
	if c.not {
		b.WriteByte('^')
		if o.Dot {
			b.WriteString(`\n`)
		}
	}
	for i := 0; i < len(c.ranges); i += 2 {
		fmt.Fprintf(b, `\x{%x}-\x{%x}`, c.ranges[i], c.ranges[i+1])
	}
	for _, n := range c.named {
		b.WriteString(n.text)
	}
	b.WriteByte(']')
}
