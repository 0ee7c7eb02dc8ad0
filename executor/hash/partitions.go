package hash

import (
	"errors"

	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Fan is the number of partitions that rows are parted into at a time.
const Fan = 16

// MaxLevel is how often rows can be parted again: hashes have no more bits.
const MaxLevel = 8

// Partitions are queues of rows by the hash of their keys. Level says which bits of the hash count, so that the rows of
// one partition can be parted again.
type Partitions struct {
	Queues [Fan]*spill.Queue
	level  int
	sel    [Fan][]uint16
	hashes []uint64
}

// NewPartitions makes empty partitions for rows of these types.
func NewPartitions(dir string, ts []types.Type, level int) *Partitions {
	p := &Partitions{level: level}
	for i := range p.Queues {
		p.Queues[i] = spill.NewQueue(dir, ts)
	}
	return p
}

// Add puts the rows of sel (all n when nil) of cols into the partitions of their keys.
func (p *Partitions) Add(cols, keys []*vector.Vector, n int, sel []uint16) error {
	p.hashes = Sum(keys, n, sel, p.hashes)
	for i := range p.sel {
		p.sel[i] = p.sel[i][:0]
	}
	for k, h := range p.hashes {
		row := uint16(k)
		if sel != nil {
			row = sel[k]
		}
		part := h >> (60 - 4*p.level) & (Fan - 1)
		p.sel[part] = append(p.sel[part], row)
	}
	for i, s := range p.sel {
		if len(s) == 0 {
			continue
		}
		if err := p.Queues[i].Add(cols, s, n); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what the queues hold in memory.
func (p *Partitions) Flush() error {
	var errs []error
	for _, q := range p.Queues {
		errs = append(errs, q.Flush())
	}
	return errors.Join(errs...)
}

// Close removes the files of all queues.
func (p *Partitions) Close() error {
	var errs []error
	for _, q := range p.Queues {
		errs = append(errs, q.Close())
	}
	return errors.Join(errs...)
}
