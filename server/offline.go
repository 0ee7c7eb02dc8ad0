package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/wire"
)

// Offline is a data directory that no server uses, opened for one process: sessions are those of a server, over a socket
// that only the owner of the process can reach.
type Offline struct {
	// Host is the directory of the socket, as PostgreSQL clients take it in the place of a host; the port is Port.
	Host string

	dir    *dataDir
	engine *Engine
	pg     *wire.Server
	done   chan struct{}
}

// Port is that of the socket of an Offline.
const Port = 5432

// OpenOffline opens an existing data directory.
func OpenOffline(ctx context.Context, dir string, key []byte) (*Offline, error) {
	d, err := openExisting(dir)
	if err != nil {
		return nil, err
	}
	o := &Offline{dir: d, done: make(chan struct{})}
	if err := o.start(ctx, key); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func (o *Offline) start(ctx context.Context, key []byte) (err error) {
	o.engine, err = openEngine(ctx, EngineOptions{
		Dir: o.dir.file(storeDir), TempDir: o.dir.file(tempDir), Trust: true, Memory: MemorySmall, Log: zap.NewNop(), Key: key,
	})
	if err != nil {
		return openError(o.dir.path, err)
	}
	if o.Host, err = os.MkdirTemp("", "rowan-"); err != nil { // only its owner may enter it
		return err
	}
	l, err := net.Listen("unix", filepath.Join(o.Host, fmt.Sprintf(".s.PGSQL.%d", Port)))
	if err != nil {
		return err
	}
	o.pg = wire.NewServer(wire.Config{Opener: o.engine.Sessions, MaxConnections: 10, Log: zap.NewNop()})
	if o.engine.Attach != nil {
		o.engine.Attach(o.pg)
	}
	go func() {
		_ = o.pg.Serve(l) // ends with Close
		close(o.done)
	}()
	return nil
}

// Close ends the sessions and closes the directory.
func (o *Offline) Close() error {
	var errs []error
	if o.pg != nil {
		_ = o.pg.Shutdown(context.Background()) // cuts what does not end by itself
		<-o.done
	}
	if o.engine != nil {
		errs = append(errs, o.engine.Close())
	}
	if o.Host != "" {
		errs = append(errs, os.RemoveAll(o.Host))
	}
	return errors.Join(append(errs, o.dir.close())...)
}

// openExisting locks a data directory that was made before.
func openExisting(path string) (*dataDir, error) {
	if _, err := os.Stat(filepath.Join(path, markerFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a data directory of Rowan", path)
	} else if err != nil {
		return nil, err
	}
	return openDataDir(path)
}

// oneLine is an error's text on one line, as what ends a start should be.
func oneLine(err error) error {
	if !strings.Contains(err.Error(), "\n") {
		return err
	}
	return errors.New(strings.Join(strings.Split(err.Error(), "\n"), "; "))
}
