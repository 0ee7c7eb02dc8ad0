package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// createTable binds CREATE TABLE: all columns first, then the expressions over them.
func (b *definer) createTable(s *pg.CreateStmt) (command.Command, error) {
	switch {
	case s.Partbound != nil || s.Partspec != nil:
		return nil, pgerr.Unsupported("a partitioned table")
	case len(s.InhRelations) > 0:
		return nil, pgerr.Unsupported("INHERITS")
	case s.OfTypename != nil:
		return nil, pgerr.Unsupported("CREATE TABLE OF")
	}
	at, err := b.target(s.Relation)
	if err != nil {
		return nil, err
	}
	if err := checkStorage(s.AccessMethod, s.Tablespacename); err != nil {
		return nil, err
	}
	c := &command.CreateTable{Target: at, IfNotExists: s.IfNotExists, Unlogged: s.Relation.Relpersistence == "u", Options: optionList(s.Options), OnCommit: onCommit(s.Oncommit)}
	if done, err := b.tableThere(c); done || err != nil {
		return c, err
	}
	draft := &catalog.Table{Header: catalog.Header{Schema: at.Schema, Name: at.Name}}
	var columns []*columnDef
	var constraints []*pg.Constraint
	for _, e := range s.TableElts {
		switch e := e.Node.(type) {
		case *pg.Node_ColumnDef:
			d, err := b.column(at.Name, e.ColumnDef)
			if err != nil {
				return nil, err
			}
			if draft.Column(d.out.Name) != nil {
				return nil, pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", d.out.Name)
			}
			d.draft(draft)
			columns = append(columns, d)
		case *pg.Node_Constraint:
			constraints = append(constraints, e.Constraint)
		case *pg.Node_TableLikeClause:
			like, err := b.like(c, e.TableLikeClause, draft)
			if err != nil {
				return nil, err
			}
			columns = append(columns, like...)
		}
	}
	return c, b.completeTable(c, draft, columns, constraints)
}

// tableThere ends binding early where the table is there already: what else is wrong with the statement does not count.
func (b *definer) tableThere(c *command.CreateTable) (bool, error) {
	snap, err := b.session()
	if err != nil || c.Target.Temp {
		return false, err
	}
	if o, _ := snap.Relation(c.Target.Schema, c.Target.Name); o == nil || c.IfNotExists {
		return o != nil, nil
	}
	return true, pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", c.Target.Name)
}

func (b *definer) completeTable(c *command.CreateTable, draft *catalog.Table, columns []*columnDef, constraints []*pg.Constraint) error {
	for _, d := range columns {
		if err := b.columnExprs(draft, d); err != nil {
			return err
		}
		c.Columns = append(c.Columns, d.out)
		list, err := b.constraintsOf(draft, d.out.Name, d.constraints)
		if err != nil {
			return err
		}
		c.Constraints = append(c.Constraints, list...)
	}
	for _, k := range constraints {
		d, err := b.constraint(draft, "", k)
		if err != nil {
			return err
		}
		c.Constraints = append(c.Constraints, d)
	}
	return onePrimaryKey(c.Target.Name, columns, constraints)
}

func onePrimaryKey(table string, columns []*columnDef, constraints []*pg.Constraint) error {
	var all []*pg.Constraint
	for _, d := range columns {
		all = append(all, d.constraints...)
	}
	keys := 0
	for _, k := range append(all, constraints...) {
		if k.Contype != pg.ConstrType_CONSTR_PRIMARY {
			continue
		}
		if keys++; keys > 1 {
			return pgerr.New(pgerrcode.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", table).At(int(k.Location))
		}
	}
	return nil
}

func onCommit(a pg.OnCommitAction) byte {
	switch a {
	case pg.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		return 'd'
	case pg.OnCommitAction_ONCOMMIT_DROP:
		return 'x'
	}
	return 'p'
}

// checkStorage accepts the access method and the tablespaces that there are.
func checkStorage(method, space string) error {
	if method != "" && method != "heap" {
		return pgerr.New(pgerrcode.UndefinedObject, "access method \"%s\" does not exist", method)
	}
	switch space {
	case "", "pg_default":
		return nil
	case "pg_global":
		return pgerr.New(pgerrcode.InvalidParameterValue, "only shared relations can be placed in pg_global tablespace")
	}
	return pgerr.New(pgerrcode.UndefinedObject, "tablespace \"%s\" does not exist", space)
}

// Bits of LIKE … INCLUDING, as pg_query gives them.
const (
	likeComments    = 1 << 0
	likeConstraints = 1 << 2
	likeDefaults    = 1 << 3
	likeGenerated   = 1 << 4
	likeIdentity    = 1 << 5
	likeIndexes     = 1 << 6
	likeStorage     = 1 << 8
)

// like copies another table's columns, and what else INCLUDING says.
func (b *definer) like(c *command.CreateTable, l *pg.TableLikeClause, draft *catalog.Table) ([]*columnDef, error) {
	o, ix, err := b.relation(l.Relation)
	if err != nil {
		return nil, pgerr.From(err).At(int(l.Relation.Location))
	}
	cols, name := []*catalog.Column(nil), o.Head().Name
	src, isTable := o.(*catalog.Table)
	switch o := o.(type) {
	case *catalog.Table:
		cols = o.Live()
	case *catalog.View:
		for i := range o.Columns {
			cols = append(cols, &o.Columns[i])
		}
	}
	if cols == nil && !isTable || ix != nil {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "relation \"%s\" is invalid in LIKE clause", name).
			WithDetail("This operation is not supported for %ss.", relationWord(o, ix)).At(int(l.Relation.Location))
	}
	b.locks(o, catalog.Ref{}, catalog.AccessShare)
	var out []*columnDef
	for _, col := range cols {
		d := likeColumn(col, l.Options)
		if draft.Column(col.Name) != nil {
			return nil, pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", col.Name)
		}
		d.draft(draft)
		out = append(out, d)
	}
	if isTable {
		likeParts(c, src, l.Options)
	}
	return out, nil
}

