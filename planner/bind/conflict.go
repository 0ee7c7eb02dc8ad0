package bind

import (
	"maps"
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// conflict binds ON CONFLICT; nil when there is none.
func (in *inserter) conflict(proposed []logical.Column) (*logical.OnConflict, error) {
	n := in.stmt.OnConflictClause
	if n == nil {
		return nil, nil
	}
	c := &logical.OnConflict{Nothing: n.Action == pg.OnConflictAction_ONCONFLICT_NOTHING}
	if n.Infer == nil && !c.Nothing {
		return nil, pgerr.New(pgerrcode.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).").At(int(n.Location))
	}
	var err error
	if n.Infer != nil {
		if c.Arbiters, err = in.arbiters(n.Infer); err != nil {
			return nil, err
		}
	} else if i := slices.IndexFunc(in.table.Indexes, func(ix *catalog.Index) bool { return ix.Deferrable }); i >= 0 {
		return nil, in.deferrableArbiter(in.table.Indexes[i].Name)
	}
	if c.Nothing {
		return c, nil
	}
	return c, in.doUpdate(c, n, proposed)
}

func (in *inserter) deferrableArbiter(constraint string) error {
	schema := ""
	if snap, err := in.q.b.session(); err == nil {
		schema = snap.SchemaName(in.table.Schema)
	}
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters").
		WithTable(schema, in.table.Name, "", constraint)
}

// arbiters finds the unique indexes that decide about a conflict.
func (in *inserter) arbiters(n *pg.InferClause) ([]catalog.OID, error) {
	if n.Conname != "" {
		for _, c := range in.table.Constraints {
			if c.Name != n.Conname {
				continue
			}
			if c.Kind != catalog.PrimaryKey && c.Kind != catalog.Unique && c.Kind != catalog.Exclusion {
				break
			}
			if c.Deferrable {
				return nil, in.deferrableArbiter(c.Name)
			}
			in.decides(c.Columns)
			return []catalog.OID{c.Index}, nil
		}
		return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", n.Conname, in.table.Name)
	}
	cols, exprs, err := in.inferred(n)
	if err != nil {
		return nil, err
	}
	in.decides(cols)
	predicate, err := in.inferPredicate(n.WhereClause)
	if err != nil {
		return nil, err
	}
	var out []catalog.OID
	for _, ix := range in.table.Indexes {
		if !ix.Unique && !ix.Primary && !ix.Deferrable {
			continue
		}
		ok, err := in.matches(ix, cols, exprs, predicate)
		if err != nil {
			return nil, err
		}
		if ok && ix.Deferrable {
			return nil, in.deferrableArbiter(ix.Name)
		}
		if ok {
			out = append(out, ix.OID)
		}
	}
	if len(out) == 0 {
		return nil, pgerr.New(pgerrcode.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return out, nil
}

// decides notes that the statement tells by these columns whether a row is there: that is reading them.
func (in *inserter) decides(cols []catalog.ColumnID) {
	if len(cols) > 0 {
		in.q.b.takes(in.relation.object, in.relation, catalog.PrivSelect).Columns = cols
	}
}

// plainRow lets the table's columns mean themselves: ids that only serve to compare expressions.
func (in *inserter) plainRow() map[catalog.ColumnID]expr.Expr {
	row := map[catalog.ColumnID]expr.Expr{}
	for _, c := range in.targets {
		if c.Hidden == "" {
			row[c.ID] = &expr.Column{ID: expr.ColumnID(c.ID), T: in.typeOf(c), Name: c.Name, Pos: -1}
		}
	}
	return row
}

// inferred reads the columns and expressions of ON CONFLICT (…).
func (in *inserter) inferred(n *pg.InferClause) ([]catalog.ColumnID, []expr.Expr, error) {
	var cols []catalog.ColumnID
	var exprs []expr.Expr
	for _, el := range n.IndexElems {
		e := el.GetIndexElem()
		if e.Name != "" {
			c := in.table.Column(e.Name)
			if c == nil {
				return nil, nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" does not exist", e.Name).At(int(n.Location))
			}
			cols = append(cols, c.ID)
			continue
		}
		x, err := in.scope(in.plainRow()).in(kindIndexExpr, e.Expr)
		if err != nil {
			return nil, nil, err
		}
		exprs = append(exprs, x)
	}
	return cols, exprs, nil
}

func (in *inserter) inferPredicate(n *pg.Node) ([]expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := in.scope(in.plainRow()).where(kindIndexPredicate, n, "WHERE")
	return expr.Conjuncts(e, nil), err
}

// matches reports whether an index has exactly these columns and expressions and a predicate that the given one implies.
func (in *inserter) matches(ix *catalog.Index, cols []catalog.ColumnID, exprs, predicate []expr.Expr) (bool, error) {
	if ix.Predicate != 0 {
		has, err := in.hidden(ix.Predicate)
		if err != nil {
			return false, err
		}
		for _, c := range expr.Conjuncts(has, nil) {
			if !containsExpr(predicate, c) {
				return false, nil
			}
		}
	}
	left, leftExprs := slices.Clone(cols), slices.Clone(exprs)
	for _, k := range ix.Columns {
		if slices.Contains(cols, k.Column) {
			left = slices.DeleteFunc(left, func(id catalog.ColumnID) bool { return id == k.Column })
			continue
		}
		c := in.table.ColumnByID(k.Column)
		if c == nil || c.Hidden == "" {
			return false, nil
		}
		e, err := in.hidden(k.Column)
		if err != nil || !containsExpr(exprs, e) {
			return false, err
		}
		leftExprs = slices.DeleteFunc(leftExprs, func(x expr.Expr) bool { return expr.Equal(x, e) })
	}
	return len(left) == 0 && len(leftExprs) == 0, nil
}

// hidden binds a hidden column's expression over plainRow.
func (in *inserter) hidden(id catalog.ColumnID) (expr.Expr, error) {
	return in.tableExpression(in.table.ColumnByID(id).Hidden, kindIndexExpr, in.plainRow())
}

// existing computes the hidden columns of the row that is there, for the index entries that an update of it removes.
func (in *inserter) existing(old []logical.Column) ([]expr.Expr, error) {
	if !slices.ContainsFunc(in.targets, func(c *catalog.Column) bool { return c.Hidden != "" }) {
		return nil, nil
	}
	row := in.rowOf(old)
	out := make([]expr.Expr, len(in.targets))
	for i, c := range in.targets {
		out[i] = row[c.ID]
		if c.Hidden == "" {
			continue
		}
		e, err := in.tableExpression(c.Hidden, kindGenerated, row)
		if err != nil {
			return nil, err
		}
		if out[i], err = in.assign(e, c, -1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// doUpdate binds DO UPDATE SET … WHERE …, over the row that is there and the one proposed, EXCLUDED.
func (in *inserter) doUpdate(c *logical.OnConflict, n *pg.OnConflictClause, proposed []logical.Column) error {
	q := in.q
	old := in.newColumns()
	for _, id := range []catalog.ColumnID{catalog.ColRowKey, catalog.ColVersion} {
		name, t := systemColumn(id)
		c.OldCols = append(c.OldCols, logical.Column{ID: q.b.newColumn(q), Name: name, Type: t})
	}
	c.OldCols = append(old, c.OldCols...)
	c.UpdCols = in.newColumns()
	name, aliased := in.table.Name, in.stmt.Relation.Alias != nil
	if aliased {
		name = in.stmt.Relation.Alias.Aliasname
	}
	existing := in.rowItem(name, old, aliased)
	excluded := in.rowItem("excluded", proposed, true)
	q.items = []*item{existing, excluded}
	q.all = q.items
	in.reads(q.items...)
	sets, err := in.setList(n.TargetList)
	if err != nil {
		return err
	}
	changes := slices.Sorted(maps.Keys(sets))
	q.b.takes(in.relation.object, in.relation, catalog.PrivUpdate).Columns = changes
	in.given = slices.Concat(in.given, changes)
	if c.Where, err = q.where(kindWhere, n.WhereClause, "WHERE"); err != nil {
		return err
	}
	q.items, q.all = nil, nil
	if c.Olds, err = in.existing(old); err != nil {
		return err
	}
	row := in.rowOf(old)
	for id, e := range sets {
		row[id] = e
	}
	changed, err := in.changedBySet(sets)
	if err != nil {
		return err
	}
	if c.Triggers, err = in.triggers(catalog.TriggerUpdate, changed); err != nil {
		return err
	}
	if in.firesBefore(catalog.TriggerUpdate) {
		in.uncomputed(row)
	} else if err := in.compute(row); err != nil {
		return err
	}
	for _, col := range in.targets {
		c.Sets = append(c.Sets, row[col.ID])
	}
	c.Checks, err = in.checks(c.UpdCols)
	return err
}
