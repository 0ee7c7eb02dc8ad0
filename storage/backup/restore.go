package backup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/rowandb/rowan/storage"
)

// Target takes what is restored: storage/mvcc's Importer.
type Target interface {
	Begin(info storage.ExportInfo) error
	Put(key, val []byte) error
	Finish() error
}

// Point is what to restore to: an SCN, or a time, or with neither all there is.
type Point struct {
	SCN  storage.SCN
	Time time.Time
}

// Plan is what a restore is going to do. Its files have been verified.
type Plan struct {
	Chain []Member
	SCN   storage.SCN // restored to; MaxUint64: to all there is
	Until time.Time   // when the first transaction after it was committed; zero: there is none
	At    storage.SCN // newest SCN after the restore
}

// Commit reads a commit record; ok is false for other records.
type Commit func(key, val []byte) (scn storage.SCN, at time.Time, ok bool)

// Prepare verifies all files of a chain, block by block, and finds the point in them.
func Prepare(ctx context.Context, chain []Member, p Point, commit Commit, progress func(file string)) (Plan, error) {
	plan := Plan{Chain: chain, SCN: math.MaxUint64}
	if len(chain) == 0 {
		return plan, errors.New("there is no backup to restore from")
	}
	last := chain[len(chain)-1].Header.Info
	if p.SCN > last.SCN {
		return plan, fmt.Errorf("the backups end at SCN %d", last.SCN)
	}
	if p.SCN != 0 {
		plan.SCN = p.SCN
	}
	plan.At = min(plan.SCN, last.SCN)
	found := storage.SCN(0)
	next := storage.SCN(math.MaxUint64)
	for _, m := range chain {
		if progress != nil {
			progress(m.File)
		}
		err := EachIn(m.File, func(key, val []byte) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			scn, at, ok := commit(key, val)
			if !ok {
				return nil
			}
			if !p.Time.IsZero() && !at.After(p.Time) {
				found = max(found, scn)
			}
			later := scn > plan.SCN
			if !p.Time.IsZero() {
				later = at.After(p.Time)
			}
			if later && scn < next {
				next, plan.Until = scn, at
			}
			return nil
		})
		if err != nil {
			return plan, err
		}
	}
	if !p.Time.IsZero() {
		if found == 0 {
			return plan, fmt.Errorf("the backups have nothing from before %s", p.Time)
		}
		plan.SCN, plan.At = found, found
	}
	if low := last.Low; plan.At < low {
		return plan, fmt.Errorf("the oldest SCN that these backups can be restored to is %d", low)
	}
	if plan.At == last.SCN {
		plan.SCN = math.MaxUint64
	}
	return plan, nil
}

// Run restores.
func (p *Plan) Run(ctx context.Context, to Target, progress func(file string, entries int64)) error {
	for _, m := range p.Chain {
		if err := to.Begin(m.Header.Info); err != nil {
			return fmt.Errorf("%s: %w", m.File, err)
		}
		n := int64(0)
		err := EachIn(m.File, func(key, val []byte) error {
			if n++; n%1024 == 0 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if progress != nil {
					progress(m.File, n)
				}
			}
			return to.Put(key, val)
		})
		if err != nil {
			return err
		}
		if m.Header.Info.SCN >= p.SCN {
			break
		}
	}
	return to.Finish()
}
