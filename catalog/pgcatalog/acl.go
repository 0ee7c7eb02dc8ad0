package pgcatalog

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
)

// acl is an object's access control list as aclitem[] text; nil when it has none of its own.
func (b *builder) acl(h catalog.Header) any { return b.grants(h.ACL) }

func (b *builder) columnACL(c *catalog.Column) any { return b.grants(c.ACL) }

func (b *builder) grants(list []catalog.Grant) any {
	if len(list) == 0 {
		return nil
	}
	out := []string{}
	for _, g := range list {
		if g.Privileges == "" { // it stands for no privileges at all
			continue
		}
		out = append(out, ACLItem(b.Global, g))
	}
	return out
}

// ACLItem spells one entry: grantee=privileges/grantor, a * behind each privilege that may be passed on.
func ACLItem(roles *catalog.Snapshot, g catalog.Grant) string {
	var s strings.Builder
	if g.Grantee != 0 {
		s.WriteString(aclName(roleName(roles, g.Grantee)))
	}
	s.WriteByte('=')
	for _, p := range g.Privileges {
		s.WriteRune(p)
		if strings.ContainsRune(g.Grantable, p) {
			s.WriteByte('*')
		}
	}
	s.WriteByte('/')
	s.WriteString(aclName(roleName(roles, g.Grantor)))
	return s.String()
}

func aclName(n string) string {
	for _, r := range n {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
		}
	}
	return n
}

func (s *Source) roleName(id catalog.OID) string { return roleName(s.Global, id) }

func roleName(roles *catalog.Snapshot, id catalog.OID) string {
	if r, ok := roles.Object(id).(*catalog.Role); ok {
		return r.Name
	}
	return "unknown (OID=" + decimal(id) + ")"
}
