package dolt

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// commit is a commit as Dolt shows it.
type commit struct {
	id      string
	scn     int64
	parents []string
	author  string
	date    types.Datum
	message string
	place   string // branch@point, as rowan's functions take it
}

// history are the commits of a branch, newest first; the last is the one that every database begins with.
type history []*commit

// Words for what is not a commit.
const (
	working = "WORKING"
	staged  = "STAGED"
	head    = "HEAD"
)

// commitsOf reads the history of a branch.
func commitsOf(ctx context.Context, c vcs.Conn, branch string) (history, error) {
	rows, err := query(ctx, c, "SELECT id, scn, parents, author, committed_at, message FROM rowan.commits("+quote(branch)+", 1000000)")
	if err != nil {
		return nil, err
	}
	var out history
	for _, r := range rows {
		x := &commit{id: r[0].S, scn: r[1].I, parents: list(r[2]), author: r[3].S, date: r[4], message: r[5].S, place: branch + "@" + r[0].S}
		out = append(out, x)
	}
	root, err := rootCommit(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, x := range out {
		if len(x.parents) == 0 {
			x.parents = []string{root.id}
		}
	}
	return append(out, root), nil
}

// rootCommit is what a database was before anything was in it.
func rootCommit(ctx context.Context, c vcs.Conn) (*commit, error) {
	rows, err := query(ctx, c, "SELECT name, fork_scn, created_at, created_by FROM rowan.branches() WHERE parent IS NULL ORDER BY fork_scn LIMIT 1")
	if err != nil || len(rows) == 0 {
		return &commit{id: rootID(c), message: rootMessage}, err
	}
	r := rows[0]
	return &commit{id: rootID(c), scn: r[1].I, author: cmp.Or(r[3].S, c.Database().Name), date: r[2], message: rootMessage,
		place: r[0].S + "@" + strconv.FormatInt(r[1].I, 10)}, nil
}

const rootMessage = "Initialize data repository"

func rootID(c vcs.Conn) string {
	h := sha1.Sum(fmt.Appendf(nil, "database %d", c.Database().OID))
	return hex.EncodeToString(h[:])
}

func (h history) find(id string) *commit {
	for _, x := range h {
		if x.id == id {
			return x
		}
	}
	return nil
}

// resolve finds the commit that a word means: HEAD, a branch, a tag or a commit, and ancestors of these. For WORKING it
// returns nil, and the place of the branch as it is.
func resolve(ctx context.Context, c vcs.Conn, word string) (*commit, string, error) {
	if strings.EqualFold(word, working) || strings.EqualFold(word, staged) {
		return nil, c.Branch(), nil
	}
	cut := strings.IndexAny(word, "~^")
	name, suffix := word, ""
	if cut >= 0 {
		name, suffix = word[:cut], word[cut:]
	}
	x, h, err := named(ctx, c, name)
	if err != nil {
		return nil, "", err
	}
	if x == nil {
		return nil, "", pgerr.New(pgerrcode.UndefinedObject, "branch not found: %s", name)
	}
	for suffix != "" {
		if x, suffix, err = h.step(x, suffix); err != nil {
			return nil, "", err
		}
	}
	return x, x.place, nil
}

// named finds the commit of a name, and the history that it is in.
func named(ctx context.Context, c vcs.Conn, name string) (*commit, history, error) {
	if strings.EqualFold(name, head) {
		name = c.Branch()
	}
	rows, err := query(ctx, c, "SELECT name FROM rowan.branches() WHERE name = "+quote(name))
	if err != nil {
		return nil, nil, err
	}
	if len(rows) > 0 {
		h, err := commitsOf(ctx, c, name)
		if err != nil {
			return nil, nil, err
		}
		return h[0], h, nil
	}
	tags, err := query(ctx, c, "SELECT branch, scn FROM rowan.tags() WHERE name = "+quote(name))
	if err != nil {
		return nil, nil, err
	}
	if len(tags) > 0 {
		return tagged(ctx, c, tags[0][0], tags[0][1].I)
	}
	return anyCommit(ctx, c, name)
}

// tagged finds the commit that a tag is of: the one with its SCN, on whatever branch, else the last one before on its own.
func tagged(ctx context.Context, c vcs.Conn, branch types.Datum, scn int64) (*commit, history, error) {
	rows, err := query(ctx, c, "SELECT name FROM rowan.branches() ORDER BY name <> coalesce("+quote(branch.S)+", '')")
	if err != nil {
		return nil, nil, err
	}
	var last *commit
	var of history
	for _, r := range rows {
		h, err := commitsOf(ctx, c, r[0].S)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range h {
			if x.scn == scn {
				return x, h, nil
			}
			if x.scn < scn && last == nil {
				last, of = x, h
			}
		}
	}
	return last, of, nil
}

// anyCommit looks for a commit, by the beginning of its id, on all branches.
func anyCommit(ctx context.Context, c vcs.Conn, id string) (*commit, history, error) {
	rows, err := query(ctx, c, "SELECT name FROM rowan.branches() ORDER BY name <> "+quote(c.Branch()))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		h, err := commitsOf(ctx, c, r[0].S)
		if err != nil {
			return nil, nil, err
		}
		if i := slices.IndexFunc(h, func(x *commit) bool { return len(id) >= 7 && strings.HasPrefix(x.id, id) }); i >= 0 {
			return h[i], h, nil
		}
	}
	return nil, nil, nil
}

// step follows one ~n or ^n.
func (h history) step(x *commit, suffix string) (*commit, string, error) {
	end := 1
	for end < len(suffix) && suffix[end] >= '0' && suffix[end] <= '9' {
		end++
	}
	n := 1
	if end > 1 {
		n, _ = strconv.Atoi(suffix[1:end]) // digits; too many are no commit's
	}
	nth, times := n, min(n, 1)
	if suffix[0] == '~' {
		nth, times = 1, n
	}
	for range times {
		if len(x.parents) < nth || nth < 1 {
			return nil, "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid ancestor spec")
		}
		p := h.find(x.parents[nth-1])
		if p == nil {
			return nil, "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid ancestor spec")
		}
		x = p
	}
	return x, suffix[end:], nil
}

// ancestors are a commit and all that it comes from.
func (h history) ancestors(x *commit) map[string]bool {
	seen := map[string]bool{}
	todo := []string{x.id}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		y := h.find(id)
		if y == nil || seen[id] {
			continue
		}
		seen[id] = true
		todo = append(todo, y.parents...)
	}
	return seen
}

// hashOf is dolt_hashof(ref).
func hashOf(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	x, _, err := resolve(ctx, c, a[0].S)
	if err != nil {
		return types.Null, err
	}
	if x == nil {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", a[0].S)
	}
	return types.String(x.id), nil
}

// mergeBase is dolt_merge_base(a, b): the newest commit that both come from.
func mergeBase(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	mine, h, err := reach(ctx, c, a[0].S)
	if err != nil {
		return types.Null, err
	}
	theirs, _, err := reach(ctx, c, a[1].S)
	if err != nil {
		return types.Null, err
	}
	for _, k := range h {
		if mine[k.id] && theirs[k.id] {
			return types.String(k.id), nil
		}
	}
	return types.Null, nil
}

// hasAncestor is has_ancestor(ref, ancestor).
func hasAncestor(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	seen, _, err := reach(ctx, c, a[0].S)
	if err != nil {
		return types.Null, err
	}
	y, _, err := resolve(ctx, c, a[1].S)
	if err != nil || y == nil {
		return types.Bool(false), err
	}
	return types.Bool(seen[y.id]), nil
}
