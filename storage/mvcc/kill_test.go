package mvcc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

const killDir = "ROWAN_KILL_DIR"

func openDurable(t *testing.T, dir string) *mvcc.Store {
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir, Small: true})
	must(t, err)
	s, err := mvcc.Open(e, mvcc.Options{SpillBytes: 2000})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	return s
}

// perCommit is how many rows the n-th transaction inserts: every third one is large.
func perCommit(n int64) int64 {
	if n%3 == 0 {
		return 40
	}
	return 1
}

// TestKilledWriter is the process that TestKill kills.
func TestKilledWriter(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("only in a process of its own")
	}
	s := openDurable(t, dir)
	x := begin(t, s, "", storage.ReadCommitted)
	if o, _ := x.v.Catalog().Relation(2200, "t"); o == nil {
		createTable(t, s, x, "t", true, false)
	}
	n := int64(0)
	for _, r := range x.rows(storage.ScanRequest{Table: x.table("t")}) {
		n = max(n, r.row[1]+1)
	}
	x.commit()
	for ; ; n++ {
		x := begin(t, s, "", storage.ReadCommitted)
		tab := x.table("t")
		for i := range perCommit(n) {
			must(t, x.insert(tab, [3]int64{n*100 + i, n, i}))
		}
		x.commit()
		fmt.Printf("acknowledged %d\n", n)
	}
}

// TestKill kills a process that writes, again and again, and finds every acknowledged transaction whole afterwards.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	for round := range 4 {
		acked := killWriter(t, dir, time.Duration(100+90*round)*time.Millisecond)
		s := openDurable(t, dir)
		x := begin(t, s, "", storage.ReadCommitted)
		count := map[int64]int64{}
		last := int64(-1)
		for _, r := range x.rows(storage.ScanRequest{Table: x.table("t")}) {
			count[r.row[1]]++
			last = max(last, r.row[1])
		}
		if last < acked || last > acked+1 && acked >= 0 {
			t.Fatalf("last transaction %d, acknowledged %d", last, acked)
		}
		for n := range last + 1 {
			if count[n] != perCommit(n) {
				t.Fatalf("transaction %d has %d rows, of %d acknowledged", n, count[n], acked)
			}
		}
		must(t, x.Rollback())
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		must(t, s.Close())
	}
}

func killWriter(t *testing.T, dir string, after time.Duration) (acked int64) {
	return killProcess(t, "TestKilledWriter", dir, after)
}

// killProcess runs a test in a process of its own and kills it some time after its first acknowledgement.
func killProcess(t *testing.T, test, dir string, after time.Duration) (acked int64) {
	cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	acked = -1
	var timer *time.Timer
	for sc := bufio.NewScanner(out); sc.Scan(); {
		var n string
		if _, err := fmt.Sscanf(sc.Text(), "acknowledged %s", &n); err != nil {
			continue
		}
		if acked, err = strconv.ParseInt(n, 10, 64); err != nil {
			t.Fatal(err)
		}
		if timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	return acked
}
