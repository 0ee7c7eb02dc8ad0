package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

// TestExitCodes wants 2 for a wrong command line, 1 for what fails, and one line to say why.
func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	tests := []struct {
		args string
		env  string
		code int
		want string
	}{
		{args: "", code: 0, want: "rowan demo"},
		{args: "version", code: 0, want: "(PostgreSQL 15."},
		{args: "--version", code: 0, want: "rowan version"},
		{args: "serve --help", code: 0, want: "ROWAN_PASSWORD=secret rowan serve"},
		{args: "dance", code: 2, want: `unknown command "dance"`},
		{args: "serve --dance", code: 2, want: "unknown flag: --dance"},
		{args: "serve now", code: 2, want: "unknown command"},
		{args: "serve --max-connections many", code: 2, want: "invalid argument"},
		{args: "serve --auth trust --pg-addr :1", code: 2, want: "loopback"},
		{args: "serve", env: "ROWAN_AUTH=md5", code: 2, want: "--auth must be"},
		{args: "serve --auth trust --pg-addr 0.0.0.0:1", env: "ROWAN_AUTH=md5", code: 2, want: "loopback"},
		{args: "serve", env: "ROWAN_MAX_CONNECTIONS=x", code: 2, want: "ROWAN_MAX_CONNECTIONS: "},
		{args: "serve --log-level loud", code: 2, want: "--log-level must be"},
		{args: "serve --pg-addr " + taken.Addr().String(), code: 1, want: "the port is taken"},
		{args: "demo --pg-addr " + taken.Addr().String(), code: 1, want: "the port is taken"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			if name, value, ok := strings.Cut(tt.env, "="); ok {
				t.Setenv(name, value)
			}
			t.Chdir(t.TempDir())
			var out, errOut bytes.Buffer
			code := run(t.Context(), strings.Fields(tt.args), &out, &errOut)
			if code != tt.code || !strings.Contains(out.String()+errOut.String(), tt.want) {
				t.Errorf("exit %d, want %d with %q\nout: %s\nerr: %s", code, tt.code, tt.want, &out, &errOut)
			}
		})
	}
}
