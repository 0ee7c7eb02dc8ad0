package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// alterTable binds ALTER TABLE, and ALTER VIEW, SEQUENCE, INDEX and TYPE where they have the same actions.
func (b *definer) alterTable(s *pg.AlterTableStmt) (command.Command, error) {
	tag := "ALTER " + objectWord(s.Objtype)
	if s.Objtype == pg.ObjectType_OBJECT_TYPE {
		return b.alterComposite(s)
	}
	o, ix, noSchema, err := b.lookup(rangeNames(s.Relation))
	if err != nil {
		return nil, err
	}
	if o == nil {
		return b.absent(tag, s.Relation, s.MissingOk, noSchema)
	}
	if err := b.alterable(s, o, ix); err != nil {
		return nil, err
	}
	if ix != nil {
		return b.alterIndex(s, o.(*catalog.Table), ix)
	}
	c := &command.AlterTable{Name: tag, Table: o.Head().OID, Only: !s.Relation.Inh}
	draft := &catalog.Table{Header: *o.Head()}
	if t, ok := o.(*catalog.Table); ok {
		if err := b.notSystem(t); err != nil {
			return nil, err
		}
		draft = t.Clone()
	}
	if v, ok := o.(*catalog.View); ok {
		draft.Columns = append(draft.Columns, v.Columns...)
	}
	c.Actions, err = b.alterActions(draft, s.Cmds)
	return c, err
}

// alterable checks that the statement's kind is the relation's: ALTER TABLE takes all kinds.
func (b *definer) alterable(s *pg.AlterTableStmt, o catalog.Object, ix *catalog.Index) error {
	name := s.Relation.Relname
	_, view := o.(*catalog.View)
	_, sequence := o.(*catalog.Sequence)
	switch s.Objtype {
	case pg.ObjectType_OBJECT_VIEW:
		if !view {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a view", name)
		}
	case pg.ObjectType_OBJECT_SEQUENCE:
		if !sequence {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", name)
		}
	case pg.ObjectType_OBJECT_INDEX:
		if ix == nil {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not an index", name)
		}
	case pg.ObjectType_OBJECT_MATVIEW:
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a materialized view", name)
	case pg.ObjectType_OBJECT_FOREIGN_TABLE:
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a foreign table", name)
	}
	return nil
}

// alterIndex binds ALTER INDEX … SET and RESET; what else it has does nothing here.
func (b *definer) alterIndex(s *pg.AlterTableStmt, t *catalog.Table, ix *catalog.Index) (command.Command, error) {
	c := &command.AlterIndex{Table: t.OID, Index: ix.OID}
	for _, n := range s.Cmds {
		cmd := n.GetAlterTableCmd()
		switch cmd.Subtype {
		case pg.AlterTableType_AT_SetRelOptions:
			c.Options = optionList(cmd.Def.GetList().GetItems())
		case pg.AlterTableType_AT_ResetRelOptions:
			c.Options, c.Reset = optionList(cmd.Def.GetList().GetItems()), true
		case pg.AlterTableType_AT_SetTableSpace:
			if err := checkStorage("", cmd.Name); err != nil {
				return nil, err
			}
		case pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_ChangeOwner:
		case pg.AlterTableType_AT_AttachPartition:
			return nil, pgerr.Unsupported("ALTER INDEX … ATTACH PARTITION")
		default:
			return nil, pgerr.New(pgerrcode.WrongObjectType, "ALTER action cannot be performed on relation \"%s\"", ix.Name).
				WithDetail("This operation is not supported for indexes.")
		}
	}
	return c, nil
}

