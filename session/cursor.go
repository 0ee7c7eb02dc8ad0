package session

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"

	"github.com/rowandb/rowan/types/vector"
)

// rowStore keeps a cursor's rows, for scrolling back and for WITH HOLD.
type rowStore struct {
	fields []vector.Field
	cols   []*vector.Vector
	n      int64
}

func newRowStore(fields []vector.Field) *rowStore {
	r := &rowStore{fields: fields}
	for _, f := range fields {
		v := &vector.Vector{}
		v.Reset(f.Type)
		r.cols = append(r.cols, v)
	}
	return r
}

func (r *rowStore) add(b *vector.Batch) error {
	for i, c := range r.cols {
		c.AppendFrom(b.Cols[i], b.Sel, b.N)
	}
	r.n += int64(b.Live())
	return nil
}

// row returns row i, from 0, as a batch of one row.
func (r *rowStore) row(i int64) *vector.Batch {
	b := &vector.Batch{N: 1}
	for _, c := range r.cols {
		v := &vector.Vector{}
		v.Reset(c.Type)
		v.Append(c.Datum(int(i)))
		b.Cols = append(b.Cols, v)
	}
	return b
}

func (r *rowStore) close() { r.cols = nil }

// declare runs DECLARE CURSOR.
func (s *Session) declare(ctx context.Context, c *command.DeclareCursor) error {
	stmts, err := s.parse(c.Query)
	if err != nil {
		return err
	}
	ps, err := s.prepare(ctx, "", stmts[0], nil)
	if err != nil {
		return shifted(err, c.Offset)
	}
	if !s.inBlock() && !c.Hold {
		return pgerr.New(pgerrcode.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if s.portals[c.Name] != nil {
		return pgerr.New(pgerrcode.DuplicateCursor, "cursor \"%s\" already exists", c.Name)
	}
	p := &portal{name: c.Name, prepared: ps, plan: ps.plan, declared: true, hold: c.Hold, scroll: c.Scroll, binary: c.Binary, sql: c.Query, made: time.Now()}
	if p.run, err = s.start(ctx, ps.plan.plan, nil); err != nil {
		return err
	}
	p.run.env.LockSingly = true
	p.stay(s.txn.Txn)
	p.owner, p.depth = s.txn, len(s.txn.savepoints)
	if c.Scroll || c.Hold {
		p.kept = newRowStore(ps.fields)
	}
	s.portals[c.Name] = p
	return nil
}

func (s *Session) cursor(name string) (*portal, error) {
	if p := s.portals[name]; p != nil && name != "" {
		return p, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidCursorName, "cursor \"%s\" does not exist", name)
}

func (s *Session) closeCursor(name string) error {
	if name == "" {
		for n, p := range s.portals {
			if p.declared {
				s.closePortal(n)
			}
		}
		return nil
	}
	if _, err := s.cursor(name); err != nil {
		return err
	}
	s.closePortal(name)
	return nil
}

// fetchCursor runs FETCH and MOVE.
func (s *Session) fetchCursor(ctx context.Context, c *command.Fetch, out *output) (string, error) {
	p, err := s.cursor(c.Cursor)
	if err != nil {
		return "", err
	}
	rows := out.Rows
	if c.Move {
		rows = func(*vector.Batch) error { return nil }
	} else if err := out.Fields(p.prepared.fields); err != nil {
		return "", err
	}
	if err := p.check(); err != nil {
		return "", err
	}
	n, err := p.fetch(ctx, c, rows)
	if err != nil {
		p.spoil()
	}
	return c.Tag() + " " + strconv.FormatInt(n, 10), err
}

// fetch moves a cursor and gives out the rows that it passes.
func (p *portal) fetch(ctx context.Context, c *command.Fetch, rows func(*vector.Batch) error) (int64, error) {
	count := c.Count
	if c.All {
		count = math.MaxInt64
	}
	if p.kept == nil {
		return p.fetchForward(ctx, c, count, rows)
	}
	switch c.Direction {
	case "absolute":
		target := count
		if count < 0 {
			if err := p.fill(ctx, math.MaxInt64); err != nil {
				return 0, err
			}
			target = p.kept.n + 1 + count
		}
		return p.jump(ctx, target, rows)
	case "relative":
		return p.jump(ctx, p.position+count, rows)
	case "backward":
		return p.walk(ctx, -count, rows)
	}
	return p.walk(ctx, count, rows)
}

// fill has the first n rows kept, or all there are.
func (p *portal) fill(ctx context.Context, n int64) error {
	for !p.drained && p.kept.n < n {
		limit := 0
		if n-p.kept.n < math.MaxInt32 {
			limit = int(n - p.kept.n)
		}
		more, err := p.pull(ctx, limit, p.kept.add)
		if err != nil {
			return err
		}
		p.drained = !more
	}
	return nil
}

// holdCursors keeps the rows of the cursors that outlive the transaction which is about to commit.
func (s *Session) holdCursors(ctx context.Context) error {
	for _, p := range s.portals {
		if !p.hold || p.owner == nil {
			continue
		}
		if err := p.fill(ctx, math.MaxInt64); err != nil {
			return err
		}
		p.stop()
		p.owner = nil
	}
	return nil
}

// dropPortals closes the portals that were begun in so many savepoints or more: what made them is taken back.
func (s *Session) dropPortals(depth int) {
	for name, p := range s.portals {
		if p.owner == s.txn && p.depth >= depth && !p.prepared.stmt.EndsFailedBlock() { // ROLLBACK TO is one that runs
			s.closePortal(name)
		}
	}
}

// releaseCursors makes the cursors of a savepoint that is released those of what is around it.
func (s *Session) releaseCursors(depth int) {
	for _, p := range s.portals {
		if p.owner == s.txn {
			p.depth = min(p.depth, depth)
		}
	}
}

// fetchForward serves cursors that only move forward, from the running plan.
func (p *portal) fetchForward(ctx context.Context, c *command.Fetch, count int64, rows func(*vector.Batch) error) (int64, error) {
	backward := c.Direction == "backward" && count > 0 || c.Direction == "forward" && count < 0 ||
		c.Direction == "relative" && count <= 0 || c.Direction == "absolute" && count <= p.position || count == 0
	if backward {
		return 0, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cursor can only scan forward").
			WithHint("Declare it with SCROLL option to enable backward scan.")
	}
	skip := int64(0)
	switch c.Direction {
	case "absolute":
		skip, count = count-p.position-1, 1
	case "relative":
		skip, count = count-1, 1
	}
	if skip > 0 {
		if _, err := p.take(ctx, skip, func(*vector.Batch) error { return nil }); err != nil {
			return 0, err
		}
	}
	return p.take(ctx, count, rows)
}

func (p *portal) take(ctx context.Context, count int64, rows func(*vector.Batch) error) (int64, error) {
	limit := 0
	if count < math.MaxInt32 {
		limit = int(count)
	}
	before := p.run.rows
	_, err := p.pull(ctx, limit, rows)
	n := p.run.rows - before
	p.position += n
	return n, err
}

// jump goes to one row and gives it out, if it is there.
func (p *portal) jump(ctx context.Context, target int64, rows func(*vector.Batch) error) (int64, error) {
	if err := p.fill(ctx, target); err != nil {
		return 0, err
	}
	p.position = min(max(target, 0), p.kept.n+1)
	if target < 1 || target > p.kept.n {
		return 0, nil
	}
	return 1, rows(p.kept.row(target - 1))
}

// walk passes up to |count| rows; 0 gives the present one again.
func (p *portal) walk(ctx context.Context, count int64, rows func(*vector.Batch) error) (int64, error) {
	if count == 0 {
		return p.jump(ctx, p.position, rows)
	}
	if count > 0 {
		upto := p.position + count
		if upto < count { // all
			upto = math.MaxInt64
		}
		if err := p.fill(ctx, upto); err != nil {
			return 0, err
		}
	}
	step, n := int64(1), int64(0)
	if count < 0 {
		step = -1
	}
	for count != 0 {
		p.position = min(max(p.position+step, 0), p.kept.n+1)
		if p.position < 1 || p.position > p.kept.n {
			break
		}
		if err := rows(p.kept.row(p.position - 1)); err != nil {
			return n, err
		}
		n++
		count -= step
	}
	return n, nil
}

// fields gives the fields of a planned statement's result; nil: it returns no rows.
func (s *Session) fields(_ context.Context, p *planned) ([]vector.Field, error) {
	if p.plan.Command != nil {
		return s.commandFields(p.plan.Command), nil
	}
	return p.plan.Fields, nil
}
