package pgcatalog

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// Names decides how definitions write names: Visible says whether a relation or type can be written without its schema.
type Names struct {
	Catalog *catalog.Snapshot
	Quote   func(ident string) string
	Visible func(schema catalog.OID, name string) bool
	// Spell writes a stored expression over a table's columns, or over VALUE of a type. nil: as it is stored.
	Spell func(text string, t *catalog.Table, u *catalog.UserType, pretty bool) string
	// SpellWhen is Spell for the condition of a relation's trigger; Function writes a function's name.
	SpellWhen func(text string, o catalog.Object, pretty bool) string
	Function  func(schema catalog.OID, name string) string
	// Pretty leaves out parentheses and schemas that are not needed, as pg_get_constraintdef(…, true) does.
	Pretty bool
}

// expr writes a stored expression.
func (n *Names) expr(text string, t *catalog.Table, u *catalog.UserType) string {
	if n.Spell == nil {
		return text
	}
	return n.Spell(text, t, u, n.Pretty)
}

// Relation writes a relation's name, with its schema where needed.
func (n *Names) Relation(schema catalog.OID, name string) string {
	if n.Visible(schema, name) {
		return n.Quote(name)
	}
	return n.Qualified(schema, name)
}

// Qualified writes a name with its schema.
func (n *Names) Qualified(schema catalog.OID, name string) string {
	return n.Quote(n.Catalog.SchemaName(schema)) + "." + n.Quote(name)
}

// columns writes a list of columns.
func (n *Names) columns(t *catalog.Table, ids []catalog.ColumnID) string {
	var out []string
	for _, id := range ids {
		if c := t.ColumnByID(id); c != nil {
			out = append(out, n.Quote(c.Name))
		}
	}
	return strings.Join(out, ", ")
}

// DomainConstraint spells a CHECK of a domain.
func (n *Names) DomainConstraint(u *catalog.UserType, c *catalog.Constraint) string {
	return n.constraint(nil, u, c)
}

// Constraint spells a constraint as pg_get_constraintdef does.
func (n *Names) Constraint(t *catalog.Table, c *catalog.Constraint) string {
	return n.constraint(t, nil, c)
}

func (n *Names) constraint(t *catalog.Table, u *catalog.UserType, c *catalog.Constraint) string {
	var s strings.Builder
	switch c.Kind {
	case catalog.Check:
		s.WriteString("CHECK (" + n.expr(c.Expr, t, u) + ")")
		if c.NoInherit {
			s.WriteString(" NO INHERIT")
		}
	case catalog.PrimaryKey, catalog.Unique:
		n.key(&s, t, c)
	case catalog.ForeignKey:
		n.foreignKey(&s, t, c)
	case catalog.Exclusion:
	}
	if c.Deferrable {
		s.WriteString(" DEFERRABLE")
	}
	if c.Deferred {
		s.WriteString(" INITIALLY DEFERRED")
	}
	if c.NotValid {
		s.WriteString(" NOT VALID")
	}
	return s.String()
}

// trimOuter takes away one pair of parentheses around the whole, which canonical expressions have.
func trimOuter(s string) string {
	if !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") {
		return s
	}
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 && i < len(s)-1 {
				return s
			}
		}
	}
	return s[1 : len(s)-1]
}

func (n *Names) key(s *strings.Builder, t *catalog.Table, c *catalog.Constraint) {
	s.WriteString("PRIMARY KEY")
	ix := t.Index(c.Index)
	if c.Kind == catalog.Unique {
		s.Reset()
		s.WriteString("UNIQUE")
		if ix != nil && ix.NullsNotDistinct {
			s.WriteString(" NULLS NOT DISTINCT")
		}
	}
	s.WriteString(" (" + n.columns(t, c.Columns) + ")")
	if ix != nil && len(ix.Include) > 0 {
		s.WriteString(" INCLUDE (" + n.columns(t, ix.Include) + ")")
	}
}

