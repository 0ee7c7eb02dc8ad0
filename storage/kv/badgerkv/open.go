package badgerkv

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/rowandb/rowan/storage/kv"
)

// Options open an engine.
type Options struct {
	Dir    string
	Small  bool          // less memory, smaller batches
	Memory int64         // about how many bytes to use, mapped files included; 0: Badger's defaults, without a bound
	NoSync bool          // never fsync: a crash of the machine may lose all
	Logger badger.Logger // nil: silent
	Key    []byte        // encrypts what is written; 16, 24 or 32 bytes; nil: plain
	// Reserve is how much of the disk is kept free of ordinary writes; 0: four memtables.
	Reserve int64

	keepResident bool // tests let go of the tables by themselves
}

// levelZeroStall is with how many tables in level 0 memtables are no longer written there: see the package comment.
const levelZeroStall = 3

// verifyAtOpen is up to which size a store's tables are read as a whole before it is opened. Those of larger ones are
// read in the background; until then damage shows when it is met.
const verifyAtOpen = 1 << 30

// Open opens or makes the store in a directory. Tables are verified first, for Badger itself leaves damaged ones out.
func Open(o Options) (*Engine, error) { return openWith(o, badgerOptions(o)) }

func openWith(o Options, b badger.Options) (*Engine, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	e := &Engine{
		opts: o, requests: make(chan *request, 256), stopped: make(chan struct{}), reclaim: make(chan chan error), flattening: make(chan struct{}, 1),
		health: health{bad: make(chan struct{})}, space: space{dir: o.Dir, reserve: o.Reserve, free: freeBytes},
	}
	if e.space.reserve == 0 {
		e.space.reserve = 4 * b.MemTableSize
	}
	if err := e.space.atStart(); err != nil {
		return nil, err
	}
	if err := checkKey(o.Dir, o.Key); err != nil {
		return nil, err
	}
	if err := removeEmptyLogs(o.Dir); err != nil {
		return nil, err
	}
	if err := settleValues(o); err != nil {
		return nil, err
	}
	later, err := verifyFirst(o)
	if err != nil {
		return nil, err
	}
	if err := settleLogs(o); err != nil {
		return nil, err
	}
	db, err := badger.OpenManaged(b.WithLogger(polite{b.Logger, e}))
	if err != nil {
		return nil, fmt.Errorf("badger: %s", oneLine(err))
	}
	e.db = db
	e.epochs.open(db, b.MemTableSize)
	e.fresh.long, e.fresh.unread = freshFor, later
	// Badger reckons a few bytes more for each entry than kv.Batch; half of its limit is far enough away.
	e.limits = kv.Limits{Bytes: db.MaxBatchSize() / 2, Ops: int(db.MaxBatchCount() / 2)}
	e.logs.dir = o.Dir
	e.backlog.logs = &e.logs
	if err := e.wal.open(&e.logs); err != nil {
		_ = db.Close() // the first error counts
		return nil, err
	}
	e.values.open(o.Dir, b.ValueThreshold)
	if o.NoSync {
		e.wal.datasync = func(*os.File) error { return nil }
		e.values.datasync = e.wal.datasync
	}
	engines.add(e)
	e.ready.Store(true)
	go e.commitLoop()
	go e.syncs()
	if o.Memory > 0 && !o.keepResident {
		go e.trims()
	}
	go e.courtesy.watch(e.stopped)
	go e.scrubs(later)
	return e, nil
}

// verifyFirst reads the tables before Badger does; later says that it has read no more than their indexes.
func verifyFirst(o Options) (later bool, err error) {
	v := verifier{dir: o.Dir, key: o.Key}
	if err := v.list(); err != nil {
		return false, err
	}
	later = v.bytes > verifyAtOpen
	if err := v.run(context.Background(), !later, nil); err != nil {
		return false, err
	}
	return later, v.err()
}

// oneLine makes the text of an error of Badger fit for a line of a log.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func badgerOptions(o Options) badger.Options {
	b := badger.DefaultOptions(o.Dir).
		WithLogger(watch{o.Logger}).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithNumVersionsToKeep(1).
		WithSyncWrites(false). // the commit loop syncs
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(levelZeroStall).
		WithCompression(options.Snappy).
		WithNumCompactors(2).
		WithBlockCacheSize(256 << 20).
		WithChecksumVerificationMode(options.OnBlockRead). // see damage.go
		WithVerifyValueChecksum(true)
	if o.Small {
		b = b.WithMemTableSize(16 << 20).WithNumMemtables(2).WithBlockCacheSize(32 << 20).
			WithIndexCacheSize(16 << 20).WithValueLogFileSize(64 << 20)
	}
	b = useMemory(b, o.Memory)
	if o.Key != nil {
		b = b.WithEncryptionKey(o.Key)
		if b.IndexCacheSize == 0 {
			b = b.WithIndexCacheSize(64 << 20) // Badger decrypts indexes into it
		}
	}
	return b
}
