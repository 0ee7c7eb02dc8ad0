package wire

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// psql runs psql against the server and returns all that it prints.
func psql(t *testing.T, addr, conninfo string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(t.Context(), path, append([]string{
		"-XAt", "-v", "VERBOSITY=verbose", "host=" + host + " port=" + port + " user=ada dbname=x/dev " + conninfo,
	}, args...)...)
	cmd.Env = append(os.Environ(), "PGPASSWORD=s3cret", "PGCLIENTENCODING=UTF8")
	out, _ := cmd.CombinedOutput() // the exit status is psql's view of errors that the text shows
	return string(out)
}

// TestPsql talks to the real client library: its startup, its authentication, its COPY.
func TestPsql(t *testing.T) {
	addr, _ := startServer(t, Config{Auth: verifiers{"ada": verifierFor(t, "s3cret")}, TLS: selfSigned(t)})
	const plain = "sslmode=disable"
	tests := []struct {
		name, conninfo string
		args           []string
		want           string
	}{
		{"rows", plain, []string{"-c", "rows 3"}, "1|row 1\n2|row 2\n3|\n"},
		{"database and options", plain + " options='-c a=b\\\\ c'", []string{"-c", "startup"}, "ada x/dev map[a:b c application_name:psql client_encoding:UTF8]\n"},
		{"bound to TLS", "sslmode=require channel_binding=require", []string{"-c", "rows 1"}, "1|row 1\n"},
		{"not bound", "sslmode=require channel_binding=disable", []string{"-c", "rows 1"}, "1|row 1\n"},
		{"GSS first", "sslmode=prefer gssencmode=prefer", []string{"-c", "rows 1"}, "1|row 1\n"},
		{"several", plain, []string{"-c", "rows 1; set a b; rows 1"}, "1|row 1\nSET\n1|row 1\n"},
		{"copy out", plain, []string{"-c", "copyout"}, "1\tone\n2\ttwo\n"},
		{"error", plain, []string{"-c", "error 23514"}, "ERROR:  23514: it failed\nLINE 1: error 23514\n          ^\nDETAIL:  A detail.\nHINT:  A hint.\nSCHEMA NAME:  public\nTABLE NAME:  t\nCOLUMN NAME:  c\nCONSTRAINT NAME:  t_check\n"},
		{"notice", plain, []string{"-c", "notice mind"}, "WARNING:  01000: mind\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := psql(t, addr, tt.conninfo, tt.args...); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
