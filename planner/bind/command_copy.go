package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
)

// copy binds COPY.
func (b *binder) copy(s *pg.CopyStmt) (command.Command, error) {
	c := &command.Copy{From: s.IsFrom, File: s.Filename, Program: s.IsProgram}
	b.modify = s.IsFrom
	if err := copyOptions(c, s); err != nil {
		return nil, err
	}
	if past := pastTable(s.Query); past != nil {
		return c, b.copyPast(c, s, past)
	}
	if s.Query != nil {
		return c, b.copyQuery(c, s)
	}
	if err := b.copyTable(c, s); err != nil {
		return nil, err
	}
	if err := b.copyColumns(c, s); err != nil || !c.From {
		return c, err
	}
	b.writes("COPY FROM")
	node, err := b.copyInsert(c, s)
	b.out.Node = node
	return c, err
}

// copyQuery binds COPY (query) TO. The query is planned by the session from its text.
func (b *binder) copyQuery(c *command.Copy, s *pg.CopyStmt) error {
	c.Query, c.Offset = b.inner()
	if sel := s.Query.GetSelectStmt(); sel != nil {
		if hasInto(sel) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "COPY (SELECT INTO) is not supported")
		}
		return nil
	}
	b.modify = true
	if !hasReturning(s.Query) {
		return pgerr.New(pgerrcode.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	return nil
}

// pastTable is the table of COPY t AS OF … TO, which parse has written as a query; nil where it is a query of the user's.
func pastTable(n *pg.Node) *pg.RangeTableSample {
	from := n.GetSelectStmt().GetFromClause()
	if len(from) != 1 {
		return nil
	}
	if past := from[0].GetRangeTableSample(); past != nil && nameText(past.Method) == parse.AsOfCopy {
		return past
	}
	return nil
}

// copyPast binds COPY of a table as of a point: what it was then, with the columns of then.
func (b *binder) copyPast(c *command.Copy, s *pg.CopyStmt, past *pg.RangeTableSample) error {
	point, err := b.pointOf(past)
	if err != nil {
		return err
	}
	table := &pg.CopyStmt{Relation: past.Relation.GetRangeVar(), IsFrom: s.IsFrom}
	for _, n := range s.Query.GetSelectStmt().TargetList {
		fields := n.GetResTarget().GetVal().GetColumnRef().GetFields()
		if len(fields) == 1 && fields[0].GetString_() != nil {
			table.Attlist = append(table.Attlist, fields[0])
		}
	}
	old := b.ref
	defer func() { b.ref = old }()
	if table.Relation.Catalogname == "" {
		b.ref.Point = point
	}
	if err := b.copyTable(c, table); err != nil {
		return err
	}
	if c.Ref.Point == "" {
		c.Ref.Point = point
	}
	return b.copyColumns(c, table)
}

func hasReturning(n *pg.Node) bool {
	return len(n.GetInsertStmt().GetReturningList())+len(n.GetUpdateStmt().GetReturningList())+len(n.GetDeleteStmt().GetReturningList()) > 0
}

func (b *binder) copyTable(c *command.Copy, s *pg.CopyStmt) error {
	r, err := b.findRelation(s.Relation)
	if err != nil {
		return err
	}
	name := s.Relation.Relname
	c.Ref = r.ref
	verb := "from"
	if s.IsFrom {
		verb = "to"
	}
	switch o := r.object.(type) {
	case *catalog.Table:
		if r.index != nil {
			return pgerr.New(pgerrcode.WrongObjectType, "cannot open relation \"%s\"", name).WithDetail("This operation is not supported for indexes.")
		}
		if o.Virtual && s.IsFrom {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", name)
		}
		c.Table = o
		return nil
	case *catalog.View:
		if s.IsFrom && firesInstead(o, "copy to") {
			c.Table = viewTarget(o)
			return nil
		}
		e := pgerr.New(pgerrcode.WrongObjectType, "cannot copy %s view \"%s\"", verb, name)
		if s.IsFrom {
			return e.WithHint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
		}
		return e.WithHint("Try the COPY (SELECT ...) TO variant.")
	}
	return pgerr.New(pgerrcode.WrongObjectType, "cannot copy %s sequence \"%s\"", verb, name)
}

// copyColumns settles the columns: those named, or all that are not generated.
func (b *binder) copyColumns(c *command.Copy, s *pg.CopyStmt) error {
	if len(s.Attlist) == 0 {
		for _, col := range c.Table.Live() {
			if col.Generated == "" {
				c.Columns = append(c.Columns, col.ID)
			}
		}
	}
	for _, n := range stringList(s.Attlist) {
		col := c.Table.Column(n)
		switch {
		case col == nil:
			return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n, c.Table.Name)
		case col.Generated != "":
			return pgerr.New(pgerrcode.InvalidColumnReference, "column \"%s\" is a generated column", n).WithDetail("Generated columns cannot be used in COPY.")
		case slices.Contains(c.Columns, col.ID):
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", n)
		}
		c.Columns = append(c.Columns, col.ID)
	}
	if err := forcedColumns(c); err != nil {
		return err
	}
	return b.copyWhere(c, s)
}

