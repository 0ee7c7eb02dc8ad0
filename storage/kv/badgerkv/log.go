package badgerkv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
)

// logReader reads a log as Badger writes it: of a memtable, or of large values. Badger takes the first entry that is not whole
// for the end of a log, and cuts it there: what was written and synced after a damaged entry would be gone without a word.
//
//	8: number of the key, 0: plain | 12: begin of the IVs | entries | zeros
//	entry: 1: kind | 1: 0 | uvarint: length of the key | uvarint: of the value | uvarint: 0 | key | value | 4: CRC of all this
type logReader struct{ window }

const (
	logHeader   = 20
	mostEntry   = 64 << 20
	sector      = 512 // what a disk writes as a whole
	unwritten   = 16  // zeros on end that say that an entry was being written
	entryHeader = 22  // at most
	unusedKinds = 8 | 16 | 32
)

// logProblem returns what is wrong with a log, in words. A closed one is not written to any more, and whole. keys may be unknown.
func logProblem(name string, closed bool, keys *badger.KeyRegistry, known bool) string {
	f, err := os.Open(name)
	if err != nil {
		return oneLine(err)
	}
	defer func() { _ = f.Close() }() // it was read only
	l := &logReader{}
	if err := l.open(f); err != nil {
		return oneLine(err)
	}
	if l.size < logHeader {
		return ""
	}
	if known {
		if what := l.header(keys); what != "" {
			return what
		}
	}
	at, err := l.end()
	if err != nil {
		return oneLine(err)
	}
	what, err := l.after(at, closed)
	if err != nil {
		return oneLine(err)
	}
	return what
}

// secret is what a log is encrypted with.
type secret struct{ key, iv []byte }

// secret reads it; nil: the log is plain.
func (l *logReader) secret(keys *badger.KeyRegistry) (s *secret, problem string) {
	b, err := l.read(0, logHeader)
	if err != nil {
		return nil, oneLine(err)
	}
	id, iv := binary.BigEndian.Uint64(b), slices.Clone(b[8:])
	if keys == nil || id == 0 {
		if id != 0 {
			return nil, "its header is damaged: it is not encrypted, and names a key"
		}
		return nil, ""
	}
	key, err := keys.DataKey(id)
	if err != nil {
		return nil, "its header is damaged: it names a key that there is not"
	}
	return &secret{key.Data, iv}, ""
}

// header looks whether the entries can be decrypted with what the log says of itself.
func (l *logReader) header(keys *badger.KeyRegistry) string {
	s, problem := l.secret(keys)
	if problem != "" || s == nil {
		return problem
	}
	_, head, ok := l.entry(logHeader)
	if !ok {
		return ""
	}
	if _, _, err := l.key(logHeader, head, s); err != nil {
		return "its header is damaged: its entries cannot be decrypted"
	}
	return ""
}

// payload reads the key, with its timestamp, and the value of an entry.
func (l *logReader) payload(at int64, h entryLengths, s *secret) ([]byte, error) {
	return l.plain(at, h.len, h.key+h.value, s)
}

// plain reads the first bytes after the beginning of an entry, which has a length.
func (l *logReader) plain(at, head, n int64, s *secret) ([]byte, error) {
	b, err := l.read(at, head+n)
	if err != nil {
		return nil, err
	}
	b = slices.Clone(b[head:])
	if s == nil {
		return b, nil
	}
	return b, y.XORBlock(b, b, s.key, binary.BigEndian.AppendUint32(slices.Clone(s.iv), uint32(at)))
}

// key reads the key and the timestamp of an entry.
func (l *logReader) key(at int64, h entryLengths, s *secret) (key []byte, ts uint64, err error) {
	b, err := l.plain(at, h.len, h.key, s)
	if err != nil {
		return nil, 0, err
	}
	n := len(b) - 8
	if n <= 0 || math.MaxUint64-binary.BigEndian.Uint64(b[n:]) > mostEpochs {
		return nil, 0, fmt.Errorf("the key of the entry at byte %d has no timestamp", at)
	}
	return b[:n], math.MaxUint64 - binary.BigEndian.Uint64(b[n:]), nil
}

type entryLengths struct{ len, key, value int64 }

// parseEntry reads the beginning of an entry; ok: it may be one.
func parseEntry(b []byte) (h entryLengths, ok bool) {
	if len(b) < 5 || b[0]&unusedKinds != 0 || b[1] != 0 {
		return h, false
	}
	at := 2
	var n [3]uint64
	for i := range n {
		v, size := binary.Uvarint(b[at:])
		if size <= 0 {
			return h, false
		}
		n[i], at = v, at+size
	}
	if n[0] == 0 || n[0] > 1<<16 || n[1] > mostEntry || n[2] != 0 {
		return h, false
	}
	return entryLengths{int64(at), int64(n[0]), int64(n[1])}, true
}

func (h entryLengths) total() int64 { return h.len + h.key + h.value + crc32.Size }

// entry returns the length of the entry at a place; false: there is no whole one.
func (l *logReader) entry(at int64) (n int64, h entryLengths, ok bool) {
	b, err := l.read(at, min(entryHeader, l.size-at))
	if err != nil {
		return 0, h, false
	}
	if h, ok = parseEntry(b); !ok {
		return 0, h, false
	}
	n = h.total()
	b, err = l.read(at, n)
	return n, h, err == nil && wholeEntry(b)
}

