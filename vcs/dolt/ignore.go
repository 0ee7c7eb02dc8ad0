package dolt

import (
	"context"
	"regexp"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// ignoredTables are patterns of names of new tables that are not to be committed, the relation dolt.ignore. They lie on the branch.
var ignoredTables = systable.New(8, "dolt_ignore", 1, systable.Column{Name: "pattern", Type: types.OIDText}, systable.Column{Name: "ignored", Type: types.OIDBool})

// ignore is a pattern: * and % stand for any characters, ? for one.
type ignore struct {
	pattern string
	match   *regexp.Regexp
	ignored bool
}

type ignores []ignore

func ignoring(ctx context.Context, c vcs.Conn) (ignores, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, err
	}
	var out ignores
	err = ignoredTables.Scan(ctx, c.Txn(), v, nil, func(r systable.Row) bool {
		text := regexp.QuoteMeta(r[0].S)
		text = strings.NewReplacer(`\*`, ".*", "%", ".*", `\?`, ".").Replace(text)
		m, err := regexp.Compile("^(?:" + text + ")$")
		if err == nil {
			out = append(out, ignore{r[0].S, m, r[1].B()})
		}
		return true
	})
	return out, err
}

// has reports whether a table is left out. Of the patterns that fit the most particular one decides: one that another
// would fit.
func (l ignores) has(table string) bool {
	name := strings.TrimPrefix(shown(table), "public.")
	var best *ignore
	for i := range l {
		x := &l[i]
		if x.match.MatchString(name) && (best == nil || best.match.MatchString(x.pattern)) {
			best = x
		}
	}
	return best != nil && best.ignored
}

func listIgnored(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	l, err := ignoring(ctx, c)
	for _, x := range l {
		if !yield([]types.Datum{types.String(x.pattern), types.Bool(x.ignored)}) {
			break
		}
	}
	return err
}

func changeIgnore(ctx context.Context, c vcs.Conn, _ string, old, set object) error {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	pattern, ignored := old.text("pattern"), old.text("ignored")
	if old != nil && (set == nil || set["pattern"] != nil && set.text("pattern") != pattern) {
		if _, err := ignoredTables.Delete(ctx, c.Txn(), v, types.String(pattern)); err != nil {
			return err
		}
	}
	if set == nil {
		return nil
	}
	if set["pattern"] != nil {
		pattern = set.text("pattern")
	}
	if set["ignored"] != nil {
		ignored = set.text("ignored")
	}
	if pattern == "" || ignored == "" || ignored == "null" {
		return pgerr.New(pgerrcode.NotNullViolation, "pattern and ignored of dolt_ignore must not be null")
	}
	b, err := types.ParseText(types.Of(types.Builtin(types.OIDBool)), ignored, types.DefaultFormat())
	if err != nil {
		return err
	}
	return ignoredTables.Put(ctx, c.Txn(), v, types.String(pattern), b)
}
