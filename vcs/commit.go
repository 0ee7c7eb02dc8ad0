package vcs

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

var commitFuncs = map[string]Func{"rowan_commit": makeCommit}

var commitRows = map[string]RowsFunc{"rowan_commits": listCommits}

// makeCommit is rowan.commit(message, author): it names what the branch is when the transaction commits.
func makeCommit(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	message, err := required(a[0], "commit message")
	if err != nil {
		return types.Null, err
	}
	if err := unfinished(ctx, c, c.Branch()); err != nil { // what is committed has no marks of its conflicts, nor the source among its parents
		return types.Null, err
	}
	id, err := Commit(ctx, c, CommitOptions{Message: message, Author: text(a[1])})
	return types.String(id), err
}

// CommitOptions say what a commit is to be.
type CommitOptions struct {
	Message, Author string
	Date            *types.Datum // nil: now
	Parents         []string     // nil: the branch's last commit, and those that merges have brought since
	Replaces        string       // the id of a commit that it takes the place of, with its parents; "" none
	State           storage.View // the branch that is named; nil: the session's own, whose commit it is in any case
}

// Commit makes a named commit of the session's branch and returns its id.
func Commit(ctx context.Context, c Conn, o CommitOptions) (string, error) {
	if err := c.RefuseReadOnly("rowan.commit()"); err != nil {
		return "", err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return "", err
	}
	if v.ReadOnly() {
		return "", pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot commit at a point in the past")
	}
	if err := may(ctx, c, v.Branch().Name, catalog.BranchWrite); err != nil {
		return "", err
	}
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return "", err
	}
	tips, _, err := s.tips(ctx, v)
	if err != nil {
		return "", err
	}
	homes := []storage.View{v}
	if o.State != nil {
		homes = append(homes, o.State)
	}
	x := &ref{kind: kindCommit, branch: homes[len(homes)-1].Branch().ID, user: c.User(), message: o.Message, author: o.Author, date: o.Date}
	if x.author == "" {
		x.author = x.user
	}
	if x.parents = parentsOf(tips, v.Branch().ID); o.Replaces != "" {
		old, err := s.get(ctx, kindCommit, o.Replaces)
		if old == nil || err != nil {
			return "", err
		}
		x.parents = old.parents
	}
	if o.Parents != nil {
		x.parents = o.Parents
	}
	x.name = commitID(s, x)
	if err := refs.Insert(ctx, s.tx, s.view, x.row(s.db)...); err != nil {
		return "", err
	}
	for _, h := range homes {
		if o.Replaces != "" {
			if _, err := branchCommits.Delete(ctx, s.tx, h, types.String(o.Replaces)); err != nil {
				return "", err
			}
		}
		if err := branchCommits.Insert(ctx, s.tx, h, types.String(x.name)); err != nil {
			return "", err
		}
		gone := x.parents
		if o.Replaces != "" {
			gone = append(slices.Clone(gone), o.Replaces)
		}
		if err := s.moveTips(ctx, h, []string{x.name}, gone); err != nil {
			return "", err
		}
	}
	line, _, _ := strings.Cut(o.Message, "\n")
	c.Note("COMMIT " + line)
	return x.name, nil
}

// CommitBranch is the branch on which a commit's state lies; it may be a hidden one.
func CommitBranch(ctx context.Context, c Conn, id string) (storage.Branch, error) {
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return storage.Branch{}, err
	}
	x, err := s.get(ctx, kindCommit, id)
	if x == nil || err != nil {
		return storage.Branch{}, err
	}
	return c.Store().Branches().Get(ctx, c.Database().OID, branchID(x.branch))
}

// commitID is a hash, like Git's, of what the commit says; the transaction's id makes it different from all others.
func commitID(s *refStore, x *ref) string {
	h := sha1.Sum(fmt.Appendf(nil, "database %d\nbranch %d\ntransaction %d\ntime %d\nparents %s\nauthor %s\n\n%s",
		s.db, x.branch, s.tx.ID(), time.Now().UnixNano(), strings.Join(x.parents, " "), x.author, x.message))
	return hex.EncodeToString(h[:])
}

// commitsOf returns the commits that a view of a branch has, newest first.
func (s *refStore) commitsOf(ctx context.Context, v storage.View) ([]*ref, error) {
	known, err := s.all(ctx, kindCommit)
	if err != nil {
		return nil, err
	}
	var out []*ref
	err = branchCommits.Scan(ctx, s.tx, v, nil, func(r systable.Row) bool {
		if x := known[r[0].S]; x != nil {
			out = append(out, x)
		}
		return true
	})
	newestFirst(out)
	return out, err
}

func listCommits(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	v, err := c.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return err
	}
	names := branchNames{c: c}
	show := func(x *ref) bool {
		return yield([]types.Datum{types.String(x.name), scnOrNull(x.scn), texts(x.parents), types.String(x.author), x.created, types.String(x.message),
			orNull(names.of(x.branch)), orNull(x.user)})
	}
	if a[1].Null || a[1].I >= mostWalked { // all at once
		list, err := s.commitsOf(ctx, v)
		for i, more := 0, true; more && i < len(list) && (a[1].Null || int64(i) < a[1].I); i++ {
			more = show(list[i])
		}
		return err
	}
	w, err := s.walk(ctx, v)
	if err != nil {
		return err
	}
	for range a[1].I {
		x, err := w.next(ctx)
		if x == nil || err != nil || !show(x) {
			return err
		}
	}
	return nil
}

// mostWalked is from how many commits on reading all of them costs less than going from each to its parents.
const mostWalked = 10_000

// texts makes a text[].
func texts(list []string) types.Datum {
	elems := make([]types.Datum, len(list))
	for i, s := range list {
		elems[i] = types.String(s)
	}
	return types.String(types.Vector1(elems).Pack(types.Builtin(types.OIDText)))
}
