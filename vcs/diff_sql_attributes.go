package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// attributes writes owner, comment and privileges of all objects, once it is known which are made anew.
func (s *script) attributes(context.Context) error {
	for _, p := range s.pairs {
		if p.to == nil || p.from == p.to && !s.anew[p.from.Head().OID] && !s.redone(p.from) {
			continue
		}
		s.objectAttributes(p)
	}
	return nil
}

func (s *script) objectAttributes(p objectPair) {
	b := p.to.Head()
	what := strings.ToUpper(catalog.KindName(p.to)) + " " + s.to.signature(p.to)
	var a catalog.Header
	if p.from == nil || s.anew[p.from.Head().OID] || s.redone(p.from) {
		a = s.fresh(p.to)
	} else {
		a = *p.from.Head()
		a.ACL = catalog.ACLOf(p.from)
	}
	if a.Comment != b.Comment {
		s.comment(what, b.Comment)
	}
	if a.Owner != b.Owner {
		s.add(phaseAttributes, "ALTER %s OWNER TO %s", what, s.to.role(b.Owner))
		a.ACL = slices.Clone(a.ACL)
		for i := range a.ACL {
			if a.ACL[i].Grantee == a.Owner {
				a.ACL[i].Grantee = b.Owner
			}
		}
	}
	on := what
	switch o := p.to.(type) {
	case *catalog.Table:
		on = s.to.name(b)
	case *catalog.View:
		on = s.to.name(b)
		s.viewColumns(p, o)
	}
	s.privileges(on, "", a.ACL, catalog.ACLOf(p.to))
}

// viewColumns writes the comments on a view's columns.
func (s *script) viewColumns(p objectPair, b *catalog.View) {
	for i := range b.Columns {
		y, was := &b.Columns[i], ""
		if a, ok := p.from.(*catalog.View); ok && !s.redone(a) {
			if k := slices.IndexFunc(a.Columns, func(c catalog.Column) bool { return c.Name == y.Name }); k >= 0 {
				was = a.Columns[k].Comment
			}
		}
		if was != y.Comment {
			s.comment("COLUMN "+s.to.name(&b.Header)+"."+types.QuoteIdent(y.Name), y.Comment)
		}
	}
}

// fresh is what an object has when the session's role makes it: the built-in privileges, or those of ALTER DEFAULT PRIVILEGES.
func (s *script) fresh(o catalog.Object) catalog.Header {
	role := s.conn.Role().OID
	h := catalog.Header{Owner: role}
	for _, g := range catalog.DefaultGrants(o) {
		if g.Grantee == o.Head().Owner {
			g.Grantee = role
		}
		h.ACL = append(h.ACL, g)
	}
	schema := o.Head().Schema
	for _, d := range s.conn.Database().Defaults {
		if d.Role == role && d.Kind == defaultKind(o) && d.Schema == 0 {
			h.ACL = slices.Clone(d.ACL)
		}
	}
	for _, d := range s.conn.Database().Defaults {
		if d.Role == role && d.Kind == defaultKind(o) && d.Schema == schema && schema != 0 {
			h.ACL = append(h.ACL, d.ACL...)
		}
	}
	return h
}

// defaultKind is the letter that ALTER DEFAULT PRIVILEGES has for a kind of objects.
func defaultKind(o catalog.Object) byte {
	switch o.(type) {
	case *catalog.Table, *catalog.View:
		return 'r'
	case *catalog.Sequence:
		return 'S'
	case *catalog.Function:
		return 'f'
	case *catalog.UserType:
		return 'T'
	case *catalog.Schema:
		return 'n'
	}
	return 0
}

func (s *script) comment(what, comment string) {
	value := "NULL"
	if comment != "" {
		value = types.QuoteLiteral(comment)
	}
	s.add(phaseAttributes, "COMMENT ON %s IS %s", what, value)
}

var privilegeWords = map[byte]string{'a': "INSERT", 'r': "SELECT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER",
	'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE"}

// privileges grants what one list has more than the other, and revokes what it has less. columns is " (name)" for those of
// a column.
func (s *script) privileges(on, columns string, a, b []catalog.Grant) {
	has := func(list []catalog.Grant, role catalog.OID, letter byte) (granted, grantable bool) {
		for _, g := range list {
			if g.Grantee == role && strings.IndexByte(g.Privileges, letter) >= 0 {
				granted = true
				grantable = grantable || strings.IndexByte(g.Grantable, letter) >= 0
			}
		}
		return granted, grantable
	}
	each := func(list, other []catalog.Grant, f func(role catalog.OID, letter byte, grantable bool)) {
		for _, g := range list {
			for i := range len(g.Privileges) {
				letter := g.Privileges[i]
				x, grantable := has(list, g.Grantee, letter)
				y, otherwise := has(other, g.Grantee, letter)
				if x != y || grantable != otherwise {
					f(g.Grantee, letter, grantable)
				}
			}
		}
	}
	each(a, b, func(role catalog.OID, letter byte, _ bool) {
		s.add(phaseAttributes, "REVOKE %s%s ON %s FROM %s", privilegeWords[letter], columns, on, s.from.role(role))
	})
	each(b, a, func(role catalog.OID, letter byte, grantable bool) {
		option := ""
		if grantable {
			option = " WITH GRANT OPTION"
		}
		s.add(phaseAttributes, "GRANT %s%s ON %s TO %s%s", privilegeWords[letter], columns, on, s.to.role(role), option)
	})
}