// alterActions binds the actions. Columns that they add, drop or retype are so for the expressions of the others,
// wherever these stand.
func (b *definer) alterActions(draft *catalog.Table, nodes []*pg.Node) ([]command.AlterAction, error) {
	added := map[*pg.AlterTableCmd]*columnDef{}
	retyped := map[*pg.AlterTableCmd]*command.AlterType{}
	before := draft.Clone()
	dropped(draft, nodes)
	for _, n := range nodes {
		cmd := n.GetAlterTableCmd()
		switch cmd.Subtype {
		case pg.AlterTableType_AT_AddColumn:
			d, err := b.column(draft.Name, cmd.Def.GetColumnDef())
			if err != nil {
				return nil, err
			}
			added[cmd] = d
			if draft.Column(d.out.Name) == nil {
				d.draft(draft)
			}
		case pg.AlterTableType_AT_AlterColumnType:
			a, err := b.alterType(before, draft, cmd)
			if err != nil {
				return nil, err
			}
			retyped[cmd] = a
		}
	}
	var out []command.AlterAction
	for _, n := range nodes {
		cmd := n.GetAlterTableCmd()
		var a command.AlterAction
		var err error
		switch {
		case added[cmd] != nil:
			a, err = b.addColumn(draft, added[cmd], cmd)
		case retyped[cmd] != nil:
			a = retyped[cmd]
		default:
			a, err = b.alterAction(draft, cmd)
		}
		if err != nil {
			return nil, err
		}
		if a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

func (b *definer) addColumn(draft *catalog.Table, d *columnDef, cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	a := &command.AddColumn{IfNotExists: cmd.MissingOk}
	if err := b.columnExprs(draft, d); err != nil {
		return nil, nowhere(err)
	}
	a.Column = d.out
	list, err := b.constraintsOf(draft, d.out.Name, d.constraints)
	a.Constraints = list
	return a, err
}

// nowhere takes the place off an error of ALTER TABLE, as PostgreSQL does, which has no text to point into by then.
func nowhere(err error) error { return pgerr.From(err).Relocate(-1) }

func (b *definer) alterAction(t *catalog.Table, cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_ColumnDefault:
		return b.setDefault(t, cmd)
	case pg.AlterTableType_AT_SetNotNull:
		return &command.SetNotNull{Name: cmd.Name}, nil
	case pg.AlterTableType_AT_DropNotNull:
		return &command.SetNotNull{Name: cmd.Name, Off: true}, nil
	case pg.AlterTableType_AT_DropExpression:
		return &command.DropExpression{Name: cmd.Name, IfExists: cmd.MissingOk}, nil
	case pg.AlterTableType_AT_SetStatistics:
		v := int32(cmd.Def.GetInteger().GetIval())
		return &command.SetColumn{Name: cmd.Name, Num: int(cmd.Num), Statistics: &v}, nil
	case pg.AlterTableType_AT_SetStorage:
		return setStorage(cmd)
	case pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions:
		return columnOptions(cmd), nil
	case pg.AlterTableType_AT_SetCompression:
		return &command.SetColumn{Name: cmd.Name}, nil
	case pg.AlterTableType_AT_DropColumn:
		return &command.DropColumn{Name: cmd.Name, IfExists: cmd.MissingOk, Cascade: cascades(cmd.Behavior)}, nil
	case pg.AlterTableType_AT_AddConstraint:
		d, err := b.constraint(t, "", cmd.Def.GetConstraint())
		return &command.AddConstraint{Constraint: d}, err
	case pg.AlterTableType_AT_AlterConstraint:
		k := cmd.Def.GetConstraint()
		return &command.AlterConstraint{Name: k.Conname, Deferrable: k.Deferrable || k.Initdeferred, Deferred: k.Initdeferred}, nil
	case pg.AlterTableType_AT_ValidateConstraint:
		return &command.ValidateConstraint{Name: cmd.Name}, nil
	case pg.AlterTableType_AT_DropConstraint:
		return &command.DropConstraint{Name: cmd.Name, IfExists: cmd.MissingOk, Cascade: cascades(cmd.Behavior)}, nil
	case pg.AlterTableType_AT_AddIdentity, pg.AlterTableType_AT_SetIdentity, pg.AlterTableType_AT_DropIdentity:
		return b.setIdentity(cmd)
	}
	return b.tableAction(t, cmd)
}

func cascades(d pg.DropBehavior) bool { return d == pg.DropBehavior_DROP_CASCADE }

// columnOptions is SET (…) and RESET (…) of a column.
func columnOptions(cmd *pg.AlterTableCmd) command.AlterAction {
	return &command.SetColumn{Name: cmd.Name, Options: optionList(cmd.Def.GetList().GetItems()), Reset: cmd.Subtype == pg.AlterTableType_AT_ResetOptions}
}

func setStorage(cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	word := cmd.Def.GetString_().GetSval()
	letter := storageLetter(word)
	if letter == 0 && !strings.EqualFold(word, "default") {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "invalid storage type \"%s\"", word)
	}
	return &command.SetColumn{Name: cmd.Name, Storage: letter}, nil
}

