package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDiskAtStart starts the server where there is no space: on a small file system of its own, as long as there are rights
// for that. It wants one line that says so and exit code 1, and no harm to a store that is there already.
func TestFullDiskAtStart(t *testing.T) {
	path, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", t.TempDir()).CombinedOutput(); err != nil {
		t.Skipf("file systems cannot be mounted here: %v: %s", err, out)
	}
	const script = `
		set -u; cd "$1"; mount -t tmpfs -o size=$3 tmpfs . && cd "$1"
		rowan() { ROWAN_AUTH=trust ROWAN_PASSWORD= "$2" serve --data-dir d --pg-addr "$4" --http-addr '' --memory small >out 2>&1 & pid=$!; }
		begun() { for i in $(seq 600); do grep -qs 'is ready' out && return 0; kill -0 $pid 2>/dev/null || return 1; sleep 0.1; done; return 1; }
		start() { rowan "$@"; if begun; then kill -TERM $pid; wait $pid; echo "started, and ended with $?"; else wait $pid; echo "ended with $?: $(cat out)"; fi; }
		start "$@"
		if [ "$5" = refill ]; then
			head -c 1G /dev/zero >fill 2>/dev/null; start "$@"; rm fill; start "$@"
		fi`
	try := func(size, mode string) []string {
		t.Helper()
		cmd := exec.Command("timeout", "300", "unshare", "-m", "sh", "-c", script, "sh", t.TempDir(), path, size, freeAddr(t), mode)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	refused := func(what, line string) {
		t.Helper()
		if !strings.HasPrefix(line, "ended with 1: rowan: cannot open the store in d: ") || !strings.Contains(line, "no space left on the device") {
			t.Errorf("%s: %s", what, line)
		}
	}
	for _, size := range []string{"64k", "6m", "20m"} {
		lines := try(size, "")
		if refused(size, lines[0]); len(lines) > 1 {
			t.Errorf("%s: %d lines: %s", size, len(lines), strings.Join(lines, "\n"))
		}
	}
	lines := try("300m", "refill")
	if len(lines) != 3 || lines[0] != "started, and ended with 0" || lines[2] != "started, and ended with 0" {
		t.Errorf("a disk that fills up: %s", strings.Join(lines, "\n"))
		return
	}
	refused("a disk that has filled up", lines[1])
}

// TestSecondSignal ends the server with one signal while a client holds it up, and with a second one at once. The store opens
// again, with all that was acknowledged.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	for round, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := startProcess(t, dir)
		c := dial(t, p, "postgres")
		run(t, c, fmt.Sprintf("CREATE TABLE t%d AS SELECT generate_series(1, 100) a", round))
		run(t, c, "BEGIN", "INSERT INTO t0 VALUES (-1)")
		busy := make(chan struct{})
		go func() {
			defer close(busy)
			_ = try(c, "SELECT pg_sleep(60)") // holds up the end; it is cut
		}()
		signal := func() { _ = p.cmd.Process.Signal(sig) } // fails when it has ended
		signal()
		for begun := time.Now(); !strings.Contains(p.out.String(), "shutting down") && !p.ended(); time.Sleep(time.Millisecond) {
			if time.Since(begun) > time.Minute {
				t.Fatalf("%v: the first signal did nothing:\n%s", sig, p.out.String())
			}
		}
		for !p.ended() {
			signal()
			time.Sleep(10 * time.Millisecond)
		}
		<-busy
		p = startProcess(t, dir)
		c = dial(t, p, "postgres")
		for i := range round + 1 {
			if n := value(t, c, fmt.Sprintf("SELECT count(*) FROM t%d", i)); n != "100" {
				t.Errorf("after a second signal, %v: t%d has %s rows", sig, i, n)
			}
		}
		if n := value(t, c, "SELECT count(*) FROM rowan.check()"); n != "0" {
			t.Errorf("after a second signal, %v: check finds %s problems", sig, n)
		}
		p.stop()
	}
}
