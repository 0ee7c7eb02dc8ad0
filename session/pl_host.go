package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
)

// plHost is the session as a call of a function in PL/pgSQL sees it.
type plHost struct {
	s     *Session
	r     *routine
	fn    *plpgsql.Function
	depth int // of its context
	saved int // savepoints before the call
	loops int
}

var _ plpgsql.Host = (*plHost)(nil)

// Type implements plpgsql.Host.
func (h *plHost) Type(ctx context.Context, text string) (types.Type, error) {
	h.s.catalogs.ctx = ctx
	return bind.VariableType(text, &h.s.catalogs)
}

// Copied implements plpgsql.Host.
func (h *plHost) Copied(ctx context.Context, of []string, row bool) (types.Type, error) {
	h.s.catalogs.ctx = ctx
	return bind.CopiedType(of, row, &h.s.catalogs)
}

// TypeName implements plpgsql.Host.
func (h *plHost) TypeName(t types.Type) string { return h.s.typeName(t) }

func (s *Session) typeName(t types.Type) string {
	if !t.Known() {
		return "unknown"
	}
	return types.TypeName(types.Of(t.Def), func(schema, name string) string {
		for _, p := range s.catalogs.SearchPath() {
			if p == schema {
				return quoteIdent(name)
			}
		}
		return quoteIdent(schema) + "." + quoteIdent(name)
	})
}

// Text implements plpgsql.Host.
func (h *plHost) Text(t types.Type, d types.Datum) string {
	return types.Text(t, d, &h.s.settings.format)
}

// Notice implements plpgsql.Host.
func (h *plHost) Notice(e *pgerr.Error) error { return h.s.tell(e) }

// Asserts implements plpgsql.Host.
func (h *plHost) Asserts() bool {
	v, ok := h.s.settings.get("plpgsql.check_asserts")
	b, _ := parseBool(v)
	return !ok || v == "" || b
}

// Outer implements plpgsql.Host.
func (h *plHost) Outer() string {
	var lines []string
	for i := h.depth - 1; i >= 0; i-- {
		lines = append(lines, h.s.pl.contexts[i].Context())
	}
	return strings.Join(lines, "\n")
}

// Savepoint implements plpgsql.Host.
func (h *plHost) Savepoint() (int, error) {
	t := h.s.txn
	t.savepoints = append(t.savepoints, t.place(""))
	return len(t.savepoints) - 1, nil
}

// RollbackTo implements plpgsql.Host.
func (h *plHost) RollbackTo(mark int) error { return h.s.rollbackSavepoint(mark) }

// Release implements plpgsql.Host.
func (h *plHost) Release(mark int) {
	t := h.s.txn
	if t != nil && mark < len(t.savepoints) {
		t.savepoints = t.savepoints[:mark]
		h.s.releaseCursors(mark)
	}
}

// EndTransaction implements plpgsql.Host.
func (h *plHost) EndTransaction(ctx context.Context, rollback, chain bool) error {
	s := h.s
	word := map[bool]string{true: "roll back", false: "commit"}[rollback]
	switch {
	case s.pl.atomic:
		return pgerr.New(pgerrcode.InvalidTransactionTermination, "invalid transaction termination")
	case len(s.txn.savepoints) > 0:
		return pgerr.New(pgerrcode.InvalidTransactionTermination, "cannot %s while a subtransaction is active", word)
	}
	for _, l := range s.pl.loops {
		if err := l.keep(ctx); err != nil {
			return err
		}
	}
	if !rollback {
		if err := s.holdCursors(ctx); err != nil {
			return err
		}
	}
	if err := s.renew(ctx, rollback, chain); err != nil {
		return err
	}
	s.refreshPL(ctx)
	return nil
}

// renew ends the transaction and puts a new one in its place, with the modes of the old one if chain says so.
func (s *Session) renew(ctx context.Context, rollback, chain bool) error {
	t := s.txn
	t.ran = false // SET TRANSACTION may follow
	isolation, readOnly, deferrable := t.isolation, t.readOnly, t.deferrable
	if !chain {
		t.isolation, _ = s.settings.get("default_transaction_isolation")
		t.readOnly = s.settings.on("default_transaction_read_only")
		t.deferrable = s.settings.on("default_transaction_deferrable")
	} else {
		t.isolation, t.readOnly, t.deferrable = isolation, readOnly, deferrable
	}
	s.dropTransactionPortals()
	if !rollback {
		return s.checkpoint(ctx)
	}
	s.settings.rollback(t.mark)
	t.restoreTo(0)
	err := t.Txn.Rollback()
	t.takeBack(0)
	t.notices, t.listens, t.savepoints, t.deferred, t.tag, t.merged, t.ddl, t.wrote = nil, nil, nil, nil, "", false, false, false
	if err != nil {
		return err
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	t.mark = s.settings.mark()
	t.Txn.Statement()
	return nil
}

// dropTransactionPortals closes the cursors that end with the transaction. Portals of the protocol go on: one of them runs the
// procedure.
func (s *Session) dropTransactionPortals() {
	for name, p := range s.portals {
		if p.declared && p.owner != nil {
			s.closePortal(name)
		}
	}
}

// Cast implements plpgsql.Host.
func (h *plHost) Cast(ctx context.Context, from, to types.Type) (func(types.Datum) (types.Datum, error), error) {
	return h.s.assignCast(ctx, from, to)
}
