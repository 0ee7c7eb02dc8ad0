package mvcc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// resolve turns a point of a branch into an SCN of that branch.
func (s *Store) resolve(ctx context.Context, b *branch, point string) (uint64, error) {
	x, scn, err := s.locate(ctx, b, point)
	if err == nil && x != b {
		err = errPoint(point, "is on branch \""+x.Name+"\"")
	}
	return scn, err
}

// locate finds the branch and SCN of a point as it is understood on branch b. The branch is another where the point was
// named on it, and what b shows at the SCN is not the same.
func (s *Store) locate(ctx context.Context, b *branch, point string) (*branch, uint64, error) {
	p := strings.TrimSpace(point)
	x, scn, err := s.locateForm(ctx, b, p)
	if err != nil {
		return b, 0, err
	}
	if now := s.seq.published.Load(); scn > now {
		return b, 0, errPoint(point, "is in the future").Because(catalog.ErrPointAhead).WithHint("The newest readable point is SCN %d.", now)
	}
	if err := s.readable(ctx, x, point, scn); err != nil {
		return b, 0, err
	}
	if x != b && x.at(scn) == b.at(scn) {
		x = b
	}
	return x, scn, nil
}

// locateFor is locate for somebody who may not read all branches.
func (s *Store) locateFor(ctx context.Context, b *branch, point string, reads func(storage.Branch) error) (*branch, uint64, error) {
	x, scn, err := s.locate(ctx, b, point)
	if err == nil && reads != nil {
		err = reads(s.describe(x))
	}
	return x, scn, err
}

// oldest returns the first SCN at which the branch can be read: that of its database's creation.
func (b *branch) oldest() uint64 {
	l := b.layers[0]
	for l.parent != nil {
		l = l.parent
	}
	return l.fork
}

func errPoint(point, what string) *pgerr.Error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "point \"%s\" %s", point, what)
}

// locateForm takes a point apart: a name, number or time, and how many steps to go back from there.
func (s *Store) locateForm(ctx context.Context, b *branch, p string) (*branch, uint64, error) {
	if x, point := s.ofBranch(b, p); x != nil {
		return s.locateForm(ctx, x, point)
	}
	base, suffix := p, ""
	if i := strings.IndexAny(p, "~^"); i >= 0 {
		base, suffix = p[:i], p[i:]
	}
	if (base == "HEAD" || strings.EqualFold(base, "commit:HEAD")) && s.naming != nil && b.Deleted.IsZero() { // the last commit, where there is one
		n, ok, err := s.naming.Point(ctx, b.Database, "HEAD:br_"+strconv.FormatUint(b.ID, 10), suffix)
		if x := s.branchByID(n.Branch); ok && x != nil || err != nil {
			return x, n.SCN, err
		}
	}
	scn, known, err := s.resolveForm(ctx, b, base)
	if err == nil && !known {
		b, scn, suffix, err = s.resolveName(ctx, b, base, suffix)
	}
	if err != nil || suffix == "" {
		return b, scn, err
	}
	scn, err = s.resolveBack(ctx, b, scn, p, suffix)
	return b, scn, err
}

// ofBranch parts a point of a branch that is named before it, such as dev@~2, as in the name of a database; nil: it is none.
func (s *Store) ofBranch(b *branch, p string) (x *branch, point string) {
	name, point, ok := strings.Cut(p, "@")
	if name = strings.TrimPrefix(name, "branch:"); !ok || name == "" {
		return nil, ""
	}
	x, err := s.branch(b.Database, name)
	if err != nil {
		return nil, ""
	}
	return x, point
}

// resolveForm reads the points that are no names of Names or branches.
func (s *Store) resolveForm(ctx context.Context, b *branch, p string) (scn uint64, known bool, err error) {
	form, rest := splitForm(p)
	switch low := strings.ToLower(p); {
	case low == "" || low == "head" || low == "now":
		return s.seq.published.Load(), true, nil
	case strings.HasPrefix(p, "snap_"):
		scn, err = s.resolveSnapshot(b, p)
		return scn, true, err
	}
	switch form {
	case "snapshot":
		scn, err = s.resolveSnapshot(b, rest)
		return scn, true, err
	case "tx":
		scn, err = s.resolveTxn(ctx, b, p, rest)
		return scn, true, err
	case "tag", "commit", "branch":
		return 0, false, nil
	case "scn":
		scn, known = parseSCN(rest)
		if !known {
			err = errPoint(p, "is not a point")
		}
		return scn, true, err
	}
	if scn, ok := parseSCN(p); ok {
		return scn, !(scn > s.seq.published.Load() && s.namesCommit(ctx, b, p)), nil
	}
	if s.namesCommit(ctx, b, p) { // though it may read as a time, as 01feb18 does
		return 0, false, nil
	}
	return s.resolveClock(ctx, b, p)
}

