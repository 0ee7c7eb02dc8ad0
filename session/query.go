package session

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// Query runs every statement of a simple query in turn. Several statements without BEGIN share one implicit transaction.
func (s *Session) Query(ctx context.Context, sql string, sink vector.Sink) error {
	s.activity.begin(sql)
	defer s.activity.end(s)
	if done, err := s.normalized(ctx, sql, sink); err != nil {
		return s.fail(ctx, err, sql)
	} else if done {
		return nil
	}
	stmts, err := s.parse(sql)
	if err != nil {
		return s.fail(ctx, err, sql)
	}
	if len(stmts) == 0 {
		return sink.Empty()
	}
	s.closePortal("")
	s.several = len(stmts) > 1
	defer func() { s.several = false }()
	for i, st := range stmts {
		if err := s.simple(ctx, st, i == len(stmts)-1, sink); err != nil {
			return s.fail(ctx, err, sql)
		}
	}
	return nil
}

// simple runs one statement of a simple query. The implicit transaction ends with the last one, before its completion is
// announced.
func (s *Session) simple(ctx context.Context, st parse.Statement, last bool, sink vector.Sink) error {
	ctx, cancel := s.statementContext(ctx)
	defer cancel()
	p, err := s.plan(ctx, st, nil)
	if err != nil {
		return s.timeoutError(ctx, err)
	}
	out := &output{sink: sink, settings: s.settings}
	s.out = out
	defer func() { s.out = nil }()
	tag, err := s.run(ctx, p, nil, out)
	if err != nil {
		return s.timeoutError(ctx, err)
	}
	if last {
		if err := s.finishImplicit(ctx); err != nil {
			return err
		}
	}
	return sink.Complete(tag)
}

// finishImplicit commits the implicit transaction, if that is what is open.
func (s *Session) finishImplicit(ctx context.Context) error {
	if s.txn == nil || s.txn.explicit {
		return nil
	}
	return s.commit(ctx)
}

// fail ends what the error ends: an implicit transaction is rolled back, an explicit one is failed. It returns the error
// with its position in sql.
func (s *Session) fail(_ context.Context, err error, sql string) error {
	e := pgerr.From(err)
	if e.Code == pgerrcode.InternalError {
		s.log.Sugar().Errorw("internal error", "error", err, "sql", sql)
	}
	if e.Position == 0 {
		if off := e.ByteOffset(); off >= 0 && off <= len(sql) {
			e.Position = utf8.RuneCountInString(sql[:off]) + 1
		}
	}
	switch {
	case s.txn == nil:
	case s.txn.explicit:
		s.failPortals()
		s.txn.abort()
	default:
		s.rollbackQuietly()
	}
	return e
}

// statementContext applies statement_timeout, and says how the session writes times.
func (s *Session) statementContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = storage.WithFormat(ctx, s.Format())
	if d := s.statementTimeout(); d > 0 {
		return context.WithTimeoutCause(ctx, d, errStatementTimeout)
	}
	return ctx, func() {}
}

var errStatementTimeout = pgerr.New(pgerrcode.QueryCanceled, "canceling statement due to statement timeout")

// timeoutError replaces an error that comes of a context's end by the reason of the end.
func (s *Session) timeoutError(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if e := (*pgerr.Error)(nil); errors.As(cause, &e) {
		if told := pgerr.From(err); told.Code == e.Code && told.Message == e.Message { // it says where that was
			return told
		}
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return pgerr.New(pgerrcode.QueryCanceled, "canceling statement due to user request")
	}
	return err
}
