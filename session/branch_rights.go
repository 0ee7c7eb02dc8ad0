package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// bounded reports whether there is anything but the role's privileges on objects that may refuse a branch: credentials,
// grants on branches, limits.
func (s *Session) bounded() bool {
	if s.opts.Reach != nil {
		return true
	}
	d, _ := s.global().Object(s.database.OID).(*catalog.Database)
	return d != nil && len(d.BranchGrants)+len(d.BranchLimits) > 0
}

// mayBranch refuses the current role a privilege on a branch.
func (s *Session) mayBranch(branch string, privilege byte) error {
	return vcs.CheckBranch(context.Background(), s.engine.Store, s.database.OID, s.user, branch, privilege)
}

// mayMerge refuses a merge that the current role may not do.
func (s *Session) mayMerge(source, target string) error {
	if err := s.mayBranch(source, catalog.BranchRead); err != nil {
		return err
	}
	return s.mayBranch(target, catalog.BranchMerge)
}

// mayMakeDatabase refuses CREATE DATABASE "db/branch" where rowan.create_branch would be refused.
func (s *Session) mayMakeDatabase(c command.Command) error {
	n, ok := c.(*command.CreateDatabase)
	if !ok {
		return nil
	}
	name, branch, _ := strings.Cut(n.Name, "/")
	d := s.global().DatabaseByName(name)
	if branch == "" || d == nil {
		return nil
	}
	_, source, _ := splitDatabase(n.Template)
	ctx := context.Background()
	if err := vcs.CheckBranch(ctx, s.engine.Store, d.OID, s.user, source, catalog.BranchRead); err != nil {
		return err
	}
	return vcs.CheckBranch(ctx, s.engine.Store, d.OID, s.user, branch, catalog.BranchAdmin)
}

// mayGrow refuses to change more rows on a branch than its limits allow.
func (t *txn) mayGrow(v storage.View, rows int) error {
	b := v.Branch()
	if b.ID == 0 {
		return nil
	}
	left, known := t.room[b.ID]
	if !known {
		var err error
		if left, err = vcs.RoomOn(context.Background(), t.session.engine.Store, b.Database, b.Name); err != nil {
			return err
		}
		if t.room == nil {
			t.room = map[uint64]int64{}
		}
	}
	if left < 0 {
		t.room[b.ID] = left
		return nil
	}
	t.room[b.ID] = max(0, left-int64(rows))
	if left < int64(rows) {
		return vcs.ErrLimit(b.Name, "%d changed rows", vcs.LimitOf(t.session.engine.Store, b.Database, b.Name).Rows)
	}
	return nil
}

// mayEmpty refuses to empty a table that has more rows than may be changed on its branch.
func (t *txn) mayEmpty(ctx context.Context, v storage.View, table *catalog.Table) error {
	if left, known := t.room[v.Branch().ID]; !known || left < 0 {
		return nil
	}
	n, ok, err := t.Txn.CountRows(ctx, storage.ScanRequest{View: v, Table: table})
	if err == nil && !ok {
		n, err = t.scanned(ctx, v, table)
	}
	if err != nil {
		return err
	}
	return t.mayGrow(v, int(n))
}

// scanned counts rows by reading them.
func (t *txn) scanned(ctx context.Context, v storage.View, table *catalog.Table) (n int64, err error) {
	sc, err := t.Txn.Scan(ctx, storage.ScanRequest{View: v, Table: table})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, sc.Close()) }()
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return n, err
		}
		n += int64(b.Live())
	}
}

// statementTimeout is the setting, or the branch's limit or the connection's where that is stricter.
func (s *Session) statementTimeout() time.Duration {
	d := s.settings.duration("statement_timeout")
	for _, limit := range [...]time.Duration{vcs.LimitOf(s.engine.Store, s.database.OID, s.branch()).Timeout, s.opts.Within} {
		if limit > 0 && (d <= 0 || limit < d) {
			d = limit
		}
	}
	return d
}
