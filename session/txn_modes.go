package session

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// readsNothing reports whether a command leaves the modes of its transaction open: it neither reads nor writes.
func readsNothing(c command.Command) bool {
	switch c.(type) {
	case *command.Transaction, *command.Set, *command.SetTransaction, *command.Show, *command.LockTable, *command.Constraints, *command.Fetch,
		*command.Listen:
		return true
	}
	return false
}

// inBlock reports whether the running statement belongs to a transaction with others: in a block, or in the same message.
func (s *Session) inBlock() bool { return s.several || s.txn != nil && s.txn.explicit }

// mayChoose refuses to change what must be chosen before a transaction's first query and outside of savepoints.
func (t *txn) mayChoose(late, nested string) error {
	switch {
	case t.ran:
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "%s", late)
	case len(t.savepoints) > 0:
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "%s", nested)
	}
	return nil
}

// mayWriteAfterAll refuses to make a read-only transaction one that writes once it has begun to read.
func (t *txn) mayWriteAfterAll() error {
	switch {
	case len(t.savepoints) > 0:
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
	case t.ran:
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
	}
	return nil
}

// twoPhase answers PREPARE TRANSACTION and its kin as a server does whose max_prepared_transactions is 0.
func (s *Session) twoPhase(c *command.Transaction, out *output) (string, error) {
	explicit := s.txn != nil && s.txn.explicit
	switch {
	case c.Kind != "PREPARE" && explicit:
		return "", pgerr.New(pgerrcode.ActiveSQLTransaction, "%s cannot run inside a transaction block", c.Tag())
	case c.Kind != "PREPARE":
		return "", pgerr.New(pgerrcode.UndefinedObject, "prepared transaction with identifier \"%s\" does not exist", c.Savepoint)
	case !explicit:
		return "ROLLBACK", out.Notice(warning(pgerrcode.NoActiveSQLTransaction, "there is no transaction in progress"))
	}
	if s.txn.failed {
		return "ROLLBACK", s.rollback()
	}
	s.rollbackQuietly()
	return "", pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "prepared transactions are disabled").
		WithHint("Set max_prepared_transactions to a nonzero value.")
}
