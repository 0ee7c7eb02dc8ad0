package mvcc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// maxProblems is how many problems of a kind are told one by one.
const maxProblems = 100

// report gathers problems.
type report struct {
	problems []storage.Problem
	count    map[string]int
	progress func(phase string, done, total int64)
}

func (r *report) bad(kind, where, key, format string, args ...any) {
	if r.count == nil {
		r.count = map[string]int{}
	}
	r.count[kind]++
	switch n := r.count[kind]; {
	case n < maxProblems:
		r.problems = append(r.problems, storage.Problem{Kind: kind, Where: where, Key: key, Text: fmt.Sprintf(format, args...)})
	case n == maxProblems:
		r.problems = append(r.problems, storage.Problem{Kind: kind, Text: "more of these are not listed"})
	}
}

func (r *report) step(phase string, done, total int64) {
	if r.progress != nil {
		r.progress(phase, done, total)
	}
}

// checker verifies an open store. It looks at what was committed when it began; commits may go on meanwhile.
type checker struct {
	report
	s *Store
	t *Txn
	o storage.CheckOptions
}

// Check implements storage.Store.
func (s *Store) Check(ctx context.Context, progress func(done, total int64)) ([]string, error) {
	o := storage.CheckOptions{}
	if progress != nil {
		o.Progress = func(_ string, done, total int64) { progress(done, total) }
	}
	found, err := s.Verify(ctx, o)
	var out []string
	for _, p := range found {
		out = append(out, p.String())
	}
	return out, err
}

// Verify looks for violations of everything in "What must always hold": first at the files, then at each key by itself and
// the versions of each row, then at what the log says has changed, then at the rows and indexes of each branch.
func (s *Store) Verify(ctx context.Context, o storage.CheckOptions) ([]storage.Problem, error) {
	t, err := s.begin(ctx, storage.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Rollback() }() // it only reads
	c := &checker{report: report{progress: o.Progress}, s: s, t: t, o: o}
	steps := []func(context.Context) error{c.files, c.keys, c.logged, c.branches}
	if o.Database != 0 {
		steps = steps[3:]
	}
	for _, step := range steps {
		if err := c.unreadable("store", step(ctx)); err != nil {
			return c.problems, storeError(err)
		}
	}
	return c.problems, nil
}

// files looks at what the engine keeps the data in.
func (c *checker) files(ctx context.Context) error {
	v, ok := c.s.kv.(kv.Verifier)
	if !ok {
		return nil
	}
	found, err := v.Verify(ctx, func(done, total int64) { c.step("files", done, total) })
	for _, d := range found {
		c.bad(storage.ProblemFile, d.File, "", "%s", d.Problem)
	}
	return err
}

// unreadable turns an error about damaged data into a problem, so that the check goes on with what comes next.
func (c *checker) unreadable(where string, err error) error {
	if !errors.Is(err, kv.ErrCorrupt) {
		return err
	}
	c.bad(storage.ProblemUnreadable, where, "", "%v", err)
	return nil
}

// keys looks at every key as of now. Copies that are made flat meanwhile would have SCNs of the past in layers that are newer than
// this, so that none are.
func (c *checker) keys(ctx context.Context) error {
	k := &keyCheck{report: &c.report, kv: c.s.kv}
	c.s.flattener.run.Lock()
	defer c.s.flattener.run.Unlock()
	c.s.topology.Lock()
	k.scn = c.s.seq.published.Load()
	err := k.meta(ctx)
	c.s.topology.Unlock()
	if err != nil {
		return err
	}
	return k.run(ctx)
}

// logged looks whether what the log says was written is there.
func (c *checker) logged(ctx context.Context) error {
	sees, err := c.s.sights(ctx, func(*branch) bool { return false })
	if err != nil {
		return err
	}
	layers := c.layers()
	r := &reader{s: c.s}
	for i, l := range layers {
		if err := c.unreadable(fmt.Sprintf("layer %d", l.id), c.loggedIn(ctx, r, l, sees[l])); err != nil {
			return err
		}
		c.step("log", int64(i+1), int64(len(layers)))
	}
	return nil
}