func wholeEntry(b []byte) bool {
	end := len(b) - crc32.Size
	return crc32.Checksum(b[:end], y.CastagnoliCrcTable) == binary.BigEndian.Uint32(b[end:])
}

// end is where the entries end that Badger will read.
func (l *logReader) end() (int64, error) {
	at := int64(logHeader)
	for at < l.size {
		n, _, ok := l.entry(at)
		if !ok {
			break
		}
		at += n
	}
	if at >= l.size {
		return l.size, nil
	}
	_, err := l.read(at, 1)
	return at, err
}

// after tells damage from what a crash leaves at the end of a log: an entry of which a part was not written, and sectors that
// never were.
func (l *logReader) after(at int64, closed bool) (string, error) {
	last, err := l.lastByte(at)
	if err != nil || last < at {
		return "", err
	}
	if closed {
		return fmt.Sprintf("it is damaged at byte %d; values from there to its end, %d bytes, cannot be read", at, last+1-at), nil
	}
	for next := at + 1; next <= last; next++ {
		if l.begins(next, last) {
			if hole, err := l.hole(at, next); hole || err != nil {
				return "", err
			}
			return fmt.Sprintf("it is damaged at byte %d; what was committed from there to its end, %d bytes, is beyond it", at, last+1-at), nil
		}
	}
	if last+1-at > mostEntry {
		return "", nil
	}
	b, err := l.read(at, last+1-at)
	if err == nil && wasWhole(b) {
		return fmt.Sprintf("its last entry is damaged, at byte %d", at), nil
	}
	return "", err
}

// begins reports whether a whole entry begins at a place, of a log whose last byte is known: zeros may come after it.
func (l *logReader) begins(at, last int64) bool {
	b, err := l.read(at, min(entryHeader, l.size-at))
	if err != nil {
		return false
	}
	h, ok := parseEntry(b)
	if !ok || at+h.total() > last+1+crc32.Size {
		return false
	}
	_, _, ok = l.entry(at)
	return ok
}

// lastByte is the place of the last byte from one on that is not zero, or one before it.
func (l *logReader) lastByte(at int64) (int64, error) {
	last := at - 1
	for from := at; from < l.size; {
		n := min(windowSize, l.size-from)
		b, err := l.read(from, n)
		if err != nil {
			return 0, err
		}
		if rest := bytes.TrimRight(b, "\x00"); len(rest) > 0 {
			last = from + int64(len(rest)) - 1
		}
		from += n
	}
	return last, nil
}

// hole reports whether a sector within a range is empty: a crash of the machine lost it, before the end of what it lost was synced.
func (l *logReader) hole(from, to int64) (bool, error) {
	var empty [sector]byte
	for at := (from + sector - 1) / sector * sector; at+sector <= to; at += sector {
		b, err := l.read(at, sector)
		if err != nil {
			return false, err
		}
		if bytes.Equal(b, empty[:]) {
			return true, nil
		}
	}
	return false, nil
}

// wasWhole reports whether the last entry of a log was written to its end. It was not when there are zeros on end in it, or
// none of its checksum.
func wasWhole(b []byte) bool {
	if bytes.Contains(b, make([]byte, unwritten)) {
		return false
	}
	fits := func(b []byte) bool {
		h, ok := parseEntry(b)
		return ok && h.total() >= int64(len(b)) && h.total() < int64(len(b))+crc32.Size // zeros at its end are not in b
	}
	if fits(b) {
		return true
	}
	// Its beginning may be what is damaged.
	b = append(slices.Clone(b), make([]byte, crc32.Size)...)
	for i := range min(entryHeader, len(b)) {
		was := b[i]
		for x := range 256 {
			b[i] = byte(x)
			if h, ok := parseEntry(b); ok && h.total() <= int64(len(b)) && wholeEntry(b[:h.total()]) {
				return true
			}
		}
		b[i] = was
	}
	return false
}

// logs are the logs of a store that can be verified: beside an open one only those that are not written to any more.
func (v *verifier) logs() (list []logName) {
	values, _ := filepath.Glob(filepath.Join(v.dir, "*.vlog")) // no pattern is bad
	tables, _ := filepath.Glob(filepath.Join(v.dir, "*.mem"))
	last := len(values) - 1
	if !v.open && len(tables) > 0 { // it was not closed, and what was not synced may be lost
		last = lastWithValues(values)
	}
	for i, name := range values {
		if closed := i < last; closed || !v.open {
			list = append(list, logName{name, closed})
		}
	}
	if !v.open {
		for _, name := range tables {
			list = append(list, logName{name, false})
		}
	}
	return list
}

// lastWithValues returns which of some value logs is the last one that has any, or the first.
func lastWithValues(names []string) int {
	for i, name := range slices.Backward(names) {
		var end valueEnd
		if _, _, err := end.look(name); i == 0 || err != nil || end.at > logHeader {
			return i
		}
	}
	return -1
}

type logName struct {
	name   string
	closed bool
}
