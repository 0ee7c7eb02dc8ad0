package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// copyInsert binds what COPY FROM does with the rows that the session reads: an INSERT from a Feed of the columns copied.
// Values given for identity columns are taken, as with OVERRIDING SYSTEM VALUE.
func (b *binder) copyInsert(c *command.Copy, s *pg.CopyStmt) (logical.Node, error) {
	q := b.child(nil)
	w, err := q.writer(s.Relation, "copy to")
	if err != nil {
		return nil, err
	}
	in := &inserter{writer: w, stmt: &pg.InsertStmt{Override: pg.OverridingKind_OVERRIDING_SYSTEM_VALUE}}
	for _, id := range c.Columns {
		in.cols = append(in.cols, w.table.ColumnByID(id))
	}
	w.writes(c.Columns)
	node := &logical.Insert{Table: w.table, Ref: w.ref, Targets: w.ids(), Given: w.given}
	if node.Input, node.NewCols, err = in.feed(); err != nil {
		return nil, err
	}
	if s.WhereClause != nil {
		it := w.rowItem(w.table.Name, node.NewCols, false)
		q.items, q.all = []*item{it}, append(q.all, it)
		cond, err := q.where(kindCopyWhere, s.WhereClause, "WHERE")
		if err != nil {
			return nil, err
		}
		node.Input = &logical.Filter{Input: node.Input, Conds: []expr.Expr{cond}}
	}
	if node.Triggers, err = w.triggers(catalog.TriggerInsert, nil); err != nil {
		return nil, err
	}
	node.Checks, err = w.checks(node.NewCols)
	return node, err
}

// feed makes whole rows of the columns fed in and the defaults of the others.
func (in *inserter) feed() (logical.Node, []logical.Column, error) {
	p, err := in.layout(len(in.cols))
	if err != nil {
		return nil, nil, err
	}
	f := &logical.Feed{}
	for _, c := range in.cols {
		f.Cols = append(f.Cols, in.column(c))
	}
	node := &logical.Project{Input: f}
	for i, c := range p.base {
		var e expr.Expr
		if at := p.given[i]; at >= 0 {
			e = columnOf(f.Cols[at])
		} else if e, err = in.defaultAt(p, i); err != nil {
			return nil, nil, err
		}
		node.Exprs, node.Cols = append(node.Exprs, e), append(node.Cols, in.column(c))
	}
	return in.complete(node, node.Cols, p)
}
