package bind

import (
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// shapeDoltDiff gives dolt_diff('from', 'to', 'table') and dolt_diff_of('table') the columns that the table has now, on either
// side, in Dolt's order.
func shapeDoltDiff(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.doltColumns(words[len(words)-1], pos)
	if err != nil {
		return err
	}
	for _, side := range []string{"to_", "from_"} {
		for _, c := range cols {
			f.fields = append(f.fields, types.Field{Name: side + c.Name, Type: c.Type})
		}
		f.fields = append(f.fields, types.Field{Name: side + "commit", Type: typeText}, types.Field{Name: side + "commit_date", Type: builtinType(types.OIDTimestamptz)})
	}
	f.fields = append(f.fields, types.Field{Name: "diff_type", Type: typeText})
	return nil
}

// shapeDoltHistory gives dolt_history_of('table') the columns of the table before those of the commit.
func shapeDoltHistory(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.doltColumns(words[0], pos)
	for _, c := range cols {
		f.fields = append(f.fields, types.Field{Name: c.Name, Type: c.Type})
	}
	f.fields = append(f.fields, types.Field{Name: "commit_hash", Type: typeText}, types.Field{Name: "committer", Type: typeText},
		types.Field{Name: "commit_date", Type: builtinType(types.OIDTimestamptz)})
	return err
}

// shapeDoltBlame gives dolt_blame_of('table') the columns of the primary key before those of the commit.
func shapeDoltBlame(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.doltColumns(words[0], pos)
	if err != nil {
		return err
	}
	var key []catalog.ColumnID
	if t, ok := q.b.out.Access[len(q.b.out.Access)-1].Object.(*catalog.Table); ok && t.PrimaryKey() != nil {
		key = t.PrimaryKey().Columns
	}
	for _, c := range cols {
		if key == nil || slices.Contains(key, c.ID) {
			f.fields = append(f.fields, types.Field{Name: c.Name, Type: c.Type})
		}
	}
	f.fields = append(f.fields, types.Field{Name: "commit", Type: typeText}, types.Field{Name: "commit_date", Type: builtinType(types.OIDTimestamptz)},
		types.Field{Name: "committer", Type: typeText}, types.Field{Name: "email", Type: typeText}, types.Field{Name: "message", Type: typeText})
	return nil
}

// shapeDoltDiffFirst is shapeDoltDiff for a function whose first argument is the table.
func shapeDoltDiffFirst(q *query, f *tableFunction, words []string, pos int) error {
	return shapeDoltDiff(q, f, words[:1], pos)
}

// shapeDoltConflicts gives dolt_conflicts_of('table') the columns of the table on the three sides of a merge.
func shapeDoltConflicts(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.doltColumns(words[0], pos)
	f.fields = append(f.fields, types.Field{Name: "from_root_ish", Type: typeText})
	for _, side := range []string{"base_", "our_", "their_"} {
		for _, c := range cols {
			f.fields = append(f.fields, types.Field{Name: side + c.Name, Type: c.Type})
		}
		if side != "base_" {
			f.fields = append(f.fields, types.Field{Name: side + "diff_type", Type: typeText})
		}
	}
	f.fields = append(f.fields, types.Field{Name: "dolt_conflict_id", Type: typeText})
	return err
}

// shapeDoltViolations gives dolt_constraint_violations_of('table') the columns of the table.
func shapeDoltViolations(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.doltColumns(words[0], pos)
	f.fields = append(f.fields, types.Field{Name: "from_root_ish", Type: typeText}, types.Field{Name: "violation_type", Type: typeText})
	for _, c := range cols {
		f.fields = append(f.fields, types.Field{Name: c.Name, Type: c.Type})
	}
	f.fields = append(f.fields, types.Field{Name: "violation_info", Type: builtinType(types.OIDJSONB)})
	return err
}

// doltColumns lists the columns of a table that is named as Dolt has names: just so, behind its schema's or not, or else as SQL writes it.
func (b *binder) doltColumns(word string, pos int) ([]*catalog.Column, error) {
	names := []string{types.QuoteIdent(word)}
	if schema, table, ok := strings.Cut(word, "."); ok {
		names = append(names, types.QuoteIdent(schema)+"."+types.QuoteIdent(table))
	}
	for _, name := range names {
		rv, err := b.writtenName(name, pos)
		if err != nil {
			continue
		}
		if r, err := b.lookupRelation(rv); err == nil && r.object != nil {
			return b.tableColumns(name, pos, b.ref)
		}
	}
	return b.tableColumns(word, pos, b.ref)
}
