package vcs

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

var tagFuncs = map[string]Func{
	"rowan_create_tag": createTag,
	"rowan_drop_tag":   dropTag,
}

var tagRows = map[string]RowsFunc{"rowan_tags": listTags}

// createTag is rowan.create_tag(name, branch, as_of, message). Without a point the tag is what the branch is when the
// transaction commits.
func createTag(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "tag name")
	if err != nil {
		return types.Null, err
	}
	if err := checkTagName(name); err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.create_tag()"); err != nil {
		return types.Null, err
	}
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return types.Null, err
	}
	point := text(a[2])
	if point == "" && text(a[1]) == "" {
		if v, err := c.View(ctx, catalog.Ref{}); err == nil && v.ReadOnly() {
			point = "scn:" + strconv.FormatUint(v.At(), 10)
		}
	}
	b, scn, err := c.Store().Branches().Find(ctx, s.db, orBranch(c, a[1]), point)
	if err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, b.Name, catalog.BranchRead); err != nil {
		return types.Null, err
	}
	if point == "" {
		scn = 0
	}
	if old, err := s.get(ctx, kindTag, name); old != nil || err != nil {
		if err == nil {
			err = pgerr.New(pgerrcode.DuplicateObject, "tag \"%s\" already exists", name)
		}
		return types.Null, err
	}
	x := &ref{kind: kindTag, name: name, branch: b.ID, scn: scn, user: c.User(), message: text(a[3])}
	err = refs.Insert(ctx, s.tx, s.view, x.row(s.db)...)
	if pgerr.From(err) != nil && pgerr.From(err).Code == pgerrcode.UniqueViolation {
		err = pgerr.New(pgerrcode.DuplicateObject, "tag \"%s\" already exists", name)
	}
	if _, missing := c.Store().Branches().Get(ctx, s.db, name); missing == nil && err == nil {
		warnAmbiguous(c, name)
	}
	return types.String(name), err
}

// warnTagged warns when a branch has got the name of a tag.
func warnTagged(ctx context.Context, c Conn, branch string) error {
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return err
	}
	x, err := s.get(ctx, kindTag, branch)
	if x != nil {
		warnAmbiguous(c, branch)
	}
	return err
}

// warnAmbiguous says what a name means that a tag and a branch have, as git does.
func warnAmbiguous(c Conn, name string) {
	w := pgerr.New(pgerrcode.Warning, "\"%s\" is the name of a tag and of a branch", name).
		WithHint("Where a point is wanted it is the tag; branch:%s is the branch.", name)
	w.Severity = "WARNING"
	c.Notice(w)
}

// checkTagName refuses what could not be found by its name, because it reads as another point.
func checkTagName(n string) error {
	bad := len(n) > 255 || strings.ContainsAny(n, "~^@:\x00") || n[0] == '-' || strings.HasPrefix(n, "snap_") || strings.TrimSpace(n) != n ||
		strings.EqualFold(n, "head") || strings.EqualFold(n, "now") || readsAsNumber(n) || readsAsTime(n)
	if bad {
		return pgerr.New(pgerrcode.InvalidName, "invalid tag name \"%s\"", n).
			WithHint("A tag's name has 1 to 255 bytes, none of ~ ^ @ :, and is no number, no time and no commit id.")
	}
	return nil
}

// readsAsNumber reports whether a name is an SCN, an LSN or the beginning of a commit's id.
func readsAsNumber(n string) bool {
	return strings.Trim(n, "0123456789") == "" ||
		strings.Trim(n, "0123456789abcdefABCDEF/") == "" && (strings.Contains(n, "/") || len(n) >= shortestID)
}

// readsAsTime reports whether a name is a time.
func readsAsTime(n string) bool {
	f := types.DefaultFormat()
	f.Now = time.Now()
	_, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), n, f)
	return err == nil
}

func dropTag(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.drop_tag()"); err != nil {
		return types.Null, err
	}
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return types.Null, err
	}
	key := s.key(kindTag, text(a[0]))
	if old, err := s.get(ctx, kindTag, text(a[0])); err != nil {
		return types.Null, err
	} else if old != nil {
		if err := mayForget(ctx, c, "tag", old.name, old.user, old.branch); err != nil {
			return types.Null, err
		}
	}
	gone, err := refs.Delete(ctx, s.tx, s.view, key...)
	if err == nil && !gone {
		err = pgerr.New(pgerrcode.UndefinedObject, "tag \"%s\" does not exist", text(a[0]))
	}
	return types.Bool(true), err
}

func listTags(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return err
	}
	names := branchNames{c: c}
	return refs.ScanVersions(ctx, s.tx, s.view, s.key(kindTag, "")[:2], func(at storage.SCN, r systable.Row) bool {
		x := readRef(at, r)
		return yield([]types.Datum{types.String(x.name), orNull(names.of(x.branch)), scnOrNull(x.scn), x.created, orNull(x.message), orNull(x.user)})
	})
}

// branchNames finds the names of branches, dropped ones included, by id.
type branchNames struct {
	c     Conn
	known map[uint64]string
}

func (n *branchNames) of(id uint64) string {
	name, ok := n.known[id]
	if ok {
		return name
	}
	if b, ok := n.c.Store().Branches().ByID(id); ok {
		name = b.Name
		if b.Hidden {
			name = b.Parent
		}
	}
	if n.known == nil {
		n.known = map[uint64]string{}
	}
	n.known[id] = name
	return name
}

// scnOrNull shows an SCN that is not known before the commit as NULL.
func scnOrNull(scn storage.SCN) types.Datum {
	if scn == 0 {
		return types.Null
	}
	return types.Int(int64(scn))
}
