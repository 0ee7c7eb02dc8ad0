package session

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// analyzeEvery is how often is looked for tables that were written to; where there are none that costs nothing. While a bulk
// write is under way, which wants the processors, so many turns are left out at most.
const (
	analyzeEvery = 10 * time.Second
	leftOut      = 30
)

// Maintain makes new statistics of tables after enough changes, in the background until the function that it returns is
// called. Branches that nobody writes to are not looked at.
func (e *Engine) Maintain() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		tick := time.NewTicker(analyzeEvery)
		defer tick.Stop()
		for left := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if left++; left <= leftOut && e.Store.Bulk() {
				continue
			}
			left = 0
			e.AnalyzeStale(ctx)
		}
	}()
	return func() {
		cancel()
		done.Wait()
	}
}

// AnalyzeStale analyzes the tables that enough rows were written to, as the settings of autovacuum say.
func (e *Engine) AnalyzeStale(ctx context.Context) {
	if e.setting("autovacuum", "on") != "on" {
		return
	}
	least, _ := strconv.ParseInt(e.setting("autovacuum_analyze_threshold", "50"), 10, 64)
	share, _ := strconv.ParseFloat(e.setting("autovacuum_analyze_scale_factor", "0.1"), 64)
	for _, x := range e.Store.Stale(least, share) {
		if ctx.Err() != nil {
			return
		}
		if err := e.analyzeStale(ctx, x); err != nil && ctx.Err() == nil {
			e.Log.Sugar().Debugw("background analyze failed", "branch", x.Branch, "table", x.Table, "error", err)
		}
	}
}

// setting is a server setting as the server was started with it.
func (e *Engine) setting(name, without string) string {
	if v, ok := e.Defaults[name]; ok {
		return v
	}
	return without
}

func (e *Engine) analyzeStale(ctx context.Context, x storage.StaleTable) error {
	tx, err := e.Store.Begin(ctx, storage.TxnOptions{Database: x.Database})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	tx.Statement()
	v, err := tx.View(ctx, catalog.Ref{Branch: x.Branch})
	if err != nil {
		return err
	}
	t, ok := v.Catalog().Object(x.Table).(*catalog.Table)
	if !ok || t.Virtual {
		return nil
	}
	found, _, err := analyze(ctx, tx, v, t, nil)
	if err != nil {
		return err
	}
	found.Auto = true
	if err := tx.SaveStatistics(ctx, v, t, found); err != nil {
		return err
	}
	e.analyzed.Add(1)
	return nil
}
