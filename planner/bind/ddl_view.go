package bind

import (
	"fmt"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// createView binds CREATE VIEW. What is kept is the query's text with all names qualified and stars spelled out.
func (b *definer) createView(s *pg.ViewStmt) (command.Command, error) {
	at, err := b.target(s.View)
	if err != nil {
		return nil, err
	}
	if q := s.Query.GetSelectStmt(); q != nil && hasInto(q) {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "views must not contain SELECT INTO")
	}
	tree := proto.Clone(s.Query).(*pg.Node)
	fields, deps, err := b.viewQuery(tree)
	if err != nil {
		return nil, err
	}
	names := stringList(s.Aliases)
	if len(names) > len(fields) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	c := &command.CreateView{Target: at, Replace: s.Replace, Deps: deps, Options: optionList(s.Options)}
	switch s.WithCheckOption {
	case pg.ViewCheckOption_LOCAL_CHECK_OPTION:
		c.Options = append(c.Options, "check_option=local")
	case pg.ViewCheckOption_CASCADED_CHECK_OPTION:
		c.Options = append(c.Options, "check_option=cascaded")
	}
	for i, f := range fields {
		d := command.ColumnDef{Name: f.Name, Type: f.Type}
		if i < len(names) {
			d.Name = names[i]
		}
		c.Columns = append(c.Columns, d)
	}
	c.SQL, err = deparse(tree)
	return c, err
}

// viewQuery binds a query and rewrites its tree in place so that its names no longer depend on search_path, nor its
// columns on what is added to tables later.
func (b *definer) viewQuery(tree *pg.Node) ([]Field, []catalog.Dep, error) {
	old := b.opts.AnyPoint
	b.opts.AnyPoint = b.opts.NoBodyCheck
	t, fields, err := b.traced(tree)
	b.opts.AnyPoint = old
	if err != nil {
		return nil, nil, err
	}
	for rv, r := range t.relations {
		if h := r.object.Head(); h.Schema != catalog.PgCatalog && rv.Schemaname == "" {
			rv.Schemaname = r.snap.SchemaName(h.Schema)
		}
	}
	for rv, r := range t.ofTables {
		h := r.object.Head()
		nameOfTable(rv, r.snap.SchemaName(h.Schema), h.Name)
	}
	t.qualifyShaped()
	walkTree(tree, func(list []*pg.Node) []*pg.Node { return expandStars(list, t) })
	if err := b.qualifyFunctions(t); err != nil {
		return nil, nil, err
	}
	err = b.qualifyTypes(tree, t)
	return fields, t.deps, err
}

// traced binds a query and notes what its names mean.
func (b *definer) traced(tree *pg.Node) (*trace, []Field, error) {
	old := b.trace
	b.trace = newTrace()
	defer func() { b.trace = old }()
	_, fields, err := b.bindQuery(tree, nil)
	b.trace.findLiterals(tree)
	return b.trace, fields, err
}

// expandStars spells out the stars of a select list.
func expandStars(list []*pg.Node, t *trace) []*pg.Node {
	var out []*pg.Node
	for _, n := range list {
		rt := n.GetResTarget()
		cols, ok := t.stars[rt]
		if rt == nil || !ok {
			out = append(out, n)
			continue
		}
		for _, c := range cols {
			out = append(out, starTarget(rt, &c))
		}
	}
	return out
}

// starTarget is one column of a star as a target of its own.
func starTarget(rt *pg.ResTarget, t *target) *pg.Node {
	var names []*pg.Node
	if x := rt.Val.GetAIndirection(); x != nil {
		in := &pg.A_Indirection{Arg: x.Arg, Indirection: append(x.Indirection[:len(x.Indirection)-1:len(x.Indirection)-1], pg.MakeStrNode(t.name))}
		return resTarget("", &pg.Node{Node: &pg.Node_AIndirection{AIndirection: in}})
	}
	if fields := rt.Val.GetColumnRef().GetFields(); len(fields) > 1 {
		names = append(names, fields[len(fields)-2])
	} else if t.from != "" {
		names = append(names, pg.MakeStrNode(t.from))
	}
	last := t.name
	if t.under != "" && rt.Val.GetColumnRef() != nil && len(rt.Val.GetColumnRef().Fields) == 1 {
		last = t.under
	}
	names = append(names, pg.MakeStrNode(last))
	label := ""
	if last != t.name {
		label = t.name
	}
	return resTarget(label, &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: names, Location: -1}}})
}

