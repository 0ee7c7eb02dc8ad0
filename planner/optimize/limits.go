package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// pushLimits moves a limit below projections, where a sort can see it, and copies it into the branches of UNION ALL and to
// the side of an outer join that keeps all its rows.
//
//	SELECT f(x) FROM t ORDER BY y LIMIT 5                       -- f is computed for five rows
//	SELECT unnest(a) FROM t LIMIT 5                             -- stays: rows multiply above
//	SELECT … FETCH FIRST 5 ROWS WITH TIES                       -- stays: it looks at the sort's keys
//	(… UNION …) LIMIT 5                                         -- stays: duplicates count once
func pushLimits(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		l, ok := n.(*logical.Limit)
		if !ok || l.WithTies {
			return n
		}
		return pushLimit(l)
	})
}

func pushLimit(l *logical.Limit) logical.Node {
	switch in := l.Input.(type) {
	case *logical.Project:
		c := *l
		c.Input = in.Input
		p := *in
		p.Input = pushLimit(&c)
		return &p
	case *logical.SetOp:
		if most, ok := mostRows(l); ok && in.Kind == logical.Union && in.All {
			s := *in
			s.Left, s.Right = capped(in.Left, most), capped(in.Right, most)
			c := *l
			c.Input = &s
			return &c
		}
	case *logical.Join:
		if most, ok := mostRows(l); ok && in.Kind == logical.Left && !in.Lateral {
			j := *in
			j.Left = capped(in.Left, most)
			c := *l
			c.Input = &j
			return &c
		}
	}
	return l
}

// mostRows is how many rows a limit reads at most, where that is known.
func mostRows(l *logical.Limit) (int64, bool) {
	count, ok := l.Count.(*expr.Const)
	if !ok || count.Value.Null || count.Value.I < 0 || count.Value.I > 1<<40 || count.T.ID() != types.OIDInt8 {
		return 0, false
	}
	if l.Offset == nil {
		return count.Value.I, true
	}
	off, ok := l.Offset.(*expr.Const)
	if !ok || off.Value.Null || off.Value.I < 0 || off.Value.I > 1<<40 || off.T.ID() != types.OIDInt8 {
		return 0, false
	}
	return count.Value.I + off.Value.I, true
}

// capped limits n to a number of rows.
func capped(n logical.Node, rows int64) logical.Node {
	if l, ok := n.(*logical.Limit); ok && !l.WithTies {
		if most, ok := mostRows(l); ok && most <= rows {
			return n
		}
	}
	if hasTarget(n) {
		return n
	}
	count := &expr.Const{Value: types.Int(rows), T: types.Of(types.Builtin(types.OIDInt8))}
	return pushLimit(&logical.Limit{Input: n, Count: count})
}