// namesCommit reports whether a text that is no SCN, or none yet, is the beginning of a commit's hash.
func (s *Store) namesCommit(ctx context.Context, b *branch, digits string) bool {
	if s.naming == nil || strings.Trim(digits, "0123456789abcdef") != "" {
		return false
	}
	_, ok, err := s.naming.Point(ctx, b.Database, "commit:"+digits, "")
	return ok && err == nil
}

// splitForm parts a point that says what it is, such as tag:v1; of any other form is "".
func splitForm(p string) (form, rest string) {
	form, rest, ok := strings.Cut(p, ":")
	if !ok {
		return "", p
	}
	return strings.ToLower(form), rest
}

// parseSCN reads an SCN: a number or an LSN.
func parseSCN(p string) (uint64, bool) {
	if scn, err := strconv.ParseUint(p, 10, 63); err == nil {
		return scn, true
	}
	if hi, lo, ok := strings.Cut(p, "/"); ok {
		h, err1 := strconv.ParseUint(hi, 16, 31)
		l, err2 := strconv.ParseUint(lo, 16, 32)
		return h<<32 | l, err1 == nil && err2 == nil
	}
	return 0, false
}

// resolveClock reads times and intervals.
func (s *Store) resolveClock(ctx context.Context, b *branch, p string) (scn uint64, known bool, err error) {
	if p[0] == '-' || strings.HasSuffix(strings.ToLower(p), " ago") {
		if d, err := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), p, types.DefaultFormat()); err == nil {
			scn, err = s.resolveTime(ctx, b, p, addInterval(s.o.Clock(), datetime.Unpack(d.S)))
			return scn, true, err
		}
	}
	f := *storage.FormatOf(ctx)
	f.Now = s.o.Clock()
	d, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), p, &f)
	if err != nil {
		return 0, false, nil
	}
	scn, err = s.resolveTime(ctx, b, p, datetime.ToTime(d.I))
	return scn, true, err
}

// addInterval adds an interval, of which the microseconds alone may be more than a time.Duration holds.
func addInterval(t time.Time, v datetime.Interval) time.Time {
	t = t.AddDate(0, int(v.Months), int(v.Days))
	return time.Unix(t.Unix()+v.Micros/1e6, int64(t.Nanosecond())+v.Micros%1e6*1e3)
}

// resolveName finds a tag, a commit or a branch; it returns the part of the suffix that is still to be followed.
func (s *Store) resolveName(ctx context.Context, b *branch, p, suffix string) (*branch, uint64, string, error) {
	form, name := splitForm(p)
	if s.naming != nil && form != "branch" {
		asked := p
		if form == "tag" || form == "commit" {
			asked = form + ":" + name
		}
		n, ok, err := s.naming.Point(ctx, b.Database, asked, suffix)
		if err != nil {
			return b, 0, "", err
		}
		if x := s.branchByID(n.Branch); ok && x != nil {
			return x, n.SCN, n.Suffix, nil
		}
	}
	if form == "tag" || form == "commit" {
		return b, 0, "", errPoint(p, "is not a "+form).WithHint("rowan.%ss lists what there is.", form)
	}
	if form != "branch" {
		name = p
	}
	x, err := s.branch(b.Database, name)
	if err == nil {
		return x, s.seq.published.Load(), suffix, nil
	}
	if form == "branch" {
		return b, 0, "", err
	}
	return b, 0, "", errPoint(p, "is not a point").
		WithHint("A point is an SCN, a timestamp, an interval such as -10 minutes, ~n, a tag, a commit, a branch, a snapshot or tx:n.")
}

// steps counts the transactions that a suffix such as ~2 or ^^ goes back.
func steps(suffix string) (n int, ok bool) {
	for suffix != "" {
		c := suffix[0]
		if c != '~' && c != '^' {
			return 0, false
		}
		end := 1
		for end < len(suffix) && suffix[end] >= '0' && suffix[end] <= '9' {
			end++
		}
		k, err := 1, error(nil)
		if end > 1 {
			k, err = strconv.Atoi(suffix[1:end])
		}
		if err != nil || c == '^' && k > 1 {
			return 0, false // a transaction has one parent
		}
		if n += k; n < 0 {
			return 0, false
		}
		suffix = suffix[end:]
	}
	return n, true
}

