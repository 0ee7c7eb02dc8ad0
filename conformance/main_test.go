package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/rowandb/rowan/internal/oracle"
	"github.com/rowandb/rowan/server"
)

// endpoint is a server to talk to.
type endpoint interface{ url(database string) string }

type rowanServer struct{ s *server.Server }

func (r rowanServer) url(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", r.s.PGAddr(), database)
}

type oracleServer struct{ s *oracle.Server }

func (o oracleServer) url(database string) string { return o.s.URL(database) }

// rewriting reports whether -rewrite was given: datadriven owns the flag.
func rewriting() bool {
	f := flag.Lookup("rewrite")
	return f != nil && f.Value.String() == "true"
}

// startRowan starts a server with an empty store, for one test.
func startRowan(t testing.TB) rowanServer {
	t.Helper()
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return rowanServer{s}
}

var shared *oracle.Server

// startOracle starts PostgreSQL once for all tests; without one on the machine the test is skipped.
func startOracle(t testing.TB) oracleServer {
	t.Helper()
	if shared == nil {
		s, err := oracle.Start(context.Background())
		if errors.Is(err, oracle.ErrAbsent) {
			t.Skip("PostgreSQL 15 is not installed here; PG_BIN says where it is")
		}
		if err != nil {
			t.Fatal(err)
		}
		shared = s
	}
	return oracleServer{shared}
}

// freshOracle starts a PostgreSQL that no other test has used.
func freshOracle(t testing.TB) oracleServer {
	t.Helper()
	s, err := oracle.Start(context.Background())
	if errors.Is(err, oracle.ErrAbsent) {
		t.Skip("PostgreSQL 15 is not installed here; PG_BIN says where it is")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return oracleServer{s}
}

func TestMain(m *testing.M) {
	code := m.Run()
	removeBinary()
	if shared != nil {
		shared.Stop()
	}
	os.Exit(code)
}
