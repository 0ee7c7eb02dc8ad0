package mvcc

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
	"github.com/rowandb/rowan/storage/ssi"
)

// Txn implements storage.Txn.
type Txn struct {
	s      *Store
	id     uint64
	o      storage.TxnOptions
	trying bool          // see Try
	snap   uint64        // what the running statement reads at
	moving atomic.Uint64 // snap, as others see it, or an older one that is still in use
	oldest atomic.Uint64 // the oldest SCN that anything in the transaction reads at
	floor  uint64        // the oldest fixed one: points and forks
	reads  atomic.Uint64 // the oldest SCN at which it reads a branch, forks apart
	point  uint64        // the oldest fixed one of these
	cmd    uint32        // number of what is written now, from 1; r.cmd is that of the first statement that is not read
	since  atomic.Uint64 // the newest transaction when the snapshot was taken
	keeps  atomic.Bool   // it keeps its snapshot from statement to statement
	begun  bool          // something was read or written: REPEATABLE READ keeps its snapshot
	done   bool
	err    error // why it cannot be committed

	views []*view
	r     reader
	open  int      // scanners, and statements that others run inside
	depth int      // of the latter
	held  []uint32 // what else than the running statement is read at, in numbers of statements

	owner       *lock.Owner
	token       *lock.Owner  // of the lock on the transaction's id
	self        *largeTxn    // as others meet it; nil: nobody can
	claims      []*claimList // of rows that are not in the store yet
	claimed     uint64       // how many there were
	lockTimeout time.Duration

	spaces     map[keys.Space]*writes
	order      []*writes // spaces by time of their first write
	seq        uint64    // writes so far
	bytes      int64     // held in spaces
	savepoints []savepoint
	undo       []undoEntry
	large      *largeTxn
	chunks     []chunk   // written ahead
	flights    []*flight // being written ahead, oldest first
	mem        arena
	wrote      bool
	seen       seenRows
	merges     []mergeNote
	emptied    []emptying
	moves      []move
	labels     map[catalog.OID]bool // of enums, that it has added

	ssi      *ssi.Txn  // nil: nobody watches
	watched  bool      // whether somebody should has been seen to
	branches []*branch // to be saved with the commit
	rebases  []*rebase
	built    []*layer // for rebases, those taken back included
	keyspace uint64   // those that it makes are not below
}

type savepoint struct {
	seq     uint64
	locks   int
	merges  int // noted before it
	emptied int
	moves   int
	rebases int
}

type undoEntry struct {
	w *writes
	x *write
}

var _ storage.Txn = (*Txn)(nil)

// Begin implements storage.Store.
func (s *Store) Begin(ctx context.Context, o storage.TxnOptions) (storage.Txn, error) {
	return s.begin(ctx, o)
}

func (s *Store) begin(ctx context.Context, o storage.TxnOptions) (*Txn, error) {
	if s.closed.Load() {
		return nil, pgerr.New(pgerrcode.AdminShutdown, "the database system is shutting down")
	}
	id, err := s.take(ctx, counterTxn, 1)
	if err != nil {
		return nil, err
	}
	t := &Txn{s: s, id: id, o: o, cmd: 1, floor: latest, point: latest}
	t.r = reader{s: s, cmd: 1}
	var sibling *lock.Owner
	if l, ok := o.Session.(*lockSession); ok && l != nil {
		sibling = l.owner
	}
	t.keyspace = s.nextKeyspace()
	t.owner = s.locks.Owner(id, o.PID, sibling)
	s.txns.add(t)
	s.txns.newest.Store(id)
	t.snapshot()
	return t, nil
}

// snapshot moves the transaction to the newest published SCN.
func (t *Txn) snapshot() {
	t.since.Store(t.s.txns.newest.Load() + 1)
	if t.open > 0 { // scanners still need the old one
		t.snap = t.s.seq.published.Load()
		return
	}
	t.snap = t.s.txns.snapshot(t)
}

// ID implements storage.Txn.
func (t *Txn) ID() uint64 { return t.id }

// SetInfo implements storage.Txn.
func (t *Txn) SetInfo(i storage.TxnInfo) { t.o.Info = i }

// SetModes implements storage.Txn. A serializable transaction is registered anew with its next statement.
func (t *Txn) SetModes(level storage.Isolation, readOnly bool) {
	t.unwatch()
	t.watched = false
	t.o.Isolation, t.o.ReadOnly = level, readOnly
}

// Try implements storage.Txn.
func (t *Txn) Try() (end func()) {
	was := t.trying
	t.trying = true
	return func() { t.trying = was }
}

// SetAsync implements storage.Txn.
func (t *Txn) SetAsync(async bool) { t.o.Async = async }

