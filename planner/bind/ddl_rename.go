package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// rename binds ALTER … RENAME.
func (b *definer) rename(s *pg.RenameStmt) (command.Command, error) {
	c := &command.Rename{Name: renameTag(s), To: clipName(s.Newname)}
	switch s.RenameType {
	case pg.ObjectType_OBJECT_ROLE:
		c.Role = s.Subname
		return c, nil
	case pg.ObjectType_OBJECT_DATABASE:
		c.Database = s.Subname
		return c, nil
	case pg.ObjectType_OBJECT_SCHEMA:
		return b.renameSchema(c, s.Subname)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN, pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return b.renameType(c, s)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return b.renameFunction(c, s)
	case pg.ObjectType_OBJECT_ATTRIBUTE:
		u, err := b.mustType(rangeNames(s.Relation))
		if err != nil {
			return nil, err
		}
		c.Object, c.Field = u.OID, s.Subname
		return c, nil
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		o, _, err := b.relation(s.Relation)
		if err != nil {
			return nil, err
		}
		if t := catalog.TriggerNamed(o, s.Subname); t != nil && s.RenameType == pg.ObjectType_OBJECT_TRIGGER {
			c.Object, c.Trigger = o.Head().OID, t.OID
			return c, nil
		}
		return nil, pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" for table \"%s\" does not exist", strings.ToLower(objectWord(s.RenameType)), s.Subname, o.Head().Name)
	}
	if s.Relation == nil {
		return nil, pgerr.Unsupported("%s", c.Name)
	}
	return b.renameInRelation(c, s)
}

// renameTag is the command tag, which names the relation's kind also where a part of it is renamed.
func renameTag(s *pg.RenameStmt) string {
	switch s.RenameType {
	case pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_ATTRIBUTE:
		return "ALTER " + objectWord(s.RelationType)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return "ALTER TABLE"
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return "ALTER DOMAIN"
	}
	return "ALTER " + objectWord(s.RenameType)
}

func (b *definer) renameInRelation(c *command.Rename, s *pg.RenameStmt) (command.Command, error) {
	o, ix, noSchema, err := b.lookup(rangeNames(s.Relation))
	if err != nil {
		return nil, err
	}
	if o == nil {
		return b.absent(c.Name, s.Relation, s.MissingOk, noSchema)
	}
	if t, ok := o.(*catalog.Table); ok {
		if err := b.notSystem(t); err != nil {
			return nil, err
		}
	}
	c.Object = o.Head().OID
	if ix != nil {
		c.Index = ix.OID
	}
	switch s.RenameType {
	case pg.ObjectType_OBJECT_COLUMN:
		return c, b.renameColumn(c, o, s.Subname)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		t, ok := o.(*catalog.Table)
		if !ok || t.Constraint(s.Subname) == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", s.Subname, o.Head().Name)
		}
		c.Constraint = t.Constraint(s.Subname).OID
		return c, nil
	case pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_SEQUENCE: // ALTER INDEX renames tables too, in PostgreSQL
		word := strings.ToLower(objectWord(s.RenameType))
		if relationWord(o, ix) != word {
			return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not %s", s.Relation.Relname, article(word))
		}
	}
	if ix != nil {
		return c, nil
	}
	return c, b.moved(&c.Rewrites, o.Head(), o.Head().Schema, c.To)
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// renameColumn finds the column and rewrites what reads it.
func (b *definer) renameColumn(c *command.Rename, o catalog.Object, name string) error {
	switch o := o.(type) {
	case *catalog.Table:
		if col := o.Column(name); col != nil {
			c.Column = col.ID
			if err := b.rebuild(o.Clone(), name, c.To, &c.Rewrites); err != nil {
				return err
			}
			return b.viewsAfterColumn(&c.Rewrites, o.OID, col, c.To)
		}
	case *catalog.View:
		for i := range o.Columns {
			if o.Columns[i].Name == name {
				c.Column = o.Columns[i].ID
				return b.viewsAfterColumn(&c.Rewrites, o.OID, &o.Columns[i], c.To)
			}
		}
	}
	if _, ok := systemColumns[name]; ok {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot rename system column \"%s\"", name)
	}
	return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" does not exist", name)
}

func (b *definer) renameSchema(c *command.Rename, name string) (command.Command, error) {
	id, err := b.schema(name)
	if err != nil {
		return nil, err
	}
	c.Object = id
	if id < catalog.FirstUserOID && id != catalog.Public {
		return nil, pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of schema %s", name)
	}
	snap, err := b.session()
	if err != nil {
		return nil, err
	}
	names := map[catalog.OID][2]string{}
	for _, o := range snap.Objects() {
		if h := o.Head(); h.Schema == id {
			names[h.OID] = [2]string{c.To, h.Name}
		}
	}
	return c, b.renamed(&c.Rewrites, names)
}

