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

// dropStatement binds DROP of everything but roles and databases.
func (b *definer) dropStatement(s *pg.DropStmt) (command.Command, error) {
	c := &command.Drop{Kind: objectWord(s.RemoveType), Cascade: cascades(s.Behavior)}
	for _, n := range s.Objects {
		o, notice, err := b.dropObject(s, n)
		if err != nil {
			if !s.MissingOk || !isMissing(err) {
				return nil, err
			}
			notice = asSkip(err)
		}
		if notice != nil {
			c.Notices = append(c.Notices, notice)
		} else if o.Object != 0 {
			c.Objects = append(c.Objects, o)
		}
	}
	return c, nil
}

// isMissing reports whether an error says that something is not there, as IF EXISTS forgives.
func isMissing(err error) bool {
	switch pgerr.Code(err) {
	case pgerrcode.UndefinedTable, pgerrcode.UndefinedObject, pgerrcode.InvalidSchemaName, pgerrcode.UndefinedFunction:
		return true
	}
	return false
}

// asSkip makes of «x does not exist» the notice that it is skipped.
func asSkip(err error) *pgerr.Error {
	return skipNotice("%s, skipping", pgerr.From(err).Message)
}

func (b *definer) dropObject(s *pg.DropStmt, n *pg.Node) (command.DropObject, *pgerr.Error, error) {
	names := stringList(n.GetList().GetItems())
	var o command.DropObject
	var err error
	switch s.RemoveType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_INDEX,
		pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		o, err = b.dropRelation(s, names)
	case pg.ObjectType_OBJECT_SCHEMA:
		o.Object, err = b.schema(n.GetString_().GetSval())
		if err == nil && o.Object < catalog.FirstUserOID && o.Object != catalog.Public {
			err = pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", n.GetString_().GetSval())
		}
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		o, err = b.dropType(s, n.GetTypeName())
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE:
		return b.dropFunction(s, n.GetObjectWithArgs())
	case pg.ObjectType_OBJECT_EXTENSION:
		name := n.GetString_().GetSval()
		if name == "plpgsql" {
			return o, nil, pgerr.Unsupported("DROP EXTENSION plpgsql")
		}
		err = noExtension(name)
	case pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_RULE, pg.ObjectType_OBJECT_POLICY:
		if o, ok := b.dropTrigger(s, names); ok {
			return o, nil, nil
		}
		return b.dropPart(s, names)
	default:
		return b.dropOther(s, n, names)
	}
	return o, nil, err
}

var dropHints = map[string]string{
	"table": "Use DROP TABLE to remove a table.", "view": "Use DROP VIEW to remove a view.",
	"sequence": "Use DROP SEQUENCE to remove a sequence.", "index": "Use DROP INDEX to remove an index.",
	"type": "Use DROP TYPE to remove a type.",
}

var dropNouns = map[pg.ObjectType][2]string{
	pg.ObjectType_OBJECT_TABLE: {"table", "a table"}, pg.ObjectType_OBJECT_VIEW: {"view", "a view"}, pg.ObjectType_OBJECT_SEQUENCE: {"sequence", "a sequence"},
	pg.ObjectType_OBJECT_INDEX: {"index", "an index"}, pg.ObjectType_OBJECT_MATVIEW: {"materialized view", "a materialized view"},
	pg.ObjectType_OBJECT_FOREIGN_TABLE: {"foreign table", "a foreign table"},
}

func (b *definer) dropRelation(s *pg.DropStmt, names []string) (command.DropObject, error) {
	var out command.DropObject
	o, ix, noSchema, err := b.lookup(names)
	if err != nil {
		return out, err
	}
	noun := dropNouns[s.RemoveType]
	name := names[len(names)-1]
	if o == nil {
		if noSchema != "" {
			return out, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", noSchema)
		}
		if u, _, err := b.userDefined(names); err == nil && u != nil && u.Kind == types.KindComposite {
			return out, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not %s", name, noun[1]).WithHint("%s", dropHints["type"])
		}
		if s.MissingOk {
			return out, pgerr.New(pgerrcode.UndefinedTable, "%s \"%s\" does not exist", noun[0], name)
		}
		if s.RemoveType == pg.ObjectType_OBJECT_SEQUENCE || s.RemoveType == pg.ObjectType_OBJECT_INDEX || s.RemoveType == pg.ObjectType_OBJECT_VIEW ||
			s.RemoveType == pg.ObjectType_OBJECT_TABLE {
			code := pgerrcode.UndefinedTable
			if s.RemoveType == pg.ObjectType_OBJECT_INDEX {
				code = pgerrcode.UndefinedObject
			}
			return out, pgerr.New(code, "%s \"%s\" does not exist", noun[0], name)
		}
		return out, pgerr.New(pgerrcode.UndefinedTable, "%s \"%s\" does not exist", noun[0], name)
	}
	if is := relationWord(o, ix); is != noun[0] {
		return out, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not %s", name, noun[1]).WithHint("%s", dropHints[is])
	}
	if t, ok := o.(*catalog.Table); ok {
		if t.Virtual {
			return out, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", t.Name)
		}
		out.Object = t.OID
		if ix != nil {
			out.Index = ix.OID
		}
		return out, nil
	}
	out.Object = o.Head().OID
	return out, nil
}

