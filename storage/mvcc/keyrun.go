package mvcc

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// keyRun is a sorted list of keys in a temporary file, which has no name. Of each key stands there how many bytes it has in
// common with the one before, how many follow, and these.
type keyRun struct {
	f   *os.File
	n   int // keys
	in  *bufio.Reader
	key []byte
}

// runBuffer is how much of a file is read at a time: there may be many files.
const runBuffer = 32 << 10

func writeRun(dir string, keys []string) (*keyRun, error) {
	f, err := os.CreateTemp(dir, "rowan-keys-*")
	if err != nil {
		return nil, tempError(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, tempError(err)
	}
	w := bufio.NewWriterSize(f, 8*runBuffer)
	var buf []byte
	last := ""
	for _, k := range keys {
		shared := 0
		for shared < len(k) && shared < len(last) && k[shared] == last[shared] {
			shared++
		}
		buf = binary.AppendUvarint(buf[:0], uint64(shared))
		buf = binary.AppendUvarint(buf, uint64(len(k)-shared))
		if _, err = w.Write(append(buf, k[shared:]...)); err != nil {
			break
		}
		last = k
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, tempError(err)
	}
	return &keyRun{f: f, n: len(keys)}, nil
}

// next reads a key, which holds until the next call.
func (r *keyRun) next() (key string, ok bool, err error) {
	if r.in == nil {
		r.in = bufio.NewReaderSize(r.f, runBuffer)
	}
	shared, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		return "", false, nil
	}
	var n uint64
	if err == nil {
		n, err = binary.ReadUvarint(r.in)
	}
	if err != nil {
		return "", false, tempError(err)
	}
	if shared > uint64(len(r.key)) || n > 1<<30 {
		return "", false, errCorrupt(r.key)
	}
	at := int(shared)
	r.key = append(r.key[:at], make([]byte, n)...)
	if _, err := io.ReadFull(r.in, r.key[at:]); err != nil {
		return "", false, tempError(err)
	}
	return bytesString(r.key), true, nil
}

func (r *keyRun) close() error { return r.f.Close() }

func tempError(err error) error {
	return pgerr.Wrap(pgerrcode.IOError, err)
}
