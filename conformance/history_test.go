package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// many is how much a history test does: little with every run, much with ROWAN_LONG=1.
func many(little, much int) int {
	if os.Getenv("ROWAN_LONG") == "1" {
		return much
	}
	return little
}

// TestHistories runs transactions of each level side by side, over two branches in one transaction and with merges of a
// third, and checks what they have seen of each other.
func TestHistories(t *testing.T) {
	target := startRowan(t)
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			name := "h_" + strings.ReplaceAll(level, " ", "_")
			run(t, dial(t, target, "postgres"), "CREATE DATABASE "+name)
			r := &recorder{t: t, target: target, database: name, level: level, merged: map[string]int{}}
			r.prepare()
			r.record(many(500, 8000))
			for _, s := range r.h.check(level) {
				t.Error(s)
			}
			committed := 0
			for _, x := range r.h.txns {
				if x.committed {
					committed++
				}
			}
			t.Logf("%d transactions, %d committed, %d merges", len(r.h.txns), committed, r.merges.Load())
			if committed < len(r.h.txns)/4 || r.merges.Load() == 0 {
				t.Errorf("%d of %d transactions committed, %d of them merges", committed, len(r.h.txns), r.merges.Load())
			}
		})
	}
}

// recorder runs transactions and notes what they did.
type recorder struct {
	t               *testing.T
	target          endpoint
	database, level string

	mu     sync.Mutex
	h      history
	next   atomic.Int64
	merges atomic.Int64
	merged map[string]int // how many elements of main's lists came with merges that have committed
}

const listKeys = 3

func (r *recorder) prepare() {
	c := dial(r.t, r.target, r.database)
	run(r.t, c, "CREATE TABLE lists (k text PRIMARY KEY, v int[] NOT NULL)")
	for i := range listKeys {
		run(r.t, c, fmt.Sprintf("INSERT INTO lists VALUES ('k%d', '{}'), ('m%d', '{}')", i, i))
	}
	run(r.t, c, "SELECT rowan.create_branch('dev')", "SELECT rowan.create_branch('side')")
}

func (r *recorder) record(n int) {
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for w := range 6 {
		wg.Go(func() {
			c := dial(r.t, r.target, r.database)
			rnd := rand.New(rand.NewPCG(uint64(w), uint64(n)))
			for left.Add(-1) >= 0 {
				if w == 0 && rnd.IntN(4) == 0 {
					for range 10 { // others may be in its way
						if r.merge(c) {
							break
						}
					}
				} else {
					r.one(c, rnd)
				}
			}
		})
	}
	wg.Wait()
	c := dial(r.t, r.target, r.database)
	r.h.final = map[string][]int{}
	for _, key := range r.keys() {
		list, err := readList(c, key)
		if err != nil {
			r.t.Fatal(err)
		}
		r.h.final[key] = list
	}
}

// keys are all lists, by branch.
func (r *recorder) keys() []string {
	var out []string
	for i := range listKeys {
		out = append(out, fmt.Sprintf("main/k%d", i), fmt.Sprintf("dev/k%d", i), fmt.Sprintf("main/m%d", i), fmt.Sprintf("side/m%d", i))
	}
	return out
}

// one runs a transaction: main and dev have lists of their own, those that side appends to are merged into main.
func (r *recorder) one(c *pgx.Conn, rnd *rand.Rand) {
	keys := r.keys()
	r.transaction(c, func(x *listTxn) error {
		for range 1 + rnd.IntN(4) {
			key := keys[rnd.IntN(len(keys))]
			if rnd.IntN(2) == 0 || strings.HasPrefix(key, "main/m") {
				list, err := readList(c, key)
				if err != nil {
					return err
				}
				x.ops = append(x.ops, reads(key, list...))
				continue
			}
			e := int(r.next.Add(1))
			table, k := listTable(c, key)
			x.ops = append(x.ops, appends(key, e))
			if _, err := c.Exec(context.Background(), fmt.Sprintf("UPDATE %s SET v = v || %d WHERE k = '%s'", table, e, k), pgx.QueryExecModeSimpleProtocol); err != nil {
				return err
			}
		}
		return nil
	})
}

