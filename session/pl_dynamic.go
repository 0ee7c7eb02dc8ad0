package session

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Dynamic implements plpgsql.Host. Statements after the first are planned when it is their turn.
func (h *plHost) Dynamic(ctx context.Context, text string, params []types.Type, args []types.Datum) ([]plpgsql.Statement, error) {
	first := &plStatement{s: h.s, r: h.r, readOnly: h.fn.ReadOnly, text: text, context: "SQL statement \"" + text + "\""}
	stmts, err := h.s.parse(text)
	if err != nil {
		return nil, first.planError(err)
	}
	var out []plpgsql.Statement
	for i, parsed := range stmts {
		if parsed.Node.GetTransactionStmt() != nil {
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "EXECUTE of transaction commands is not implemented")
		}
		st := *first
		st.stmt = parsed
		plan := func() error {
			body := &bind.Body{Name: h.fn.Name, PL: true, ReadOnly: h.fn.ReadOnly, Tables: h.r.transitionTables()}
			if err := st.plan(ctx, body, params, args); err != nil {
				return st.planError(err)
			}
			return nil
		}
		if i > 0 {
			st.later = plan
		} else if err := plan(); err != nil {
			return nil, err
		}
		out = append(out, &st)
	}
	return out, nil
}

// Open implements plpgsql.Cursors.
func (h *plHost) Open(ctx context.Context, name string, ps plpgsql.Statement, text string, args []types.Datum, scroll int) (string, error) {
	s, st := h.s, ps.(*plStatement)
	if name == "" {
		s.pl.unnamed++
		name = "<unnamed portal " + strconv.Itoa(s.pl.unnamed) + ">"
	}
	if s.portals[name] != nil {
		return "", pgerr.New(pgerrcode.DuplicateCursor, "cursor \"%s\" already in use", name)
	}
	fields := make([]vector.Field, len(st.fields))
	for i, f := range st.fields {
		fields[i] = vector.Field{Name: f.Name, Type: f.Type}
	}
	if text == "" {
		text = st.text
	}
	p := &portal{name: name, prepared: &prepared{stmt: st.stmt, fields: fields, plan: st.p, sql: text}, plan: st.p, declared: true,
		scroll: scroll > 0, sql: text, made: time.Now(), owner: s.txn, depth: len(s.txn.savepoints)}
	if st.p.plan.Command != nil {
		return "", pgerr.Unsupported("a cursor over %s", st.p.plan.Tag)
	}
	st.reads()
	var err error
	if p.run, err = s.start(ctx, st.p.plan, args); err != nil {
		return "", st.runError(err)
	}
	p.run.env.LockSingly = true
	p.stay(s.txn.Txn)
	if scroll >= 0 { // without NO SCROLL, one can go back where that costs nothing: here it costs the same everywhere
		p.kept = newRowStore(fields)
	}
	s.portals[name] = p
	return name, nil
}

// Fetch implements plpgsql.Cursors.
func (h *plHost) Fetch(ctx context.Context, name string, m plpgsql.Move, yield func([]types.Field, []types.Datum) error) (int64, error) {
	s := h.s
	p, err := s.openCursor(name)
	if err != nil {
		return 0, err
	}
	fields := cursorFields(p)
	c := &command.Fetch{Cursor: name, Direction: m.Direction, Count: m.Count, All: m.All, Move: m.NoRows}
	var row []types.Datum
	var rows [][]types.Datum
	n, err := p.fetch(ctx, c, func(b *vector.Batch) error {
		for k := 0; k < b.Live(); k++ {
			if m.NoRows || len(rows) > 0 {
				continue
			}
			row = nil
			for _, d := range rowOf(b, b.Row(k), nil) {
				row = append(row, d.Clone())
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	for _, row := range rows {
		if err := yield(fields, row); err != nil {
			return n, err
		}
	}
	return n, nil
}

// openCursor finds a cursor.
func (s *Session) openCursor(name string) (*portal, error) {
	p := s.portals[name]
	if p == nil || !p.declared {
		return nil, pgerr.New(pgerrcode.InvalidCursorName, "cursor \"%s\" does not exist", name)
	}
	return p, nil
}

func cursorFields(p *portal) []types.Field {
	out := make([]types.Field, len(p.prepared.fields))
	for i, f := range p.prepared.fields {
		out[i] = types.Field{Name: f.Name, Type: f.Type}
	}
	return out
}

// CursorFields implements plpgsql.Cursors.
func (h *plHost) CursorFields(name string) ([]types.Field, error) {
	p, err := h.s.openCursor(name)
	if err != nil {
		return nil, err
	}
	return cursorFields(p), nil
}

// Close implements plpgsql.Cursors.
func (h *plHost) Close(name string) error {
	if _, err := h.s.openCursor(name); err != nil {
		return err
	}
	h.s.closePortal(name)
	return nil
}
