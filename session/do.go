package session

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// do runs DO. Blocks in PL/pgSQL may have statements, IF, EXECUTE, PERFORM, RAISE and handlers of exceptions, which is what
// migrations use them for; what has variables is refused.
func (s *Session) do(ctx context.Context, c *command.Do, out *output) error {
	if c.Language != "plpgsql" {
		return pgerr.Unsupported("DO with language \"%s\"", c.Language)
	}
	b, err := parse.Do(c.Body)
	if err != nil {
		return err
	}
	d := &doBlock{s: s, out: &output{sink: discardRows{out: out}, settings: s.settings}}
	_, err = d.block(ctx, b, nil)
	return err
}

// doBlock is a DO being run.
type doBlock struct {
	s   *Session
	out *output
}

// discardRows lets notices through, and nothing else.
type discardRows struct {
	discard
	out *output
}

// Notice implements vector.Sink.
func (d discardRows) Notice(err error) error { return d.out.Notice(err) }

// CopyIn implements vector.Sink.
func (discardRows) CopyIn(vector.CopyFormat) (vector.CopyReader, error) { return nil, noCopyInDo() }

// CopyOut implements vector.Sink.
func (discardRows) CopyOut(vector.CopyFormat) (vector.CopyWriter, error) { return nil, noCopyInDo() }

func noCopyInDo() error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "cannot COPY to/from client in PL/pgSQL")
}

// block runs a block; handled is the error of the handler that it is in. It reports whether RETURN ended it.
func (d *doBlock) block(ctx context.Context, b *parse.Block, handled *pgerr.Error) (bool, error) {
	if len(b.Handlers) == 0 {
		return d.steps(ctx, b.Body, handled)
	}
	t := d.s.txn
	at, mark, deferred, undo := t.Savepoint(), d.s.settings.mark(), len(t.deferred), len(t.undo)
	done, err := d.steps(ctx, b.Body, handled)
	if err == nil || ctx.Err() != nil {
		return done, err
	}
	e := pgerr.From(err)
	for _, h := range b.Handlers {
		match, unknown := handles(h.Conditions, e.Code)
		if unknown != nil {
			return false, unknown
		}
		if !match {
			continue
		}
		if err := t.RollbackTo(at); err != nil {
			return false, err
		}
		d.s.settings.rollback(mark)
		t.deferred = t.deferred[:min(deferred, len(t.deferred))]
		t.takeBack(undo)
		return d.steps(ctx, h.Body, e)
	}
	return false, err
}

// handles reports whether conditions, names or SQLSTATEs, cover an error. A name of a class covers all of it.
func handles(conditions []string, code string) (bool, error) {
	match := false
	for _, c := range conditions {
		want, ok := conditionCodes()[c]
		switch {
		case c == "others":
			match = match || code != pgerrcode.QueryCanceled && code != pgerrcode.AssertFailure
			continue
		case !ok && len(c) == 5 && strings.ToUpper(c) == c:
			want = c
		case !ok:
			return false, pgerr.New(pgerrcode.UndefinedObject, "unrecognized exception condition \"%s\"", c)
		}
		match = match || want == code || strings.HasSuffix(want, "000") && want[:2] == code[:2]
	}
	return match, nil
}

//go:embed conditions.txt
var conditionList string

// conditionCodes are the SQLSTATEs by the names that PL/pgSQL has for them.
var conditionCodes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(conditionList) {
		name, code, _ := strings.Cut(strings.TrimSpace(line), " ")
		m[name] = code
	}
	return m
})

func (d *doBlock) steps(ctx context.Context, list []parse.BlockStep, handled *pgerr.Error) (bool, error) {
	for i := range list {
		done, err := d.step(ctx, &list[i], handled)
		if err != nil || done {
			return done, err
		}
	}
	return false, nil
}

func (d *doBlock) step(ctx context.Context, st *parse.BlockStep, handled *pgerr.Error) (bool, error) {
	switch {
	case st.Return:
		return true, nil
	case st.Block != nil:
		return d.block(ctx, st.Block, handled)
	case st.If != nil:
		return d.branch(ctx, st, handled)
	case st.Raise != nil && st.Raise.Again():
		return false, raiseAgain(handled, st.Line)
	case st.Raise != nil:
		return false, at(d.raise(ctx, st.Raise), st.Line, "RAISE")
	case st.Perform != "":
		return false, at(d.statements(ctx, st.Perform, true), st.Line, "PERFORM")
	case st.Execute != "":
		return false, at(d.execute(ctx, st.Execute), st.Line, "EXECUTE")
	}
	return false, at(d.statements(ctx, st.SQL, false), st.Line, "SQL statement")
}

