package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// indexFill is an index to be filled for rows that are there; exprs compute its hidden columns.
type indexFill struct {
	index *catalog.Index
	exprs map[catalog.ColumnID]expr.Expr
}

func (s *stmt) createIndex(ctx context.Context, c *command.CreateIndex) error {
	t, err := s.lockTable(ctx, c.Table, Locks(c, nil)[0].Mode)
	if err != nil {
		return err
	}
	if err := s.mustOwn(t); err != nil {
		return err
	}
	if c.Concurrent && s.InBlock {
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block")
	}
	if c.Def.Name != "" {
		if done, err := s.nameFree(t.Schema, c.Def.Name, c.IfNotExists); done || err != nil {
			return err
		}
	}
	if err := s.notInUse(ctx, t, "CREATE INDEX"); err != nil {
		return err
	}
	b := &build{stmt: s, t: t.Clone()}
	if _, err := b.addIndex(ctx, &c.Def); err != nil {
		return err
	}
	return b.finish(ctx, t)
}

// addIndex adds an index, with hidden columns for its expressions and predicate.
func (b *build) addIndex(ctx context.Context, d *command.IndexDef) (*catalog.Index, error) {
	ix := &catalog.Index{Name: d.Name, Unique: d.Unique, NullsNotDistinct: d.NullsNotDistinct, Method: d.Method, Options: d.Options, Comment: d.Comment}
	fill := indexFill{index: ix, exprs: map[catalog.ColumnID]expr.Expr{}}
	labels, err := b.indexColumns(ctx, ix, d, &fill)
	if err != nil {
		return nil, err
	}
	if ix.Include, err = b.columnIDs(d.Include, `column "%s" does not exist`); err != nil {
		return nil, err
	}
	labels = append(labels, d.Include...)
	if d.Predicate != "" {
		boolean := types.Of(types.Builtin(types.OIDBool))
		h, err := b.hidden(ctx, "pred", d.Predicate, boolean, d.Deps)
		if err != nil {
			return nil, err
		}
		ix.Predicate, fill.exprs[h] = h, d.BoundPredicate
	}
	if d.Constraint != 0 {
		k := &command.ConstraintDef{Kind: d.Constraint, Name: ix.Name, Comment: d.Comment}
		if ix.Name == "" {
			k.Columns = labels[:len(ix.Columns)]
			ix.Name = b.keyName(k)
		}
		return ix, b.finishKey(ctx, k, ix)
	}
	if ix.Name == "" {
		ix.Name = b.relationName(b.t.Name, columnsAddition(indexColumnNames(labels)), "idx", b.t.Schema, false, b.ownNames())
	}
	b.names = append(b.names, ix.Name)
	if ix.OID, err = b.oid(ctx); err != nil {
		return nil, err
	}
	if ix.Keyspace, err = b.Store.AllocateKeyspace(ctx); err != nil {
		return nil, err
	}
	b.t.Indexes = append(b.t.Indexes, ix)
	if !b.fresh {
		b.fill = append(b.fill, fill)
	}
	return ix, nil
}

// indexColumns resolves the key columns and returns their labels.
func (b *build) indexColumns(ctx context.Context, ix *catalog.Index, d *command.IndexDef, fill *indexFill) ([]string, error) {
	var labels []string
	for i := range d.Columns {
		e := &d.Columns[i]
		c := catalog.IndexColumn{Desc: e.Desc, NullsFirst: e.NullsFirst, OpClass: e.OpClass, Collation: e.Collation}
		var t types.Type
		if e.Column != "" {
			ids, err := b.columnIDs([]string{e.Column}, `column "%s" does not exist`)
			if err != nil {
				return nil, err
			}
			c.Column = ids[0]
			t = b.t.ColumnByID(c.Column).Type
			labels = append(labels, e.Column)
		} else {
			label := e.Label
			if label == "" {
				label = "expr"
			}
			id, err := b.hidden(ctx, label, e.Expr, e.Type, d.Deps)
			if err != nil {
				return nil, err
			}
			c.Column, t = id, e.Type
			fill.exprs[id] = e.Bound
			labels = append(labels, label)
		}
		if err := b.indexable(t, ix.Method); err != nil {
			return nil, err
		}
		ix.Columns = append(ix.Columns, c)
	}
	return labels, nil
}

