package dolt

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// hashTable makes a hash of a table's columns and rows at a place: the same for the same values.
func hashTable(ctx context.Context, c vcs.Conn, place, table string) (string, error) {
	v, err := c.View(ctx, ref(place))
	if err != nil {
		return "", err
	}
	t := tableAt(c, v, table)
	if t == nil {
		return "", pgerr.New(pgerrcode.UndefinedTable, "table not found: %s", strings.TrimPrefix(shown(table), "public."))
	}
	h := sha1.New()
	for _, col := range t.Live() {
		fmt.Fprintf(h, "%s %d %d\n", col.Name, col.TypeOID, col.Mod)
	}
	err = vcs.EachRow(ctx, c, place, table, func(_ []string, row []types.Datum) bool {
		for _, d := range row {
			fmt.Fprintf(h, "%t %d %d:%s,", d.Null, d.I, len(d.S), d.S)
		}
		return true
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// hashOfTable is dolt_hashof_table(table): of the table as it is.
func hashOfTable(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	name := fullName(a[0].S)
	if t, err := tableNamed(c, v, a[0].S); err == nil {
		name = nameOf(v, t)
	}
	h, err := hashTable(ctx, c, c.Branch(), name)
	return types.String(h), err
}

// hashOfDB is dolt_hashof_db([ref]): of all tables, as they are or in a commit.
func hashOfDB(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	s, err := stateOf(ctx, c, working)
	if len(a) > 0 && !a[0].Null {
		s, err = stateOf(ctx, c, a[0].S)
	}
	if err != nil {
		return types.Null, err
	}
	names := map[string]string{}
	for _, at := range []string{s.place, c.Branch()} {
		if at != s.place && !s.staged {
			continue
		}
		v, err := c.View(ctx, ref(at))
		if err != nil {
			return types.Null, err
		}
		for _, o := range v.Catalog().Objects() {
			if t, ok := o.(*catalog.Table); ok && !t.Virtual {
				names[nameOf(v, t)] = at
			}
		}
	}
	sum := sha1.New()
	for _, n := range sortedKeys(names) {
		place, err := s.at(ctx, c, n)
		if err != nil {
			return types.Null, err
		}
		h, err := hashTable(ctx, c, place, n)
		if err != nil {
			if s.staged {
				continue // it is not there in what is staged
			}
			return types.Null, err
		}
		fmt.Fprintf(sum, "%s %s\n", n, h)
	}
	return types.String(hex.EncodeToString(sum.Sum(nil))), nil
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func errUnstagedParent(table, parent string) error {
	return pgerr.New(pgerrcode.ForeignKeyViolation, "foreign key on table %s refers to table %s, which is not staged", strings.TrimPrefix(shown(table), "public."), strings.TrimPrefix(shown(parent), "public.")).
		WithHint("Stage both with dolt_add.")
}

// remove is dolt_rm([--cached,] tables…): tables are dropped, and that is staged; with --cached they are only unstaged.
func remove(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_rm", args, map[string]string{"--cached": "cached"})
	if err != nil {
		return types.Null, err
	}
	if len(f.rest) == 0 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "Nothing specified, nothing removed. Which tables should I remove?")
	}
	all, err := changes(ctx, c)
	if err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	var names []string
	for _, n := range f.rest {
		full, ok := known(c, v, n, all)
		if !ok {
			return types.Null, pgerr.New(pgerrcode.UndefinedTable, "the table(s) %s do not exist", n)
		}
		names = append(names, full)
	}
	if f.has("cached") {
		return done, unstage(ctx, c, names)
	}
	for _, n := range names {
		if err := dropTable(ctx, c, v, n); err != nil {
			return types.Null, err
		}
		if err := mark(ctx, c, v, n); err != nil {
			return types.Null, err
		}
	}
	return done, nil
}
