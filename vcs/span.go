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

// span is one transaction, or several: the states before the first and after the last.
type span struct {
	before, after storage.View
	label         string
}

// exactPoint are the points that name a transaction by themselves: numbers, tx:n and steps back. All others (times, tags,
// branches, snapshots) name a state, and stand for what led to it.
var exactPoint = regexp.MustCompile(`(?i)^(scn:.*|tx:.*|[0-9]+|[0-9a-f]+/[0-9a-f]+|.*[~^][0-9]*)$`)

// spanOf finds the transactions of a branch from one point through another; without the second, what the one at the first
// stands for.
func spanOf(ctx context.Context, c Conn, branch, first, last string) (span, error) {
	if last == "" {
		return spanAt(ctx, c, branch, first)
	}
	b, db := c.Store().Branches(), c.Database().OID
	lo, err := b.Resolve(ctx, db, branch, first)
	if err != nil {
		return span{}, err
	}
	hi, err := b.Resolve(ctx, db, branch, last)
	if err != nil {
		return span{}, err
	}
	if hi < lo {
		return span{}, pgerr.New(pgerrcode.InvalidParameterValue, "point \"%s\" is later than \"%s\"", first, last)
	}
	var s span
	named, err := commitAt(ctx, c, branch, first)
	if err != nil {
		return span{}, err
	}
	if named == nil && isTime(first) { // what came after it
		s.before, err = viewAt(ctx, c, branch, lo)
	} else {
		s, err = spanAt(ctx, c, branch, first)
	}
	if err != nil {
		return span{}, err
	}
	s.label = fmt.Sprintf("%s@%d..%d", branch, lo, hi)
	on, err := b.Get(ctx, db, branch)
	if err != nil {
		return span{}, err
	}
	_, place, err := madeOn(ctx, c, on, hi)
	if err != nil {
		return span{}, err
	}
	s.after, err = viewAt(ctx, c, place, hi)
	return s, err
}

// madeOn finds the transaction with an SCN in a branch's past, and the branch that had it then: itself, or where it was rebased or reset
// since, the one that it was made on. The SCN is 0 where there is none.
func madeOn(ctx context.Context, c Conn, on storage.Branch, scn storage.SCN) (e storage.LogEntry, place string, err error) {
	b, place := c.Store().Branches(), branchID(on.ID)
	list, err := b.Log(ctx, c.Database().OID, place, scn-1, scn, 1)
	if err != nil || len(list) > 0 {
		return append(list, e)[0], place, err
	}
	now, err := c.View(ctx, catalog.Ref{Branch: place})
	if err != nil {
		return e, place, err
	}
	if list, err = b.LogOf(ctx, now, scn-1, scn, 1); len(list) > 0 {
		return list[0], branchID(list[0].Branch), err
	}
	return e, place, err
}

// spanAt finds what a point stands for: of a commit, and of a state that one names, the transactions since the commit before
// it; else the transaction at the point, or the last one before it.
func spanAt(ctx context.Context, c Conn, branch, point string) (span, error) {
	point = strings.TrimSpace(point)
	if s, ok, err := commitSpan(ctx, c, branch, point); ok || err != nil {
		return s, err
	}
	b, db := c.Store().Branches(), c.Database().OID
	on, scn, err := b.Find(ctx, db, branch, point)
	if err != nil {
		return span{}, err
	}
	if digits, err := isCommitNumber(ctx, c, branch, point); digits || err != nil {
		if err != nil {
			return span{}, err
		}
		s, _, err := commitSpan(ctx, c, branch, kindCommit+":"+point)
		return s, err
	}
	if exactPoint.MatchString(point) {
		e, place, err := madeOn(ctx, c, on, scn)
		if err == nil && e.SCN == 0 {
			err = pgerr.New(pgerrcode.InvalidParameterValue, "branch \"%s\" has no transaction at SCN %d", on.Name, scn).WithHint("rowan.log() lists them.")
		}
		if err != nil {
			return span{}, err
		}
		return spanOfEntry(ctx, c, on, place, e)
	}
	list, err := b.Log(ctx, db, branchID(on.ID), 0, scn, 1)
	if err != nil {
		return span{}, err
	}
	if len(list) == 0 {
		return span{}, pgerr.New(pgerrcode.InvalidParameterValue, "branch \"%s\" has no transaction at or before \"%s\"", on.Name, point).
			WithHint("rowan.log() lists them.")
	}
	if x, err := commitBy(ctx, c, branchID(on.ID), scn, list[0].SCN); x != nil || err != nil {
		return spanOfCommit(ctx, c, x, err)
	}
	return spanOfEntry(ctx, c, on, branchID(on.ID), list[0])
}

// isCommitNumber reports whether the number that a point which is found begins with is no SCN but digits of a commit's id.
func isCommitNumber(ctx context.Context, c Conn, branch, point string) (bool, error) {
	if i := strings.IndexAny(point, "~^"); i >= 0 {
		point = point[:i]
	}
	if point == "" || strings.Trim(point, "0123456789") != "" {
		return false, nil
	}
	scn, err := c.Store().Branches().Resolve(ctx, c.Database().OID, branch, point)
	number, tooLong := strconv.ParseUint(point, 10, 64)
	return tooLong != nil || number != scn, err
}