// merge takes side into main: what comes to be in main's lists was appended there by the merge. Only one session merges.
func (r *recorder) merge(c *pgx.Conn) (committed bool) {
	before, after := map[string][]int{}, map[string][]int{}
	committed = r.transaction(c, func(x *listTxn) error {
		read := func(into map[string][]int) error {
			for i := range listKeys {
				key := fmt.Sprintf("main/m%d", i)
				list, err := readList(c, key)
				if err != nil {
					return err
				}
				into[key] = list
			}
			return nil
		}
		if r.level != "read committed" { // else the reads before are of another snapshot
			if err := read(before); err != nil {
				return err
			}
		}
		if _, err := c.Exec(context.Background(), "SELECT rowan.merge('side')", pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		if err := read(after); err != nil {
			return err
		}
		for key, list := range after {
			if r.level != "read committed" {
				x.ops = append(x.ops, reads(key, before[key]...))
			}
			x.ops = append(x.ops, reads("side"+strings.TrimPrefix(key, "main"), list...))
			for _, e := range list[r.merged[key]:] {
				x.ops = append(x.ops, appends(key, e))
			}
		}
		return nil
	})
	if committed {
		r.merges.Add(1)
		for key, list := range after {
			r.merged[key] = len(list)
		}
	}
	return committed
}

// transaction runs f between BEGIN and COMMIT, and notes and returns the outcome.
func (r *recorder) transaction(c *pgx.Conn, f func(x *listTxn) error) (committed bool) {
	x := &listTxn{}
	exec := func(sql string) error {
		_, err := c.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	err := exec("BEGIN ISOLATION LEVEL " + r.level)
	if err == nil {
		err = f(x)
	}
	if err == nil {
		err = exec("COMMIT")
		x.committed = err == nil
	} else {
		_ = exec("ROLLBACK")
	}
	if pe := (*pgconn.PgError)(nil); err != nil && (!errors.As(err, &pe) || pe.Code != "40001" && pe.Code != "40P01") {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x.id = len(r.h.txns) + 1
	r.h.txns = append(r.h.txns, x)
	return x.committed
}

// listTable is the table of a list, on its branch, in the database of the connection.
func listTable(c *pgx.Conn, key string) (table, k string) {
	branch, k, _ := strings.Cut(key, "/")
	return fmt.Sprintf(`"%s/%s".public.lists`, c.Config().Database, branch), k
}

func readList(c *pgx.Conn, key string) ([]int, error) {
	table, k := listTable(c, key)
	var text string
	if err := c.QueryRow(context.Background(), fmt.Sprintf("SELECT v::text FROM %s WHERE k = '%s'", table, k), pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		return nil, err
	}
	var list []int
	for _, s := range strings.Split(strings.Trim(text, "{}"), ",") {
		if s == "" {
			continue
		}
		e, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// registerInput is a read (set 0), a write, or a compare-and-set when from is not 0.
type registerInput struct{ key, set, from int }

// registerModel is a set of registers that hold numbers.
var registerModel = porcupine.Model{
	Partition: func(h []porcupine.Operation) [][]porcupine.Operation {
		by := map[int][]porcupine.Operation{}
		for _, o := range h {
			k := o.Input.(registerInput).key
			by[k] = append(by[k], o)
		}
		var out [][]porcupine.Operation
		for _, l := range by {
			out = append(out, l)
		}
		return out
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		in, out, now := input.(registerInput), output.(int), state.(int)
		switch {
		case in.set == 0:
			return out == now, now
		case in.from == 0:
			return true, in.set
		case out == 1:
			return now == in.from, in.set
		}
		return now != in.from, now
	},
}

// TestLinearizable wants single statements under READ COMMITTED to be as if each had happened at one moment.
func TestLinearizable(t *testing.T) {
	target := startRowan(t)
	run(t, dial(t, target, "postgres"), "CREATE TABLE reg (k int PRIMARY KEY, v int)", "INSERT INTO reg SELECT g, 0 FROM generate_series(0, 2) g")
	var mu sync.Mutex
	var h []porcupine.Operation
	var wg sync.WaitGroup
	began := time.Now()
	for w := range 6 {
		wg.Go(func() {
			c := dial(t, target, "postgres")
			rnd := rand.New(rand.NewPCG(uint64(w), 3))
			for range many(100, 1500) {
				in := registerInput{key: rnd.IntN(3)}
				sql := fmt.Sprintf("SELECT v FROM reg WHERE k = %d", in.key)
				switch rnd.IntN(3) {
				case 0:
					in.set = 1 + rnd.IntN(5)
					sql = fmt.Sprintf("UPDATE reg SET v = %d WHERE k = %d", in.set, in.key)
				case 1:
					in.set, in.from = 1+rnd.IntN(5), 1+rnd.IntN(5)
					sql = fmt.Sprintf("UPDATE reg SET v = %d WHERE k = %d AND v = %d", in.set, in.key, in.from)
				}
				call := time.Since(began).Nanoseconds()
				out := 0
				var err error
				if in.set == 0 {
					err = c.QueryRow(context.Background(), sql, pgx.QueryExecModeSimpleProtocol).Scan(&out)
				} else {
					var tag pgconn.CommandTag
					tag, err = c.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
					out = int(tag.RowsAffected())
				}
				if err != nil {
					t.Error(err)
					return
				}
				o := porcupine.Operation{ClientId: w, Input: in, Call: call, Output: out, Return: time.Since(began).Nanoseconds()}
				mu.Lock()
				h = append(h, o)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if !porcupine.CheckOperations(registerModel, h) {
		t.Error("the history is not linearizable")
	}
	stale := []porcupine.Operation{{Input: registerInput{set: 1}, Output: 1, Call: 0, Return: 1}, {ClientId: 1, Input: registerInput{}, Output: 0, Call: 2, Return: 3}}
	if porcupine.CheckOperations(registerModel, stale) {
		t.Error("a stale read is taken for linearizable")
	}
}
