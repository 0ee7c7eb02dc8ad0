package bind

import (
	"cmp"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// firesBefore reports whether rows pass BEFORE triggers on their way: then computed columns are computed after these.
func (w *writer) firesBefore(event catalog.TriggerEvent) bool {
	return slices.ContainsFunc(w.table.Triggers, func(t *catalog.Trigger) bool {
		return t.Row && t.Timing == catalog.TriggerBefore && t.Events&event != 0
	})
}

// triggers binds what an event fires. changed are the columns that an UPDATE names, and those that are computed from them.
func (w *writer) triggers(event catalog.TriggerEvent, changed []catalog.ColumnID) (*logical.Triggers, error) {
	if len(w.table.Triggers) == 0 {
		return nil, nil
	}
	out := &logical.Triggers{Instead: w.view}
	var scope *whenScope
	for _, t := range w.table.Triggers {
		if t.Events&event == 0 || event == catalog.TriggerUpdate && !concerns(t, changed) {
			continue
		}
		x := logical.Trigger{Trigger: t}
		if t.When != "" {
			if scope == nil {
				scope = w.q.b.whenScope(w.table)
				out.Old, out.New = scope.columns()
			}
			var err error
			if x.When, err = scope.bindWhen(t.When); err != nil {
				return nil, err
			}
		}
		out.List = append(out.List, x)
	}
	if len(out.List) == 0 {
		return nil, nil
	}
	slices.SortFunc(out.List, func(x, y logical.Trigger) int { return cmp.Compare(x.Name, y.Name) })
	if !w.firesBefore(event) || !w.computes() {
		return out, nil
	}
	out.Row = w.newColumns()
	row := w.rowOf(out.Row)
	if err := w.compute(row); err != nil {
		return nil, err
	}
	out.Compute = make([]expr.Expr, len(w.targets))
	for i, c := range w.targets {
		if isComputed(c) {
			out.Compute[i] = row[c.ID]
		}
	}
	return out, nil
}

// concerns reports whether a trigger with UPDATE OF is fired by an update of these columns.
func concerns(t *catalog.Trigger, changed []catalog.ColumnID) bool {
	return len(t.Columns) == 0 || slices.ContainsFunc(t.Columns, func(id catalog.ColumnID) bool { return slices.Contains(changed, id) })
}

// uncomputed makes the computed columns of a row NULL, for a row that is computed later.
func (w *writer) uncomputed(row map[catalog.ColumnID]expr.Expr) {
	for _, c := range w.targets {
		if isComputed(c) {
			row[c.ID] = expr.NullOf(w.typeOf(c))
		}
	}
}

// changedBySet is what DO UPDATE SET changes: the columns that it names, and those that are computed from them.
func (in *inserter) changedBySet(sets map[catalog.ColumnID]expr.Expr) ([]catalog.ColumnID, error) {
	if len(in.table.Triggers) == 0 {
		return nil, nil
	}
	cols := in.newColumns()
	row := in.rowOf(cols)
	if err := in.compute(row); err != nil {
		return nil, err
	}
	return (&changer{writer: in.writer}).changed(sets, cols, row), nil
}
