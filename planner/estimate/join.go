package estimate

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

func (m *Model) join(n *logical.Join) float64 {
	l, r := m.Rows(n.Left), m.Rows(n.Right)
	switch n.Kind {
	case logical.Semi:
		return max(1, l*m.matched(n, r))
	case logical.Anti:
		return max(1, l*(1-m.matched(n, r)))
	}
	inner := l * r * m.Selectivity(n.Conds)
	switch n.Kind {
	case logical.Left:
		return max(inner, l)
	case logical.Right:
		return max(inner, r)
	case logical.Full:
		return max(inner, l, r)
	}
	return inner
}

// matched is the share of the left rows of a semi join that have a match.
func (m *Model) matched(n *logical.Join, right float64) float64 {
	if len(n.Conds) == 0 {
		return 1
	}
	left := logical.IDs(n.Left.Columns())
	s := 1.0
	for _, e := range n.Conds {
		c, ok := e.(*expr.Call)
		if !ok || c.Op == nil || c.Op.Name != "=" || len(c.Args) != 2 {
			s *= m.condition(e)
			continue
		}
		a, b := c.Args[0], c.Args[1]
		if !logical.Used(a).Intersects(left) {
			a, b = b, a
		}
		s *= m.matchedKeys(a, b, right)
	}
	return s
}

// matchedKeys supposes that the side with fewer values has them all in common with the other.
func (m *Model) matchedKeys(left, right expr.Expr, rows float64) float64 {
	a, b := m.column(left), m.column(right)
	if a == nil {
		return selBool
	}
	n, sure := a.distincts()
	k, known := rows, false
	if b != nil {
		k, known = b.distincts()
		k = min(k, rows)
	} else {
		known = rows < n
	}
	if !sure && !known {
		return selBool
	}
	return (1 - a.knownNulls()) * min(1, k/max(1, n))
}

// joinEquality is the share of pairs of rows with the same value: exact as far as most common values are known on both
// sides, the others being spread evenly.
func joinEquality(a, b *column) float64 {
	n, _ := a.distincts()
	k, _ := b.distincts()
	if a.stats == nil || b.stats == nil || len(a.stats.Common) == 0 || len(b.stats.Common) == 0 || a.stats.Type.Class != b.stats.Type.Class {
		return (1 - a.knownNulls()) * (1 - b.knownNulls()) / max(n, k, 1)
	}
	x, y := a.stats, b.stats
	taken := make([]bool, len(y.Common))
	both, mine, theirs, matches := 0.0, 0.0, 0.0, 0.0
	for i, v := range x.Common {
		for j, w := range y.Common {
			if taken[j] || !types.Equal(x.Type, v, w) {
				continue
			}
			taken[j] = true
			both += x.Freqs[i] * y.Freqs[j]
			mine += x.Freqs[i]
			theirs += y.Freqs[j]
			matches++
			break
		}
	}
	left := rest(x.CommonShare(), mine, x.NullFrac)
	right := rest(y.CommonShare(), theirs, y.NullFrac)
	return min(both+spread(left, right, k, float64(len(y.Common)), matches), both+spread(right, left, n, float64(len(x.Common)), matches))
}

// uncommon is what a side has beside the most common values that the other has too: other common ones, and the rest.
type uncommon struct{ common, other float64 }

func rest(common, matched, nulls float64) uncommon {
	return uncommon{max(0, common-matched), max(0, 1-nulls-common)}
}

// spread is the share of pairs that one side's values beside the matched ones find on the other, which has n values, of
// which so many are common and so many matched.
func spread(a, b uncommon, n, common, matches float64) float64 {
	s := 0.0
	if n > common {
		s += a.common * b.other / (n - common)
	}
	if n > matches {
		s += a.other * (b.other + b.common) / (n - matches)
	}
	return s
}
