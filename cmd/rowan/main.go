// Command rowan is PostgreSQL that branches: one binary with the server and its sub-commands.
//
// It reads flags and environment, turns signals into an orderly end and errors into exit codes: 0 well, 1 failed, 2 used
// wrongly. All else is package server's.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/rowandb/rowan/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(errOut, "rowan: %v\n", err)
	var failed failure
	var config *server.ConfigError
	if errors.As(err, &failed) && !errors.As(err, &config) {
		return 1
	}
	cmd, _, findErr := root.Find(args)
	if findErr != nil {
		cmd = root
	}
	if strings.Contains(err.Error(), " arg(s), ") {
		_, _ = fmt.Fprintln(errOut, "Usage: "+cmd.UseLine())
	}
	_, _ = fmt.Fprintln(errOut, "Try: "+cmd.CommandPath()+" --help")
	return 2
}

// failure marks an error of the work itself; those without the mark are faults of the command line.
type failure struct{ error }

// Unwrap returns the error marked.
func (f failure) Unwrap() error { return f.error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}
