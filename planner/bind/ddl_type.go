package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

func (b *definer) createSchema(s *pg.CreateSchemaStmt) (command.Command, error) {
	c := &command.CreateSchema{Name: s.Schemaname, IfNotExists: s.IfNotExists}
	if len(s.SchemaElts) > 0 {
		return nil, pgerr.Unsupported("CREATE SCHEMA with elements")
	}
	if s.Authrole != nil {
		var err error
		if c.Owner, err = b.roleName(s.Authrole); err != nil {
			return nil, err
		}
		if c.Name == "" {
			c.Name = c.Owner
		}
	}
	return c, nil
}

// unplaced drops the place of an error in what defines a type: PostgreSQL looks at the parts without their text.
func unplaced(c command.Command, err error) (command.Command, error) {
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	return c, nil
}

func (b *definer) createEnum(s *pg.CreateEnumStmt) (command.Command, error) {
	at, err := b.newName(stringList(s.TypeName))
	return &command.CreateType{Target: at, Kind: types.KindEnum, Labels: stringList(s.Vals)}, err
}

func (b *definer) createComposite(s *pg.CompositeTypeStmt) (command.Command, error) {
	at, err := b.target(s.Typevar)
	if err != nil {
		return nil, err
	}
	c := &command.CreateType{Target: at, Kind: types.KindComposite}
	for _, n := range s.Coldeflist {
		def := n.GetColumnDef()
		d, err := b.field(def.Colname, def)
		if err != nil {
			return nil, err
		}
		c.Fields = append(c.Fields, d)
	}
	return c, nil
}

// field binds an attribute of a composite type.
func (b *definer) field(name string, d *pg.ColumnDef) (command.ColumnDef, error) {
	t, err := b.typeName(d.TypeName)
	if err == nil {
		err = b.columnOf(name, t)
	}
	if err == nil && d.CollClause != nil {
		err = b.collationOf(t, d.CollClause)
	}
	return command.ColumnDef{Name: clipName(name), Type: t}, err
}

func (b *definer) alterEnum(s *pg.AlterEnumStmt) (command.Command, error) {
	u, err := b.mustType(stringList(s.TypeName))
	if err != nil {
		return nil, err
	}
	if u.Kind != types.KindEnum {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "%s is not an enum", strings.Join(stringList(s.TypeName), "."))
	}
	c := &command.AlterEnum{Type: u.OID, IfNotExists: s.SkipIfNewValExists}
	if s.OldVal != "" {
		c.Rename, c.To = s.OldVal, s.NewVal
		return c, nil
	}
	c.Add = s.NewVal
	if s.NewValIsAfter {
		c.After = s.NewValNeighbor
	} else {
		c.Before = s.NewValNeighbor
	}
	return c, nil
}

// alterComposite binds ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
func (b *definer) alterComposite(s *pg.AlterTableStmt) (command.Command, error) {
	u, err := b.mustType(rangeNames(s.Relation))
	if err != nil {
		if pgerr.Code(err) == pgerrcode.UndefinedObject {
			err = pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", strings.Join(rangeNames(s.Relation), "."))
		}
		return nil, err
	}
	c := &command.AlterComposite{Type: u.OID}
	for _, n := range s.Cmds {
		cmd := n.GetAlterTableCmd()
		switch cmd.Subtype {
		case pg.AlterTableType_AT_AddColumn:
			def := cmd.Def.GetColumnDef()
			d, err := b.field(def.Colname, def)
			if err != nil {
				return nil, err
			}
			c.Actions = append(c.Actions, &command.AddColumn{Column: d})
		case pg.AlterTableType_AT_DropColumn:
			c.Actions = append(c.Actions, &command.DropColumn{Name: cmd.Name, IfExists: cmd.MissingOk, Cascade: cascades(cmd.Behavior)})
		case pg.AlterTableType_AT_AlterColumnType:
			d, err := b.field(cmd.Name, cmd.Def.GetColumnDef())
			if err != nil {
				return nil, pgerr.From(err).Relocate(-1)
			}
			c.Actions = append(c.Actions, &command.AlterType{Name: cmd.Name, Type: d.Type})
		case pg.AlterTableType_AT_ChangeOwner:
			role, err := b.roleName(cmd.Newowner)
			return &command.Owner{Name: "ALTER TYPE", Object: u.OID, Role: role}, err
		default:
			return nil, pgerr.Unsupported("this action of ALTER TYPE")
		}
	}
	return c, nil
}