// hidden returns the hidden column that holds an expression, an existing one if there is.
func (b *build) hidden(ctx context.Context, name, sql string, t types.Type, deps []catalog.Dep) (catalog.ColumnID, error) {
	for i := range b.t.Columns {
		if c := &b.t.Columns[i]; c.Hidden == sql && !c.Dropped && c.TypeOID == t.ID() {
			return c.ID, nil
		}
	}
	id, err := b.Store.AllocateColumns(ctx, 1)
	if err != nil {
		return 0, err
	}
	b.t.Columns = append(b.t.Columns, catalog.Column{ID: id, Name: name, TypeOID: t.ID(), Mod: t.Mod, Hidden: sql, Type: t, Deps: slices.Clone(deps)})
	return id, nil
}

// dropHidden removes hidden columns that no index uses any more.
func (b *build) dropHidden() {
	used := map[catalog.ColumnID]bool{}
	for _, ix := range b.t.Indexes {
		used[ix.Predicate] = true
		for _, c := range ix.Columns {
			used[c.Column] = true
		}
	}
	b.t.Columns = slices.DeleteFunc(b.t.Columns, func(c catalog.Column) bool { return c.Hidden != "" && !used[c.ID] })
}

var indexMethods = map[string]types.OID{"btree": 403, "hash": 405, "gist": 783, "gin": 2742, "spgist": 4000, "brin": 3580}

// indexable checks that a type has an operator class for the method, and an order, which all of Rowan's indexes need.
func (b *build) indexable(t types.Type, method string) error {
	am, ok := indexMethods[method]
	if !ok {
		return pgerr.New(pgerrcode.UndefinedObject, "access method \"%s\" does not exist", method)
	}
	if !hasOpClass(t, am) {
		return pgerr.New(pgerrcode.UndefinedObject, "data type %s has no default operator class for access method \"%s\"", b.typeName(t.ID(), -1), method).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	}
	if !hasOpClass(t, 403) {
		return pgerr.Unsupported("an index on type %s", b.typeName(t.ID(), -1))
	}
	return nil
}

func hasOpClass(t types.Type, am types.OID) bool {
	t = base(t)
	if t.Def == nil {
		return false
	}
	candidates := []types.OID{t.ID()}
	switch {
	case t.ID() == types.OIDVarchar:
		candidates = append(candidates, types.OIDText)
	case t.ID() == types.OIDCidr:
		candidates = append(candidates, types.OIDInet)
	case isRegistered(t.ID()):
		candidates = append(candidates, types.OIDOid)
	case t.IsArray():
		candidates = append(candidates, types.OIDAnyArray)
	case t.Kind == types.KindEnum:
		candidates = append(candidates, types.OIDAnyEnum)
	case t.Kind == types.KindRange:
		candidates = append(candidates, types.OIDAnyRange)
	case t.Kind == types.KindComposite:
		candidates = append(candidates, types.OIDRecord)
	}
	for _, id := range candidates {
		if builtin.DefaultOpClass(am, id) != nil {
			return true
		}
	}
	// Operator classes named in the statement, such as jsonb_path_ops or gin_trgm_ops, are not defaults.
	return false
}

// isRegistered reports whether a type is regclass or one of its kin, which are OIDs underneath.
func isRegistered(id types.OID) bool {
	switch id {
	case types.OIDRegproc, types.OIDRegprocedure, types.OIDRegoper, types.OIDRegoperator, types.OIDRegclass, types.OIDRegtype, types.OIDRegrole,
		types.OIDRegnamespace, types.OIDRegcollation, types.OIDRegconfig, types.OIDRegdictionary:
		return true
	}
	return false
}

func (s *stmt) alterIndex(ctx context.Context, c *command.AlterIndex) error {
	old, err := s.lockTable(ctx, c.Table, catalog.ShareUpdateExclusive)
	if err != nil {
		return err
	}
	if err := s.mustOwnIndex(old, c.Index); err != nil {
		return err
	}
	t := old.Clone()
	if ix := t.Index(c.Index); ix != nil {
		ix.Options = mergeOptions(ix.Options, c.Options, c.Reset)
	}
	return s.view.Put(ctx, t)
}

func (s *stmt) mustOwnIndex(t *catalog.Table, id catalog.OID) error {
	if catalog.IsOwner(s.roles(), s.Role, t) {
		return nil
	}
	name := t.Name
	if ix := t.Index(id); ix != nil {
		name = ix.Name
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of index %s", name)
}
