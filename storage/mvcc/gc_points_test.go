package mvcc_test

import (
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestTimesOfPoints collects the past of all branches: when the points were committed that can still be named is known, and of no
// others.
func TestTimesOfPoints(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	b := s.Branches()
	var points []storage.SCN
	for a := range int64(9) {
		points = append(points, put(t, s, "main", a+1))
	}
	main, err := b.Get(ctx, db, "main")
	must(t, err)
	s.UseNames(&pinList{{Branch: main.ID, SCN: points[5]}})
	must(t, fork(s, "dev", "main", points[2]))
	last := put(t, s, "dev", 100) // and nothing after it
	for a := range int64(9) {
		put(t, s, "main", a+200)
	}
	window := time.Second
	must(t, b.SetRetention(ctx, db, "", &window))
	_, err = b.GC(ctx, storage.GCOptions{})
	must(t, err)
	for _, c := range []struct {
		what  string
		scn   storage.SCN
		known bool
	}{{"a fork", points[2], true}, {"a pin", points[5], true}, {"a branch's last commit", last, true}, {"the past", points[4], false}, {"the past", points[7], false}} {
		if at, err := s.Time(ctx, c.scn); at.IsZero() == c.known || err != nil {
			t.Errorf("%s: %v, %v", c.what, at, err)
		}
	}
	must(t, s.Close())
}
