package server

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/rowandb/rowan/types/vector"
	"github.com/rowandb/rowan/wire"
)

// demoSQL makes the sample data: one statement after the other, each a transaction of its own, so that there is a past
// to look at.
//
//go:embed demo.sql
var demoSQL string

const demoHints = `  Try:
      SELECT * FROM plants ORDER BY id;
      SELECT * FROM plants AS OF '~1' ORDER BY id;          before the last transaction
      SELECT rowan.create_branch('dev');                     then: \c postgres/dev
      UPDATE plants SET price = price * 2;                   seen on dev only
      SELECT * FROM rowan.diff('main', 'dev', 'plants');
      SELECT rowan.merge('dev', target => 'main');

`

// StartDemo starts a server and fills it with sample data.
func StartDemo(ctx context.Context, cfg Config) (*Server, error) {
	s, err := Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.load(ctx, demoSQL); err != nil {
		return nil, fmt.Errorf("loading the sample data: %w", closing(err, s.Stop(ctx)))
	}
	_, _ = fmt.Fprint(s.cfg.Out, demoHints) // a closed terminal is no reason not to serve
	return s, nil
}

// closing returns the first error; the second is only a consequence.
func closing(err, _ error) error { return err }

// load runs a script as the superuser in the database postgres.
func (s *Server) load(ctx context.Context, sql string) (err error) {
	sess, err := s.engine.Sessions.Open(ctx, wire.Startup{User: "postgres", Database: "postgres"})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := sess.Close(); err == nil {
			err = cerr
		}
	}()
	for _, statement := range scriptStatements(sql) {
		if err := sess.Query(ctx, statement, discard{}); err != nil {
			return err
		}
	}
	return nil
}

// discard is a sink for results that nobody reads.
type discard struct{ vector.Sink }

func (discard) Fields([]vector.Field) error { return nil }
func (discard) Rows(*vector.Batch) error    { return nil }
func (discard) Complete(string) error       { return nil }
func (discard) Empty() error                { return nil }
func (discard) Notice(error) error          { return nil }
