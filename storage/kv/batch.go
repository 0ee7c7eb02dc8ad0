package kv

// Batch is a list of writes that Apply makes atomically; of several writes to one key the last counts. The zero Batch is
// empty and ready.
type Batch struct {
	// Async lets Apply return before the batch is durable.
	Async bool
	// Urgent lets the batch use the space that is kept free on the disk: for what takes back, or ends, other work, and for what
	// frees space in the end.
	Urgent bool
	// Loose, with Async, lets a crash leave a first part of the batch, and readers see it grow: for long lists of writes
	// that can be taken back otherwise.
	Loose bool

	buf   []byte
	ops   []op
	apart int64 // bytes of values that do not count

	deletes bool // there are deletions
}

type op struct {
	key, val, end int // offsets into buf; val < 0 is a deletion
}

// Apart is the size from which a value does not count against Limits, because engines keep such values apart.
const Apart = 1 << 20

// opOverhead is what an engine is reckoned to keep for an entry beside its bytes.
const opOverhead = 32

// Put sets a key. It copies both.
func (b *Batch) Put(key, val []byte) {
	k := len(b.buf)
	b.buf = append(b.buf, key...)
	v := len(b.buf)
	b.buf = append(b.buf, val...)
	b.ops = append(b.ops, op{k, v, len(b.buf)})
	if len(val) >= Apart {
		b.apart += int64(len(val))
	}
}

// Delete removes a key. It copies it.
func (b *Batch) Delete(key []byte) {
	k := len(b.buf)
	b.buf = append(b.buf, key...)
	b.ops = append(b.ops, op{k, -1, len(b.buf)})
	b.deletes = true
}

// Len returns the number of writes.
func (b *Batch) Len() int { return len(b.ops) }

// Bytes estimates the size as Limits counts it.
func (b *Batch) Bytes() int64 { return int64(len(b.buf)) - b.apart + int64(len(b.ops))*opOverhead }

// Size returns Bytes and Len; a nil batch is empty.
func (b *Batch) Size() (bytes int64, ops int) {
	if b == nil {
		return 0, 0
	}
	return b.Bytes(), len(b.ops)
}

// Fits reports whether the batch, and n more writes of size bytes together, is within the limits.
func (b *Batch) Fits(l Limits, n int, size int) bool {
	return len(b.ops)+n <= l.Ops && b.Bytes()+int64(size)+int64(n)*opOverhead <= l.Bytes
}

// Plain reports whether the batch has neither deletions nor values that are kept apart.
func (b *Batch) Plain() bool { return b.apart == 0 && !b.deletes }

// Reset empties b, keeping its memory.
func (b *Batch) Reset() {
	*b = Batch{buf: b.buf[:0], ops: b.ops[:0]}
}

// Append adds the writes of c.
func (b *Batch) Append(c *Batch) {
	n := len(b.buf)
	b.apart += c.apart
	b.deletes = b.deletes || c.deletes
	b.buf = append(b.buf, c.buf...)
	for _, o := range c.ops {
		o.key, o.end = o.key+n, o.end+n
		if o.val >= 0 {
			o.val += n
		}
		b.ops = append(b.ops, o)
	}
}

// At returns write i; val is nil for a deletion, and not nil for an empty value. Both point into the batch.
func (b *Batch) At(i int) (key, val []byte) {
	o := &b.ops[i]
	if o.val < 0 {
		return b.buf[o.key:o.end:o.end], nil
	}
	return b.buf[o.key:o.val:o.val], b.buf[o.val:o.end:o.end]
}

// Check returns ErrKeyLimit or ErrTooBig where the batch breaks a limit.
func (b *Batch) Check(l Limits) error {
	if b.Bytes() > l.Bytes || len(b.ops) > l.Ops {
		return ErrTooBig
	}
	for i := range b.ops {
		if k, _ := b.At(i); len(k) > MaxKey {
			return ErrKeyLimit
		}
	}
	return nil
}

// PrefixEnd returns the first key after all keys with the prefix; nil when there is none.
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
