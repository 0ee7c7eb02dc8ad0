package badgerkv

import (
	"encoding/binary"
	"io"
	"os"
)

// window reads a file in large parts.
type window struct {
	f    *os.File
	size int64
	win  []byte // a part of the file
	at   int64  // where the part begins
}

// windowSize is how much is read at a time.
const windowSize = 1 << 20

func (w *window) open(f *os.File) error {
	st, err := f.Stat()
	if err == nil {
		w.f, w.size = f, st.Size()
	}
	return err
}

func (w *window) word(at int64) (int64, error) {
	b, err := w.read(at, 4)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint32(b)), nil
}

// read returns a part of the file, valid until the next one; io.EOF: it is not in the file.
func (w *window) read(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at+n > w.size {
		return nil, io.EOF
	}
	if at < w.at || at+n > w.at+int64(len(w.win)) {
		want := min(max(n, windowSize), w.size-at)
		if int64(cap(w.win)) < want {
			w.win = make([]byte, want)
		}
		w.win, w.at = w.win[:want], at
		if got, err := w.f.ReadAt(w.win, at); err != nil && int64(got) < n {
			w.win = w.win[:0]
			return nil, err
		} else {
			w.win = w.win[:got]
		}
	}
	return w.win[at-w.at:][:n], nil
}
