package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// privilegeNames are the names of the privileges that aclitem has letters for.
var privilegeNames = map[byte]string{'a': "INSERT", 'r': "SELECT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER",
	'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE", 'T': "TEMPORARY", 'c': "CONNECT", 's': "SET", 'A': "ALTER SYSTEM"}

// aclOrder is the order in which PostgreSQL lists privileges.
const aclOrder = "arwdDxtXUCTcsA"

// aclDefaults are what an object of a kind, as acldefault names it, gives its owner and PUBLIC.
var aclDefaults = map[string]struct{ owner, public string }{
	"c": {"", ""}, "r": {"arwdDxt", ""}, "s": {"rwU", ""}, "d": {"CTc", "Tc"}, "f": {"X", "X"}, "l": {"U", "U"}, "L": {"rw", ""},
	"n": {"UC", ""}, "p": {"sA", ""}, "t": {"C", ""}, "F": {"U", ""}, "S": {"U", ""}, "T": {"U", "U"},
}

// aclDefault is acldefault(kind, owner).
func aclDefault(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	kind := string(rune(a[0].I)) // "char" is a number
	d, ok := aclDefaults[kind]
	if !ok {
		return types.Null, pgerr.New(pgerrcode.InternalError, "unrecognized object type abbreviation: %s", kind)
	}
	owner := catalog.OID(a[1].I)
	var grants []catalog.Grant
	if d.public != "" {
		grants = append(grants, catalog.Grant{Grantor: owner, Privileges: d.public})
	}
	if d.owner != "" {
		grants = append(grants, catalog.Grant{Grantee: owner, Grantor: owner, Privileges: d.owner})
	}
	elems := make([]types.Datum, len(grants))
	for i, g := range grants {
		elems[i] = types.String(pgcatalog.ACLItem(s.global(), g))
	}
	return types.String(types.Vector1(elems).Pack(types.BuiltinByName("aclitem"))), nil
}

// aclExplode is aclexplode(aclitem[]): a row for each privilege.
func aclExplode(s *Session, _ context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	if a[0].Null {
		return nil
	}
	for _, item := range types.UnpackArray(a[0].S).Elems {
		g, err := s.parseACLItem(item.S)
		if err != nil {
			return err
		}
		for i := range len(aclOrder) {
			letter := aclOrder[i]
			if strings.IndexByte(g.Privileges, letter) < 0 {
				continue
			}
			row := []types.Datum{types.Int(int64(g.Grantor)), types.Int(int64(g.Grantee)), types.String(privilegeNames[letter]),
				types.Bool(strings.IndexByte(g.Grantable, letter) >= 0)}
			if !yield(row) {
				return nil
			}
		}
	}
	return nil
}

// parseACLItem reads grantee=privileges/grantor.
func (s *Session) parseACLItem(text string) (catalog.Grant, error) {
	grantee, rest := aclRole(text)
	privileges, grantor, ok := strings.Cut(strings.TrimPrefix(rest, "="), "/")
	if !ok || !strings.HasPrefix(rest, "=") {
		return catalog.Grant{}, pgerr.New(pgerrcode.InvalidTextRepresentation, "missing \"=\" sign")
	}
	var g catalog.Grant
	for i := range len(privileges) {
		if privileges[i] == '*' && i > 0 {
			g.Grantable += string(privileges[i-1])
		} else {
			g.Privileges += string(privileges[i])
		}
	}
	by, _ := aclRole(grantor)
	g.Grantee, g.Grantor = s.roleNamed(grantee), s.roleNamed(by)
	return g, nil
}

// roleNamed is the OID of a role, 0 for none.
func (s *Session) roleNamed(name string) catalog.OID {
	if r := s.global().RoleByName(name); name != "" && r != nil {
		return r.OID
	}
	return 0
}

// aclRole takes a role's name, quoted or not, off the front of an aclitem.
func aclRole(s string) (name, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '=' || c == '/'):
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
