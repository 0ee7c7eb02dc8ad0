package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// analyzeWhole is the number of rows up to which a table is read as a whole: the number of distinct values is then counted
// and not guessed. Of larger ones a sample is read.
const analyzeWhole = 2_000_000

// maintain runs VACUUM and its like. All but ANALYZE is accepted and left to Rowan, which does it by itself.
func (s *Session) maintain(ctx context.Context, c *command.Vacuum, out *output) error {
	if c.Alone != "" && s.inBlock() {
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "%s cannot run inside a transaction block", c.Alone)
	}
	if c.Kind != "ANALYZE" && c.Kind != "VACUUM" {
		return nil
	}
	v, err := s.txn.View(ctx, c.Ref)
	if err != nil {
		return err
	}
	for _, m := range s.maintained(c, v) {
		o := v.Catalog().Object(m.Relation)
		if o == nil {
			continue
		}
		t, err := s.mayMaintain(c, o, v, out)
		if err != nil {
			return err
		}
		if t == nil {
			continue
		}
		skip, err := s.skipLocked(ctx, c, v, t, out)
		if err != nil {
			return err
		}
		if skip || !c.Analyze {
			continue
		}
		if err := s.analyzeTable(ctx, c, v, t, m.Columns, out); err != nil {
			return err
		}
	}
	return nil
}

// maintained lists what a command names, or all tables.
func (s *Session) maintained(c *command.Vacuum, v storage.View) []command.Maintained {
	if len(c.Targets) > 0 {
		return c.Targets
	}
	var all []command.Maintained
	for _, o := range v.Catalog().Objects() {
		if t, ok := o.(*catalog.Table); ok && !t.Virtual && s.owns(t, v) {
			all = append(all, command.Maintained{Relation: t.OID})
		}
	}
	return all
}

func (s *Session) owns(o catalog.Object, v storage.View) bool {
	roles := s.global()
	me := roles.RoleByName(s.user)
	if me == nil {
		return false
	}
	db := v.Catalog().Database
	return catalog.IsOwner(roles, me.OID, o) || db != nil && catalog.IsOwner(roles, me.OID, db)
}

// skipLocked is SKIP_LOCKED: it locks the table if nobody is in the way, and warns otherwise.
func (s *Session) skipLocked(ctx context.Context, c *command.Vacuum, v storage.View, t *catalog.Table, out *output) (skip bool, err error) {
	if !c.SkipLocked {
		return false, nil
	}
	err = s.txn.LockTable(ctx, v, t.OID, catalog.ShareUpdateExclusive, catalog.NoWait)
	if pgerr.Code(err) != pgerrcode.LockNotAvailable {
		return false, err
	}
	return true, out.Notice(warning(pgerrcode.LockNotAvailable, "skipping %s of \"%s\" --- lock not available", strings.ToLower(c.Kind), t.Name))
}

// mayMaintain returns the table, or nil after a warning why it is left out.
func (s *Session) mayMaintain(c *command.Vacuum, o catalog.Object, v storage.View, out *output) (*catalog.Table, error) {
	word := "vacuum"
	if c.Kind == "ANALYZE" {
		word = "analyze"
	}
	name := o.Head().Name
	t, ok := o.(*catalog.Table)
	switch {
	case !ok || t.Virtual:
		return nil, out.Notice(warning(pgerrcode.WrongObjectType, "skipping \"%s\" --- cannot %s non-tables or special system tables", name, word))
	case !s.owns(t, v):
		return nil, out.Notice(warning(pgerrcode.InsufficientPrivilege, "skipping \"%s\" --- only table or database owner can %s it", name, word))
	}
	return t, nil
}

func (s *Session) analyzeTable(ctx context.Context, c *command.Vacuum, v storage.View, t *catalog.Table, columns []catalog.ColumnID, out *output) error {
	info := func(format string, args ...any) error {
		if !c.Verbose {
			return nil
		}
		e := pgerr.New(pgerrcode.SuccessfulCompletion, format, args...)
		e.Severity = "INFO"
		return out.Notice(e)
	}
	if err := info("analyzing \"%s.%s\"", v.Catalog().SchemaName(t.Schema), t.Name); err != nil {
		return err
	}
	found, sampled, err := analyze(ctx, s.txn, v, t, columns)
	if err != nil {
		return err
	}
	if err := s.txn.SaveStatistics(ctx, v, t, found); err != nil {
		return err
	}
	s.engine.analyzed.Add(1)
	return info("\"%s\": scanned %.0f of %.0f pages, containing %d live rows and 0 dead rows; %d rows in sample, %.0f estimated total rows",
		t.Name, found.Pages, found.Pages, sampled, min(sampled, statistics.SampleRows), found.Rows)
}

// analyze collects a table's statistics; those of columns that are not asked for stay as they were. It also returns how
// many rows were read.
func analyze(ctx context.Context, tx storage.Txn, v storage.View, t *catalog.Table, columns []catalog.ColumnID) (*statistics.Table, int64, error) {
	var fields []statistics.Field
	r := storage.ScanRequest{View: v, Table: t}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Hidden != "" || columns != nil && !slices.Contains(columns, c.ID) {
			continue
		}
		fields = append(fields, statistics.Field{ID: c.ID, Type: c.Type})
		r.Columns = append(r.Columns, c.ID)
	}
	total := tx.RowEstimate(v, t)
	if total > analyzeWhole {
		r.Sample = statistics.SampleRows
	} else {
		total = 0
	}
	sc, err := tx.Scan(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = sc.Close() }()
	c := statistics.NewCollector(fields, uint64(t.OID))
	var read int64
	for {
		b, err := sc.Next(ctx)
		if err != nil {
			return nil, 0, err
		}
		if b == nil {
			break
		}
		c.Add(b)
		read += int64(b.Live())
	}
	found := c.Table(float64(total), time.Now())
	if columns != nil {
		keepOthers(found, tx.Statistics(v, t))
	}
	return found, read, nil
}

func keepOthers(found, old *statistics.Table) {
	if old == nil {
		return
	}
	for id, c := range old.Columns {
		if found.Columns[id] == nil {
			found.Columns[id] = c
		}
	}
}
