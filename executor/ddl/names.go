package ddl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rowandb/rowan/catalog"
)

const maxName = 63

// object makes a name of the form name1_name2_label, shortening the longer of the first two until it fits.
func objectName(name1, name2, label string) string {
	overhead := 0
	if name2 != "" {
		overhead++
	}
	if label != "" {
		overhead += len(label) + 1
	}
	n1, n2 := len(name1), len(name2)
	for n1+n2 > maxName-overhead {
		if n1 > n2 {
			n1--
		} else {
			n2--
		}
	}
	out := clip(name1, n1)
	if name2 != "" {
		out += "_" + clip(name2, n2)
	}
	if label != "" {
		out += "_" + label
	}
	return out
}

// clip cuts s to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// choose returns the first of label, label1, label2, … whose name is free.
func choose(name1, name2, label string, taken func(string) bool) string {
	try := objectName(name1, name2, label)
	for i := 1; taken(try); i++ {
		try = objectName(name1, name2, fmt.Sprintf("%s%d", label, i))
	}
	return try
}

// relationName chooses a name that no relation of the schema has, nor, for a constraint's index, any constraint.
func (s *stmt) relationName(name1, name2, label string, schema catalog.OID, constraint bool, also []string) string {
	return choose(name1, name2, label, func(n string) bool {
		if slices.Contains(also, n) {
			return true
		}
		if o, _ := s.cat().Relation(schema, n); o != nil {
			return true
		}
		return constraint && s.constraintExists(schema, n)
	})
}

// constraintName chooses a name that no constraint of the schema has, nor any in also.
func (s *stmt) constraintName(name1, name2, label string, schema catalog.OID, also []string) string {
	return choose(name1, name2, label, func(n string) bool {
		return slices.Contains(also, n) || s.constraintExists(schema, n)
	})
}

func (s *stmt) constraintExists(schema catalog.OID, n string) bool {
	for _, o := range s.cat().Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			if o.Schema == schema && o.Constraint(n) != nil {
				return true
			}
		case *catalog.UserType:
			if o.Schema == schema && slices.ContainsFunc(o.Checks, func(c *catalog.Constraint) bool { return c.Name == n }) {
				return true
			}
		}
	}
	return false
}

// columnsAddition joins column names as PostgreSQL does in the names of indexes and foreign keys.
func columnsAddition(names []string) string {
	var b strings.Builder
	for _, n := range names {
		if b.Len() > 0 {
			b.WriteByte('_')
		}
		b.WriteString(n)
		if b.Len() >= maxName+1 {
			break
		}
	}
	return clip(b.String(), maxName)
}

// indexColumnNames makes the labels of an index's columns unique: expr, expr1, expr2, …
func indexColumnNames(labels []string) []string {
	var out []string
	for _, orig := range labels {
		cur := orig
		for i := 1; slices.Contains(out, cur); i++ {
			n := fmt.Sprint(i)
			cur = clip(orig, maxName-len(n)) + n
		}
		out = append(out, cur)
	}
	return out
}
