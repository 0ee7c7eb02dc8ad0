package mvcc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

const (
	bulkKillDir  = "ROWAN_KILL_BULK_DIR"
	bulkKillRows = 12_000
)

func openBulk(t *testing.T, dir string) *mvcc.Store {
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir, Memory: 64 << 20})
	must(t, err)
	s, err := mvcc.Open(e, mvcc.Options{SpillBytes: 200_000})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	return s
}

// TestKilledBulkWriter is the process that TestKillBulk kills: one large transaction after the other inserts rows, updates
// all of them, and now and then goes back to a savepoint.
func TestKilledBulkWriter(t *testing.T) {
	dir := os.Getenv(bulkKillDir)
	if dir == "" {
		t.Skip("only in a process of its own")
	}
	s := openBulk(t, dir)
	x := begin(t, s, "", storage.ReadCommitted)
	if o, _ := x.v.Catalog().Relation(2200, "t"); o == nil {
		createTable(t, s, x, "t", true, false)
	}
	x.commit()
	fmt.Println("begins")
	for {
		x := begin(t, s, "", storage.ReadCommitted)
		n := len(x.rows(storage.ScanRequest{Table: x.table("t")}))
		x.bulk(x.table("t"), n, n+bulkKillRows, 1)
		sp := x.Savepoint()
		x.bulk(x.table("t"), n+1_000_000, n+1_000_000+bulkKillRows/4, 1)
		must(t, x.RollbackTo(sp))
		x.Statement()
		x.rewrite(x.table("t"), func(int64) bool { return false })
		fmt.Println("commits", n)
		x.commit()
		fmt.Println("acknowledged", n+bulkKillRows)
	}
}

// TestKillBulk kills a process in the middle of large transactions, at any moment, and finds each of them wholly or not at
// all: as many rows as whole transactions make, updated as often as there were transactions since.
func TestKillBulk(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	rounds := 3
	if os.Getenv("ROWAN_LONG") != "" {
		rounds = 30
	}
	dir := t.TempDir()
	for round := range rounds {
		acked := killBulk(t, dir, time.Duration(20+173*round%700)*time.Millisecond)
		s := openBulk(t, dir)
		x := begin(t, s, "", storage.ReadCommitted)
		rows := x.rows(storage.ScanRequest{Table: x.table("t")})
		if len(rows)%bulkKillRows != 0 || len(rows) < acked {
			t.Fatalf("round %d: %d rows, %d acknowledged", round, len(rows), acked)
		}
		times := int64(len(rows) / bulkKillRows)
		for i, r := range rows {
			a := int64(i)
			if want := a%7 + 100*(times-a/bulkKillRows); r.row[0] != a || r.row[2] != want {
				t.Fatalf("round %d: row %d is %v, want %d", round, i, r.row, want)
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

func killBulk(t *testing.T, dir string, after time.Duration) (acked int) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledBulkWriter$", "-test.v")
	cmd.Env = append(os.Environ(), bulkKillDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for sc := bufio.NewScanner(out); sc.Scan(); {
		text := sc.Text()
		if strings.HasPrefix(text, "begins") {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		_, _ = fmt.Sscanf(text, "acknowledged %d", &acked)
	}
	_ = cmd.Wait()
	return acked
}
