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
	t, err := q.b.doltTable(words[len(words)-1], pos)
	if err != nil {
		return err
	}
	for _, side := range []string{"to_", "from_"} {
		for _, c := range t.Live() {
			f.column(side, t.OID, c, true)
		}
		f.fields = append(f.fields, types.Field{Name: side + "commit", Type: typeText}, types.Field{Name: side + "commit_date", Type: builtinType(types.OIDTimestamptz)})
	}
	f.fields = append(f.fields, types.Field{Name: "diff_type", Type: typeText})
	return nil
}

// shapeDoltDiffs is shapeDoltDiff for all changes of a table, of which one commit's may be asked for.
func shapeDoltDiffs(q *query, f *tableFunction, words []string, pos int) error {
	err := shapeDoltDiff(q, f, words[:1], pos)
	to := (len(f.fields) - 5) / 2 // behind the columns of one side
	f.asked = map[int]int{2*to + 2: 1, to: 2}
	return err
}

// shapeDoltHistory gives dolt_history_of('table') the columns of the table before those of the commit.
func shapeDoltHistory(q *query, f *tableFunction, words []string, pos int) error {
	t, err := q.b.doltTable(words[0], pos)
	if err != nil {
		return err
	}
	for _, c := range t.Live() {
		f.column("", t.OID, c, true)
	}
	f.asked = map[int]int{len(f.fields): 1}
	f.fields = append(f.fields, types.Field{Name: "commit_hash", Type: typeText}, types.Field{Name: "committer", Type: typeText},
		types.Field{Name: "commit_date", Type: builtinType(types.OIDTimestamptz)})
	return nil
}

// shapeDoltBlame gives dolt_blame_of('table') the columns of the primary key before those of the commit.
func shapeDoltBlame(q *query, f *tableFunction, words []string, pos int) error {
	t, err := q.b.doltTable(words[0], pos)
	if err != nil {
		return err
	}
	var key []catalog.ColumnID
	if t.PrimaryKey() != nil {
		key = t.PrimaryKey().Columns
	}
	for _, c := range t.Live() {
		if key == nil || slices.Contains(key, c.ID) {
			f.column("", t.OID, c, true)
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
	t, err := q.b.doltTable(words[0], pos)
	if err != nil {
		return err
	}
	f.fields = append(f.fields, types.Field{Name: "from_root_ish", Type: typeText})
	for _, side := range []string{"base_", "our_", "their_"} {
		for _, c := range t.Live() {
			f.column(side, t.OID, c, true)
		}
		if side != "base_" {
			f.fields = append(f.fields, types.Field{Name: side + "diff_type", Type: typeText})
		}
	}
	f.fields = append(f.fields, types.Field{Name: "dolt_conflict_id", Type: typeText})
	return nil
}

// shapeDoltViolations gives dolt_constraint_violations_of('table') the columns of the table.
func shapeDoltViolations(q *query, f *tableFunction, words []string, pos int) error {
	t, err := q.b.doltTable(words[0], pos)
	if err != nil {
		return err
	}
	f.fields = append(f.fields, types.Field{Name: "from_root_ish", Type: typeText}, types.Field{Name: "violation_type", Type: typeText})
	for _, c := range t.Live() {
		f.column("", t.OID, c, true)
	}
	f.fields = append(f.fields, types.Field{Name: "violation_info", Type: builtinType(types.OIDJSONB)})
	return nil
}

// doltTable finds a table that is named as Dolt has names: just so, behind its schema's or not, or else as SQL writes it.
func (b *binder) doltTable(word string, pos int) (*catalog.Table, error) {
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
			return b.shapedTable(name, pos, b.ref)
		}
	}
	return b.shapedTable(word, pos, b.ref)
}
