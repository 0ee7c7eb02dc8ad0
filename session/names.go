package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// regNames resolves the names that regclass, regtype and their kin show and read, in the session's catalog and path.
type regNames struct{ s *Session }

var _ types.Names = regNames{}

func quoteIdent(s string) string { return expr.QuoteIdent(s) }

// NameOf shows an OID by name.
func (r regNames) NameOf(reg, id types.OID) (string, bool) {
	if r.s.txn == nil {
		return "", false
	}
	snap, err := r.s.snapshot(context.Background())
	if err != nil {
		return "", false
	}
	n := r.s.definitions(snap)
	switch reg {
	case types.OIDRegclass:
		return relationName(snap, n, id)
	case types.OIDRegtype:
		if snap.TypeByOID(id) != nil {
			return n.FormatType(id, -1, false), true
		}
	case types.OIDRegnamespace:
		name := snap.SchemaName(id)
		return quoteIdent(name), name != ""
	case types.OIDRegrole:
		if role, ok := r.s.global().Object(id).(*catalog.Role); ok {
			return quoteIdent(role.Name), true
		}
	default:
		return r.builtinName(snap, n, reg, id)
	}
	return "", false
}

func relationName(snap *catalog.Snapshot, n *pgcatalog.Names, id types.OID) (string, bool) {
	o, ix := snap.RelationByOID(id)
	if o == nil {
		return "", false
	}
	name := o.Head().Name
	if ix != nil {
		name = ix.Name
	}
	return n.Relation(o.Head().Schema, name), true
}

// builtinName shows functions, operators and collations.
func (r regNames) builtinName(snap *catalog.Snapshot, n *pgcatalog.Names, reg, id types.OID) (string, bool) {
	switch reg {
	case types.OIDRegproc, types.OIDRegprocedure:
		schema, name, args := types.OID(0), "", []types.OID(nil)
		if p := builtin.ProcByOID(id); p != nil {
			schema, name, args = p.Schema, p.Name, p.Args
		} else if f, ok := snap.Object(id).(*catalog.Function); ok {
			schema, name, args = f.Schema, f.Name, inputTypes(f)
		} else {
			return "", false
		}
		if reg == types.OIDRegproc {
			return r.procName(snap, schema, name, id), true
		}
		return r.s.functionName(snap, schema, name) + "(" + typeNames(n, args) + ")", true
	case types.OIDRegoper, types.OIDRegoperator:
		op := builtin.OperatorByOID(id)
		if op == nil {
			return "", false
		}
		if reg == types.OIDRegoper {
			if _, err := r.s.operatorOID(r.s.catalogs.ctx, op.Name, false); err != nil {
				return "pg_catalog." + op.Name, true
			}
			return op.Name, true
		}
		left := "NONE"
		if op.Left != 0 {
			left = n.FormatType(op.Left, -1, false)
		}
		return op.Name + "(" + left + "," + n.FormatType(op.Right, -1, false) + ")", true
	case types.OIDRegcollation:
		for _, c := range builtin.AllCollations() {
			if c.OID == id {
				return quoteIdent(c.Name), true
			}
		}
	}
	return "", false
}

// procName is what regproc shows: the bare name only where it means this function and no other.
func (r regNames) procName(snap *catalog.Snapshot, schema types.OID, name string, id types.OID) string {
	quoted := quoteIdent(name)
	if found, err := r.s.functionsNamed(r.s.catalogs.ctx, quoted); err == nil && len(found) == 1 && found[0].oid == id {
		return quoted
	}
	return quoteIdent(snap.SchemaName(schema)) + "." + quoted
}

func typeNames(n *pgcatalog.Names, ids []types.OID) string {
	var out []string
	for _, id := range ids {
		out = append(out, n.FormatType(id, -1, false))
	}
	return strings.Join(out, ",")
}

