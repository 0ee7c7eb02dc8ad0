package mvcc

import (
	"bytes"

	"github.com/rowandb/rowan/storage/kv"
)

// pass moves an iterator to keys that ascend: where they stand close together, stepping from one to the next costs a fraction
// of looking each of them up. Where one is far from the one before, the next ones are to be looked up.
type pass struct {
	it   kv.Iterator // nil: not begun
	more bool        // it stands on a key
	far  int         // of how many keys to come each is looked up by itself
	left bool        // the iterator was left behind by these
}

const (
	farApart = 16 // what is farther away than so many steps is sought
	lookups  = 32 // how many keys are then looked up one by one
)

// away reports whether the next key is to be looked up.
func (p *pass) away() bool {
	if p.far > 0 {
		p.far--
		return true
	}
	return false
}

// to moves to a key, or to the first after it.
func (p *pass) to(key []byte) (exact bool, err error) {
	if p.left && p.more {
		p.left, p.more = false, p.it.Seek(key)
	}
	for steps := 0; p.more; steps++ {
		if c := bytes.Compare(p.it.Key(), key); c >= 0 {
			return c == 0, p.it.Err()
		}
		if steps < farApart {
			p.more = p.it.Next()
			continue
		}
		p.more, p.far, p.left = p.it.Seek(key), lookups, true
	}
	return false, p.it.Err()
}

func (p *pass) close() {
	if p.it != nil {
		p.it.Close()
		p.it = nil
	}
}
