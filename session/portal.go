package session

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// portal is a statement with its parameters, and its run once begun. A cursor is a portal made by DECLARE.
type portal struct {
	name     string
	prepared *prepared
	plan     *planned
	params   []types.Datum
	run      *execution
	tag      string
	complete bool
	// cursors
	declared bool
	hold     bool
	scroll   bool
	binary   bool
	sql      string
	made     time.Time
	kept     *rowStore // rows already fetched, for scrolling and WITH HOLD
	position int64     // of the row last fetched, from 1; 0 before the first
	ended    bool
	drained  bool // kept has all rows there are
	owner    *txn // the transaction that made it, until it commits
	broken   bool // it has failed, and cannot be run any more
	depth    int  // in how many of its savepoints
	// reads is what the rows that are still to come are read at, in the transaction readsIn; nil: they are those of the running
	// statement.
	reads   storage.ReadPoint
	readsIn storage.Txn
}

// Bind makes a portal.
func (s *Session) Bind(ctx context.Context, name, statement string, params []types.Encoded) error {
	ctx, cancel := s.statementContext(ctx)
	defer cancel()
	if err := s.bind(ctx, name, statement, params); err != nil {
		sql := ""
		if ps := s.prepared[statement]; ps != nil {
			sql = ps.sql
		}
		return s.failExtended(ctx, s.timeoutError(ctx, err), sql)
	}
	return nil
}

func (s *Session) bind(ctx context.Context, name, statement string, params []types.Encoded) error {
	ps, err := s.statement(statement)
	if err != nil {
		return err
	}
	if ps.empty {
		return s.addPortal(&portal{name: name, prepared: ps})
	}
	if err := s.renewParams(ctx, ps); err != nil {
		return err
	}
	if len(params) != len(ps.params) {
		return pgerr.New(pgerrcode.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(params), statement, len(ps.params))
	}
	var values []types.Datum
	if ps.plan.plan.ByArgs {
		if values, err = s.decodeParams(ctx, ps.params, params, portalName(name)); err != nil {
			return err
		}
	}
	p, err := s.current(ctx, ps, values)
	if err != nil {
		return err
	}
	if values == nil {
		if values, err = s.decodeParams(ctx, ps.params, params, portalName(name)); err != nil {
			return err
		}
	}
	return s.addPortal(&portal{name: name, prepared: ps, plan: p, params: values, owner: s.txn, depth: len(s.txn.savepoints)})
}

func (s *Session) addPortal(p *portal) error {
	if p.name != "" && s.portals[p.name] != nil {
		return pgerr.New(pgerrcode.DuplicateCursor, "portal \"%s\" already exists", p.name)
	}
	s.closePortal(p.name)
	s.portals[p.name] = p
	return nil
}

func portalName(name string) string {
	if name == "" {
		return "unnamed portal"
	}
	return fmt.Sprintf("portal \"%s\"", name)
}

func (s *Session) decodeParams(ctx context.Context, ts []types.Type, params []types.Encoded, where string) ([]types.Datum, error) {
	if len(params) == 0 {
		return nil, nil
	}
	values := make([]types.Datum, len(params))
	for i, p := range params {
		var err error
		switch {
		case p.Null:
			values[i] = types.Null
		case p.Binary:
			values[i], err = types.ParseBinary(ts[i], p.Value)
			values[i] = values[i].Clone()
		default:
			values[i], err = types.ParseText(ts[i], string(p.Value), &s.settings.format)
		}
		if err == nil {
			values[i], err = s.taken(ctx, ts[i], values[i])
		}
		if err != nil {
			e := pgerr.From(err)
			e.Parameter = i + 1
			if e.Where == "" {
				e.Where = fmt.Sprintf("%s parameter $%d", where, i+1)
				if !p.Binary && !p.Null {
					e.Where += " = '...'"
				}
			}
			return nil, e
		}
	}
	return values, nil
}

// DescribePortal gives the fields of a portal's result.
func (s *Session) DescribePortal(ctx context.Context, name string) ([]vector.Field, error) {
	p, err := s.portal(name)
	if err != nil {
		return nil, s.failExtended(ctx, err, "")
	}
	return p.prepared.fields, nil
}

func (s *Session) portal(name string) (*portal, error) {
	if p := s.portals[name]; p != nil {
		return p, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidCursorName, "portal \"%s\" does not exist", name)
}