// Lookup finds the OID of a name.
func (r regNames) Lookup(reg types.OID, name string) (types.OID, error) {
	ctx := context.Background()
	switch reg {
	case types.OIDRegclass:
		return r.s.relationOID(ctx, name)
	case types.OIDRegrole:
		bare, err := oneName(name)
		if err != nil {
			return 0, err
		}
		if role := r.s.global().RoleByName(bare); role != nil {
			return role.OID, nil
		}
		return 0, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", bare)
	case types.OIDRegnamespace:
		snap, err := r.s.snapshot(ctx)
		if err != nil {
			return 0, err
		}
		bare, err := oneName(name)
		if err != nil {
			return 0, err
		}
		if sc := snap.Schema(bare); sc != nil {
			return sc.OID, nil
		}
		return 0, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", bare)
	case types.OIDRegtype:
		return r.s.typeOID(ctx, name)
	case types.OIDRegproc, types.OIDRegprocedure:
		return r.s.procOID(ctx, name, reg == types.OIDRegprocedure)
	case types.OIDRegoper, types.OIDRegoperator:
		return r.s.operatorOID(ctx, name, reg == types.OIDRegoperator)
	case types.OIDRegcollation:
		q, err := r.s.qualified(ctx, name, otherNames)
		if err != nil {
			return 0, err
		}
		for _, c := range builtin.AllCollations() {
			if q.bare == c.Name {
				return c.OID, nil
			}
		}
		return 0, pgerr.New(pgerrcode.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", q.text)
	}
	return 0, pgerr.Unsupported("looking up %s by name", types.Builtin(reg).Name)
}

// oneName reads a name that has no schema.
func oneName(name string) (string, error) {
	parts, ok := types.SplitName(name)
	if !ok || len(parts) != 1 {
		return "", pgerr.New(pgerrcode.InvalidName, "invalid name syntax")
	}
	return parts[0], nil
}

// qualifiedName is a name with the schemas in which it is looked up.
type qualifiedName struct {
	schemas  []string
	explicit bool // the schema was given
	bare     string
	text     string // as messages have it
}

// nameErrors are PostgreSQL's messages about names that are too long, and about those in other databases: it quotes those of relations.
type nameErrors struct{ long, elsewhere string }

var (
	relationNames = nameErrors{"improper relation name (too many dotted names): %s", "cross-database references are not implemented: \"%s\""}
	otherNames    = nameErrors{"improper qualified name (too many dotted names): %s", "cross-database references are not implemented: %s"}
)

// qualified reads [database.][schema.]name.
func (s *Session) qualified(ctx context.Context, name string, messages nameErrors) (qualifiedName, error) {
	parts, ok := types.SplitName(name)
	if !ok {
		return qualifiedName{}, pgerr.New(pgerrcode.InvalidName, "invalid name syntax")
	}
	q := qualifiedName{schemas: s.catalogs.SearchPath(), bare: parts[len(parts)-1], text: strings.Join(parts, ".")}
	switch len(parts) {
	case 1:
		return q, nil
	case 2:
	case 3:
		database, branch, point := splitDatabase(parts[0])
		if database != s.database.Name {
			return q, pgerr.New(pgerrcode.FeatureNotSupported, messages.elsewhere, q.text)
		}
		if err := s.isHere(ctx, catalog.Ref{Branch: branch, Point: point}, q.text); err != nil {
			return q, err
		}
	default:
		return q, pgerr.New(pgerrcode.SyntaxError, messages.long, q.text)
	}
	q.schemas, q.explicit = parts[len(parts)-2:len(parts)-1], true
	return q, nil
}

// isHere refuses a name on another branch or at another point than the session's where an OID is wanted, which says nothing of either.
func (s *Session) isHere(ctx context.Context, ref catalog.Ref, name string) error {
	if ref == noRef {
		return nil
	}
	own, err := s.txn.View(ctx, noRef)
	if err != nil {
		return err
	}
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return err
	}
	if v.Branch().ID != own.Branch().ID || v.ReadOnly() || own.ReadOnly() {
		return pgerr.New(pgerrcode.FeatureNotSupported, "what is on another branch or at another point cannot be named here: %s", name).
			WithHint("USE BRANCH makes another branch the session's own.")
	}
	return nil
}

// relation finds a table, view or sequence by name.
func (s *Session) relation(ctx context.Context, name string) (catalog.Object, error) {
	o, _, err := s.lookupRelation(ctx, name)
	return o, err
}

func (s *Session) lookupRelation(ctx context.Context, name string) (catalog.Object, *catalog.Index, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.relationIn(ctx, snap, name)
}

// relationIn finds a relation by name in a catalog, which may be another than the session's own.
func (s *Session) relationIn(ctx context.Context, snap *catalog.Snapshot, name string) (catalog.Object, *catalog.Index, error) {
	q, err := s.qualified(ctx, name, relationNames)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range q.schemas {
		if sc := snap.Schema(n); sc != nil {
			if o, ix := snap.Relation(sc.OID, q.bare); o != nil {
				return o, ix, nil
			}
		} else if q.explicit {
			return nil, nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", n)
		}
	}
	return nil, nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", q.text)
}

func (s *Session) relationOID(ctx context.Context, name string) (types.OID, error) {
	o, ix, err := s.lookupRelation(ctx, name)
	switch {
	case err != nil:
		return 0, err
	case ix != nil:
		return ix.OID, nil
	}
	return o.Head().OID, nil
}

// aliases are the SQL names of types that pg_type lists under others.
var aliases = map[string]string{
	"int": "int4", "integer": "int4", "smallint": "int2", "bigint": "int8", "real": "float4", "double precision": "float8", "boolean": "bool",
	"character varying": "varchar", "character": "bpchar", "char": "bpchar", "decimal": "numeric", "dec": "numeric", "timestamp without time zone": "timestamp",
	"timestamp with time zone": "timestamptz", "time without time zone": "time", "time with time zone": "timetz", "bit varying": "varbit", "float": "float8",
}

func (s *Session) typeOID(ctx context.Context, name string) (types.OID, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	base, array := strings.CutSuffix(strings.TrimSpace(name), "[]")
	if i := strings.IndexByte(base, '('); i > 0 && strings.HasSuffix(base, ")") {
		base = base[:i]
	}
	d, err := s.typeNamed(ctx, snap, base)
	switch {
	case err != nil:
		return 0, err
	case d == nil:
		return 0, pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", name)
	case array:
		return d.Array, nil
	}
	return d.OID, nil
}

func (s *Session) typeNamed(ctx context.Context, snap *catalog.Snapshot, name string) (*types.Def, error) {
	if a, ok := aliases[strings.ToLower(strings.TrimSpace(name))]; ok {
		return types.BuiltinByName(a), nil
	}
	q, err := s.qualified(ctx, name, otherNames)
	if err != nil {
		return nil, err
	}
	for _, n := range q.schemas {
		if sc := snap.Schema(n); sc != nil {
			if d := snap.Type(sc.OID, q.bare); d != nil {
				return d, nil
			}
		}
	}
	return nil, nil
}
