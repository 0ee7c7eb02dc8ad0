package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// command binds a statement without a plan.
func (b *binder) command(n *pg.Node) error {
	c, err := b.sessionCommand(n)
	if err != nil {
		return err
	}
	if c == nil {
		b.keeps = n.GetSelectStmt() == nil && n.GetCreateTableAsStmt() == nil // these keep rows
		if c, err = b.definition(n); err != nil {
			return err
		}
		b.keeps, b.modify = false, true
	}
	if c == nil {
		return pgerr.Unsupported("this statement")
	}
	b.out.Command, b.out.Tag, b.out.ReadOnly = c, c.Tag(), !b.modify
	return nil
}

// sessionCommand binds the statements of session.go in package command; nil for others.
func (b *binder) sessionCommand(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_TransactionStmt:
		return b.transaction(s.TransactionStmt)
	case *pg.Node_VariableSetStmt:
		return b.set(s.VariableSetStmt)
	case *pg.Node_VariableShowStmt:
		return b.show(s.VariableShowStmt)
	case *pg.Node_DiscardStmt:
		return &command.Discard{What: discards[s.DiscardStmt.Target]}, nil
	case *pg.Node_ExplainStmt:
		return b.explain(s.ExplainStmt)
	case *pg.Node_CopyStmt:
		return b.copy(s.CopyStmt)
	case *pg.Node_LockStmt:
		return b.lockTable(s.LockStmt)
	case *pg.Node_DoStmt:
		return b.do(s.DoStmt)
	case *pg.Node_ConstraintsSetStmt:
		return b.setConstraints(s.ConstraintsSetStmt)
	}
	c, err := b.cursorCommand(n)
	if c != nil || err != nil {
		return c, err
	}
	return b.maintenance(n)
}

var discards = map[pg.DiscardMode]string{
	pg.DiscardMode_DISCARD_ALL: "ALL", pg.DiscardMode_DISCARD_PLANS: "PLANS",
	pg.DiscardMode_DISCARD_SEQUENCES: "SEQUENCES", pg.DiscardMode_DISCARD_TEMP: "TEMP",
}

// cursorCommand binds prepared statements, cursors and notifications.
func (b *binder) cursorCommand(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_PrepareStmt:
		return b.prepare(s.PrepareStmt)
	case *pg.Node_ExecuteStmt:
		return b.execute(s.ExecuteStmt)
	case *pg.Node_DeallocateStmt:
		return &command.Deallocate{Name: s.DeallocateStmt.Name}, nil
	case *pg.Node_DeclareCursorStmt:
		return b.declare(s.DeclareCursorStmt)
	case *pg.Node_FetchStmt:
		return fetch(s.FetchStmt), nil
	case *pg.Node_ClosePortalStmt:
		return &command.CloseCursor{Name: s.ClosePortalStmt.Portalname}, nil
	case *pg.Node_ListenStmt:
		return &command.Listen{Channel: s.ListenStmt.Conditionname}, nil
	case *pg.Node_UnlistenStmt:
		return &command.Listen{Channel: s.UnlistenStmt.Conditionname, Off: true}, nil
	case *pg.Node_NotifyStmt:
		return &command.Listen{Channel: s.NotifyStmt.Conditionname, Notify: true, Payload: s.NotifyStmt.Payload}, nil
	}
	return nil, nil
}

// do binds DO.
func (b *binder) do(s *pg.DoStmt) (command.Command, error) {
	c := &command.Do{Language: "plpgsql"}
	for _, a := range s.Args {
		d := a.GetDefElem()
		switch d.Defname {
		case "as":
			c.Body = d.Arg.GetString_().GetSval()
		case "language":
			c.Language = d.Arg.GetString_().GetSval()
		}
	}
	st := b.stmt
	c.Place = func(offset int) int { return bodyPlace(st, c.Body, offset) }
	return c, nil
}
