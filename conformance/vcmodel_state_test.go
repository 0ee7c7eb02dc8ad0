package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// The model of version control: states are plain values that are copied whole, histories are graphs of them.

// vcState is all that a branch has at a moment: tables by identity, which is the name that they were made with.
type vcState struct{ tables map[string]*vcTable }

type vcTable struct {
	id, name string
	keyed    bool // id is the primary key; else rows have only what the server knows them by, and the model knows id
	columns  []vcColumn
	parts    []vcPart
	rows     map[int]vcRow // by id
	space    int           // another one after the rows were rewritten
}

// vcColumn is a column; what was dropped leaves a mark, as in the catalog.
type vcColumn struct {
	id, name, typ, def, policy string
	generated                  string // the id of the column whose double it is
	missing                    string // what rows have that are older
	notNull, dropped           bool
	identity                   bool
}

// vcPart is an index or a constraint; its column and what it refers to are identities. The text of a check has names, that of a key or
// reference says when it is looked at.
type vcPart struct{ id, kind, column, text, ref string }

// vcRow has values as JSON, by column identity.
type vcRow map[string]string

const vcNull = "null"

func (s *vcState) clone() *vcState {
	out := &vcState{tables: map[string]*vcTable{}}
	for id, t := range s.tables {
		out.tables[id] = t.clone()
	}
	return out
}

func (t *vcTable) clone() *vcTable {
	out := *t
	out.columns, out.parts, out.rows = slices.Clone(t.columns), slices.Clone(t.parts), maps.Clone(t.rows)
	for k, r := range out.rows {
		out.rows[k] = maps.Clone(r)
	}
	return &out
}

func (s *vcState) ids() []string { return slices.Sorted(maps.Keys(s.tables)) }

func (t *vcTable) column(id string) *vcColumn {
	for i := range t.columns {
		if t.columns[i].id == id {
			return &t.columns[i]
		}
	}
	return nil
}

// live finds a column that has not been dropped.
func (t *vcTable) live(id string) *vcColumn {
	if c := t.column(id); c != nil && !c.dropped {
		return c
	}
	return nil
}

func (t *vcTable) part(id string) *vcPart {
	for i := range t.parts {
		if t.parts[i].id == id {
			return &t.parts[i]
		}
	}
	return nil
}

func (t *vcTable) key() string { return t.id + ".id" }

// value is what a row has in a column; rows are older than columns that they do not have.
func (t *vcTable) value(c *vcColumn, r vcRow) string {
	if c.generated != "" {
		src := t.column(c.generated)
		return double(t.value(src, r))
	}
	if v, ok := r[c.id]; ok {
		return v
	}
	return c.missing
}

// valueOf is what a row has in a column that another version of the table has.
func (t *vcTable) valueOf(c *vcColumn, r vcRow) string {
	if own := t.live(c.id); own != nil {
		return t.value(own, r)
	}
	return c.missing
}

func double(v string) string {
	n, err := strconv.Atoi(v)
	if err != nil {
		return vcNull
	}
	return strconv.Itoa(2 * n)
}

// lines is the state as the server is asked to tell it.
func (s *vcState) lines() []string {
	var out []string
	for _, t := range s.tables {
		for i := range t.columns {
			out = append(out, t.columnLines(&t.columns[i])...)
		}
		for _, p := range t.parts {
			out = append(out, s.partLines(t, p)...)
		}
		for _, r := range t.rows {
			out = append(out, t.name+" row "+t.rowText(r))
		}
	}
	sort.Strings(out)
	return out
}

func (t *vcTable) columnLines(c *vcColumn) (out []string) {
	if c.dropped {
		return nil
	}
	identity, expr := "", c.def
	if c.identity {
		identity = "d"
	}
	if c.generated != "" {
		expr = fmt.Sprintf("(%s * 2)", t.column(c.generated).name)
	}
	if strings.HasPrefix(expr, "-") || strings.HasPrefix(expr, "'-") {
		expr = "'" + strings.Trim(expr, "'") + "'::integer"
	}
	out = append(out, fmt.Sprintf("%s column %s %s notnull=%t identity=%s expr=%s", t.name, c.name, c.typ, c.notNull, identity, expr))
	if c.policy != "" {
		out = append(out, fmt.Sprintf("%s policy %s %s", t.name, c.name, c.policy))
	}
	return out
}

func (s *vcState) partLines(t *vcTable, p vcPart) []string {
	name, column := p.id, t.column(p.column).name
	index := func(unique string) string {
		return fmt.Sprintf("%s index %s CREATE %sINDEX %s ON public.%s USING btree (%s)", t.name, name, unique, name, t.name, column)
	}
	constraint := t.name + " constraint " + name + " "
	switch p.kind {
	case "check":
		return []string{constraint + "CHECK ((" + p.text + "))"}
	case "unique":
		return []string{constraint + "UNIQUE (" + column + ")" + p.text, index("UNIQUE ")}
	case "primary":
		return []string{constraint + "PRIMARY KEY (" + column + ")", index("UNIQUE ")}
	case "foreign":
		ref := s.tables[p.ref]
		return []string{constraint + "FOREIGN KEY (" + column + ") REFERENCES " + ref.name + "(" + ref.column(ref.key()).name + ")" + p.text}
	}
	return []string{index("")}
}

// rowText is a row as to_jsonb writes it, with its members by name.
func (t *vcTable) rowText(r vcRow) string {
	members := map[string]json.RawMessage{}
	for i := range t.columns {
		if c := &t.columns[i]; !c.dropped {
			members[c.name] = json.RawMessage(t.value(c, r))
		}
	}
	out, err := json.Marshal(members)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// broken says which constraint a state does not satisfy, "" for none.
func (s *vcState) broken() string {
	for _, id := range s.ids() {
		t := s.tables[id]
		for i := range t.columns {
			c := &t.columns[i]
			for k, r := range t.rows {
				if c.notNull && !c.dropped && t.value(c, r) == vcNull {
					return fmt.Sprintf("%s.%s is null in row %d", t.name, c.name, k)
				}
			}
		}
		for _, p := range t.parts {
			if what := s.breaks(t, p); what != "" {
				return what
			}
		}
	}
	return ""
}

func (s *vcState) breaks(t *vcTable, p vcPart) string {
	seen := map[string]bool{}
	c := t.column(p.column)
	for _, k := range slices.Sorted(maps.Keys(t.rows)) {
		v := t.value(c, t.rows[k])
		if v == vcNull {
			continue
		}
		n, _ := strconv.Atoi(v)
		switch p.kind {
		case "unique":
			if seen[v] {
				return fmt.Sprintf("%s: two rows of %s have %s", p.id, t.name, v)
			}
			seen[v] = true
		case "check":
			if n < 0 {
				return fmt.Sprintf("%s: row %d of %s", p.id, k, t.name)
			}
		case "foreign":
			if _, ok := s.tables[p.ref].rows[n]; !ok {
				return fmt.Sprintf("%s: row %d of %s refers to %d", p.id, k, t.name, n)
			}
		}
	}
	return ""
}
