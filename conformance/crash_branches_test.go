package conformance

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestKillBetweenBranches kills the server while transactions write to two branches each: what is there after the restart
// is on both or on neither, and all that was acknowledged is there. A reader that looks at both meanwhile finds the same.
func TestKillBetweenBranches(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	run(t, dial(t, p, "postgres"), "CREATE TABLE pair (id int PRIMARY KEY, n int)", "SELECT rowan.create_branch('dev')")
	const apart = `SELECT count(*) FROM pair m FULL JOIN "postgres/dev".public.pair d USING (id, n) WHERE m.id IS NULL OR d.id IS NULL`
	var next, acked atomic.Int64
	for round := range many(3, 40) {
		var wg sync.WaitGroup
		for range 4 {
			c := dial(t, p, "postgres")
			wg.Go(func() {
				for writePair(c, int(next.Add(1))) {
					acked.Add(1)
				}
			})
		}
		reader := dial(t, p, "postgres")
		for until := time.Now().Add(time.Duration(100+50*(round%5)) * time.Millisecond); time.Now().Before(until); {
			if got := value(t, reader, apart); got != "0" {
				t.Fatalf("%s rows are seen on one branch only", got)
			}
		}
		p.kill()
		wg.Wait()
		p = startProcess(t, dir)
		c := dial(t, p, "postgres")
		if got := value(t, c, apart); got != "0" {
			t.Fatalf("round %d: %s rows are on one branch only", round, got)
		}
		if got := value(t, c, fmt.Sprintf("SELECT count(*) >= %d FROM pair", acked.Load())); got != "t" {
			t.Fatalf("round %d: some of %d acknowledged transactions are gone", round, acked.Load())
		}
	}
	t.Logf("%d transactions on two branches", acked.Load())
	p.stop()
}

func writePair(c *pgx.Conn, id int) bool {
	for _, sql := range []string{"BEGIN", fmt.Sprintf("INSERT INTO pair VALUES (%d, 0)", id),
		fmt.Sprintf(`INSERT INTO "postgres/dev".public.pair VALUES (%d, 0)`, id), fmt.Sprintf("UPDATE pair SET n = 1 WHERE id = %d", id),
		fmt.Sprintf(`UPDATE "postgres/dev".public.pair SET n = 1 WHERE id = %d`, id), "COMMIT"} {
		if try(c, sql) != nil {
			return false
		}
	}
	return true
}