func (c *checker) layers() []*layer {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	var out []*layer
	for _, l := range c.s.layers {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *layer) int { return int(int64(a.id) - int64(b.id)) })
	return out
}

func (c *checker) loggedIn(ctx context.Context, r *reader, l *layer, seen extent) error {
	lo := keys.Log{Layer: l.id, SCN: 1}.Append(nil)
	hi := keys.Log{Layer: l.id, SCN: c.t.snap + 1}.Append(nil)
	it := c.s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	for it.Next() {
		k, ok := keys.DecodeLog(it.Key())
		list := it.Value()
		if !seen.meets(k.SCN, k.SCN+1) {
			continue // what was then is not kept
		}
		if ok && k.Chunk == 0 {
			h, rest, err := parseLog(list)
			if list = rest; err != nil || h.large != 0 {
				continue // of a large transaction: what it has taken back itself is in its lists too
			}
		}
		var inner error
		_ = eachKey(list, func(id keys.Space, key []byte, del bool) bool { // a bad list was found before
			sp := l.space(id.Keyspace)
			if sp == nil || id.Layer != l.id {
				return true
			}
			var v version
			var found bool
			if v, found, _, inner = r.layerGet(ctx, sp, key, k.SCN); inner != nil {
				return false
			}
			wrong := !del && (!found || v.deleted() || r.scn(&v) != k.SCN) || del && found && !v.deleted()
			if wrong {
				wrong, inner = c.seen(ctx, l, k.SCN)
			}
			if wrong {
				c.bad(storage.ProblemLogged, fmt.Sprintf("layer %d", l.id), fmt.Sprintf("%d/%x", id.Keyspace, key), "the log entry of SCN %d names a change that is not there", k.SCN)
			}
			return inner == nil
		})
		if inner != nil {
			return inner
		}
	}
	return it.Err()
}

// seen reports whether what a layer had at an SCN can be seen still: points leave the window while the check runs, and what
// they saw is collected beside it.
func (c *checker) seen(ctx context.Context, l *layer, scn uint64) (bool, error) {
	sees, err := c.s.sights(ctx, func(*branch) bool { return false })
	return err == nil && sees[l].meets(scn, scn+1), err
}

// branches looks at the tables of all branches, at their heads and at points of their past.
func (c *checker) branches(ctx context.Context) error {
	c.s.mu.RLock()
	var all []*branch
	for _, b := range c.s.branches {
		if b.Deleted.IsZero() && (c.o.Database == 0 || c.o.Database == b.Database) {
			all = append(all, b)
		}
	}
	c.s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *branch) int { return int(int64(a.ID) - int64(b.ID)) })
	for i, b := range all {
		oldest := max(b.oldest(), c.s.low(b))
		for n := range uint64(c.o.Points + 1) {
			at := c.t.snap
			if n > 0 {
				at = oldest + (c.t.snap-oldest)*n/uint64(c.o.Points+1)
			}
			if err := c.branch(ctx, b, at); err != nil {
				return err
			}
		}
		c.step("branches", int64(i+1), int64(len(all)))
	}
	return nil
}

func (c *checker) branch(ctx context.Context, b *branch, at uint64) error {
	where := b.Name
	if at != c.t.snap {
		where = fmt.Sprintf("%s@%d", b.Name, at)
	}
	v := c.t.addView(&view{t: c.t, branch: b, layer: b.at(at), readOnly: true, ref: catalog.Ref{Point: "\x00"}}, at)
	for _, o := range v.Catalog().Objects() {
		tab, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		x := &tableCheck{checker: c, v: v, info: c.s.table(tab), where: where + "/" + tab.Name}
		if err := c.unreadable(x.where, x.run(ctx)); err != nil {
			return err
		}
	}
	return nil
}
