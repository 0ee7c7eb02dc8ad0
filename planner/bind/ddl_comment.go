package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// comment binds COMMENT ON.
func (b *definer) comment(s *pg.CommentStmt) (command.Command, error) {
	c := &command.Comment{Text: s.Comment}
	switch s.Objtype {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_INDEX,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		return c, b.commentRelation(c, s)
	case pg.ObjectType_OBJECT_COLUMN:
		return c, b.commentColumn(c, stringList(s.Object.GetList().GetItems()))
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return c, b.commentConstraint(c, stringList(s.Object.GetList().GetItems()))
	case pg.ObjectType_OBJECT_SCHEMA:
		id, err := b.schema(s.Object.GetString_().GetSval())
		c.Object = id
		return c, err
	case pg.ObjectType_OBJECT_DATABASE:
		c.Database = s.Object.GetString_().GetSval()
		return c, nil
	case pg.ObjectType_OBJECT_ROLE:
		c.Role = s.Object.GetString_().GetSval()
		return c, nil
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		u, err := b.mustType(stringList(s.Object.GetTypeName().GetNames()))
		if err != nil {
			return nil, err
		}
		c.Object = u.OID
		return c, nil
	}
	return b.commentOther(c, s)
}

func (b *definer) commentOther(c *command.Comment, s *pg.CommentStmt) (command.Command, error) {
	name := s.Object.GetString_().GetSval()
	switch s.Objtype {
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		o := s.Object.GetObjectWithArgs()
		f, err := b.userFunction(o, strings.ToLower(objectWord(s.Objtype)))
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", strings.ToLower(objectWord(s.Objtype)), b.functionText(o))
		}
		c.Object = f.OID
		return c, nil
	case pg.ObjectType_OBJECT_EXTENSION:
		if name == "plpgsql" {
			return c, nil
		}
		return nil, noExtension(name)
	case pg.ObjectType_OBJECT_LANGUAGE, pg.ObjectType_OBJECT_TABLESPACE:
		return c, nil
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return b.commentDomainConstraint(c, s)
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		names := stringList(s.Object.GetList().GetItems())
		rel := names[:len(names)-1]
		if s.Objtype == pg.ObjectType_OBJECT_TRIGGER {
			o, _, err := b.must(rel)
			if err != nil {
				return nil, err
			}
			if t := catalog.TriggerNamed(o, names[len(names)-1]); t != nil {
				c.Object, c.Trigger = o.Head().OID, t.OID
				return c, nil
			}
		}
		return nil, pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" for table \"%s\" does not exist", strings.ToLower(objectWord(s.Objtype)), names[len(names)-1], rel[len(rel)-1])
	}
	return nil, b.noSuch(s.Objtype, s.Object)
}

func (b *definer) commentDomainConstraint(c *command.Comment, s *pg.CommentStmt) (command.Command, error) {
	items := s.Object.GetList().GetItems()
	u, err := b.mustType(stringList(items[0].GetTypeName().GetNames()))
	if err != nil {
		return nil, err
	}
	name := items[1].GetString_().GetSval()
	for _, k := range u.Checks {
		if k.Name == name {
			c.Object, c.Constraint = u.OID, k.OID
			return c, nil
		}
	}
	return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" for domain %s does not exist", name, u.Name)
}

// must finds a relation by its parts.
func (b *definer) must(names []string) (catalog.Object, *catalog.Index, error) {
	o, ix, noSchema, err := b.lookup(names)
	switch {
	case err != nil:
		return nil, nil, err
	case noSchema != "":
		return nil, nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", noSchema)
	case o == nil:
		return nil, nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", strings.Join(names, "."))
	}
	return o, ix, nil
}

func (b *definer) commentRelation(c *command.Comment, s *pg.CommentStmt) error {
	names := stringList(s.Object.GetList().GetItems())
	o, ix, err := b.must(names)
	if err != nil {
		return err
	}
	word := strings.ToLower(objectWord(s.Objtype))
	if relationWord(o, ix) != word {
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not %s", names[len(names)-1], article(word))
	}
	c.Object = o.Head().OID
	if ix != nil {
		c.Index = ix.OID
	}
	return nil
}

func (b *definer) commentColumn(c *command.Comment, names []string) error {
	rel, name := names[:len(names)-1], names[len(names)-1]
	if len(rel) == 0 {
		return pgerr.New(pgerrcode.SyntaxError, "column name must be qualified")
	}
	o, _, _, err := b.lookup(rel)
	if err != nil {
		return err
	}
	var cols []catalog.Column
	if o == nil {
		u, e := b.mustType(rel)
		if e != nil {
			_, _, err = b.must(rel)
			return err
		}
		c.Object, cols = u.OID, u.Fields
	} else {
		c.Object = o.Head().OID
		switch o := o.(type) {
		case *catalog.Table:
			cols = o.Columns
		case *catalog.View:
			cols = o.Columns
		}
	}
	for i := range cols {
		if cols[i].Name == name && !cols[i].Dropped && cols[i].Hidden == "" {
			c.Column = cols[i].ID
			return nil
		}
	}
	return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, rel[len(rel)-1])
}

func (b *definer) commentConstraint(c *command.Comment, names []string) error {
	rel, name := names[:len(names)-1], names[len(names)-1]
	o, _, err := b.must(rel)
	if err != nil {
		return err
	}
	t, ok := o.(*catalog.Table)
	if !ok || t.Constraint(name) == nil {
		return pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", name, rel[len(rel)-1])
	}
	c.Object, c.Constraint = t.OID, t.Constraint(name).OID
	return nil
}