func (b *definer) renameType(c *command.Rename, s *pg.RenameStmt) (command.Command, error) {
	names := stringList(s.Object.GetList().GetItems())
	u, err := b.mustType(names)
	if err != nil {
		return nil, err
	}
	c.Object = u.OID
	switch s.RenameType {
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		for _, k := range u.Checks {
			if k.Name == s.Subname {
				c.Constraint = k.OID
				return c, nil
			}
		}
		return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" for domain %s does not exist", s.Subname, u.Name)
	case pg.ObjectType_OBJECT_DOMAIN:
		if u.Kind != types.KindDomain {
			return nil, pgerr.New(pgerrcode.WrongObjectType, "%s is not a domain", strings.Join(names, "."))
		}
	}
	return c, b.moved(&c.Rewrites, &u.Header, u.Schema, c.To)
}

func (b *definer) renameFunction(c *command.Rename, s *pg.RenameStmt) (command.Command, error) {
	o := s.Object.GetObjectWithArgs()
	word := strings.ToLower(objectWord(s.RenameType))
	f, err := b.userFunction(o, word)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", word, b.functionText(o))
	}
	c.Object = f.OID
	return c, b.moved(&c.Rewrites, &f.Header, f.Schema, c.To)
}

// alterSchema binds ALTER … SET SCHEMA.
func (b *definer) alterSchema(s *pg.AlterObjectSchemaStmt) (command.Command, error) {
	c := &command.SetSchema{Name: "ALTER " + objectWord(s.ObjectType)}
	var h *catalog.Header
	switch s.ObjectType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_SEQUENCE:
		o, ix, noSchema, err := b.lookup(rangeNames(s.Relation))
		if err != nil {
			return nil, err
		}
		if o == nil {
			return b.absent(c.Name, s.Relation, s.MissingOk, noSchema)
		}
		word := strings.ToLower(objectWord(s.ObjectType))
		if is := relationWord(o, ix); is != word && (word != "table" || ix != nil) {
			return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not %s", s.Relation.Relname, article(word))
		}
		h = o.Head()
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		u, err := b.mustType(stringList(s.Object.GetList().GetItems()))
		if err != nil {
			return nil, err
		}
		h = &u.Header
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		o := s.Object.GetObjectWithArgs()
		f, err := b.userFunction(o, strings.ToLower(objectWord(s.ObjectType)))
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, pgerr.New(pgerrcode.UndefinedFunction, "function %s does not exist", b.functionText(o))
		}
		h = &f.Header
	case pg.ObjectType_OBJECT_EXTENSION:
		return nil, noExtension(s.Object.GetString_().GetSval())
	default:
		return nil, pgerr.Unsupported("%s … SET SCHEMA", c.Name)
	}
	var err error
	c.Object = h.OID
	if c.Schema, err = b.schema(s.Newschema); err != nil {
		return nil, err
	}
	return c, b.moved(&c.Rewrites, h, c.Schema, h.Name)
}

// alterOwner binds ALTER … OWNER TO, of all but relations, which have it as an action.
func (b *definer) alterOwner(s *pg.AlterOwnerStmt) (command.Command, error) {
	c := &command.Owner{Name: "ALTER " + objectWord(s.ObjectType)}
	var err error
	if c.Role, err = b.roleName(s.Newowner); err != nil {
		return nil, err
	}
	switch s.ObjectType {
	case pg.ObjectType_OBJECT_SCHEMA:
		c.Object, err = b.schema(s.Object.GetString_().GetSval())
	case pg.ObjectType_OBJECT_DATABASE:
		c.Database = s.Object.GetString_().GetSval()
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		var u *catalog.UserType
		if u, err = b.mustType(stringList(s.Object.GetList().GetItems())); err == nil {
			c.Object = u.OID
		}
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		o := s.Object.GetObjectWithArgs()
		var f *catalog.Function
		if f, err = b.userFunction(o, strings.ToLower(objectWord(s.ObjectType))); err == nil {
			if f == nil {
				return nil, pgerr.New(pgerrcode.UndefinedFunction, "function %s does not exist", b.functionText(o))
			}
			c.Object = f.OID
		}
	case pg.ObjectType_OBJECT_AGGREGATE:
		return nil, pgerr.New(pgerrcode.UndefinedFunction, "aggregate %s does not exist", b.functionText(s.Object.GetObjectWithArgs()))
	case pg.ObjectType_OBJECT_LANGUAGE:
		return &command.Nothing{Name: c.Name}, nil
	default:
		return nil, b.noSuch(s.ObjectType, s.Object)
	}
	return c, err
}

// noSuch says that an object of a kind that Rowan has none of does not exist.
func (b *definer) noSuch(kind pg.ObjectType, n *pg.Node) error {
	name := n.GetString_().GetSval()
	if name == "" {
		name = nameText(n.GetList().GetItems())
	}
	if name == "" {
		return pgerr.Unsupported("ALTER %s", objectWord(kind))
	}
	return pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" does not exist", strings.ToLower(objectWord(kind)), name)
}
