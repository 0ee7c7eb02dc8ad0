package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// privilegeServices are has_…_privilege in all their forms, and pg_has_role.
var privilegeServices = privilegeTable()

// privilegeObject is a family of has_…_privilege: how its object is found, and the privileges that can be asked for.
type privilegeObject struct {
	words map[string]byte
	// find looks the object up, by OID when name is empty. nil without an error: no such OID, the answer is NULL.
	find func(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error)
	// any asks for the privilege on any column as well.
	any bool
}

var tableWords = map[string]byte{"SELECT": 'r', "INSERT": 'a', "UPDATE": 'w', "DELETE": 'd', "TRUNCATE": 'D', "REFERENCES": 'x', "TRIGGER": 't', "RULE": 0}

var columnWords = map[string]byte{"SELECT": 'r', "INSERT": 'a', "UPDATE": 'w', "REFERENCES": 'x'}

var privilegeObjects = map[string]privilegeObject{
	"table":                {words: tableWords, find: findTable},
	"any_column":           {words: columnWords, find: findTable, any: true},
	"sequence":             {words: map[string]byte{"USAGE": 'U', "SELECT": 'r', "UPDATE": 'w'}, find: findSequence},
	"database":             {words: map[string]byte{"CREATE": 'C', "TEMPORARY": 'T', "TEMP": 'T', "CONNECT": 'c'}, find: findDatabase},
	"schema":               {words: map[string]byte{"CREATE": 'C', "USAGE": 'U'}, find: findSchema},
	"function":             {words: map[string]byte{"EXECUTE": 'X'}, find: findFunction},
	"type":                 {words: map[string]byte{"USAGE": 'U'}, find: findType},
	"language":             {words: map[string]byte{"USAGE": 'U'}, find: findLanguage},
	"tablespace":           {words: map[string]byte{"CREATE": 'C'}, find: findTablespace},
	"foreign_data_wrapper": {words: map[string]byte{"USAGE": 'U'}, find: findNothing("foreign-data wrapper")},
	"server":               {words: map[string]byte{"USAGE": 'U'}, find: findNothing("server")},
}

func privilegeTable() map[string]service {
	t := map[string]service{}
	for _, user := range []string{"", "id_", "name_"} {
		for object, p := range privilegeObjects {
			for _, by := range []string{"id", "name"} {
				t["has_"+object+"_privilege_"+user+by] = hasPrivilege(p, user, by == "name")
			}
		}
		for _, by := range []string{"id", "name"} {
			t["pg_has_role_"+user+by] = hasRole(user, by == "name")
			for _, column := range []string{"attnum", "name"} {
				t["has_column_privilege_"+user+by+"_"+column] = hasColumnPrivilege(user, by == "name", column == "name")
			}
		}
	}
	t["has_parameter_privilege_name"] = hasParameterPrivilege("")
	t["has_parameter_privilege_id_name"] = hasParameterPrivilege("id_")
	t["has_parameter_privilege_name_name"] = hasParameterPrivilege("name_")
	return t
}

// subject takes the role that is asked about off the arguments: the current one where there is none. PUBLIC is 0.
func (s *Session) subject(user string, a []types.Datum) (catalog.OID, []types.Datum, error) {
	global := s.global()
	switch user {
	case "id_":
		return catalog.OID(a[0].I), a[1:], nil
	case "name_":
		if a[0].S == "public" {
			return 0, a[1:], nil
		}
		if r := global.RoleByName(a[0].S); r != nil {
			return r.OID, a[1:], nil
		}
		return 0, nil, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", a[0].S)
	}
	return s.roleOID(), a, nil
}

// wanted is one privilege of a list such as 'SELECT, UPDATE WITH GRANT OPTION'.
type wanted struct {
	letter byte
	grant  bool
}

func wantedPrivileges(text string, words map[string]byte) ([]wanted, error) {
	var out []wanted
	for part := range strings.SplitSeq(text, ",") {
		word := strings.ToUpper(strings.TrimSpace(part))
		word, grant := strings.CutSuffix(word, " WITH GRANT OPTION")
		letter, ok := words[strings.TrimSpace(word)]
		if !ok {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.TrimSpace(part))
		}
		out = append(out, wanted{letter, grant})
	}
	return out, nil
}

func hasPrivilege(p privilegeObject, user string, byName bool) service {
	return func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		role, rest, err := s.subject(user, a)
		if err != nil {
			return types.Null, err
		}
		o, err := s.privilegeTarget(ctx, p, rest[0], byName)
		if err != nil {
			return types.Null, err
		}
		want, err := wantedPrivileges(rest[1].S, p.words)
		if err != nil || o == nil {
			return types.Null, err
		}
		return types.Bool(s.mayAny(role, o, want, func(w wanted) bool { return p.any && s.anyColumn(role, o, w) })), nil
	}
}

func (s *Session) privilegeTarget(ctx context.Context, p privilegeObject, d types.Datum, byName bool) (catalog.Object, error) {
	if byName {
		return p.find(s, ctx, d.S, 0)
	}
	return p.find(s, ctx, "", catalog.OID(d.I))
}

