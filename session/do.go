package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// do runs DO: a function that is made, called and forgotten.
func (s *Session) do(ctx context.Context, c *command.Do, out *output) error {
	if c.Language != "plpgsql" {
		return pgerr.Unsupported("DO with language \"%s\"", c.Language)
	}
	body, err := parse.ParsePL("inline_code_block", c.Body, true)
	if err != nil {
		return c.Placed(err)
	}
	s.out = out
	f := &catalog.Function{Header: catalog.Header{Name: "inline_code_block"}, Kind: 'f', Volatile: 'v', Language: "plpgsql", Returns: types.OIDVoid}
	r := &routine{s: s, proc: &builtin.Proc{Name: f.Name, Kind: 'f', Volatile: 'v', User: true, Function: f, Returns: types.OIDVoid}}
	atomic := s.inBlock() || s.frame != nil && s.pl.atomic
	return r.within(atomic, func() error {
		h := &plHost{s: s, r: r}
		fn, err := plpgsql.Compile(ctx, plpgsql.Definition{Name: f.Name, Signature: f.Name, Kind: plpgsql.KindInline,
			Result: types.Of(types.Builtin(types.OIDVoid)), Conflict: s.conflict(), Body: body}, h)
		if err != nil {
			return c.Placed(err)
		}
		return h.calls(ctx, fn, func(call *plpgsql.Call) error {
			_, err := call.Value(nil)
			return err
		})
	})
}

// conflict is plpgsql.variable_conflict.
func (s *Session) conflict() plpgsql.Conflict {
	switch v, _ := s.settings.get("plpgsql.variable_conflict"); v {
	case "use_variable":
		return plpgsql.ConflictVariable
	case "use_column":
		return plpgsql.ConflictColumn
	}
	return plpgsql.ConflictError
}

// rowSink is where the rows of a command in a body go.
type rowSink struct {
	discard
	s    *Session
	rows func(b *vector.Batch) error
}

// Notice implements vector.Sink.
func (k rowSink) Notice(err error) error { return k.s.tell(pgerr.From(err)) }

// Rows implements vector.Sink.
func (k rowSink) Rows(b *vector.Batch) error {
	if k.rows == nil {
		return nil
	}
	return k.rows(b)
}

// CopyIn implements vector.Sink.
func (rowSink) CopyIn(vector.CopyFormat) (vector.CopyReader, error) { return nil, noCopyInBody() }

// CopyOut implements vector.Sink.
func (rowSink) CopyOut(vector.CopyFormat) (vector.CopyWriter, error) { return nil, noCopyInBody() }

func noCopyInBody() error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "cannot COPY to/from client in PL/pgSQL")
}

// tell sends a notice at once, where the client can be told of it, else at the end of the statement.
func (s *Session) tell(e *pgerr.Error) error {
	if s.out != nil {
		return s.out.Notice(e)
	}
	s.notices = append(s.notices, e)
	return nil
}
