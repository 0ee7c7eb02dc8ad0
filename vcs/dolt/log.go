package dolt

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

var logFlags = map[string]string{"--parents": "parents", "--decorate": "decorate=", "--tables": "tables=", "--not": "not=", "--min-parents": "min=",
	"--merges": "merges", "--oneline": "oneline", "--all": "all", "-n": "number=", "--number": "number="}

// logWanted is what dolt_log is asked for: commits that some revisions come from and others do not.
type logWanted struct {
	with, without []string
	either        bool // those that come from one of the revisions, and not from all
}

// revisions reads 'a', '^a', 'a..b' and 'a...b'.
func revisions(words []string, not string) logWanted {
	var w logWanted
	for _, word := range words {
		if a, b, ok := strings.Cut(word, "..."); ok {
			w.with, w.either = append(w.with, a, b), true
		} else if a, b, ok := strings.Cut(word, ".."); ok {
			w.with, w.without = append(w.with, b), append(w.without, a)
		} else if a, ok := strings.CutPrefix(word, "^"); ok {
			w.without = append(w.without, a)
		} else {
			w.with = append(w.with, word)
		}
	}
	if not != "" {
		w.without = append(w.without, strings.Split(not, ",")...)
	}
	if len(w.with) == 0 {
		w.with = []string{head}
	}
	return w
}

// reach are the commits that a revision comes from, and the history it is in.
func reach(ctx context.Context, c vcs.Conn, word string) (map[string]bool, history, error) {
	if word == "" {
		word = head
	}
	x, place, err := resolve(ctx, c, word)
	if err != nil {
		return nil, nil, err
	}
	branch, _ := split(place)
	h, err := commitsOf(ctx, c, branch)
	if x == nil && err == nil {
		x = h[0]
	}
	if err != nil {
		return nil, nil, err
	}
	return h.ancestors(x), h, nil
}

// commits finds them, newest first.
func (w *logWanted) commits(ctx context.Context, c vcs.Conn) ([]*commit, error) {
	count, found := map[string]int{}, map[string]*commit{}
	for _, word := range w.with {
		seen, h, err := reach(ctx, c, word)
		if err != nil {
			return nil, err
		}
		for _, x := range h {
			if seen[x.id] {
				count[x.id]++
				found[x.id] = x
			}
		}
	}
	for _, word := range w.without {
		seen, _, err := reach(ctx, c, word)
		if err != nil {
			return nil, err
		}
		for id := range seen {
			delete(found, id)
		}
	}
	var out []*commit
	for id, x := range found {
		if !w.either || count[id] < len(w.with) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, newerFirst)
	return out, nil
}

func newerFirst(a, b *commit) int {
	switch {
	case a.scn != b.scn:
		return int(b.scn - a.scn)
	case a.date.I != b.date.I:
		return int(b.date.I - a.date.I)
	}
	return strings.Compare(a.id, b.id)
}

// listLog is dolt_log([revision, …]), and the relation dolt.log: the commits that the session's branch comes from.
func listLog(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	f, err := parse("dolt_log", list(a[0]), logFlags)
	if err != nil {
		return err
	}
	w := revisions(f.rest, f.values["not"])
	all, err := w.commits(ctx, c)
	if err != nil {
		return err
	}
	least, most := 0, len(all)
	if f.has("merges") {
		least = 2
	}
	for name, n := range map[string]*int{"min": &least, "number": &most} {
		if text, ok := f.values[name]; ok {
			if *n, err = strconv.Atoi(text); err != nil {
				return pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid value for option `%s'", name)
			}
		}
	}
	for _, x := range all {
		if most == 0 {
			return nil
		}
		if len(x.parents) < least {
			continue
		}
		if text, ok := f.values["tables"]; ok {
			if about, err := x.touches(ctx, c, strings.Split(text, ",")); err != nil || !about {
				if err != nil {
					return err
				}
				continue
			}
		}
		most--
		if !yield(x.row()) {
			return nil
		}
	}
	return nil
}

// touches reports whether a commit has changed one of some tables.
func (x *commit) touches(ctx context.Context, c vcs.Conn, tables []string) (bool, error) {
	if len(x.parents) == 0 {
		return false, nil
	}
	p, _, err := anyCommit(ctx, c, x.parents[0])
	if p == nil || err != nil {
		return false, err
	}
	list, err := summary(ctx, c, p.place, x.place)
	return slices.ContainsFunc(list, func(t tableChange) bool {
		return slices.ContainsFunc(tables, func(n string) bool { return means(strings.TrimSpace(n), t.name()) })
	}), err
}

// countCommits is dolt_count_commits('--from', a, '--to', b).
func countCommits(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	f, err := parse("dolt_count_commits", list(a[0]), map[string]string{"--from": "from=", "-f": "from=", "--to": "to=", "-t": "to="})
	if err != nil {
		return err
	}
	if f.values["from"] == "" || f.values["to"] == "" {
		return pgerr.New(pgerrcode.InvalidParameterValue, "missing from ref or to ref").WithHint("dolt_count_commits('--from', ref, '--to', ref)")
	}
	from, _, err := reach(ctx, c, f.values["from"])
	if err != nil {
		return err
	}
	to, _, err := reach(ctx, c, f.values["to"])
	if err != nil {
		return err
	}
	var ahead, behind int64
	for id := range from {
		ahead += int64(b2i(!to[id]))
	}
	for id := range to {
		behind += int64(b2i(!from[id]))
	}
	yield([]types.Datum{types.Int(ahead), types.Int(behind)})
	return nil
}
