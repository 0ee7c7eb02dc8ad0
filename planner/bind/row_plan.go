package bind

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// Row is what a table's descriptor says must be computed of a row: a plan that is fed the columns that are given and gives
// out all stored and hidden columns in the table's order, followed by the conditions of CHECK constraints and those of domains.
type Row struct {
	Node    logical.Node
	Given   []catalog.ColumnID
	Checks  []string
	Domains []DomainRule
}

// TableRow binds the generated columns, hidden columns and CHECK constraints of a table.
func TableRow(t *catalog.Table, ref catalog.Ref, c Catalog, o Options) (*Row, error) {
	var params []types.Type
	b := &binder{cat: c, opts: o, params: &params, stmt: &parse.Statement{}, out: &Bound{}}
	w := &writer{q: b.child(nil), table: t, ref: ref}
	in := &inserter{writer: w, stmt: &pg.InsertStmt{Override: pg.OverridingKind_OVERRIDING_SYSTEM_VALUE}}
	r := &Row{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		w.targets = append(w.targets, c)
		if !isComputed(c) {
			in.cols, r.Given = append(in.cols, c), append(r.Given, c.ID)
		}
	}
	node, cols, err := in.feed()
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	checks, err := w.checks(cols)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	p := &logical.Project{Input: node}
	for _, c := range cols {
		p.Cols, p.Exprs = append(p.Cols, logical.Column{ID: b.newColumn(w.q), Name: c.Name, Type: c.Type}), append(p.Exprs, columnOf(c))
	}
	for _, k := range checks {
		p.Cols, p.Exprs = append(p.Cols, logical.Column{ID: b.newColumn(w.q), Name: k.Name, Type: k.Expr.Type()}), append(p.Exprs, k.Expr)
		r.Checks = append(r.Checks, k.Name)
	}
	if _, err := b.snapshot(ref); err != nil { // what domains demand: not before, for what breaks it is to be told, and not to end the plan
		return nil, err
	}
	for i, c := range w.targets {
		demands, err := b.demands(c, columnOf(cols[i]), c.Type.Def)
		if err != nil {
			return nil, pgerr.From(err).Relocate(-1)
		}
		for _, d := range demands {
			r.Domains = append(r.Domains, d.rule)
			p.Cols, p.Exprs = append(p.Cols, logical.Column{ID: b.newColumn(w.q), Name: c.Name, Type: d.cond.Type()}), append(p.Exprs, d.cond)
		}
	}
	r.Node = p
	return r, nil
}