// execute runs the statement that an expression gives.
func (d *doBlock) execute(ctx context.Context, expr string) error {
	text, err := d.value(ctx, expr)
	if err != nil {
		return err
	}
	if text.Null {
		return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "query string argument of EXECUTE is null")
	}
	return d.statements(ctx, text.S, true)
}

// at tells in the context of an error which statement of the block it comes from.
func at(err error, line int, what string) error {
	if err == nil {
		return nil
	}
	e := pgerr.From(err)
	e.Where = strings.TrimPrefix(fmt.Sprintf("%s\nPL/pgSQL function inline_code_block line %d at %s", e.Where, line, what), "\n")
	return e
}

func (d *doBlock) branch(ctx context.Context, st *parse.BlockStep, handled *pgerr.Error) (bool, error) {
	for _, b := range st.If {
		if b.Condition != "" {
			v, err := d.value(ctx, "("+b.Condition+")::pg_catalog.bool")
			if err != nil {
				return false, at(err, st.Line, "IF")
			}
			if v.S != "t" {
				continue
			}
		}
		return d.steps(ctx, b.Body, handled)
	}
	return false, nil
}

// statements runs statements as those of a simple query; rows are thrown away, where that is meant.
func (d *doBlock) statements(ctx context.Context, sql string, rows bool) error {
	stmts, err := d.s.parse(sql)
	if err != nil {
		return unplaced(err)
	}
	for _, st := range stmts {
		if st.Node.GetTransactionStmt() != nil {
			return pgerr.Unsupported("transaction commands in DO")
		}
		p, err := d.s.plan(ctx, st, nil)
		if err != nil {
			if e := pgerr.From(err); e.Code[:2] == "42" {
				return unplaced(e)
			}
			return of(st.Text, err) // a constant that was computed ahead
		}
		if !rows && p.plan.Fields != nil {
			e := pgerr.New(pgerrcode.SyntaxError, "query has no destination for result data")
			if p.plan.Tag == "SELECT" {
				e = e.WithHint("If you want to discard the results of a SELECT, use PERFORM instead.")
			}
			return e
		}
		if _, err := d.s.run(ctx, p, nil, d.out); err != nil {
			return of(st.Text, err)
		}
	}
	return nil
}

// of tells in the context of an error which text was running.
func of(text string, err error) error {
	e := pgerr.From(unplaced(err))
	e.Where = strings.TrimPrefix(fmt.Sprintf("%s\nSQL statement \"%s\"", e.Where, text), "\n")
	return e
}

// specialVariables are what every block has; their values are not kept.
var specialVariables = regexp.MustCompile(`(?i)\b(found|sqlstate|sqlerrm)\b`)

// value computes an expression, as text.
func (d *doBlock) value(ctx context.Context, expr string) (types.Datum, error) {
	if specialVariables.MatchString(expr) {
		return types.Null, pgerr.Unsupported("variables in DO")
	}
	value := types.Null
	stmts, err := d.s.parse("SELECT " + expr)
	if err != nil {
		return value, unplaced(err)
	}
	p, err := d.s.plan(ctx, stmts[0], nil)
	if err != nil {
		return value, unplaced(err)
	}
	x, err := d.s.start(ctx, p.plan, nil)
	if err != nil {
		return value, unplaced(err)
	}
	defer x.close()
	_, err = x.fetch(ctx, 1, func(b *vector.Batch) error {
		if v := b.Cols[0].Datum(b.Row(0)); !v.Null {
			value = types.String(types.Text(p.plan.Fields[0].Type, v, &d.s.settings.format))
		}
		return nil
	})
	return value, unplaced(err)
}

// unplaced takes the position from an error: it is not one in the text that the client sent.
func unplaced(err error) error {
	if err == nil {
		return nil
	}
	return pgerr.From(err).Anywhere()
}