func (b *definer) createDomain(s *pg.CreateDomainStmt) (command.Command, error) {
	at, err := b.newName(stringList(s.Domainname))
	if err != nil {
		return nil, err
	}
	t, err := b.typeName(s.TypeName)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.KindPseudo {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "\"%s\" is not a valid base type for a domain", typeNameText(s.TypeName))
	}
	if s.CollClause != nil {
		if err := b.collationOf(t, s.CollClause); err != nil {
			return nil, err
		}
	}
	c := &command.CreateDomain{Target: at, Base: t}
	sawNull := false
	for _, n := range s.Constraints {
		k := n.GetConstraint()
		switch k.Contype {
		case pg.ConstrType_CONSTR_NULL, pg.ConstrType_CONSTR_NOTNULL:
			not := k.Contype == pg.ConstrType_CONSTR_NOTNULL
			if c.NotNull && !not || sawNull && not {
				return nil, pgerr.New(pgerrcode.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			c.NotNull, sawNull = not, sawNull || !not
		case pg.ConstrType_CONSTR_DEFAULT:
			d, err := b.defaultExpr(at.Name, t, k.RawExpr)
			if err != nil {
				return nil, err
			}
			c.Default, c.Deps = d.sql, d.deps
		case pg.ConstrType_CONSTR_CHECK:
			d, err := b.domainCheckDef(t, k)
			if err != nil {
				return nil, err
			}
			c.Checks = append(c.Checks, d)
		case pg.ConstrType_CONSTR_UNIQUE:
			return nil, pgerr.New(pgerrcode.SyntaxError, "unique constraints not possible for domains")
		case pg.ConstrType_CONSTR_PRIMARY:
			return nil, pgerr.New(pgerrcode.SyntaxError, "primary key constraints not possible for domains")
		case pg.ConstrType_CONSTR_FOREIGN:
			return nil, pgerr.New(pgerrcode.SyntaxError, "foreign key constraints not possible for domains")
		}
	}
	return c, nil
}

// domainCheckDef binds a CHECK over VALUE.
func (b *definer) domainCheckDef(t types.Type, k *pg.Constraint) (command.DomainCheck, error) {
	q := b.child(nil)
	q.value = &expr.CurrentValue{T: baseTypeMod(t)}
	e, err := q.where(kindDomainCheck, k.RawExpr, "CHECK")
	if err != nil {
		return command.DomainCheck{}, err
	}
	s := b.keep(e)
	return command.DomainCheck{Name: clipName(k.Conname), Expr: s.sql, Deps: s.deps, NotValid: k.SkipValidation}, nil
}

func (b *definer) alterDomain(s *pg.AlterDomainStmt) (command.Command, error) {
	u, err := b.mustType(stringList(s.TypeName))
	if err != nil {
		return nil, err
	}
	if u.Kind != types.KindDomain {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "%s is not a domain", strings.Join(stringList(s.TypeName), "."))
	}
	c := &command.AlterDomain{Domain: u.OID, Name: s.Name, IfExists: s.MissingOk}
	base := types.Type{Def: b.def(u.Base), Mod: u.Mod}
	switch s.Subtype {
	case "T":
		c.Op = "default"
		if s.Def != nil {
			d, err := b.defaultExpr(u.Name, base, s.Def)
			if err != nil {
				return nil, err
			}
			c.Default, c.Deps = d.sql, d.deps
		}
	case "N":
		c.Op = "nullable"
	case "O":
		c.Op = "notnull"
	case "C":
		c.Op = "add"
		k := s.Def.GetConstraint()
		if k.Contype != pg.ConstrType_CONSTR_CHECK {
			return nil, pgerr.Unsupported("this constraint of a domain")
		}
		c.Check, err = b.domainCheckDef(base, k)
	case "X":
		c.Op = "drop"
	case "V":
		c.Op = "validate"
	}
	return c, err
}
