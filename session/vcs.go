package session

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/temp"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/vector"
	"github.com/rowandb/rowan/vcs"
	"github.com/rowandb/rowan/vcs/dolt"
)

// conn is the session as version control sees it.
type conn struct{ s *Session }

var _ vcs.Conn = conn{}

// Store implements vcs.Conn.
func (c conn) Store() storage.Store { return c.s.engine.Store }

// Txn implements vcs.Conn.
func (c conn) Txn() storage.Txn { return c.s.txn.base() }

// View implements vcs.Conn.
func (c conn) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	v, err := c.s.txn.View(ctx, r)
	if err != nil {
		return nil, err
	}
	return temp.Base(v), nil
}

// Database implements vcs.Conn.
func (c conn) Database() *catalog.Database { return c.s.database }

// Branch implements vcs.Conn.
func (c conn) Branch() string { return c.s.branch() }

// SetBranch implements vcs.Conn.
func (c conn) SetBranch(name string) error {
	c.s.settings.set("rowan.branch", name, false)
	return nil
}

// User implements vcs.Conn.
func (c conn) User() string { return c.s.user }

// Role implements vcs.Conn.
func (c conn) Role() *catalog.Role { return c.s.global().RoleByName(c.s.user) }

// RefuseReadOnly implements vcs.Conn.
func (c conn) RefuseReadOnly(what string) error { return c.s.refuseReadOnly(what) }

// Format implements vcs.Conn.
func (c conn) Format() *types.Format { return &c.s.settings.format }

// Relation implements vcs.Conn.
func (c conn) Relation(snap *catalog.Snapshot, name string) (catalog.OID, error) {
	o, _, err := c.s.relationIn(context.Background(), snap, name)
	if err != nil {
		if o = snap.ShownAs(name); o == nil {
			return 0, err
		}
	}
	return o.Head().OID, nil
}

// SQL implements vcs.Conn.
func (c conn) SQL(ctx context.Context, ref catalog.Ref, sql string, rows func(*vector.Batch) error) (int64, error) {
	return c.s.internalSQL(ctx, ref, sql, nil, nil, rows)
}

// UserSQL implements vcs.Conn.
func (c conn) UserSQL(ctx context.Context, ref catalog.Ref, sql string, rows func(*vector.Batch) error) (int64, error) {
	return c.s.userSQL(ctx, ref, sql, rows)
}

// Merge implements vcs.Conn.
func (c conn) Merge(ctx context.Context, m vcs.Merge) (storage.MergeResult, error) {
	return c.s.Merge(ctx, m)
}

// Checkpoint implements vcs.Conn.
func (c conn) Checkpoint(ctx context.Context, always bool) error {
	switch {
	case c.s.frame != nil && always:
		return pgerr.New(pgerrcode.InvalidTransactionTermination, "invalid transaction termination").
			WithHint("In a function nothing can be committed that is not the whole.")
	case c.s.frame != nil || !always && !c.s.txn.explicit && !c.s.several:
		return nil
	}
	return c.s.checkpoint(ctx)
}

// Undo implements vcs.Conn.
func (c conn) Undo(f func(ctx context.Context) error) {
	if t := c.s.txn; t != nil {
		t.undo = append(t.undo, f)
	}
}

// Uncommitted implements vcs.Conn.
func (c conn) Uncommitted() bool { return c.s.txn != nil && c.s.txn.wrote }

// Notice implements vcs.Conn.
func (c conn) Notice(e *pgerr.Error) { c.s.notice(e) }

// Note implements vcs.Conn.
func (c conn) Note(summary string) { c.s.txn.noteMerge(summary, "") }

// Version implements vcs.Conn.
func (c conn) Version() string { return c.s.engine.Version }

