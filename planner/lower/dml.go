package lower

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) lock(n *logical.Lock, f *frame) (rel, error) {
	in, err := l.lower(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	s := scopeOf(in, f)
	p := &physical.Lock{Base: base(in.cols, in.node.Cost()), Input: in.node}
	for _, t := range n.Targets {
		key, ok := s.slots[t.RowKey]
		version, ok2 := s.slots[t.Version]
		if !ok || !ok2 && !t.Kept {
			return rel{}, missing(t.RowKey, t.Table.Name)
		}
		p.Targets = append(p.Targets, physical.LockTarget{Kept: t.Kept, Target: l.target(n.Input, t.RowKey), Table: t.Table, Ref: t.Ref,
			RowKey: key, Version: version, Strength: t.Strength, Wait: t.Wait})
	}
	return rel{p, in.cols}, nil
}

// target is the number of the scan that a row key column comes from; 0 when its rows are not a scan's.
func (l *lowerer) target(n logical.Node, key expr.ColumnID) int {
	if t, ok := l.targets[key]; ok {
		return t
	}
	found := 0
	logical.Walk(n, func(x logical.Node) bool {
		p, ok := x.(*logical.Project)
		if !ok || found != 0 {
			return found == 0
		}
		for i, c := range p.Cols {
			if ref, ok := p.Exprs[i].(*expr.Column); ok && c.ID == key && ref.ID != key {
				found = l.target(p.Input, ref.ID)
			}
		}
		return true
	})
	return found
}

func (l *lowerer) insert(n *logical.Insert, f *frame) (rel, error) {
	in, err := l.exact(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	row := columnsScope(f, n.NewCols)
	p := &physical.Insert{Base: base(n.Returning, l.cost.modify(in.node, len(n.Returning) > 0)), Table: n.Table, Ref: n.Ref,
		Input: in.node, Targets: n.Targets, Given: n.Given}
	if p.Checks, err = l.checks(n.Checks, row); err != nil {
		return rel{}, err
	}
	if p.Triggers, err = l.triggers(n.Triggers, f); err != nil {
		return rel{}, err
	}
	if p.Returning, err = l.exprs(n.ReturnExprs, row); err != nil {
		return rel{}, err
	}
	if n.Conflict != nil {
		if p.Conflict, err = l.conflict(n, f); err != nil {
			return rel{}, err
		}
	}
	return rel{p, n.Returning}, nil
}

func (l *lowerer) conflict(n *logical.Insert, f *frame) (*physical.OnConflict, error) {
	c := n.Conflict
	p := &physical.OnConflict{Arbiters: c.Arbiters, Any: c.Arbiters == nil, Nothing: c.Nothing}
	if c.Nothing {
		return p, nil
	}
	both := columnsScope(f, c.OldCols, n.NewCols)
	var err error
	if p.Sets, err = l.exprs(c.Sets, both); err != nil {
		return nil, err
	}
	if p.Olds, err = l.exprs(c.Olds, columnsScope(f, c.OldCols)); err != nil {
		return nil, err
	}
	if p.Where, err = l.expr(c.Where, both); err != nil {
		return nil, err
	}
	p.Changed = changedTargets(n.Targets, p.Sets)
	if p.Triggers, err = l.triggers(c.Triggers, f); err != nil {
		return nil, err
	}
	p.Checks, err = l.checks(c.Checks, columnsScope(f, c.UpdCols))
	return p, err
}

// changedTargets lists the targets that are set to anything but their old value.
func changedTargets(targets []catalog.ColumnID, sets []expr.Expr) []catalog.ColumnID {
	var out []catalog.ColumnID
	for i, e := range sets {
		if s, ok := e.(*expr.Slot); !ok || s.Index != i {
			out = append(out, targets[i])
		}
	}
	return out
}

func (l *lowerer) checks(in []logical.RowCheck, s *scope) ([]physical.RowCheck, error) {
	var out []physical.RowCheck
	for _, c := range in {
		e, err := l.expr(c.Expr, s)
		if err != nil {
			return nil, err
		}
		out = append(out, physical.RowCheck{Name: c.Name, Expr: e})
	}
	return out, nil
}

func (l *lowerer) update(n *logical.Update, f *frame) (rel, error) {
	in, key, err := l.changed(n.Input, n.OldCols, n.NewCols, n.Triggers, f)
	if err != nil {
		return rel{}, err
	}
	p := &physical.Update{Base: base(n.Returning, l.cost.modify(in.node, len(n.Returning) > 0)), Table: n.Table, Ref: n.Ref,
		Input: in.node, Target: key, Targets: n.Targets, Given: n.Given, Changed: n.Changed}
	if p.Checks, err = l.checks(n.Checks, columnsScope(f, n.NewCols)); err != nil {
		return rel{}, err
	}
	if p.Triggers, err = l.triggers(n.Triggers, f); err != nil {
		return rel{}, err
	}
	if p.Returning, err = l.exprs(n.ReturnExprs, scopeOf(in, f)); err != nil {
		return rel{}, err
	}
	return rel{p, n.Returning}, nil
}

func (l *lowerer) delete(n *logical.Delete, f *frame) (rel, error) {
	in, key, err := l.changed(n.Input, n.OldCols, nil, n.Triggers, f)
	if err != nil {
		return rel{}, err
	}
	p := &physical.Delete{Base: base(n.Returning, l.cost.modify(in.node, len(n.Returning) > 0)), Table: n.Table, Ref: n.Ref,
		Input: in.node, Target: key, Targets: n.Targets}
	if p.Triggers, err = l.triggers(n.Triggers, f); err != nil {
		return rel{}, err
	}
	if p.Returning, err = l.exprs(n.ReturnExprs, scopeOf(in, f)); err != nil {
		return rel{}, err
	}
	return rel{p, n.Returning}, nil
}

// changed lowers the input of an Update or Delete with the old and new columns first, and finds the target's number; 0 for a
// view, whose rows have no key.
func (l *lowerer) changed(input logical.Node, oldCols, newCols []logical.Column, t *logical.Triggers, f *frame) (rel, int, error) {
	in, err := l.lower(input, f)
	if err != nil {
		return rel{}, 0, err
	}
	want := append(oldCols[:len(oldCols):len(oldCols)], newCols...)
	first := logical.IDs(want)
	for _, c := range in.cols {
		if !first.Has(c.ID) {
			want = append(want, c)
		}
	}
	if in, err = l.arrange(in, want, f); err != nil {
		return rel{}, 0, err
	}
	if t != nil && t.Instead {
		return in, 0, nil
	}
	if len(oldCols) < 2 {
		return rel{}, 0, pgerr.Internal("the target of an update has no row key")
	}
	return in, l.target(input, oldCols[len(oldCols)-2].ID), nil
}