// forcedColumns checks the columns that FORCE_QUOTE and its kin name.
func forcedColumns(c *command.Copy) error {
	o := &c.Options
	for _, f := range []struct {
		option string
		names  []string
	}{{"FORCE_QUOTE", o.ForceQuote}, {"FORCE_NOT_NULL", o.ForceNotNull}, {"FORCE_NULL", o.ForceNull}} {
		for _, n := range f.names {
			if n == "*" {
				continue
			}
			col := c.Table.Column(n)
			if col == nil {
				return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n, c.Table.Name)
			}
			if !slices.Contains(c.Columns, col.ID) {
				return pgerr.New(pgerrcode.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", f.option, n)
			}
		}
	}
	return nil
}

// copyWhere binds COPY FROM … WHERE for its errors and keeps it as SQL.
func (b *binder) copyWhere(c *command.Copy, s *pg.CopyStmt) error {
	if s.WhereClause == nil {
		return nil
	}
	q := b.child(nil)
	_, items, err := q.tableItem(&relation{ref: c.Ref}, c.Table, nil)
	if err != nil {
		return err
	}
	q.items = items
	e, err := q.where(kindCopyWhere, s.WhereClause, "WHERE")
	if err != nil {
		return err
	}
	c.Where = expr.SQL(e, expr.SQLOptions{})
	return nil
}

// copyOptions reads the options, whatever their order, and applies the defaults of the format.
func copyOptions(c *command.Copy, s *pg.CopyStmt) error {
	o := &c.Options
	r := &copyReader{o: o, from: c.From, seen: map[string]bool{}}
	for _, n := range s.Options {
		if err := r.option(n.GetDefElem()); err != nil {
			return err
		}
	}
	if o.Format == "" {
		o.Format = "text"
	}
	return r.defaults()
}

// copyReader collects COPY's options.
type copyReader struct {
	o    *command.CopyOptions
	from bool
	seen map[string]bool
	text struct{ delimiter, null, quote, escape *string }
}

func (r *copyReader) option(d *pg.DefElem) error {
	name := d.Defname
	if r.seen[name] {
		return pgerr.New(pgerrcode.SyntaxError, "conflicting or redundant options").At(int(d.Location))
	}
	r.seen[name] = true
	value := constantText(d.Arg)
	var err error
	switch name {
	case "format":
		if r.o.Format = value; value != "text" && value != "csv" && value != "binary" {
			return pgerr.New(pgerrcode.InvalidParameterValue, "COPY format \"%s\" not recognized", value).At(int(d.Location))
		}
	case "freeze":
		r.o.Freeze, err = boolOption(d)
	case "delimiter":
		r.text.delimiter = &value
	case "null":
		r.text.null = &value
	case "quote":
		r.text.quote = &value
	case "escape":
		r.text.escape = &value
	case "header":
		err = r.header(d, value)
	case "force_quote":
		r.o.ForceQuote, err = columnNames(d)
	case "force_not_null":
		r.o.ForceNotNull, err = columnNames(d)
	case "force_null":
		r.o.ForceNull, err = columnNames(d)
	case "encoding":
		r.o.Encoding = value
	default:
		return pgerr.New(pgerrcode.SyntaxError, "option \"%s\" not recognized", name).At(int(d.Location))
	}
	return err
}

func (r *copyReader) header(d *pg.DefElem, value string) error {
	if strings.EqualFold(value, "match") {
		if !r.from {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot use \"%s\" with HEADER in COPY TO", "match")
		}
		r.o.Header, r.o.HeaderMatch = true, true
		return nil
	}
	var err error
	if r.o.Header, err = boolOption(d); err != nil {
		return pgerr.New(pgerrcode.SyntaxError, "%s requires a Boolean value or \"match\"", d.Defname)
	}
	return nil
}