// spanOfEntry is one transaction of a branch, at a place that had it.
func spanOfEntry(ctx context.Context, c Conn, on storage.Branch, place string, e storage.LogEntry) (s span, err error) {
	s.label = fmt.Sprintf("%s@%d", on.Name, e.SCN)
	if e.Rebase {
		return span{}, pgerr.New(pgerrcode.InvalidParameterValue, "transaction %s is a rebase, which can be neither taken back nor picked", s.label).
			WithDetail("It has put the changes of the branch on those of another one.").
			WithHint("rowan.reset_branch(%s, '%s') sets the branch back to before it. The transactions that have come with it can be taken back or picked one by one.",
				types.QuoteLiteral(on.Name), scnText(e.SCN-1))
	}
	if s.before, err = viewAt(ctx, c, place, e.SCN-1); err != nil {
		return span{}, err
	}
	s.after, err = viewAt(ctx, c, place, e.SCN)
	return s, err
}

func viewAt(ctx context.Context, c Conn, branch string, scn storage.SCN) (storage.View, error) {
	return c.View(ctx, catalog.Ref{Branch: branch, Point: strconv.FormatUint(scn, 10)})
}

// isTime reports whether a point is a time.
func isTime(point string) bool {
	p := strings.TrimSpace(point)
	return strings.HasPrefix(p, "-") || strings.HasSuffix(strings.ToLower(p), " ago") || !exactPoint.MatchString(p) && readsAsTime(p)
}

// commitBy finds the commit that the transaction at an SCN, the last one of a branch up to a point, has made; nil: it has made
// none.
func commitBy(ctx context.Context, c Conn, branch string, point, scn storage.SCN) (*ref, error) {
	v, err := viewAt(ctx, c, branch, point)
	if err != nil {
		return nil, err
	}
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return nil, err
	}
	w, err := r.walk(ctx, v)
	if err != nil {
		return nil, err
	}
	x, err := w.next(ctx)
	if x != nil && x.scn != scn {
		x = nil
	}
	return x, err
}

// commitSpan finds the transactions that a named commit marks: those since the commit before it. ok is false where the
// point is no commit's id, or the beginning of one, and not the branch's HEAD or one before it.
func commitSpan(ctx context.Context, c Conn, on, point string) (s span, ok bool, err error) {
	x, err := commitAt(ctx, c, on, point)
	if x == nil || err != nil {
		return span{}, false, err
	}
	s, err = spanOfCommit(ctx, c, x, nil)
	return s, err == nil, err
}

func spanOfCommit(ctx context.Context, c Conn, x *ref, err error) (s span, _ error) {
	if err != nil {
		return s, err
	}
	before, from, err := beforeCommit(ctx, c, x)
	if err != nil {
		return s, err
	}
	s.label = "commit " + x.name[:min(len(x.name), 10)]
	if s.before, err = viewAt(ctx, c, before, from); err != nil && len(x.parents) == 0 {
		from++ // there was nothing before the first transaction, which made the database
		s.before, err = viewAt(ctx, c, before, from)
	}
	if err != nil {
		return s, err
	}
	s.after, err = viewAt(ctx, c, branchID(x.branch), x.scn)
	return s, err
}

// beforeCommit finds the state that a commit has begun from: its first parent, or where it has none the beginning. What is kept of
// the past is kept on the parent's branch.
func beforeCommit(ctx context.Context, c Conn, x *ref) (branch string, from storage.SCN, err error) {
	branch = branchID(x.branch)
	if len(x.parents) == 0 {
		log, err := c.Store().Branches().Log(ctx, c.Database().OID, branch, 0, x.scn, 0)
		if err == nil && len(log) == 0 {
			err = pgerr.New(pgerrcode.InvalidParameterValue, "what commit %s has done is not kept any more", x.name)
		}
		if err != nil {
			return "", 0, err
		}
		return branch, log[len(log)-1].SCN - 1, nil
	}
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return "", 0, err
	}
	parent, err := r.get(ctx, kindCommit, x.parents[0])
	if err != nil {
		return "", 0, err
	}
	if _, err := branchNow(ctx, c, branchID(parent.branch)); err == nil {
		branch = branchID(parent.branch)
	}
	return branch, parent.scn, nil
}

// commitAt finds the commit that a point names by id or as HEAD, with steps to its parents; nil: it names none. What may be
// a number is an SCN.
func commitAt(ctx context.Context, c Conn, branch, point string) (*ref, error) {
	r, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return nil, err
	}
	name, suffix := point, ""
	if i := strings.IndexAny(point, "~^"); i >= 0 {
		name, suffix = point[:i], point[i:]
	}
	if name == headForm || strings.EqualFold(name, "commit:HEAD") {
		b, err := branchNow(ctx, c, branch)
		if err != nil {
			return nil, err
		}
		x, _, err := r.find(ctx, headForm+":"+branchID(b.ID), suffix)
		return x, err
	}
	form, id, named := strings.Cut(name, ":")
	if !named {
		id = name
	}
	if named && !strings.EqualFold(form, kindCommit) || !named && len(id) < 40 && strings.Trim(id, "0123456789") == "" {
		return nil, nil
	}
	x, _, err := r.find(ctx, kindCommit+":"+strings.ToLower(id), suffix)
	return x, err
}