// mayAny reports whether a role has one of the privileges on an object, or otherwise has it.
func (s *Session) mayAny(role catalog.OID, o catalog.Object, want []wanted, otherwise func(wanted) bool) bool {
	global := s.global()
	for _, w := range want {
		switch {
		case w.letter == 0:
		case w.grant:
			if catalog.HasRole(global, role, o.Head().Owner) || grantable(global, role, catalog.ACLOf(o), w.letter) {
				return true
			}
		case catalog.HasPrivilege(global, role, o, w.letter):
			return true
		}
		if otherwise(w) {
			return true
		}
	}
	return false
}

func grantable(global *catalog.Snapshot, role catalog.OID, acl []catalog.Grant, letter byte) bool {
	for _, g := range acl {
		if strings.IndexByte(g.Grantable, letter) >= 0 && g.Grantee != 0 && catalog.HasRole(global, role, g.Grantee) {
			return true
		}
	}
	return false
}

func (s *Session) anyColumn(role catalog.OID, o catalog.Object, w wanted) bool {
	global := s.global()
	t, ok := o.(*catalog.Table)
	if !ok {
		return false
	}
	for _, c := range t.Live() {
		if w.grant && grantable(global, role, c.ACL, w.letter) || !w.grant && catalog.HasColumnPrivilege(global, role, o, c, w.letter) {
			return true
		}
	}
	return false
}

func hasColumnPrivilege(user string, byName, columnByName bool) service {
	return func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		role, rest, err := s.subject(user, a)
		if err != nil {
			return types.Null, err
		}
		o, err := s.privilegeTarget(ctx, privilegeObjects["table"], rest[0], byName)
		if err != nil || o == nil {
			return types.Null, err
		}
		c, err := columnOf(o, rest[1], columnByName)
		if err != nil {
			return types.Null, err
		}
		want, err := wantedPrivileges(rest[2].S, columnWords)
		if err != nil || c == nil {
			return types.Null, err
		}
		global := s.global()
		return types.Bool(s.mayAny(role, o, want, func(w wanted) bool {
			return w.grant && grantable(global, role, c.ACL, w.letter) || !w.grant && catalog.HasColumnPrivilege(global, role, o, c, w.letter)
		})), nil
	}
}

// columnOf finds a column of a table or view; nil for a number that no column has.
func columnOf(o catalog.Object, d types.Datum, byName bool) (*catalog.Column, error) {
	var cols []catalog.Column
	switch o := o.(type) {
	case *catalog.Table:
		cols = o.Columns
	case *catalog.View:
		cols = o.Columns
	}
	for i := range cols {
		c := &cols[i]
		num := int64(c.Num)
		if _, ok := o.(*catalog.View); ok {
			num = int64(i + 1)
		}
		if !c.Dropped && c.Hidden == "" && (byName && c.Name == d.S || !byName && num == d.I) {
			return c, nil
		}
	}
	if byName {
		return nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", d.S, o.Head().Name)
	}
	return nil, nil
}

// hasRole is pg_has_role: MEMBER asks for membership, USAGE for the privileges that come without SET ROLE.
func hasRole(user string, byName bool) service {
	return func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		global := s.global()
		role, rest, err := s.subject(user, a)
		if err != nil {
			return types.Null, err
		}
		of := catalog.OID(rest[0].I)
		if byName {
			r := global.RoleByName(rest[0].S)
			if r == nil {
				return types.Null, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", rest[0].S)
			}
			of = r.OID
		}
		want, err := wantedPrivileges(strings.ReplaceAll(strings.ToUpper(rest[1].S), "WITH ADMIN OPTION", "WITH GRANT OPTION"), map[string]byte{"USAGE": 'U', "MEMBER": 'M'})
		if err != nil {
			return types.Null, err
		}
		for _, w := range want {
			switch {
			case w.grant && (catalog.IsSuperuser(global, role) || isAdmin(global, role, of)),
				!w.grant && w.letter == 'U' && catalog.HasRole(global, role, of),
				!w.grant && w.letter == 'M' && catalog.IsMember(global, role, of):
				return types.Bool(true), nil
			}
		}
		return types.Bool(false), nil
	}
}

// isAdmin reports whether a role may grant another.
func isAdmin(global *catalog.Snapshot, role, of catalog.OID) bool {
	r, ok := global.Object(role).(*catalog.Role)
	if !ok {
		return false
	}
	for _, m := range r.MemberOf {
		if m.Role == of && m.Admin || isAdmin(global, m.Role, of) {
			return true
		}
	}
	return false
}

// hasParameterPrivilege is true for superusers: settings cannot be granted.
func hasParameterPrivilege(user string) service {
	return func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		role, rest, err := s.subject(user, a)
		if err != nil {
			return types.Null, err
		}
		if _, err := wantedPrivileges(rest[1].S, map[string]byte{"SET": 's', "ALTER SYSTEM": 'A'}); err != nil {
			return types.Null, err
		}
		return types.Bool(catalog.IsSuperuser(s.global(), role)), nil
	}
}

// builtinObject stands for an object that is not in the catalog of a branch, with what PUBLIC may do with it.
func builtinObject(o catalog.Object, public string) catalog.Object {
	h := o.Head()
	h.Owner, h.ACL = catalog.Superuser, []catalog.Grant{{Grantor: catalog.Superuser, Privileges: public}}
	return o
}

func builtinFunction(p *builtin.Proc) catalog.Object {
	return builtinObject(&catalog.Function{Header: catalog.Header{OID: p.OID, Name: p.Name}}, "X")
}
