package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// join picks how two inputs are joined: by hashing where there are equalities to hash, else by a nested loop. The right
// side of a lateral join runs again for each row of the left.
func (l *lowerer) join(n *logical.Join, f *frame) (rel, error) {
	if n.Lateral && logical.Free(n.Right).Intersects(logical.IDs(n.Left.Columns())) {
		return l.lateral(n, f)
	}
	left, err := l.lower(n.Left, f)
	if err != nil {
		return rel{}, err
	}
	right, err := l.lower(n.Right, f)
	if err != nil {
		return rel{}, err
	}
	best := l.plan(n, left, right)
	u, err := l.unique(n, right, f)
	if err != nil {
		return rel{}, err
	}
	if u != nil && u.cost.Total < best.cost.Total {
		r, err := l.lookupJoin(u.join, u.lookup, u.keys, u.cost, f)
		return r, err
	}
	if best.swap {
		n, left, right = mirrored(n), right, left
	}
	if best.lookup != nil {
		return l.lookupJoin(n, best.lookup, left, best.cost, f)
	}
	keys, residual := splitKeys(n)
	if len(keys) == 0 {
		return l.nestedLoop(n, left, right, nil, f)
	}
	return l.hashJoin(n, left, right, keys, residual, f)
}

// joinPlan is a way to join: as written or with the sides swapped, by index look-ups or not.
type joinPlan struct {
	swap   bool
	lookup *lookup
	cost   physical.Cost
}

// plan picks the cheapest way. Swapping sides is for inner, left, right and full joins.
func (l *lowerer) plan(n *logical.Join, left, right rel) joinPlan {
	best := l.planSide(n, left, right)
	if n.Kind == logical.Semi || n.Kind == logical.Anti || n.Lateral {
		return best
	}
	if other := l.planSide(mirrored(n), right, left); other.cost.Total < best.cost.Total {
		other.swap = true
		return other
	}
	return best
}

func (l *lowerer) planSide(n *logical.Join, left, right rel) joinPlan {
	var p joinPlan
	if keys, _ := splitKeys(n); len(keys) > 0 {
		p.cost = l.cost.hashJoin(n, left.node, right.node)
	} else {
		p.cost = l.cost.nestedLoop(n, left.node, right.node, false)
	}
	if k := l.bestLookup(n); k != nil {
		if c := l.cost.lookupJoin(n, k, left.node); c.Total < p.cost.Total {
			p.lookup, p.cost = k, c
		}
	}
	return p
}

// mirrored is the join with its sides swapped.
func mirrored(n *logical.Join) *logical.Join {
	m := *n
	m.Left, m.Right = n.Right, n.Left
	switch n.Kind {
	case logical.Left:
		m.Kind = logical.Right
	case logical.Right:
		m.Kind = logical.Left
	}
	return &m
}

// joined lists the columns of a join of two lowered inputs.
func joined(kind logical.JoinKind, left, right rel) []logical.Column {
	if kind == logical.Semi || kind == logical.Anti {
		return left.cols
	}
	return append(left.cols[:len(left.cols):len(left.cols)], right.cols...)
}

func (l *lowerer) hashJoin(n *logical.Join, left, right rel, keys []keyPair, residual []expr.Expr, f *frame) (rel, error) {
	cols := joined(n.Kind, left, right)
	p := &physical.HashJoin{Base: base(cols, l.cost.hashJoin(n, left.node, right.node)), Kind: physical.JoinKind(n.Kind),
		Left: left.node, Right: right.node, NullAware: n.NullAware}
	ls, rs := scopeOf(left, f), scopeOf(right, f)
	for _, k := range keys {
		le, err := l.expr(k.left, ls)
		if err != nil {
			return rel{}, err
		}
		re, err := l.expr(k.right, rs)
		if err != nil {
			return rel{}, err
		}
		p.LeftKeys, p.RightKeys = append(p.LeftKeys, le), append(p.RightKeys, re)
	}
	var err error
	if p.Residual, err = l.exprs(residual, columnsScope(f, left.cols, right.cols)); err != nil {
		return rel{}, err
	}
	return rel{p, cols}, nil
}

func (l *lowerer) nestedLoop(n *logical.Join, left, right rel, args []expr.Expr, f *frame) (rel, error) {
	cols := joined(n.Kind, left, right)
	p := &physical.NestedLoop{Base: base(cols, l.cost.nestedLoop(n, left.node, right.node, len(args) > 0)),
		Kind: physical.JoinKind(n.Kind), Left: left.node, Right: right.node, Args: args}
	var err error
	if p.Cond, err = l.exprs(n.Conds, columnsScope(f, left.cols, right.cols)); err != nil {
		return rel{}, err
	}
	return rel{p, cols}, nil
}

// lateral lowers the right side in a frame whose arguments come from the left row.
func (l *lowerer) lateral(n *logical.Join, f *frame) (rel, error) {
	left, err := l.lower(n.Left, f)
	if err != nil {
		return rel{}, err
	}
	inner := newFrame()
	right, err := l.lower(n.Right, inner)
	if err != nil {
		return rel{}, err
	}
	args, err := l.args(inner, scopeOf(left, f), planRefs(n.Right))
	if err != nil {
		return rel{}, err
	}
	return l.nestedLoop(n, left, right, args, f)
}