func (b *definer) dropType(s *pg.DropStmt, tn *pg.TypeName) (command.DropObject, error) {
	names := stringList(tn.Names)
	if len(names) > 1 {
		if _, err := b.schema(names[0]); err != nil {
			return command.DropObject{}, err
		}
	}
	u, system, err := b.userDefined(names)
	switch {
	case err != nil:
		return command.DropObject{}, err
	case system && b.isRelation(names):
		return command.DropObject{}, pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop type %s because table %s requires it", typeNameText(tn), typeNameText(tn)).
			WithHint("You can drop table %s instead.", typeNameText(tn))
	case system:
		return command.DropObject{}, pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system", typeNameText(tn))
	case u == nil:
		return command.DropObject{}, pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", strings.Join(names, "."))
	case s.RemoveType == pg.ObjectType_OBJECT_DOMAIN && u.Kind != types.KindDomain:
		return command.DropObject{}, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a domain", strings.Join(names, "."))
	}
	return command.DropObject{Object: u.OID}, nil
}

func (b *definer) isRelation(names []string) bool {
	o, ix, _, err := b.lookup(names)
	return err == nil && o != nil && ix == nil
}

func (b *definer) dropFunction(s *pg.DropStmt, o *pg.ObjectWithArgs) (command.DropObject, *pgerr.Error, error) {
	word := strings.ToLower(objectWord(s.RemoveType))
	f, err := b.userFunction(o, word)
	if err != nil {
		return command.DropObject{}, nil, err
	}
	text := b.functionText(o)
	if f == nil {
		if s.MissingOk {
			if o.ArgsUnspecified {
				return command.DropObject{}, skipNotice("%s %s() does not exist, skipping", word, text), nil
			}
			return command.DropObject{}, skipNotice("%s %s does not exist, skipping", word, writtenFunction(o)), nil
		}
		if o.ArgsUnspecified {
			return command.DropObject{}, nil, pgerr.New(pgerrcode.UndefinedFunction, "could not find a %s named \"%s\"", word, text)
		}
		return command.DropObject{}, nil, pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", word, text)
	}
	return command.DropObject{Object: f.OID}, nil, nil
}

// writtenFunction is name(argument types) as the parser has read it.
func writtenFunction(o *pg.ObjectWithArgs) string {
	var args []string
	for _, a := range o.Objargs {
		args = append(args, typeNameText(a.GetTypeName()))
	}
	return strings.Join(stringList(o.Objname), ".") + "(" + strings.Join(args, ",") + ")"
}

// dropPart answers DROP of rules and policies, of which a table has none, and of triggers that it has not.
func (b *definer) dropPart(s *pg.DropStmt, names []string) (command.DropObject, *pgerr.Error, error) {
	var none command.DropObject
	word := strings.ToLower(objectWord(s.RemoveType))
	table, name := names[:len(names)-1], names[len(names)-1]
	rel := strings.Join(table, ".")
	o, _, _, err := b.lookup(table)
	if err != nil {
		return none, nil, err
	}
	if o == nil {
		if s.MissingOk {
			return none, skipNotice("relation \"%s\" does not exist, skipping", rel), nil
		}
		return none, nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", rel)
	}
	of := "table"
	if word == "rule" || word == "policy" && s.MissingOk {
		of = "relation"
	}
	if s.MissingOk {
		return none, skipNotice("%s \"%s\" for relation \"%s\" does not exist, skipping", word, name, rel), nil
	}
	return none, nil, pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" for %s \"%s\" does not exist", word, name, of, o.Head().Name)
}

// dropOther answers DROP of kinds of objects that Rowan has none of.
func (b *definer) dropOther(s *pg.DropStmt, n *pg.Node, names []string) (command.DropObject, *pgerr.Error, error) {
	word := strings.ToLower(objectWord(s.RemoveType))
	name := strings.Join(names, ".")
	if str := n.GetString_(); str != nil {
		name = str.Sval
	}
	switch {
	case s.RemoveType == pg.ObjectType_OBJECT_AGGREGATE:
		text := b.functionText(n.GetObjectWithArgs())
		if s.MissingOk {
			return command.DropObject{}, skipNotice("aggregate %s does not exist, skipping", text), nil
		}
		return command.DropObject{}, nil, pgerr.New(pgerrcode.UndefinedFunction, "aggregate %s does not exist", text)
	case s.MissingOk && name != "":
		return command.DropObject{}, skipNotice("%s \"%s\" does not exist, skipping", word, name), nil
	case name != "":
		return command.DropObject{}, nil, pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" does not exist", word, name)
	}
	return command.DropObject{}, nil, pgerr.Unsupported("DROP %s", objectWord(s.RemoveType))
}

func (b *definer) truncate(s *pg.TruncateStmt) (command.Command, error) {
	c := &command.Truncate{Restart: s.RestartSeqs, Cascade: cascades(s.Behavior)}
	for _, n := range s.Relations {
		t, err := b.baseTable(n.GetRangeVar())
		if err != nil {
			return nil, err
		}
		c.Tables = append(c.Tables, t.OID)
	}
	return c, nil
}