// resolveBack goes back from a point by transactions of the branch; those that come to nothing else are points too.
func (s *Store) resolveBack(ctx context.Context, b *branch, from uint64, p, suffix string) (uint64, error) {
	n, ok := steps(suffix)
	if !ok {
		return 0, errPoint(p, "is not a point")
	}
	var found uint64
	err := s.eachOf(ctx, b, 0, from, func(scn uint64, _ logHeader) bool {
		if n == 0 {
			found = scn
			return false
		}
		n--
		return true
	})
	if err == nil && found == 0 {
		return 0, errPoint(p, "is before the history of branch \""+b.Name+"\"").Because(catalog.ErrPointBefore).WithHint("The oldest readable point is SCN %d.", max(b.oldest(), s.low(b)))
	}
	return found, err
}

func (s *Store) resolveTxn(ctx context.Context, b *branch, p, number string) (uint64, error) {
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, errPoint(p, "is not a point")
	}
	var found uint64
	err = s.eachOf(ctx, b, 0, s.seq.published.Load(), func(scn uint64, h logHeader) bool {
		if h.txn == id {
			found = scn
		}
		return found == 0
	})
	if err == nil && found == 0 {
		return 0, errPoint(p, "is not a transaction of branch \""+b.Name+"\"").WithHint("rowan.log lists them.")
	}
	return found, err
}

// resolveTime finds the last SCN committed at or before t. That of a time beyond what is kept may happen to be the SCN of
// a snapshot, which is not what there was then.
func (s *Store) resolveTime(ctx context.Context, b *branch, p string, t time.Time) (uint64, error) {
	if t.After(s.o.Clock()) {
		return 0, errPoint(p, "is in the future").Because(catalog.ErrPointAhead).WithHint("The newest readable point is now, or SCN %d.", s.seq.published.Load())
	}
	scn, err := s.scnAt(ctx, t)
	if err != nil {
		return 0, err
	}
	if low := s.low(b); scn < low {
		return 0, s.errTooOld(ctx, b, p)
	}
	if scn == 0 {
		return 0, errPoint(p, "is before all history").Because(catalog.ErrPointBefore).WithHint("The oldest readable point is SCN %d.", max(b.oldest(), s.low(b)))
	}
	return scn, nil
}

// scnAt returns the last SCN committed at or before t, 0 when there is none.
func (s *Store) scnAt(ctx context.Context, t time.Time) (uint64, error) {
	lo, hi := uint64(0), s.seq.published.Load()+1 // the answer is in [lo, hi)
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		scn, at, err := s.commitAt(ctx, mid)
		switch {
		case err != nil:
			return 0, err
		case scn == 0 || at.After(t):
			hi = mid
		default:
			lo = max(mid, scn)
		}
	}
	if lo == 0 {
		return 0, nil
	}
	// SCNs that were given up have no record: the answer is the one at or before lo.
	scn, _, err := s.commitAt(ctx, lo)
	return scn, err
}

// commitAt returns the commit record at or before an SCN.
func (s *Store) commitAt(ctx context.Context, scn uint64) (uint64, time.Time, error) {
	it := s.kv.Scan(ctx, kv.Range{Lo: keys.AppendCommit(nil, 0), Hi: keys.AppendCommit(nil, scn+1), Reverse: true})
	defer it.Close()
	if !it.Next() {
		return 0, time.Time{}, it.Err()
	}
	found, _ := keys.DecodeCommit(it.Key())
	c, err := parseCommit(it.Value())
	return found, c.time, err
}

// eachOf calls f for the log entries of a branch's history with SCN in (from, to], newest first: those of its layer, and
// those of the parents up to where they were forked.
func (s *Store) eachOf(ctx context.Context, b *branch, from, to uint64, f func(scn uint64, h logHeader) bool) error {
	return s.eachIn(ctx, b.at(to).chain(to), from, func(_ *layer, scn uint64, h logHeader) bool { return f(scn, h) })
}

// eachIn is eachOf for a history, the newest layer first.
func (s *Store) eachIn(ctx context.Context, history []link, from uint64, f func(l *layer, scn uint64, h logHeader) bool) error {
	more := true
	for _, l := range history {
		if !more || l.bound <= from {
			break
		}
		if err := s.eachLog(ctx, l.layer, from, l.bound, func(scn uint64, h logHeader) bool {
			more = f(l.layer, scn, h)
			return more
		}); err != nil {
			return err
		}
	}
	return nil
}
