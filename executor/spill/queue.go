package spill

import (
	"encoding/binary"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Queue is a file of batches, written first and then read once in the same order. It gathers rows into full batches.
type Queue struct {
	types   []types.Type
	dir     string
	file    *file
	pending *vector.Batch
	read    int64
	out     *vector.Batch
	buf     []byte
	rows    int
}

// NewQueue makes an empty queue. No file is made before the first full batch.
func NewQueue(dir string, ts []types.Type) *Queue {
	return &Queue{types: ts, dir: dir}
}

// Rows returns how many rows were enqueued.
func (q *Queue) Rows() int { return q.rows }

// Bytes returns how much was written to the file.
func (q *Queue) Bytes() int64 {
	if q.file == nil {
		return 0
	}
	return q.file.size
}

// Enqueue adds the live rows of a batch.
func (q *Queue) Enqueue(b *vector.Batch) error { return q.Add(b.Cols, b.Sel, b.N) }

// Add adds the rows of sel, or all n when sel is nil, of columns.
func (q *Queue) Add(cols []*vector.Vector, sel []uint16, n int) error {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	if q.pending == nil {
		q.pending = newBatch(q.types)
	}
	if q.pending.N+n > vector.Size {
		if err := q.write(); err != nil {
			return err
		}
	}
	for i, v := range q.pending.Cols {
		v.AppendFrom(cols[i], sel, n)
	}
	q.pending.N += n
	q.rows += n
	return nil
}

func (q *Queue) write() error {
	if q.pending.N == 0 {
		return nil
	}
	if q.file == nil {
		var err error
		if q.file, err = newFile(q.dir); err != nil {
			return err
		}
	}
	_, _, err := q.file.append(func(dst []byte) []byte {
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendBatch(dst, q.pending.Cols, q.pending.N)
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		return dst
	})
	for i, v := range q.pending.Cols {
		v.Reset(q.types[i])
	}
	q.pending.N = 0
	return err
}

// Flush writes all rows out and frees their memory; it is called between writing and reading when many queues are open.
func (q *Queue) Flush() error {
	if q.pending == nil {
		return nil
	}
	err := q.write()
	q.pending = nil
	if err == nil && q.file != nil {
		err = q.file.flush()
		q.file.buf = nil
	}
	return err
}

// Dequeue returns the next batch, nil after the last. It holds until the next call.
func (q *Queue) Dequeue() (*vector.Batch, error) {
	if q.file == nil || q.read >= q.file.size {
		b := q.pending
		q.pending = nil
		if b == nil || b.N == 0 {
			return nil, nil
		}
		return b, nil
	}
	var head [4]byte
	if err := q.file.read(head[:], q.read); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if cap(q.buf) < n {
		q.buf = make([]byte, n)
	}
	q.buf = q.buf[:n]
	if err := q.file.read(q.buf, q.read+4); err != nil {
		return nil, err
	}
	q.read += int64(n) + 4
	if q.out == nil {
		q.out = newBatch(q.types)
	}
	decodeBatch(q.out, q.types, q.buf)
	return q.out, nil
}

// Close removes the file.
func (q *Queue) Close() error {
	q.pending, q.out, q.buf = nil, nil, nil
	if q.file == nil {
		return nil
	}
	f := q.file
	q.file = nil
	return f.close()
}
