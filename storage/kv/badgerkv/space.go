package badgerkv

import (
	"fmt"
	"sync/atomic"

	"github.com/rowandb/rowan/storage/kv"
)

// space refuses writes while the disk is nearly full. Badger writes its logs through mapped memory, where a full disk is no
// error but the end of the process; and tables and compactions need room for a while before they free some.
type space struct {
	dir     string
	reserve int64
	free    func(dir string) (int64, error)
	full    atomic.Bool // at the last look
}

// leastAtStart is with how little free space a store can be opened at all: Badger maps files as it opens.
const leastAtStart = 8 << 20

func (s *space) atStart() error {
	free, err := s.free(s.dir)
	if err != nil {
		return fmt.Errorf("cannot tell the free space of %s: %w", s.dir, err)
	}
	if free < min(leastAtStart, s.reserve) {
		return fmt.Errorf("%w that holds %s: %d bytes are free, %d are needed to start", kv.ErrFull, s.dir, free, leastAtStart)
	}
	return nil
}

// enough wants room for a write of a size, beside the reserve. Urgent writes may use up most of that.
func (s *space) enough(size int64, urgent bool) error {
	free, err := s.free(s.dir)
	if err != nil {
		return nil // better to try
	}
	keep := s.reserve
	s.full.Store(free-size < keep)
	if urgent {
		keep /= 4
	}
	if free-size >= keep {
		return nil
	}
	return s.error()
}

func (s *space) error() error {
	return fmt.Errorf("could not write to %s: %w (%d MB are kept free)", s.dir, kv.ErrFull, s.reserve>>20)
}

// state is an error while the disk is full.
func (s *space) state() error {
	if s.full.Load() && s.enough(0, false) != nil {
		return s.error()
	}
	return nil
}