func resTarget(name string, val *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Name: name, Val: val, Location: -1}}}
}

// qualifyTypes puts the schema before the names of users' types.
func (b *definer) qualifyTypes(tree *pg.Node, t *trace) error {
	var failed error
	visit(tree, func(m proto.Message) {
		tn, ok := m.(*pg.TypeName)
		if !ok || failed != nil {
			return
		}
		d, err := b.typeDef(tn)
		if err != nil {
			failed = err
			return
		}
		if own := b.ownType(d.OID); own != 0 {
			t.need(catalog.Dep{Object: own})
		}
		if len(tn.Names) == 1 && d.Schema != "pg_catalog" && d.Schema != "" {
			tn.Names = []*pg.Node{pg.MakeStrNode(d.Schema), tn.Names[0]}
		}
	})
	return failed
}

// deparse writes a query's tree as text.
func deparse(tree *pg.Node) (string, error) {
	sql, err := pg.Deparse(&pg.ParseResult{Stmts: []*pg.RawStmt{{Stmt: tree}}})
	if err != nil {
		return "", pgerr.Wrap(pgerrcode.InternalError, fmt.Errorf("deparsing a view's query: %w", err))
	}
	return sql, nil
}

// createTableAs binds CREATE TABLE AS.
func (b *definer) createTableAs(s *pg.CreateTableAsStmt) (command.Command, error) {
	if s.Objtype == pg.ObjectType_OBJECT_MATVIEW {
		return nil, pgerr.Unsupported("CREATE MATERIALIZED VIEW")
	}
	if s.Query.GetExecuteStmt() != nil {
		return nil, pgerr.Unsupported("CREATE TABLE AS EXECUTE")
	}
	tag := "CREATE TABLE AS"
	if s.IsSelectInto {
		tag = "SELECT INTO"
	}
	return b.tableAs(s.Query, s.Into, s.IfNotExists, tag)
}

// selectInto binds SELECT … INTO.
func (b *definer) selectInto(n *pg.Node) (command.Command, error) {
	tree := proto.Clone(n).(*pg.Node)
	for s := tree.GetSelectStmt(); s != nil; s = s.Larg {
		if into := s.IntoClause; into != nil {
			s.IntoClause = nil
			return b.tableAs(tree, into, false, "SELECT INTO")
		}
	}
	return nil, nil
}

func (b *definer) tableAs(query *pg.Node, into *pg.IntoClause, ifNotExists bool, tag string) (command.Command, error) {
	at, err := b.target(into.Rel)
	if err != nil {
		return nil, err
	}
	if err := checkStorage(into.AccessMethod, into.TableSpaceName); err != nil {
		return nil, err
	}
	c := &command.CreateTable{Target: at, IfNotExists: ifNotExists, As: tag, WithData: !into.SkipData, Unlogged: into.Rel.Relpersistence == "u",
		Options: optionList(into.Options), OnCommit: onCommit(into.OnCommit)}
	if done, err := b.tableThere(c); done || err != nil {
		return c, err
	}
	_, fields, err := b.bindQuery(query, nil)
	if err != nil {
		return nil, err
	}
	names := stringList(into.ColNames)
	if len(names) > len(fields) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "too many column names were specified")
	}
	for i, f := range fields {
		d := command.ColumnDef{Name: f.Name, Type: f.Type}
		if i < len(names) {
			d.Name = names[i]
		}
		c.Columns = append(c.Columns, d)
	}
	c.Query, err = deparse(query)
	return c, err
}
