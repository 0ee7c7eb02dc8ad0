package vcs

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// pickRows are the functions that bring single transactions somewhere else, or take them back.
var pickRows = map[string]RowsFunc{"rowan_revert": revert, "rowan_cherry_pick": cherryPick}

// span is one transaction, or several: the states before the first and after the last.
type span struct {
	before, after storage.View
	label         string
}

// spanOf finds the transactions of a branch from one point through another; without the second, the one at the first.
func spanOf(ctx context.Context, c Conn, branch, first, last string) (span, error) {
	if last == "" {
		if s, ok, err := commitSpan(ctx, c, branch, first); ok || err != nil {
			return s, err
		}
	}
	b, db := c.Store().Branches(), c.Database().OID
	lo, err := b.Resolve(ctx, db, branch, first)
	if err != nil {
		return span{}, err
	}
	hi := lo
	if last != "" {
		if hi, err = b.Resolve(ctx, db, branch, last); err != nil {
			return span{}, err
		}
	}
	if hi < lo {
		return span{}, pgerr.New(pgerrcode.InvalidParameterValue, "point \"%s\" is later than \"%s\"", first, last)
	}
	list, err := b.Log(ctx, db, branch, lo-1, lo, 1)
	if err != nil {
		return span{}, err
	}
	if len(list) == 0 {
		return span{}, pgerr.New(pgerrcode.InvalidParameterValue, "branch \"%s\" has no transaction at SCN %d", branch, lo).
			WithHint("rowan.log() lists them.")
	}
	s := span{label: fmt.Sprintf("%s@%d", branch, lo)}
	if hi != lo {
		s.label += fmt.Sprintf("..%d", hi)
	}
	at := func(scn storage.SCN) (storage.View, error) {
		return c.View(ctx, catalog.Ref{Branch: branch, Point: strconv.FormatUint(scn, 10)})
	}
	if s.before, err = at(lo - 1); err != nil {
		return span{}, err
	}
	s.after, err = at(hi)
	return s, err
}

// commitSpan finds the transactions that a named commit marks: those since the commit before it. ok is false where the
// point is no commit's id, or the beginning of one, and not the branch's HEAD or one before it.
func commitSpan(ctx context.Context, c Conn, on, point string) (s span, ok bool, err error) {
	x, err := commitAt(ctx, c, on, point)
	if x == nil || err != nil {
		return span{}, false, err
	}
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return span{}, false, err
	}
	branch := branchID(x.branch)
	before := branch // the branch that has the parent: what is kept of the past is kept there
	var from storage.SCN
	if len(x.parents) > 0 {
		parent, err := r.get(ctx, kindCommit, x.parents[0])
		if err != nil {
			return span{}, false, err
		}
		from = parent.scn
		if _, err := branchNow(ctx, c, branchID(parent.branch)); err == nil {
			before = branchID(parent.branch)
		}
	} else {
		log, err := c.Store().Branches().Log(ctx, c.Database().OID, branch, 0, x.scn, 0)
		if err != nil || len(log) == 0 {
			return span{}, false, err
		}
		from = log[len(log)-1].SCN - 1
	}
	s.label = "commit " + x.name[:min(len(x.name), 10)]
	if s.before, err = c.View(ctx, catalog.Ref{Branch: before, Point: strconv.FormatUint(from, 10)}); err != nil && len(x.parents) == 0 {
		from++ // there was nothing before the first transaction, which made the database
		s.before, err = c.View(ctx, catalog.Ref{Branch: before, Point: strconv.FormatUint(from, 10)})
	}
	if err != nil {
		return span{}, false, err
	}
	s.after, err = c.View(ctx, catalog.Ref{Branch: branch, Point: strconv.FormatUint(x.scn, 10)})
	return s, err == nil, err
}

// commitAt finds the commit that a point names; nil: it names none.
func commitAt(ctx context.Context, c Conn, branch, point string) (*ref, error) {
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return nil, err
	}
	if suffix, ok := strings.CutPrefix(point, headForm); ok && (suffix == "" || suffix[0] == '~' || suffix[0] == '^') {
		b, err := branchNow(ctx, c, branch)
		if err != nil {
			return nil, err
		}
		x, _, err := r.find(ctx, headForm+":"+branchID(b.ID), suffix)
		return x, err
	}
	id, named := strings.CutPrefix(strings.ToLower(point), "commit:")
	if !hexadecimal.MatchString(id) || !named && len(id) < 40 && !strings.ContainsAny(id, "abcdef") {
		return nil, nil
	}
	list, err := r.commitsLike(ctx, id)
	if err != nil || len(list) != 1 {
		return nil, err
	}
	return list[0], nil
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{4,40}$`)

// revert is rowan.revert(point, through, branch, strategy, dry_run, message): takes back what transactions have done, and
// leaves what came later.
func revert(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	point, err := required(a[0], "point")
	if err != nil {
		return err
	}
	branch := orBranch(c, a[2])
	s, err := spanOf(ctx, c, branch, point, text(a[1]))
	if err != nil {
		return err
	}
	m := Merge{Source: branch, Target: branch, From: s.after, To: s.before, Strategy: text(a[3]), DryRun: a[4].B(), Message: text(a[5])}
	if m.Message == "" {
		m.Message = "REVERT " + s.label
	}
	return m.run(ctx, c, yield, "reverted")
}

// cherryPick is rowan.cherry_pick(source, point, through, target, strategy, dry_run, message): does on one branch what
// transactions have done on another.
func cherryPick(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	source, err := required(a[0], "source branch")
	if err != nil {
		return err
	}
	point, err := required(a[1], "point")
	if err != nil {
		return err
	}
	s, err := spanOf(ctx, c, source, point, text(a[2]))
	if err != nil {
		return err
	}
	m := Merge{Source: source, Target: orBranch(c, a[3]), From: s.before, To: s.after, Strategy: text(a[4]), DryRun: a[5].B(), Message: text(a[6])}
	if m.Message == "" {
		m.Message = "CHERRY-PICK " + s.label
	}
	return m.run(ctx, c, yield, "picked")
}
