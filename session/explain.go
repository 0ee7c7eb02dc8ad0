package session

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// explain runs EXPLAIN. outer is its own plan, which has the types of the parameters.
func (s *Session) explain(ctx context.Context, outer *planned, c *command.Explain, params []types.Datum, out *output) error {
	started := time.Now()
	p, params, err := s.explained(ctx, outer, c, params)
	if err != nil {
		return err
	}
	if p.plan.Root == nil {
		return textRows(out, []string{"QUERY PLAN"}, [][]string{{"Utility Statement"}})
	}
	o := physical.ExplainOptions{Format: c.Format, Analyze: c.Analyze, Verbose: c.Verbose, Costs: c.Costs, Timing: c.Timing, Summary: c.Summary,
		Planning: time.Since(started), Params: params, Text: func(d types.Datum, t types.Type) string { return types.Text(t, d, &s.settings.format) }}
	if c.Analyze {
		if err := s.analyze(ctx, p, params, &o); err != nil {
			return err
		}
	}
	text := physical.Explain(p.plan.Root, o)
	if c.Format != "" && c.Format != "text" {
		return s.oneRow(out, c.Format, text)
	}
	var rows [][]string
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		rows = append(rows, []string{strings.TrimRight(line, "\n")})
	}
	return textRows(out, []string{"QUERY PLAN"}, rows)
}

// PlanText describes the plan of a portal as EXPLAIN does, from the plan that the portal has: "" where it is none of a query's.
func (s *Session) PlanText(portal string) string {
	p := s.portals[portal]
	if p == nil || p.plan == nil || p.plan.plan.Root == nil || p.plan.plan.Command != nil {
		return ""
	}
	return physical.Explain(p.plan.plan.Root, physical.ExplainOptions{Costs: true, Params: p.params,
		Text: func(d types.Datum, t types.Type) string { return types.Text(t, d, &s.settings.format) }})
}

// shifted is an error of a statement that begins at an offset of the text that the client has sent.
func shifted(err error, offset int) error {
	e := pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 {
		e.Relocate(at + offset)
	}
	return e
}

// explained plans what is to be explained: the statement inside, or the one that an EXECUTE inside names. It is for who may run it.
func (s *Session) explained(ctx context.Context, outer *planned, c *command.Explain, params []types.Datum) (*planned, []types.Datum, error) {
	stmts, err := s.parse(c.Query)
	if err != nil {
		return nil, nil, err
	}
	if len(stmts) != 1 {
		return nil, nil, pgerr.New(pgerrcode.SyntaxError, "EXPLAIN takes one statement")
	}
	p, err := s.plan(ctx, stmts[0], outer.plan.Params)
	if err != nil {
		return nil, nil, shifted(err, c.Offset)
	}
	switch x := p.plan.Command.(type) {
	case *command.Execute:
		if p, params, err = s.executed(ctx, x, params); err == nil {
			err = s.checkAccess(p.plan)
		}
		return p, params, err
	case *command.DeclareCursor:
		return s.explained(ctx, outer, &command.Explain{Query: x.Query, Offset: c.Offset + x.Offset}, params)
	case *command.CreateTable:
		if x.Query != "" && !c.Analyze {
			return s.explained(ctx, outer, &command.Explain{Query: x.Query, Offset: c.Offset}, params)
		}
	}
	if err := s.checkAccess(p.plan); err != nil {
		return nil, nil, shifted(err, c.Offset)
	}
	return p, params, nil
}

// oneRow sends a plan in a format of one row.
func (s *Session) oneRow(out *output, format, text string) error {
	f := s.commandFields(&command.Explain{Format: format})
	if err := out.Fields(f); err != nil {
		return err
	}
	v := &vector.Vector{}
	v.Reset(f[0].Type)
	v.AppendString(text)
	return out.Rows(&vector.Batch{Cols: []*vector.Vector{v}, N: 1})
}

// analyze runs the plan and hands what was counted to the options.
func (s *Session) analyze(ctx context.Context, p *planned, params []types.Datum, o *physical.ExplainOptions) error {
	counts := &op.Counts{ByNode: map[physical.Node]*op.Count{}}
	started := time.Now()
	x, err := s.startCounted(ctx, p.plan, params, counts)
	if err != nil {
		return err
	}
	defer x.close()
	if _, err := x.fetch(ctx, 0, func(*vector.Batch) error { return nil }); err != nil {
		return err
	}
	if err := s.endStatement(ctx, p.plan.Tag); err != nil {
		return err
	}
	o.Execution, o.Triggers = time.Since(started), counts.Triggers
	o.Count = func(n physical.Node) *physical.Actual {
		c := counts.ByNode[n]
		if c == nil {
			return nil
		}
		return &physical.Actual{Rows: c.Rows, Loops: c.Loops, Startup: time.Duration(c.StartupNanos), Total: time.Duration(c.Nanos), Removed: c.Removed,
			Memory: c.Memory, Spilled: c.Spilled, Batches: c.Batches,
			Lookups: c.Lookups, Found: c.Found}
	}
	return nil
}
