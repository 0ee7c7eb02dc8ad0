package mvcc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// resolve turns a point of a branch into an SCN.
func (s *Store) resolve(ctx context.Context, b *branch, point string) (uint64, error) {
	p := strings.TrimSpace(point)
	scn, err := s.resolveForm(ctx, b, p)
	if err != nil {
		return 0, err
	}
	if now := s.seq.published.Load(); scn > now {
		return 0, errPoint(point, "is in the future").WithHint("The newest readable point is SCN %d.", now)
	}
	if oldest := b.oldest(); scn < oldest {
		return 0, errPoint(point, "is before the history of branch \""+b.Name+"\"").WithHint("The oldest readable point is SCN %d.", oldest)
	}
	return scn, nil
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

func (s *Store) resolveForm(ctx context.Context, b *branch, p string) (uint64, error) {
	switch {
	case p == "" || strings.EqualFold(p, "head") || strings.EqualFold(p, "now"):
		return s.seq.published.Load(), nil
	case p[0] == '~':
		return s.resolveBack(ctx, b, p)
	case strings.HasPrefix(p, "snap_"):
		return s.resolveSnapshot(b, p)
	case strings.HasPrefix(p, "tx:"):
		return s.resolveTxn(ctx, b, p)
	case strings.HasPrefix(strings.ToLower(p), "scn:"):
		p = p[4:]
	}
	if scn, err := strconv.ParseUint(p, 10, 63); err == nil {
		return scn, nil
	}
	if hi, lo, ok := strings.Cut(p, "/"); ok {
		h, err1 := strconv.ParseUint(hi, 16, 31)
		l, err2 := strconv.ParseUint(lo, 16, 32)
		if err1 == nil && err2 == nil {
			return h<<32 | l, nil
		}
	}
	if p[0] == '-' || strings.HasSuffix(strings.ToLower(p), " ago") {
		if d, err := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), p, types.DefaultFormat()); err == nil {
			v := datetime.Unpack(d.S)
			t := s.o.Clock().AddDate(0, int(v.Months), int(v.Days)).Add(time.Duration(v.Micros) * time.Microsecond)
			return s.resolveTime(ctx, p, t)
		}
	}
	f := types.DefaultFormat()
	f.Now = s.o.Clock()
	d, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), p, f)
	if err != nil {
		return 0, errPoint(p, "is not a point").
			WithHint("A point is an SCN, a timestamp, an interval such as -10 minutes, ~n, a snapshot or tx:n.")
	}
	t := time.UnixMicro(d.I + epoch)
	if t.After(f.Now) {
		return 0, errPoint(p, "is in the future")
	}
	return s.resolveTime(ctx, p, t)
}

// epoch is 2000-01-01 in microseconds of the Unix epoch.
const epoch = 946684800 * 1e6

// resolveBack goes n transactions back.
func (s *Store) resolveBack(ctx context.Context, b *branch, p string) (uint64, error) {
	n, err := strconv.Atoi(p[1:])
	if p == "~" {
		n, err = 1, nil
	}
	if err != nil || n < 0 {
		return 0, errPoint(p, "is not a point")
	}
	var found uint64
	err = s.eachOf(ctx, b, 0, s.seq.published.Load(), func(scn uint64, _ logHeader) bool {
		if n == 0 {
			found = scn
			return false
		}
		n--
		return true
	})
	if err == nil && found == 0 {
		return 0, errPoint(p, "is before the history of branch \""+b.Name+"\"").WithHint("The oldest readable point is SCN %d.", b.oldest())
	}
	return found, err
}

func (s *Store) resolveTxn(ctx context.Context, b *branch, p string) (uint64, error) {
	id, err := strconv.ParseUint(p[3:], 10, 64)
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
		return 0, errPoint(p, "is not a transaction of branch \""+b.Name+"\"")
	}
	return found, err
}

// resolveTime finds the last SCN committed at or before t.
func (s *Store) resolveTime(ctx context.Context, p string, t time.Time) (uint64, error) {
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
		return 0, errPoint(p, "is before all history")
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
	more := true
	for _, l := range b.at(to).chain(to) {
		if !more || l.bound <= from {
			break
		}
		if err := s.eachLog(ctx, l.layer, from, l.bound, func(scn uint64, h logHeader) bool {
			more = f(scn, h)
			return more
		}); err != nil {
			return err
		}
	}
	return nil
}
