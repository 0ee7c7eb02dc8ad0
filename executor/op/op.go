// Package op is the leaf of the executor: the Operator interface and the Env that operators run in. The families (scan,
// stream, join, agg, sort, window, dml, ddl) import it and not each other; executor.Build joins them.
//
// It runs nothing itself. An Env belongs to one execution and one goroutine; the session makes it.
package op

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Operator produces batches. The batch that Next returns is the operator's own and holds until the next call; a caller
// that keeps rows copies them. After the last batch Next returns nil. Close may be called at any time, once.
type Operator interface {
	Next(ctx context.Context) (*vector.Batch, error)
	Close() error
}

// Env is one execution of a statement. Operators read it; only the session writes it.
type Env struct {
	Txn     storage.Txn
	Mem     *mem.Pool
	Params  []types.Datum
	Kernel  *kernel.Env
	TempDir string
	// Outer holds the arguments of the subquery being run, innermost only.
	Outer []types.Datum
	// Recheck, when not empty, replaces the rows of the scans with those targets by one row each.
	Recheck Recheck
	// LockSingly is set below a LIMIT: rows are locked one by one, so that none is locked that is not wanted.
	LockSingly bool
	// CTEs holds the rows of the statement's WITH queries by CTE id; package stream owns it.
	CTEs map[int]any
	// Once holds the results of subqueries that do not depend on outer rows; package eval owns it.
	Once map[*expr.Subquery]any
	// Build makes operators of a plan; executor sets it, so that families need not import executor.
	Build func(n physical.Node, e *Env) (Operator, error)
	// Virtual yields the rows of a relation of pg_catalog and of set-returning functions that belong to the session.
	Virtual func(ctx context.Context, t *catalog.Table, ref catalog.Ref) (storage.Scanner, error)
	// Feed yields the next batch of the rows that the session feeds in, nil after the last.
	Feed func(ctx context.Context) (*vector.Batch, error)
	// Places tells where the rows come from that Feed yields, nil where errors say nothing of it.
	Places Places
	// SQL runs a statement inside the transaction, as foreign key actions need; rows may be nil.
	SQL func(ctx context.Context, ref catalog.Ref, sql string, params []types.Datum, types []types.Type, rows func(*vector.Batch) error) (int64, error)
	// Counts collects what EXPLAIN ANALYZE shows; nil otherwise.
	Counts *Counts
	// Defer queues a check for the end of the statement or, when deferred, of the transaction. Until it has run the table is
	// not altered; 0: it may be.
	Defer func(deferred bool, table, constraint catalog.OID, check func(ctx context.Context) error)
	// Triggers fires triggers; Events are those of the statement so far, nil while there are none.
	Triggers Triggers
	Events   *Events
	// Sight is what may be told of a table's rows to who runs the statement.
	Sight func(t *catalog.Table) catalog.Sight
}

// Places are those of the rows that Feed yields: the lines of COPY FROM.
type Places interface {
	// Behind is the error of what follows the batch in hand, nil where nothing is wrong with it: Feed will return it. Rows are
	// tested in the order in which they come, but written together.
	Behind() error
	// Again makes Feed yield the rows of the batch in hand once more, each by itself under its number: whoever has met an
	// error learns of which row.
	Again()
	// Within gives an error the place of a row of the batch in hand, -1: of the one that Again came to. shown: with its text.
	Within(err error, row int, shown bool) error
}

// Recheck names rows to be read again, for the re-check of READ COMMITTED.
type Recheck []RecheckRow

// RecheckRow is the row of one target: its newest version, or when Kept the one that the statement sees. None stands for
// a row of NULLs that an outer join has added.
type RecheckRow struct {
	Target     int
	Key        string
	Kept, None bool
}

// Row finds the row of a target; nil when the target's scan is read as ever.
func (r Recheck) Row(target int) *RecheckRow {
	if target == 0 {
		return nil
	}
	for i := range r {
		if r[i].Target == target {
			return &r[i]
		}
	}
	return nil
}

// View resolves a Ref in the statement's transaction.
func (e *Env) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	return e.Txn.View(ctx, r)
}

// Counts collects run-time counts per plan node.
type Counts struct {
	ByNode   map[physical.Node]*Count
	Triggers map[catalog.OID]*physical.Calls // by the trigger's OID
}

// Fired counts a call of a trigger's function.
func (c *Counts) Fired(t *catalog.Trigger, took time.Duration) {
	if c.Triggers == nil {
		c.Triggers = map[catalog.OID]*physical.Calls{}
	}
	x := c.Triggers[t.OID]
	if x == nil {
		x = &physical.Calls{}
		c.Triggers[t.OID] = x
	}
	x.Number++
	x.Time += took
}

// Count is one node's.
type Count struct {
	Rows, Loops  int64
	Nanos        int64
	StartupNanos int64
	Removed      int64
	Memory       int64
	Spilled      int64
	Batches      int64 // in files
	// Of a LookupJoin: the left rows that looked for something, and the rows found.
	Lookups, Found int64
}

// Measured is implemented by operators that have more to tell EXPLAIN ANALYZE than how many rows they gave. It is asked
// once, before Close.
type Measured interface{ Measure(c *Count) }

// Add takes in what an account was used for.
func (c *Count) Add(a *mem.Account) {
	c.Memory = max(c.Memory, a.Peak())
	bytes, batches := a.OnDisk()
	c.Spilled += bytes
	c.Batches += batches
}