// doltCommit makes a Dolt commit of a transaction that has changed anything, where dolt_transaction_commit is on.
func (s *Session) doltCommit(ctx context.Context) error {
	if s.txn.tag == "" || s.txn.readOnly || !s.settings.on("dolt_transaction_commit") {
		return nil
	}
	s.txn.Txn.Statement()
	message, _ := s.settings.get("dolt_transaction_commit_message")
	return dolt.CommitTransaction(ctx, conn{s}, message)
}

// vcsServices and vcsRows are version control's functions as services of the session.
func vcsServices() map[string]service {
	out := map[string]service{}
	for name, f := range joined(vcs.Funcs(), dolt.Funcs()) {
		out[name] = func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
			if err := s.mayCall(name); err != nil {
				return types.Null, err
			}
			return f(ctx, conn{s}, a)
		}
	}
	return out
}

func vcsRows() map[string]rowService {
	out := map[string]rowService{}
	for name, f := range joined(vcs.RowsFuncs(), dolt.RowsFuncs()) {
		out[name] = func(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
			if err := s.mayCall(name); err != nil {
				return err
			}
			return f(ctx, conn{s}, a, yield)
		}
	}
	return out
}

// rowanRelation scans a relation of schema rowan: what the function of its name gives.
func (s *Session) rowanRelation(ctx context.Context, t *catalog.Table, ref catalog.Ref) (storage.Scanner, error) {
	var args []types.Datum
	for _, p := range builtin.ProcsByName(t.Name) {
		if p.Schema == t.Schema {
			args = slices.Repeat([]types.Datum{types.Null}, len(p.Args))
		}
	}
	out := &rowsScanner{within: func() func() { return s.within(ref) }}
	out.next, out.stop = iter.Pull(func(emit func(*vector.Batch) bool) {
		b, size, more := emptyBatch(t), 0, true
		out.err = s.Rows(ctx, "rowan_"+t.Name, args, func(row []types.Datum) bool {
			for i, d := range row {
				b.Cols[i].Append(d)
				size += len(d.S)
			}
			if b.N++; b.N == vector.Size || size >= vector.MostBytes {
				more = emit(b)
				b, size = emptyBatch(t), 0
			}
			return more
		})
		if out.err == nil && more && b.N > 0 {
			emit(b)
		}
	})
	return out, nil
}

// rowsScanner yields what a function pushes, batch by batch, so that there is never more of it than one.
type rowsScanner struct {
	next   func() (*vector.Batch, bool)
	stop   func()
	within func() func() // what the function runs in
	err    error
}

// Next implements storage.Scanner.
func (r *rowsScanner) Next(context.Context) (*vector.Batch, error) {
	defer r.within()()
	if b, ok := r.next(); ok {
		return b, nil
	}
	return nil, r.err
}

// Close implements storage.Scanner.
func (r *rowsScanner) Close() error {
	defer r.within()()
	r.stop()
	return nil
}

func emptyBatch(t *catalog.Table) *vector.Batch {
	b := &vector.Batch{}
	for i := range t.Columns {
		v := &vector.Vector{}
		v.Reset(t.Columns[i].Type)
		b.Cols = append(b.Cols, v)
	}
	return b
}

// branch is the branch that the session works on.
func (s *Session) branch() string {
	if b, _ := s.settings.get("rowan.branch"); b != "" {
		return b
	}
	return s.homeBranch()
}

// homeBranch is the branch of a session that asks for none: the one that was the default when it began, by its present name.
// A session does not move to another because that becomes the default.
func (s *Session) homeBranch() string {
	if b, ok := s.engine.Store.Branches().ByID(s.home); ok {
		return b.Name
	}
	return s.database.Default
}

func (s *Session) refuseReadOnly(what string) error {
	if s.txn.readOnly {
		return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", what)
	}
	return nil
}

// text is an optional text argument.
func text(d types.Datum) string {
	if d.Null {
		return ""
	}
	return d.S
}

// orNull shows "" as NULL.
func orNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.String(s)
}

func timestamp(t time.Time) types.Datum {
	if t.IsZero() {
		return types.Null
	}
	return types.Int(datetime.FromTime(t))
}
