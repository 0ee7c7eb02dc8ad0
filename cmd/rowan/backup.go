package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/storage/backup"
)

const backupLong = `Take a backup of everything on a server: all databases with all branches, their history, snapshots, roles and sequences,
as of one moment. Transactions go on meanwhile.

--to is a file, which must not exist, or a directory that does. In a directory that has backups already the new one holds
only what has changed since the newest of them, unless --full is given. --base names the backup file to build on. A file is
complete, verified and on disk when it gets its name.`

const backupExample = `  rowan backup --to monday.rowan
  rowan backup --base monday.rowan --to tuesday.rowan
  rowan backup --to /backups/                      full the first time, then what is new
  rowan backup --data-dir ./data --to copy.rowan   of a data directory that no server uses`

func newBackup() *cobra.Command {
	b := &backupRun{}
	cmd := &cobra.Command{Use: "backup --to FILE|DIR", Short: "Take a backup while the server runs", Long: backupLong, Example: backupExample, Args: cobra.NoArgs}
	f := cmd.Flags()
	f.StringVar(&b.to, "to", "", "file to make, or directory of backups")
	f.StringVar(&b.base, "base", "", "backup file to build on: only what is new since is taken")
	f.BoolVar(&b.full, "full", false, "take everything, also where there are earlier backups")
	_ = cmd.MarkFlagRequired("to") // fails only for a flag that is not there
	return sourceCommand(cmd, &b.source, "print the backup's header as JSON", func(ctx context.Context, _ []string) error { return b.run(ctx) })
}

type backupRun struct {
	source
	to, base string
	full     bool
}

func (b *backupRun) run(ctx context.Context) error {
	base, err := b.findBase()
	if err != nil {
		return err
	}
	dir, isDir := filepath.Dir(b.to), false
	if st, err := os.Stat(b.to); err == nil {
		if isDir = st.IsDir(); !isDir {
			return fmt.Errorf("%s exists already", b.to)
		}
		dir = b.to
	} else if strings.HasSuffix(b.to, string(os.PathSeparator)) {
		return err
	}
	part, err := os.CreateTemp(dir, ".backup-*.part")
	if err != nil {
		return err
	}
	h, size, err := b.take(ctx, part, base)
	if err != nil {
		return errors.Join(err, part.Close(), os.Remove(part.Name()))
	}
	name := b.to
	if isDir {
		name = filepath.Join(dir, fmt.Sprintf("%s-%d%s", h.Made.UTC().Format("20060102-150405.000"), h.Info.SCN, backup.Suffix))
	}
	if err := place(part, name); err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return b.tell(name, h, size)
}

// findBase returns the header of the backup to build on, or nil.
func (b *backupRun) findBase() (*backup.Header, error) {
	if b.full && b.base != "" {
		return nil, errors.New("--full and --base cannot be given together")
	}
	if b.base != "" {
		h, err := backup.ReadHeader(b.base)
		return &h, err
	}
	st, err := os.Stat(b.to)
	if err != nil || !st.IsDir() || b.full {
		return nil, nil
	}
	found, err := filepath.Glob(filepath.Join(b.to, "*"+backup.Suffix))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	all, err := backup.Files([]string{b.to})
	if err != nil {
		return nil, err
	}
	chain, err := backup.Chain(all)
	if err != nil {
		return nil, err
	}
	return &chain[len(chain)-1].Header, nil
}

// take streams the backup into a file, and verifies what came.
func (b *backupRun) take(ctx context.Context, to *os.File, base *backup.Header) (h backup.Header, size int64, err error) {
	closeIt, err := b.open(ctx)
	if err != nil {
		return h, 0, err
	}
	err = b.stream(ctx, to, base)
	if err = errors.Join(err, closeIt()); err != nil {
		return h, 0, err
	}
	if err := to.Sync(); err != nil {
		return h, 0, err
	}
	if err := backup.EachIn(to.Name(), func(_, _ []byte) error { return ctx.Err() }); err != nil {
		return h, 0, err
	}
	st, err := to.Stat()
	if err != nil {
		return h, 0, err
	}
	h, err = backup.ReadHeader(to.Name())
	return h, st.Size(), err
}

func (b *backupRun) stream(ctx context.Context, to io.Writer, base *backup.Header) error {
	conn, err := b.dial(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what matters has been read
	arg := ""
	if base != nil {
		j, err := json.Marshal(base)
		if err != nil {
			return err
		}
		arg = "'" + strings.ReplaceAll(string(j), "'", "''") + "'"
	}
	w := bufio.NewWriterSize(to, 1<<20)
	r, pipe := io.Pipe()
	parsed := make(chan error, 1)
	go func() {
		err := copyData(w, bufio.NewReaderSize(r, 256<<10))
		_ = r.CloseWithError(err) // lets the sender notice
		parsed <- err
	}()
	_, err = conn.CopyTo(ctx, pipe, "COPY (SELECT * FROM rowan.backup("+arg+")) TO STDOUT (FORMAT binary)")
	_ = pipe.CloseWithError(err) // never fails
	if perr := <-parsed; err == nil {
		err = perr
	}
	if err != nil {
		return plain(err)
	}
	return w.Flush()
}

// copyData takes the one column of each row out of PostgreSQL's binary COPY format.
func copyData(w io.Writer, r io.Reader) error {
	var head [19]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r, int64(binary.BigEndian.Uint32(head[15:]))); err != nil {
		return err
	}
	var num [4]byte
	for {
		if _, err := io.ReadFull(r, num[:2]); err != nil {
			return err
		}
		if binary.BigEndian.Uint16(num[:]) == 0xffff {
			_, err := io.Copy(io.Discard, r)
			return err
		}
		if _, err := io.ReadFull(r, num[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(w, r, int64(binary.BigEndian.Uint32(num[:]))); err != nil {
			return err
		}
	}
}

// place gives a finished file its name, durably, unless the name is taken.
func place(part *os.File, name string) error {
	if err := part.Close(); err != nil {
		return err
	}
	if err := os.Link(part.Name(), name); err != nil { // fails where the name is taken, which Rename does not
		return err
	}
	if err := os.Remove(part.Name()); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (b *backupRun) tell(name string, h backup.Header, size int64) error {
	if b.json {
		j, err := json.MarshalIndent(map[string]any{"file": name, "bytes": size, "header": h}, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(b.out, "%s\n", j)
		return err
	}
	what := "everything"
	if !h.Full() {
		what = fmt.Sprintf("what is new since SCN %d", h.Info.Since)
	}
	_, err := fmt.Fprintf(b.out, "%s: %s up to SCN %d, %d bytes\n", name, what, h.Info.SCN, size)
	return err
}
