package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
)

// standardBody binds a body in the standard's form, RETURN expression or BEGIN ATOMIC … END, once and for all: what is kept
// are its statements with all names qualified, and what they need.
func (b *definer) standardBody(f *catalog.Function, n *pg.Node) error {
	var trees []*pg.Node
	if r := n.GetReturnStmt(); r != nil {
		f.Return = true
		trees = []*pg.Node{returnQuery(r)}
	} else {
		trees = statementsOf(n)
	}
	f.Atomic = []string{}
	for _, tree := range trees {
		text, err := b.standardStatement(f, tree)
		if err != nil {
			return err
		}
		f.Atomic = append(f.Atomic, text)
	}
	return nil
}

// returnQuery is RETURN expression as a query.
func returnQuery(r *pg.ReturnStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{resTarget("", r.Returnval)},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}}}
}

// statementsOf lists the statements of BEGIN ATOMIC … END; empty ones are left out.
func statementsOf(n *pg.Node) []*pg.Node {
	l := n.GetList()
	if l == nil {
		if n.GetNode() == nil {
			return nil
		}
		return []*pg.Node{n}
	}
	var out []*pg.Node
	for _, x := range l.Items {
		out = append(out, statementsOf(x)...)
	}
	return out
}

// standardStatement qualifies the names of one statement.
func (b *definer) standardStatement(f *catalog.Function, n *pg.Node) (string, error) {
	if r := n.GetReturnStmt(); r != nil {
		n = returnQuery(r)
	}
	switch n.Node.(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
	default:
		return "", pgerr.Unsupported("this statement in the body of a function")
	}
	tree := proto.Clone(n).(*pg.Node)
	if s := tree.GetInsertStmt(); s != nil {
		if err := b.insertColumns(s); err != nil {
			return "", err
		}
	}
	_, deps, err := b.inBody(f).viewQuery(tree)
	if err != nil {
		return "", err
	}
	for _, d := range append(deps, b.writtenColumns(tree)...) {
		if !slices.Contains(f.Deps, d) {
			f.Deps = append(f.Deps, d)
		}
	}
	return deparse(tree)
}

// insertColumns spells out the columns of an INSERT without a list: those that the table gets later are not meant.
func (b *definer) insertColumns(s *pg.InsertStmt) error {
	values := s.GetSelectStmt().GetSelectStmt().GetValuesLists()
	if len(s.Cols) > 0 || len(values) == 0 {
		return nil
	}
	_, t, err := b.tableOf(s.Relation, "INSERT")
	if err != nil {
		return nil // told when the statement is bound
	}
	n := len(values[0].GetList().GetItems())
	for _, c := range t.Live() {
		if n--; n < 0 {
			break
		}
		s.Cols = append(s.Cols, &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Name: c.Name, Location: -1}}})
	}
	return nil
}

// writtenColumns are the columns that an INSERT or UPDATE names as targets.
func (b *definer) writtenColumns(tree *pg.Node) []catalog.Dep {
	var rv *pg.RangeVar
	var cols []*pg.Node
	switch s := tree.Node.(type) {
	case *pg.Node_InsertStmt:
		rv, cols = s.InsertStmt.Relation, s.InsertStmt.Cols
	case *pg.Node_UpdateStmt:
		rv, cols = s.UpdateStmt.Relation, s.UpdateStmt.TargetList
	default:
		return nil
	}
	_, t, err := b.tableOf(rv, "INSERT")
	if err != nil {
		return nil
	}
	var out []catalog.Dep
	for _, n := range cols {
		if c := t.Column(n.GetResTarget().GetName()); c != nil {
			out = append(out, catalog.Dep{Object: t.OID, Column: c.ID})
		}
	}
	return out
}