// SetLockTimeout implements storage.Txn.
func (t *Txn) SetLockTimeout(d time.Duration) { t.lockTimeout = d }

// Statement implements storage.Txn.
func (t *Txn) Statement() {
	t.nextCommand()
	t.r.cmd = t.cmd
	if t.o.Isolation == storage.ReadCommitted || !t.begun {
		t.takeSnapshot()
		for _, v := range t.views {
			v.move()
		}
	}
	t.seen.reset()
}

// nextCommand gives what is written from now on another number than what was written before.
func (t *Txn) nextCommand() {
	if t.wrote {
		t.cmd++
		t.wrote = false
	}
}

// Enter implements storage.Txn. Like a scanner that is open, the statement outside keeps what it reads from being removed.
func (t *Txn) Enter() storage.ReadPoint {
	t.depth++
	return t.Hold()
}

// Hold implements storage.Txn.
func (t *Txn) Hold() storage.ReadPoint {
	t.open++
	t.held = append(t.held, t.r.cmd)
	return storage.ReadPoint{SCN: t.snap, Statement: t.r.cmd}
}

// Release implements storage.Txn.
func (t *Txn) Release(p storage.ReadPoint) {
	t.open--
	for i := len(t.held) - 1; i >= 0; i-- {
		if t.held[i] == p.Statement {
			t.held = slices.Delete(t.held, i, i+1)
			return
		}
	}
}

// Leave implements storage.Txn. What the statement outside still writes is told from what those inside wrote.
func (t *Txn) Leave(p storage.ReadPoint) {
	t.depth--
	t.Release(p)
	t.nextCommand()
	t.Resume(p)
}

// Resume implements storage.Txn.
func (t *Txn) Resume(p storage.ReadPoint) storage.ReadPoint {
	old := storage.ReadPoint{SCN: t.snap, Statement: t.r.cmd}
	if p == old {
		return old
	}
	t.snap, t.r.cmd = p.SCN, p.Statement
	for _, v := range t.views {
		if !v.readOnly {
			v.chain[0].bound = p.SCN
		}
	}
	t.seen.reset()
	return old
}

// Reads implements storage.Txn.
func (t *Txn) Reads() { t.uses() }

// check refuses the use of a transaction that is over.
func (t *Txn) check() error {
	if t.done {
		return pgerr.Internal("transaction %d is over", t.id)
	}
	return nil
}

// writable refuses writes that the transaction or the view does not allow.
func (t *Txn) writable(v storage.View) (*view, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	x, err := t.own(v)
	if err != nil {
		return nil, err
	}
	if t.o.ReadOnly && !t.trying {
		return nil, pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot write in a read-only transaction")
	}
	if x.readOnly {
		return nil, errPast()
	}
	t.uses()
	return x, nil
}

func errPast() error {
	return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot write at a point in the past").
		WithHint("Make a branch at that point, and write there.")
}

func (t *Txn) own(v storage.View) (*view, error) {
	x, ok := v.(*view)
	if !ok || x.t != t {
		return nil, pgerr.Internal("view of another transaction")
	}
	return x, nil
}

// writesTo returns the transaction's writes to a keyspace of a view, made if need be.
func (t *Txn) writesTo(v *view, ks catalog.Keyspace) *writes {
	sp := keys.Space{Layer: v.layer.id, Keyspace: ks}
	w := t.spaces[sp]
	if w == nil {
		if t.spaces == nil {
			t.spaces = make(map[keys.Space]*writes, 4)
		}
		w = newWrites(sp)
		w.layer = v.layer
		t.spaces[sp] = w
		t.order = append(t.order, w)
	}
	return w
}

// writesIn returns the transaction's writes to a keyspace of a view, or nil.
func (t *Txn) writesIn(v *view, ks catalog.Keyspace) *writes {
	if len(t.spaces) == 0 || v.readOnly {
		return nil
	}
	return t.spaces[keys.Space{Layer: v.layer.id, Keyspace: ks}]
}

// Rollback implements storage.Txn.
func (t *Txn) Rollback() error {
	if t.done {
		return nil
	}
	var err error
	t.abandonFlights()
	if t.large != nil {
		if err = t.s.undoLarge(context.Background(), t.large); err != nil {
			t.large.stuck.Store(true)
		}
	}
	t.end()
	return err
}

// end lets go of everything.
func (t *Txn) end() {
	t.done = true
	t.unwatch()
	t.releaseClaims(0)
	t.owner.ReleaseTo(0)
	if t.token != nil {
		t.token.ReleaseTo(0)
	}
	t.s.txns.remove(t)
	t.endRebases()
	for _, v := range t.views {
		v.layer.users.Add(-1)
	}
	t.spaces, t.order, t.undo, t.views = nil, nil, nil, nil
}