var actions = map[byte]string{'r': "RESTRICT", 'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}

func (n *Names) foreignKey(s *strings.Builder, t *catalog.Table, c *catalog.Constraint) {
	s.WriteString("FOREIGN KEY (" + n.columns(t, c.Columns) + ") REFERENCES ")
	if ref, ok := n.Catalog.Object(c.RefTable).(*catalog.Table); ok {
		s.WriteString(n.Relation(ref.Schema, ref.Name) + "(" + n.columns(ref, c.RefColumns) + ")")
	}
	if c.Match == 'f' {
		s.WriteString(" MATCH FULL")
	}
	if a := actions[c.OnUpdate]; a != "" {
		s.WriteString(" ON UPDATE " + a)
	}
	if a := actions[c.OnDelete]; a != "" {
		s.WriteString(" ON DELETE " + a)
		if len(c.SetColumns) > 0 {
			s.WriteString(" (" + n.columns(t, c.SetColumns) + ")")
		}
	}
}

// Index spells an index as pg_get_indexdef does; the table's name always has its schema, as pg_dump wants it, unless
// the form is pretty.
func (n *Names) Index(t *catalog.Table, ix *catalog.Index) string {
	var s strings.Builder
	s.WriteString("CREATE ")
	if ix.Unique || ix.Deferrable {
		s.WriteString("UNIQUE ")
	}
	s.WriteString("INDEX " + n.Quote(ix.Name) + " ON ")
	if n.Pretty {
		s.WriteString(n.Relation(t.Schema, t.Name))
	} else {
		s.WriteString(n.Qualified(t.Schema, t.Name))
	}
	method := ix.Method
	if method == "" {
		method = "btree"
	}
	s.WriteString(" USING " + method + " (")
	for i := range ix.Columns {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(n.IndexColumn(t, ix, i, true))
	}
	s.WriteString(")")
	if len(ix.Include) > 0 {
		s.WriteString(" INCLUDE (" + n.columns(t, ix.Include) + ")")
	}
	if ix.NullsNotDistinct {
		s.WriteString(" NULLS NOT DISTINCT")
	}
	if len(ix.Options) > 0 {
		s.WriteString(" WITH (" + strings.Join(quoteOptions(ix.Options), ", ") + ")")
	}
	if p := t.ColumnByID(ix.Predicate); ix.Predicate != 0 && p != nil {
		s.WriteString(" WHERE " + n.expr(p.Hidden, t, nil))
	}
	return s.String()
}

func quoteOptions(opts []string) []string {
	var out []string
	for _, o := range opts {
		name, value, _ := strings.Cut(o, "=")
		out = append(out, name+"='"+value+"'")
	}
	return out
}

// IndexColumn spells the i-th key column; full adds the order, operator class and collation.
func (n *Names) IndexColumn(t *catalog.Table, ix *catalog.Index, i int, full bool) string {
	k := ix.Columns[i]
	c := t.ColumnByID(k.Column)
	if c == nil {
		return ""
	}
	s := n.Quote(c.Name)
	if c.Hidden != "" {
		s = indexExpression(n.expr(c.Hidden, t, nil))
	}
	if !full {
		return s
	}
	if k.Collation != "" && k.Collation != "default" {
		s += " COLLATE " + n.Quote(k.Collation)
	}
	if k.OpClass != "" {
		s += " " + n.Quote(k.OpClass)
	}
	switch {
	case k.Desc && k.NullsFirst:
		s += " DESC"
	case k.Desc:
		s += " DESC NULLS LAST"
	case k.NullsFirst:
		s += " NULLS FIRST"
	}
	return s
}

// indexExpression writes an expression as it stands in an index: a plain function call as it is, anything else in
// parentheses.
func indexExpression(e string) string {
	if isCall(e) {
		return e
	}
	return "(" + e + ")"
}

// isCall reports whether the text is one function call and nothing else.
func isCall(e string) bool {
	open := strings.IndexByte(e, '(')
	if open <= 0 || !strings.HasSuffix(e, ")") || strings.ContainsAny(e[:open], " '\"+-*/<>=~!@#%^&|`?:") {
		return false
	}
	return trimOuter(e[open:]) != e[open:]
}

// expressionName is the attribute name that an index gives to its n-th key when that is an expression.
func expressionName(e string, n int) string {
	e = trimOuter(e)
	if isCall(e) {
		return e[:strings.IndexByte(e, '(')]
	}
	if n == 1 {
		return "expr"
	}
	return "expr" + string(rune('0'+n-1))
}

// FormatType is format_type: the SQL name of a type.
func (n *Names) FormatType(id catalog.OID, mod int32, hasMod bool) string {
	d := n.Catalog.TypeByOID(id)
	if d == nil {
		return "???"
	}
	if hasMod {
		return types.FormatType(types.Of(d).WithMod(mod), n.typeName)
	}
	return types.TypeName(types.Of(d), n.typeName)
}

func (n *Names) typeName(schema, name string) string {
	if sc := n.Catalog.Schema(schema); sc != nil && !n.Visible(sc.OID, name) {
		return n.Quote(schema) + "." + n.Quote(name)
	}
	return n.Quote(name)
}