func likeColumn(col *catalog.Column, options uint32) *columnDef {
	d := &columnDef{out: command.ColumnDef{Name: col.Name, Type: col.Type, NotNull: col.NotNull, Collation: col.Collation}}
	if options&likeDefaults != 0 && col.Default != "" {
		d.out.Default, d.out.Deps = col.Default, col.Deps
	}
	if options&likeGenerated != 0 && col.Generated != "" {
		d.out.Generated = col.Generated
	}
	if options&likeIdentity != 0 && col.Identity != 0 {
		d.out.Identity, d.out.Sequence = col.Identity, &command.SequenceDef{}
	}
	if options&likeStorage != 0 {
		d.out.Storage = col.Storage
	}
	if options&likeComments != 0 {
		d.out.Comment = col.Comment
	}
	return d
}

// likeParts copies constraints and indexes.
func likeParts(c *command.CreateTable, src *catalog.Table, options uint32) {
	name := func(id catalog.ColumnID) string { return src.ColumnByID(id).Name }
	names := func(ids []catalog.ColumnID) (out []string) {
		for _, id := range ids {
			out = append(out, name(id))
		}
		return out
	}
	comment := func(text string) string {
		if options&likeComments == 0 {
			return ""
		}
		return text
	}
	for _, k := range src.Constraints {
		if k.Kind == catalog.Check && options&likeConstraints != 0 {
			c.Constraints = append(c.Constraints, command.ConstraintDef{Name: k.Name, Kind: k.Kind, Columns: names(k.Columns), Expr: k.Expr, Deps: k.Deps, Comment: comment(k.Comment)})
		}
	}
	if options&likeIndexes == 0 {
		return
	}
	for _, ix := range src.Indexes {
		if k := keyOf(src, ix); k != nil {
			c.Constraints = append(c.Constraints, command.ConstraintDef{Kind: k.Kind, Columns: names(k.Columns), Include: names(ix.Include),
				Deferrable: k.Deferrable, Deferred: k.Deferred, NullsNotDistinct: ix.NullsNotDistinct, Comment: comment(k.Comment)})
			continue
		}
		d := command.IndexDef{Unique: ix.Unique || ix.Deferrable, NullsNotDistinct: ix.NullsNotDistinct, Method: ix.Method, Include: names(ix.Include), Options: ix.Options, Comment: comment(ix.Comment)}
		for _, e := range ix.Columns {
			col := src.ColumnByID(e.Column)
			el := command.IndexElem{Column: col.Name, Desc: e.Desc, NullsFirst: e.NullsFirst, OpClass: e.OpClass, Collation: e.Collation}
			if col.Hidden != "" {
				el.Column, el.Expr, el.Type, el.Label = "", col.Hidden, col.Type, col.Name
			}
			d.Columns = append(d.Columns, el)
		}
		if ix.Predicate != 0 {
			d.Predicate = src.ColumnByID(ix.Predicate).Hidden
		}
		c.Indexes = append(c.Indexes, d)
	}
}

// keyOf is the constraint that an index belongs to, or nil.
func keyOf(t *catalog.Table, ix *catalog.Index) *catalog.Constraint {
	for _, k := range t.Constraints {
		if k.Index == ix.OID && k.Kind != catalog.ForeignKey {
			return k
		}
	}
	return nil
}

// relationWord is the word for a relation in messages.
func relationWord(o catalog.Object, ix *catalog.Index) string {
	switch o.(type) {
	case *catalog.View:
		return "view"
	case *catalog.Sequence:
		return "sequence"
	}
	if ix != nil {
		return "index"
	}
	return "table"
}