// tableAction binds the actions on the table as a whole.
func (b *definer) tableAction(t *catalog.Table, cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_ChangeOwner:
		role, err := b.roleName(cmd.Newowner)
		return &command.SetOwner{Role: role}, err
	case pg.AlterTableType_AT_ClusterOn:
		ix := indexByName(t, cmd.Name)
		if ix == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "index \"%s\" for table \"%s\" does not exist", cmd.Name, t.Name)
		}
		return &command.ClusterOn{Index: ix.OID}, nil
	case pg.AlterTableType_AT_DropCluster:
		return &command.ClusterOn{}, nil
	case pg.AlterTableType_AT_SetLogged, pg.AlterTableType_AT_SetUnLogged:
		return &command.SetLogged{Unlogged: cmd.Subtype == pg.AlterTableType_AT_SetUnLogged}, nil
	case pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_ReplaceRelOptions:
		return &command.SetOptions{Options: optionList(cmd.Def.GetList().GetItems()), Reset: cmd.Subtype == pg.AlterTableType_AT_ResetRelOptions}, nil
	case pg.AlterTableType_AT_SetTableSpace:
		return &command.Accept{}, checkStorage("", cmd.Name)
	case pg.AlterTableType_AT_SetAccessMethod:
		return &command.Accept{}, checkStorage(cmd.Name, "")
	case pg.AlterTableType_AT_DropOids:
		return &command.Accept{}, nil
	case pg.AlterTableType_AT_EnableRowSecurity, pg.AlterTableType_AT_DisableRowSecurity:
		return &command.RowSecurity{On: cmd.Subtype == pg.AlterTableType_AT_EnableRowSecurity}, nil
	case pg.AlterTableType_AT_ForceRowSecurity, pg.AlterTableType_AT_NoForceRowSecurity:
		return &command.RowSecurity{On: cmd.Subtype == pg.AlterTableType_AT_ForceRowSecurity, Force: true}, nil
	case pg.AlterTableType_AT_ReplicaIdentity:
		return b.replicaIdentity(t, cmd.Def.GetReplicaIdentityStmt())
	}
	return switches(t, cmd)
}

// switches binds ENABLE and DISABLE of triggers, and of rules, of which there are none.
func switches(t *catalog.Table, cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	if a := switchTrigger(cmd); a != nil {
		return a, nil
	}
	switch cmd.Subtype {
	case pg.AlterTableType_AT_EnableRule, pg.AlterTableType_AT_EnableAlwaysRule, pg.AlterTableType_AT_EnableReplicaRule, pg.AlterTableType_AT_DisableRule:
		return nil, pgerr.New(pgerrcode.UndefinedObject, "rule \"%s\" for relation \"%s\" does not exist", cmd.Name, t.Name)
	case pg.AlterTableType_AT_AddInherit, pg.AlterTableType_AT_DropInherit:
		return nil, pgerr.Unsupported("INHERIT")
	case pg.AlterTableType_AT_AttachPartition, pg.AlterTableType_AT_DetachPartition, pg.AlterTableType_AT_DetachPartitionFinalize:
		return nil, pgerr.Unsupported("a partitioned table")
	}
	return nil, pgerr.Unsupported("this action of ALTER TABLE")
}

func (b *definer) replicaIdentity(t *catalog.Table, s *pg.ReplicaIdentityStmt) (command.AlterAction, error) {
	a := &command.ReplicaIdentity{Kind: s.IdentityType[0]}
	if a.Kind == 'i' {
		ix := indexByName(t, s.Name)
		if ix == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "index \"%s\" for table \"%s\" does not exist", s.Name, t.Name)
		}
		a.Index = ix.OID
	}
	return a, nil
}

func (b *definer) setDefault(t *catalog.Table, cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	a := &command.SetDefault{Name: cmd.Name}
	c := t.Column(cmd.Name)
	if cmd.Def == nil || c == nil || c.Identity != 0 || c.Generated != "" {
		if cmd.Def != nil {
			a.Default = "?" // refused when it runs: the column is not there or has a value of another kind
		}
		return a, nil
	}
	s, err := b.defaultExpr(c.Name, c.Type, cmd.Def)
	if err != nil {
		return nil, nowhere(err)
	}
	a.Default, a.Deps = s.sql, s.deps
	return a, nil
}

func (b *definer) setIdentity(cmd *pg.AlterTableCmd) (command.AlterAction, error) {
	a := &command.SetIdentity{Name: cmd.Name, IfExists: cmd.MissingOk}
	switch cmd.Subtype {
	case pg.AlterTableType_AT_DropIdentity:
		a.Drop = true
		return a, nil
	case pg.AlterTableType_AT_AddIdentity:
		k := cmd.Def.GetConstraint()
		def, err := b.sequenceOptions(k.Options, true)
		a.Add, a.Kind, a.Sequence = true, identityKind(k.GeneratedWhen), &def
		return a, err
	}
	var rest []*pg.Node
	for _, n := range cmd.Def.GetList().GetItems() {
		d := n.GetDefElem()
		if d.Defname != "generated" {
			rest = append(rest, n)
			continue
		}
		a.Kind = identityLetter(d)
	}
	def, err := b.sequenceOptions(rest, false)
	a.Sequence = &def
	return a, err
}

// identityLetter reads SET GENERATED, whose word pg_query gives as the code of a letter.
func identityLetter(d *pg.DefElem) byte {
	if i := d.Arg.GetInteger(); i != nil && i.Ival != 0 {
		return byte(i.Ival)
	}
	return identityKind(defText(d))
}

