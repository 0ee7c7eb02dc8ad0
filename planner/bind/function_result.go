package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// bodyStatement checks a bound statement of a function's body, and makes the last one's rows what the function returns.
func (b *binder) bodyStatement(body *Body) error {
	if !body.Check {
		if err := b.runnable(body); err != nil {
			return err
		}
	}
	if body.Want.Known() {
		return b.assigned(body.Want)
	}
	if !body.Last {
		return nil
	}
	return b.functionResult(body)
}

// runnable refuses what a function in SQL cannot run.
func (b *binder) runnable(body *Body) error {
	if body.PL {
		return b.runnablePL(body)
	}
	switch c := b.out.Command.(type) {
	case *command.Transaction:
		return pgerr.New(pgerrcode.FeatureNotSupported, "%s is not allowed in an SQL function", transactionWord(c))
	case *command.Copy:
		if c.File == "" {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot COPY to/from client in an SQL function")
		}
	}
	if body.ReadOnly && (b.changes || b.out.Command != nil || b.out.Tag == "CALL") {
		return pgerr.New(pgerrcode.FeatureNotSupported, "%s is not allowed in a non-volatile function", b.out.Tag)
	}
	return nil
}

// runnablePL is runnable for PL/pgSQL.
func (b *binder) runnablePL(body *Body) error {
	switch c := b.out.Command.(type) {
	case *command.Transaction:
		if body.Vars == nil {
			return pgerr.New(pgerrcode.FeatureNotSupported, "EXECUTE of transaction commands is not implemented")
		}
		return pgerr.New(pgerrcode.FeatureNotSupported, "unsupported transaction command in PL/pgSQL")
	case *command.Copy:
		if c.File == "" {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot COPY to/from client in PL/pgSQL")
		}
	}
	if body.ReadOnly && (b.changes || b.out.Command != nil && !isReading(b.out.Command)) {
		return pgerr.New(pgerrcode.FeatureNotSupported, "%s is not allowed in a non-volatile function", b.out.Tag)
	}
	return nil
}

func isReading(c command.Command) bool {
	switch c.(type) {
	case *command.Show, *command.Explain:
		return true
	}
	return false
}

// transactionWord is the command tag of a statement of transactions.
func transactionWord(c *command.Transaction) string {
	word, _, _ := strings.Cut(c.Kind, "_")
	return word
}

// functionResult makes the columns of a function's last statement values of the type that it returns.
func (b *binder) functionResult(body *Body) error {
	want := body.Result
	if want.ID() == types.OIDVoid && !body.Procedure {
		return nil
	}
	if b.out.Fields == nil {
		if want.ID() == types.OIDVoid {
			return nil
		}
		return b.mismatch(body, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	cols := b.resultColumns()
	if want.ID() == types.OIDVoid {
		return nil
	}
	if !isRow(baseType(want.Def)) {
		return b.scalarResult(body, cols)
	}
	if len(cols) == 1 && !body.Procedure {
		if e, ok, err := b.resultValue(cols[0], want); err != nil {
			return err
		} else if ok {
			b.out.Whole = true
			return b.setResult([]expr.Expr{e})
		}
	}
	return b.rowResult(body, cols)
}

// mismatch is the error for a last statement that does not give what the function returns.
func (b *binder) mismatch(body *Body, detail string, args ...any) error {
	return pgerr.New(pgerrcode.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", b.formatType(body.Result.Def)).
		WithDetail(detail, args...)
}

func (b *binder) scalarResult(body *Body, cols []expr.Expr) error {
	if len(cols) != 1 {
		return b.mismatch(body, "Final statement must return exactly one column.")
	}
	e, ok, err := b.resultValue(cols[0], body.Result)
	if err != nil {
		return err
	}
	if !ok {
		return b.mismatch(body, "Actual return type is %s.", b.formatType(cols[0].Type().Def))
	}
	return b.setResult([]expr.Expr{e})
}

func (b *binder) rowResult(body *Body, cols []expr.Expr) error {
	fields := baseType(body.Result.Def).Fields
	if len(fields) == 0 {
		return nil
	}
	out := make([]expr.Expr, len(cols))
	for i, c := range cols {
		if i >= len(fields) {
			return b.mismatch(body, "Final statement returns too many columns.")
		}
		e, ok, err := b.resultValue(c, types.Of(fields[i].Type.Def))
		if err != nil {
			return err
		}
		if !ok {
			return b.mismatch(body, "Final statement returns %s instead of %s at column %d.", b.formatType(c.Type().Def), b.formatType(fields[i].Type.Def), i+1)
		}
		out[i] = e
	}
	if len(cols) < len(fields) {
		return b.mismatch(body, "Final statement returns too few columns.")
	}
	return b.setResult(out)
}

// resultValue makes a column a value of the wanted type, as an assignment does.
func (b *binder) resultValue(e expr.Expr, want types.Type) (expr.Expr, bool, error) {
	if e.Type().ID() == want.ID() && (want.ID() != types.OIDRecord || len(want.Fields) == 0) {
		return e, true, nil
	}
	if isRow(e.Type().Def) && isRow(want.Def) {
		return e, want.ID() == types.OIDRecord || sameFields(e.Type(), want), nil
	}
	return b.coerceTo(e, types.Of(want.Def), cast{assignment, expr.FormImplicitCast, -1})
}

// sameFields reports whether a record has just the fields of a row type.
func sameFields(from, want types.Type) bool {
	if from.ID() != types.OIDRecord || len(from.Fields) != len(want.Fields) {
		return false
	}
	for i, f := range from.Fields {
		if f.Type.ID() != want.Fields[i].Type.ID() {
			return false
		}
	}
	return true
}

// resultColumns are the statement's output columns.
func (b *binder) resultColumns() []expr.Expr {
	cols := b.out.Node.Columns()
	if p := returning(b.out.Node); p != nil {
		return *p
	}
	out := make([]expr.Expr, len(cols))
	for i, c := range cols {
		out[i] = columnOf(c)
	}
	return out
}

// returning is the list of RETURNING where the plan's root writes; nil else.
func returning(n logical.Node) *[]expr.Expr {
	switch n := n.(type) {
	case *logical.Insert:
		return &n.ReturnExprs
	case *logical.Update:
		return &n.ReturnExprs
	case *logical.Delete:
		return &n.ReturnExprs
	case *logical.With:
		return returning(n.Body)
	}
	return nil
}

// setResult makes exprs, which are over the statement's columns, its output.
func (b *binder) setResult(exprs []expr.Expr) error {
	for i := range exprs {
		b.out.Fields[i].Type = exprs[i].Type()
	}
	cols := b.out.Node.Columns()
	if p := returning(b.out.Node); p != nil {
		for i, e := range exprs {
			(*p)[i], cols[i].Type = e, e.Type()
		}
		return nil
	}
	same := true
	p := &logical.Project{Input: b.out.Node, Exprs: exprs}
	for i, e := range exprs {
		c, ok := e.(*expr.Column)
		same = same && ok && c.ID == cols[i].ID
		id := cols[i].ID
		if !ok {
			id = b.newColumn(nil)
		}
		p.Cols = append(p.Cols, logical.Column{ID: id, Name: cols[i].Name, Type: e.Type()})
	}
	if !same {
		b.out.Node = p
	}
	return nil
}
