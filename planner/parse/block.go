package parse

import pg "github.com/pganalyze/pg_query_go/v5"

// Key identifies what the statement says among all texts, for the plan cache.
func (s *Statement) Key() string { return s.Text }

// EndsFailedBlock reports whether the statement may run in a failed transaction block: those that end it or return to a
// savepoint.
func (s *Statement) EndsFailedBlock() bool {
	t := s.Node.GetTransactionStmt()
	if t == nil {
		return false
	}
	switch t.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO,
		pg.TransactionStmtKind_TRANS_STMT_PREPARE:
		return true
	}
	return false
}

// NeedsBlock names the statement when it makes sense in a transaction block only, which is looked at before its names are;
// "" otherwise.
func (s *Statement) NeedsBlock() string {
	if s.Node.GetLockStmt() != nil {
		return "LOCK TABLE"
	}
	return ""
}