// alterType binds ALTER COLUMN … TYPE over the columns as they were, and gives the draft the new type.
func (b *definer) alterType(before, draft *catalog.Table, cmd *pg.AlterTableCmd) (*command.AlterType, error) {
	def := cmd.Def.GetColumnDef()
	a := &command.AlterType{Name: cmd.Name}
	t, serial, err := b.columnType(def.TypeName)
	if err == nil && serial {
		_, err = b.typeName(def.TypeName) // serial is no type here
	}
	if err == nil {
		err = b.columnOf(cmd.Name, t)
	}
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	a.Type = t
	c := before.Column(cmd.Name)
	if c == nil {
		return a, nil // refused when it runs
	}
	if def.CollClause != nil {
		if err := b.collationOf(a.Type, def.CollClause); err != nil {
			return nil, pgerr.From(err).Relocate(-1)
		}
		a.Collation = collationName(def.CollClause.Collname)
	}
	if err := b.using(before, c, def.RawDefault, a); err != nil {
		return nil, err
	}
	if n := draft.Column(cmd.Name); n != nil {
		if a.Refused = b.castDefault(n, a); a.Refused != nil {
			return a, nil
		}
		n.TypeOID, n.Mod, n.Type = t.ID(), t.Mod, t
	}
	a.Refused = b.rebuild(kept(draft), c.Name, c.Name, &a.Rebuild)
	return a, nil
}

// kept is a draft without the generation expressions, for what is bound again under a column's new type: a column that such an
// expression reads gets no other type, as its ALTER COLUMN will tell.
func kept(draft *catalog.Table) *catalog.Table {
	t := draft.Clone()
	for i := range t.Columns {
		t.Columns[i].Generated = ""
	}
	return t
}

// dropped takes off a draft the constraints and defaults that the actions drop: nothing is bound anew for them.
func dropped(draft *catalog.Table, nodes []*pg.Node) {
	for _, n := range nodes {
		cmd := n.GetAlterTableCmd()
		c := draft.Column(cmd.Name)
		if cmd.Subtype == pg.AlterTableType_AT_ColumnDefault && cmd.Def == nil && c != nil {
			c.Default = ""
		}
		draft.Constraints = slices.DeleteFunc(draft.Constraints, func(k *catalog.Constraint) bool {
			switch cmd.Subtype {
			case pg.AlterTableType_AT_DropConstraint:
				return k.Kind == catalog.Check && k.Name == cmd.Name
			case pg.AlterTableType_AT_DropColumn:
				return k.Kind == catalog.Check && c != nil && slices.Contains(k.Columns, c.ID)
			}
			return false
		})
	}
}

// using binds the expression that makes the new values.
func (b *definer) using(t *catalog.Table, c *catalog.Column, n *pg.Node, a *command.AlterType) error {
	q := b.tableScope(t)
	ref := n
	if ref == nil {
		ref = columnNode(c.Name)
	}
	e, err := q.in(kindAlterTransform, ref)
	if err != nil {
		return err
	}
	out, ok, err := b.coerceTo(e, a.Type, cast{assignment, exprImplicit, -1})
	if err != nil {
		return err
	}
	if !ok {
		if n != nil {
			return pgerr.New(pgerrcode.DatatypeMismatch, "result of USING clause for column \"%s\" cannot be cast automatically to type %s", c.Name, b.formatType(a.Type.Def)).
				WithHint("You might need to add an explicit cast.")
		}
		return pgerr.New(pgerrcode.DatatypeMismatch, "column \"%s\" cannot be cast automatically to type %s", c.Name, b.formatType(a.Type.Def)).
			WithHint("You might need to specify \"USING %s::%s\".", quoteIdent(c.Name), b.typeWithMod(a.Type))
	}
	// The text leaves out the modifier: read again, it would be an explicit cast, which cuts strings that are too long.
	plain, _, err := b.coerceTo(e, a.Type.WithMod(-1), cast{assignment, exprCast, -1})
	if err != nil {
		return err
	}
	a.Using = b.keep(plain).sql
	a.SameForm = isColumn(out) && n == nil || unchanged(out, c, a)
	return nil
}

// castDefault casts the column's default to the new type.
func (b *definer) castDefault(c *catalog.Column, a *command.AlterType) error {
	if c.Default == "" {
		return nil
	}
	e, err := b.expression(c.Default)
	if err != nil {
		return err
	}
	// The default is stored under the old type; a coercion put in by the assignment gives way to the new one.
	out, ok, err := b.coerceTo(stripImplicit(e), a.Type, cast{assignment, exprImplicit, -1})
	if err != nil {
		return err
	}
	if !ok {
		return pgerr.New(pgerrcode.DatatypeMismatch, "default for column \"%s\" cannot be cast automatically to type %s", c.Name, b.formatType(a.Type.Def))
	}
	a.Default = b.keep(out).sql
	return nil
}
