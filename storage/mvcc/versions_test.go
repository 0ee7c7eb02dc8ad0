package mvcc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
)

// TestVersions holds the versions of rows against what the branches show at every SCN: random writes on three branches
// that were forked from each other, with the cleaner at work between them.
func TestVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := mvcc.Open(memkv.New(), mvcc.Options{CleanEvery: -1})
		must(t, err)
		defer func() { _ = s.Close() }()
		must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "t", true, false)
		first := x.commit()
		branches := []string{"main"}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			branch := rapid.SampledFrom(branches).Draw(t, "branch")
			switch op := rapid.IntRange(0, 9).Draw(t, "op"); {
			case op == 0 && len(branches) < 4:
				name := fmt.Sprintf("b%d", len(branches))
				_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: branch})
				must(t, err)
				branches = append(branches, name)
			case op == 1:
				_, err := s.Clean(ctx)
				must(t, err)
			default:
				writeVersions(t, s, branch)
			}
		}
		now, _ := s.Now()
		for _, b := range branches {
			checkVersions(t, s, b, first, now)
		}
	})
}

// writeVersions inserts, changes or deletes a row of t in a transaction.
func writeVersions(t *rapid.T, s storage.Store, branch string) {
	x := begin(t, s, branch, storage.ReadCommitted)
	defer func() { _ = x.Rollback() }()
	tab := x.table("t")
	for range rapid.IntRange(1, 3).Draw(t, "writes") {
		a, b := int64(rapid.IntRange(1, 4).Draw(t, "a")), int64(rapid.IntRange(1, 9).Draw(t, "b"))
		switch old := x.where(tab, a); {
		case len(old) == 0:
			must(t, x.insert(tab, [3]int64{a, b, 0}))
		case b > 6:
			must(t, x.delete(tab, old))
		default:
			must(t, x.update(tab, old, setB(b)))
		}
	}
	x.commit()
}

func setB(b int64) func([3]int64) [3]int64 {
	return func(r [3]int64) [3]int64 { return [3]int64{r[0], b, r[2]} }
}

// checkVersions wants the versions that are valid at each SCN to be the rows there.
func checkVersions(t *rapid.T, s storage.Store, branch string, from, to storage.SCN) {
	x := begin(t, s, branch, storage.ReadCommitted)
	defer func() { _ = x.Rollback() }()
	at := map[storage.SCN][]string{}
	tab := x.table("t")
	err := s.Branches().Versions(ctx, x.Txn, storage.VersionRequest{View: x.v, Table: tab.OID}, func(v *storage.RowVersion) bool {
		end := v.End
		if end == 0 {
			end = to + 1
		}
		for scn := v.Start; scn < end; scn++ {
			at[scn] = append(at[scn], fmt.Sprint(v.Cells[0].I, " ", v.Cells[1].I))
		}
		return true
	})
	must(t, err)
	for scn := from; scn <= to; scn++ {
		past := begin(t, s, fmt.Sprintf("%s@%d", branch, scn), storage.ReadCommitted)
		var want []string
		for _, f := range past.rows(storage.ScanRequest{Table: tab}) {
			want = append(want, fmt.Sprint(f.row[0], " ", f.row[1]))
		}
		_ = past.Rollback()
		slices.Sort(want)
		slices.Sort(at[scn])
		if strings.Join(want, ",") != strings.Join(at[scn], ",") {
			t.Fatalf("%s at %d: rows %v, versions %v", branch, scn, want, at[scn])
		}
	}
}

// TestVersionsOfKey wants the versions of one row only, and those since a point.
func TestVersionsOfKey(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}))
	x.commit()
	var scns []storage.SCN
	for i := int64(10); i < 13; i++ {
		x = begin(t, s, "", storage.ReadCommitted)
		must(t, x.update(tab, x.where(tab, 2), setB(i)))
		scns = append(scns, x.commit())
	}
	x = begin(t, s, "", storage.ReadCommitted)
	key := []types.Datum{types.Int(2)}
	var got []int64
	err := s.Branches().Versions(ctx, x.Txn, storage.VersionRequest{View: x.v, Table: tab.OID, From: scns[1], Keys: &storage.Range{Lo: key, Hi: key}},
		func(v *storage.RowVersion) bool {
			got = append(got, v.Cells[1].I)
			return true
		})
	must(t, err)
	if !slices.Equal(got, []int64{11, 12}) {
		t.Errorf("versions %v", got)
	}
	_ = x.Rollback()
}
