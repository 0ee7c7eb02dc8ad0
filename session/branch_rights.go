package session

import (
	"context"
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

// room is how many rows a transaction may still change on a branch; -1: any number.
type room struct {
	branch uint64
	rows   int64
}

// mayGrow refuses to change more rows on a branch than its limits allow.
func (t *txn) mayGrow(v storage.View, rows int) error {
	b := v.Branch()
	if b.ID == 0 {
		return nil
	}
	if t.room.branch != b.ID {
		left, err := vcs.RoomOn(context.Background(), t.session.engine.Store, b.Database, b.Name)
		if err != nil {
			return err
		}
		t.room = room{b.ID, left}
	}
	if t.room.rows < 0 {
		return nil
	}
	if t.room.rows -= int64(rows); t.room.rows < 0 {
		limit := vcs.LimitOf(t.session.engine.Store, b.Database, b.Name).Rows
		t.room.rows = 0
		return vcs.ErrLimit(b.Name, "%d changed rows", limit)
	}
	return nil
}

// statementTimeout is the setting, or the branch's limit where that is stricter.
func (s *Session) statementTimeout() time.Duration {
	d := s.settings.duration("statement_timeout")
	if l := vcs.LimitOf(s.engine.Store, s.database.OID, s.branch()).Timeout; l > 0 && (d <= 0 || l < d) {
		return l
	}
	return d
}
