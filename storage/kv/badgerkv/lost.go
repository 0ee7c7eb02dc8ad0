package badgerkv

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// A crash of the machine may lose a large value and leave what points to it, since Badger syncs neither. So value logs are synced
// before anything else is written, and thus before what points to them can be in a table or durable: what is lost then is at
// the end of the last value log, and what points there, and all after it, nobody was ever told to be durable. It is taken back here.
// Anybody who reads it would take it for damage; and so would a verification a value log that was full by then.

// valueEnd is where the values end of a store that was not closed.
type valueEnd struct {
	log   int // the last one that has any, or the first
	at    int64
	last  int          // of all logs
	empty map[int]bool // those after log; where there is none, it was collected
}

// lost reports whether a value is gone that a log had up to some place.
func (e *valueEnd) lost(log int, to int64) bool {
	return log > e.last || e.empty[log] || log == e.log && to > e.at
}

// settleValues takes back what points to values that a crash has lost. It leaves damage as it is.
func settleValues(o Options) error {
	numbers, err := memoryLogs(o.Dir)
	if err != nil || len(numbers) == 0 {
		return err
	}
	end, sound, err := settleValueEnd(o.Dir)
	if err != nil || !sound {
		return err
	}
	var keys *badger.KeyRegistry
	if o.Key != nil {
		if keys, err = registry(o.Dir, o.Key); err != nil {
			return registryError(o.Dir, err)
		}
	}
	for i, n := range numbers {
		at, err := firstLost(memoryLog(o.Dir, n), keys, end)
		if err != nil {
			return err
		}
		if at < 0 {
			continue
		}
		for _, later := range slices.Backward(numbers[i+1:]) {
			if err := os.Remove(memoryLog(o.Dir, later)); err != nil {
				return err
			}
		}
		return cutLog(memoryLog(o.Dir, n), at, true)
	}
	return nil
}

// settleValueEnd finds where values end, and cuts there what is left of one that was being written. false: there is damage.
func settleValueEnd(dir string) (end valueEnd, sound bool, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil {
		return end, false, err
	}
	end.empty = map[int]bool{}
	for _, name := range slices.Backward(names) {
		if _, err := fmt.Sscanf(filepath.Base(name), "%d.vlog", &end.log); err != nil {
			continue
		}
		end.last = max(end.last, end.log)
		sound, unfinished, err := end.look(name)
		if !sound || err != nil {
			return end, false, err
		}
		if unfinished && end.log < end.last { // Badger cuts the last one itself
			if err := cutLog(name, end.at, false); err != nil {
				return end, false, err
			}
		}
		if end.at > logHeader {
			return end, true, nil
		}
		end.empty[end.log] = true
	}
	return end, true, nil
}

// look finds where the entries of a log end, and whether another one was being written there.
func (e *valueEnd) look(name string) (sound, unfinished bool, err error) {
	e.at = logHeader
	f, err := os.Open(name)
	if err != nil {
		return false, false, err
	}
	defer func() { _ = f.Close() }() // it was read only
	l := &logReader{}
	if err := l.open(f); err != nil || l.size < logHeader {
		return true, false, err
	}
	if e.at, err = l.end(); err != nil {
		return false, false, err
	}
	if problem, err := l.after(e.at, false); err != nil || problem != "" {
		return false, false, err
	}
	last, err := l.lastByte(e.at)
	return true, last >= e.at, err
}

// pointer is how Badger marks an entry whose value is where its large values are, and pointerSize is how long what says where is.
const (
	pointer     = 1 << 1
	pointerSize = 12
)

// firstLost returns where the first entry begins that points to a lost value, or the transaction that it is in; -1: there is none.
func firstLost(name string, keys *badger.KeyRegistry, end valueEnd) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was read only
	l := &logReader{}
	if err := l.open(f); err != nil || l.size < logHeader {
		return -1, err
	}
	s, problem := l.secret(keys)
	if problem != "" {
		return -1, nil // the verification tells
	}
	begin := int64(-1) // of a transaction
	for at := int64(logHeader); at < l.size; {
		n, head, ok := l.entry(at)
		if !ok {
			break
		}
		kind, err := l.read(at, 1)
		if err != nil {
			return 0, err
		}
		switch {
		case kind[0]&inTransaction == 0:
			begin = -1
		case begin < 0:
			begin = at
		}
		if kind[0]&pointer != 0 && head.value == pointerSize {
			b, err := l.payload(at, head, s)
			if err != nil {
				return 0, err
			}
			b = b[head.key:]
			log, size, from := binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[8:])
			if end.lost(int(log), int64(from)+int64(size)) {
				if begin < 0 {
					begin = at
				}
				return begin, nil
			}
		}
		at += n
	}
	return -1, nil
}

// cutLog cuts a log; whole: it keeps its length, and zeros come after it.
func cutLog(name string, at int64, whole bool) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		err = f.Truncate(at)
	}
	if err == nil && whole {
		err = f.Truncate(st.Size())
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