// Execute runs a portal, or goes on with a suspended one.
func (s *Session) Execute(ctx context.Context, name string, maxRows int, sink vector.Sink) (bool, error) {
	p, err := s.portal(name)
	if err != nil {
		return false, s.failExtended(ctx, err, "")
	}
	if p.prepared.empty {
		return false, sink.Empty()
	}
	s.activity.begin(p.prepared.sql)
	ctx, cancel := s.statementContext(ctx)
	defer cancel()
	suspended, err := s.execute(ctx, p, maxRows, sink)
	if err != nil {
		return false, s.failExtended(ctx, s.timeoutError(ctx, err), p.prepared.sql)
	}
	return suspended, nil
}

func (s *Session) execute(ctx context.Context, p *portal, maxRows int, sink vector.Sink) (bool, error) {
	if p.complete {
		return false, sink.Complete(p.tag)
	}
	if err := p.check(); err != nil {
		return false, err
	}
	if err := s.begin(ctx, false); err != nil {
		return false, err
	}
	if s.txn.failed && !p.prepared.stmt.EndsFailedBlock() {
		return false, errAborted
	}
	out := &output{sink: sink, noFields: true, settings: s.settings}
	s.out = out
	defer func() { s.out = nil }()
	if p.plan.plan.Command != nil {
		tag, err := s.command(ctx, p.plan, p.params, out)
		if err != nil {
			return false, err
		}
		p.complete, p.tag = true, tag
		return false, sink.Complete(tag)
	}
	suspended, err := s.executePlan(ctx, p, maxRows, out)
	if err != nil {
		p.spoil()
	}
	return suspended, err
}

func (s *Session) executePlan(ctx context.Context, p *portal, maxRows int, out *output) (bool, error) {
	if p.run == nil {
		s.txn.ran = true
		run, err := s.start(ctx, p.plan.plan, p.params)
		if err != nil {
			return false, err
		}
		p.run = run
	}
	p.run.rows = 0
	more, err := p.pull(ctx, maxRows, out.Rows)
	if err != nil {
		return false, err
	}
	if more {
		p.stay(s.txn.Txn)
		return true, nil
	}
	p.tag = p.run.tag()
	p.complete = true
	p.stop()
	if err := s.endStatement(ctx, p.plan.plan.Tag); err != nil {
		return false, err
	}
	return false, out.sink.Complete(p.tag)
}

// ClosePortal closes a portal.
func (s *Session) ClosePortal(name string) { s.closePortal(name) }

func (s *Session) closePortal(name string) {
	if p := s.portals[name]; p != nil {
		p.close()
		delete(s.portals, name)
	}
}

// stay has the rows that are still to come read at what the running statement reads, whatever is done meanwhile.
func (p *portal) stay(t storage.Txn) {
	if p.readsIn == nil {
		p.reads, p.readsIn = t.Hold(), t
	}
}

// pull gives out up to max rows (0: all) of the run and reports whether there are more.
func (p *portal) pull(ctx context.Context, max int, rows func(*vector.Batch) error) (more bool, err error) {
	if p.readsIn != nil {
		old := p.readsIn.Resume(p.reads)
		defer p.readsIn.Resume(old)
	}
	return p.run.fetch(ctx, max, rows)
}

// check refuses a portal that has failed.
func (p *portal) check() error {
	if p.broken {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", p.name)
	}
	return nil
}

// spoil ends a portal that has failed. It keeps its name until what it was made in is over.
func (p *portal) spoil() {
	p.broken = true
	p.close()
}

// failPortals ends the portals that an error ends: those made since the last savepoint, all where there is none.
func (s *Session) failPortals() {
	if len(s.txn.savepoints) == 0 {
		s.closePortals(false)
		return
	}
	s.dropPortals(len(s.txn.savepoints))
}

// closePortals ends the portals that do not outlive the transaction, or all.
func (s *Session) closePortals(all bool) {
	for n, p := range s.portals {
		if all || !p.hold {
			p.close()
			delete(s.portals, n)
		}
	}
}

func (p *portal) close() {
	p.stop()
	if p.kept != nil {
		p.kept.close()
	}
}

// stop ends the run. What it has given out may be kept.
func (p *portal) stop() {
	if p.run != nil {
		p.run.close()
	}
	if p.readsIn != nil {
		p.readsIn.Release(p.reads)
		p.readsIn = nil
	}
}
