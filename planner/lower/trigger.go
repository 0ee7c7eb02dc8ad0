package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) triggers(t *logical.Triggers, f *frame) (*physical.Triggers, error) {
	if t == nil {
		return nil, nil
	}
	p := &physical.Triggers{Instead: t.Instead}
	both := columnsScope(f, t.Old, t.New)
	for _, x := range t.List {
		when, err := l.expr(x.When, both)
		if err != nil {
			return nil, err
		}
		p.List = append(p.List, physical.Trigger{Trigger: x.Trigger, When: when})
	}
	if t.Compute == nil {
		return p, nil
	}
	row := columnsScope(f, t.Row)
	p.Compute = make([]expr.Expr, len(t.Compute))
	for i, e := range t.Compute {
		var err error
		if p.Compute[i], err = l.expr(e, row); err != nil {
			return nil, err
		}
	}
	return p, nil
}