// columnNames reads a list of columns, or * for all.
func columnNames(d *pg.DefElem) ([]string, error) {
	if d.Arg.GetAStar() != nil {
		return []string{"*"}, nil
	}
	l := d.Arg.GetList()
	if l == nil {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "argument to option \"%s\" must be a list of column names", d.Defname).At(int(d.Location))
	}
	return stringList(l.Items), nil
}

// defaults fills in what was not given and checks that the options go together.
func (r *copyReader) defaults() error {
	o := r.o
	csv, binary := o.Format == "csv", o.Format == "binary"
	fail := func(code, format string, args ...any) error { return pgerr.New(code, format, args...) }
	switch {
	case binary && r.text.delimiter != nil:
		return fail(pgerrcode.SyntaxError, "cannot specify DELIMITER in BINARY mode")
	case binary && r.text.null != nil:
		return fail(pgerrcode.SyntaxError, "cannot specify NULL in BINARY mode")
	case binary && o.Header:
		return fail(pgerrcode.FeatureNotSupported, "cannot specify HEADER in BINARY mode")
	}
	delimiter, null := "\t", "\\N"
	if csv {
		delimiter, null = ",", ""
	}
	if r.text.delimiter != nil {
		delimiter = *r.text.delimiter
	}
	if r.text.null != nil {
		null = *r.text.null
	}
	o.Null = null
	if len(delimiter) != 1 {
		return fail(pgerrcode.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
	}
	o.Delimiter = delimiter[0]
	if strings.ContainsAny(delimiter, "\r\n") {
		return fail(pgerrcode.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
	}
	if strings.ContainsAny(null, "\r\n") {
		return fail(pgerrcode.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	}
	if !csv && strings.Contains("\\.abcdefghijklmnopqrstuvwxyz0123456789", delimiter) {
		return fail(pgerrcode.InvalidParameterValue, "COPY delimiter cannot be \"%s\"", delimiter)
	}
	if err := r.quoting(csv); err != nil {
		return err
	}
	return r.forcing(csv, null)
}

func (r *copyReader) quoting(csv bool) error {
	o := r.o
	o.Quote, o.Escape = '"', '"'
	switch {
	case !csv && r.text.quote != nil:
		return pgerr.New(pgerrcode.FeatureNotSupported, "COPY quote available only in CSV mode")
	case !csv && r.text.escape != nil:
		return pgerr.New(pgerrcode.FeatureNotSupported, "COPY escape available only in CSV mode")
	}
	if q := r.text.quote; q != nil {
		if len(*q) != 1 {
			return pgerr.New(pgerrcode.FeatureNotSupported, "COPY quote must be a single one-byte character")
		}
		o.Quote, o.Escape = (*q)[0], (*q)[0]
	}
	if csv && o.Delimiter == o.Quote {
		return pgerr.New(pgerrcode.InvalidParameterValue, "COPY delimiter and quote must be different")
	}
	if e := r.text.escape; e != nil {
		if len(*e) != 1 {
			return pgerr.New(pgerrcode.FeatureNotSupported, "COPY escape must be a single one-byte character")
		}
		o.Escape = (*e)[0]
	}
	return nil
}

func (r *copyReader) forcing(csv bool, null string) error {
	o := r.o
	for _, f := range []struct {
		word, direction string
		given, wrong    bool
	}{
		{"force quote", "COPY TO", o.ForceQuote != nil, r.from},
		{"force not null", "COPY FROM", o.ForceNotNull != nil, !r.from},
		{"force null", "COPY FROM", o.ForceNull != nil, !r.from},
	} {
		switch {
		case f.given && !csv:
			return pgerr.New(pgerrcode.FeatureNotSupported, "COPY %s available only in CSV mode", f.word)
		case f.given && f.wrong:
			return pgerr.New(pgerrcode.FeatureNotSupported, "COPY %s only available using %s", f.word, f.direction)
		}
	}
	switch {
	case strings.IndexByte(null, o.Delimiter) >= 0 && o.Format != "binary":
		return pgerr.New(pgerrcode.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
	case csv && strings.IndexByte(null, o.Quote) >= 0:
		return pgerr.New(pgerrcode.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	}
	return nil
}
