package session

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
)

// Fragments are statements on one table that are put together from parts which a client wrote: what stands behind SELECT,
// WHERE and ORDER BY. Each part is checked to be that and nothing more (parse.CheckClause); privileges are checked when
// the statement runs, as for any other.
type Fragments struct {
	text  strings.Builder
	parts []fragmentPart
}

// fragmentPart is where a client's part stands in the statement.
type fragmentPart struct {
	name, text string
	at         int
}

// Write adds text of the caller's own.
func (f *Fragments) Write(text string) *Fragments {
	f.text.WriteString(text)
	return f
}

// Number adds a number.
func (f *Fragments) Number(n int) *Fragments { return f.Write(strconv.Itoa(n)) }

// Columns adds a client's list of columns, "" being all.
func (f *Fragments) Columns(name, text string) error {
	if text == "" {
		f.Write("*")
		return nil
	}
	return f.clause(parse.Targets, name, text, "", "\n")
}

// Where adds a WHERE clause of a client's condition, none for "".
func (f *Fragments) Where(name, text string) error {
	if text == "" {
		return nil
	}
	return f.clause(parse.Condition, name, text, " WHERE (", "\n)")
}

// Type adds a client's type of a column.
func (f *Fragments) Type(name, text string) error {
	return f.clause(parse.TypeName, name, text, "", "\n")
}

// Value adds a client's expression.
func (f *Fragments) Value(name, text string) error {
	return f.clause(parse.Value, name, text, "(", "\n)")
}

// OrderBy adds a client's ORDER BY list; for "" it orders by the fallback columns.
func (f *Fragments) OrderBy(name, text string, fallback []string) error {
	if text != "" {
		return f.clause(parse.Ordering, name, text, " ORDER BY ", "\n")
	}
	before := " ORDER BY "
	for _, c := range fallback {
		f.Write(before).Write(quoteIdent(c))
		before = ", "
	}
	return nil
}

func (f *Fragments) clause(kind parse.Clause, name, text, before, after string) error {
	if err := parse.CheckClause(kind, text); err != nil {
		e := *pgerr.From(err)
		e.Where = name
		return &e
	}
	f.Write(before)
	f.parts = append(f.parts, fragmentPart{name, text, f.text.Len()})
	f.Write(text).Write(after)
	return nil
}

// SQL is the statement.
func (f *Fragments) SQL() string { return f.text.String() }

// Locate makes an error's position one of the client's part that it is in, which Where then names.
func (f *Fragments) Locate(err error) error {
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	if e.Position == 0 {
		return err
	}
	at, sql := 0, f.SQL()
	for range e.Position - 1 {
		_, n := utf8.DecodeRuneInString(sql[at:])
		at += n
	}
	e.Position = 0
	for _, p := range f.parts {
		if at >= p.at && at <= p.at+len(p.text) {
			e.Position, e.Where = utf8.RuneCountInString(sql[p.at:at])+1, p.name
		}
	}
	return &e
}
