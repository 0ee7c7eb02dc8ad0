package vcs

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var historyRows = map[string]RowsFunc{"rowan_history": listHistory}

// Letters of versions_operation, which are Oracle's.
var (
	operationInsert = types.String("I")
	operationUpdate = types.String("U")
	operationDelete = types.String("D")
)

// listHistory is rowan.history(table, from, to, key, branch): the versions that rows have had between two points, and a
// row of its own for each deletion.
func listHistory(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	r, err := openHistory(ctx, c, a[0], a[1], a[2], a[3], a[4])
	if err != nil {
		return err
	}
	txns := newTxnCache(c, r.View)
	to := r.View.At()
	var row []types.Datum
	emit := func(start, end storage.SCN, operation types.Datum, cells []types.Datum) (bool, error) {
		begun, err := txns.get(ctx, start)
		if err != nil {
			return false, err
		}
		row = append(row[:0], types.Int(int64(start)), timestamp(begun.Time), types.Null, types.Null, operation, types.Int(int64(begun.Txn)), orNull(begun.Info.User))
		if end != 0 {
			ended, err := txns.get(ctx, end)
			if err != nil {
				return false, err
			}
			row[2], row[3] = types.Int(int64(end)), timestamp(ended.Time)
		}
		return yield(append(row, cells...)), nil
	}
	var failed error
	err = c.Store().Branches().Versions(ctx, c.Txn(), r, func(v *storage.RowVersion) (more bool) {
		operation := operationUpdate
		if v.Fresh {
			operation = operationInsert
		}
		more, failed = emit(v.Start, v.End, operation, v.Cells)
		if more && failed == nil && v.End != 0 && v.End <= to && !v.Replaced {
			more, failed = emit(v.End, 0, operationDelete, v.Cells)
		}
		return more && failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// openHistory reads what history and blame have in common: a table, two points, a key and a branch.
func openHistory(ctx context.Context, c Conn, table, from, to, key, branch types.Datum) (r storage.VersionRequest, err error) {
	if r.View, err = viewUpTo(ctx, c, text(branch), text(to)); err != nil {
		return r, err
	}
	if r.Table, err = relationIn(ctx, c, r.View, text(table)); err != nil {
		return r, err
	}
	t, ok := r.View.Catalog().Object(r.Table).(*catalog.Table)
	if !ok {
		return r, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", text(table))
	}
	if p := text(from); p != "" {
		_, r.From, err = c.Store().Branches().Find(ctx, c.Database().OID, r.View.Branch().Name, p)
		switch {
		case err == nil:
			r.From-- // what was there at the point is part of it
		case !errors.Is(err, catalog.ErrPointBefore):
			return r, err
		}
	}
	err = nil
	if !key.Null {
		err = oneRow(&r, t, key.S, c.Format())
	}
	return r, err
}

// oneRow asks for the row that a key names, as rowKeyText shows it.
func oneRow(r *storage.VersionRequest, t *catalog.Table, key string, f *types.Format) (err error) {
	if t.PrimaryIndex() != nil {
		r.Keys, err = keyRange(t, key, f)
		return err
	}
	digits, ok := strings.CutPrefix(key, `\x`)
	row, bad := hex.DecodeString(digits)
	if !ok || bad != nil || len(row) == 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "\"%s\" is no key of table \"%s\"", key, t.Name).
			WithHint(`The table has no primary key: its rows are named as rowan.blame shows them, \x and digits.`)
	}
	r.Row = string(row)
	return nil
}

// viewUpTo returns what there is up to a point, or up to the present where that is earlier.
func viewUpTo(ctx context.Context, c Conn, branch, to string) (storage.View, error) {
	ref := branchPoint(branch)
	if to == "" {
		return c.View(ctx, ref)
	}
	v, err := c.View(ctx, catalog.Ref{Branch: ref.Branch, Point: to})
	if errors.Is(err, catalog.ErrPointAhead) {
		return c.View(ctx, ref)
	}
	return v, err
}

// keyRange reads a row's primary key as keyText shows it; the last values may be left out.
func keyRange(t *catalog.Table, key string, f *types.Format) (*storage.Range, error) {
	var r storage.Range
	ix := t.PrimaryIndex()
	for i, w := range keyWords(key, len(ix.Columns)) {
		d, err := types.ParseText(t.ColumnByID(ix.Columns[i].Column).Type, w, f)
		if err != nil {
			return nil, err
		}
		r.Lo = append(r.Lo, d)
	}
	r.Hi = r.Lo
	return &r, nil
}

// keyWords parts the text of a key with n values. What stands behind a value in quotes must be a comma; the last value without them may have some.
func keyWords(key string, n int) (words []string) {
	for ; n > 1; n-- {
		word, rest, more := strings.Cut(key, ",")
		if quoted := closingQuote(key); quoted > 0 {
			word, rest, more = unquoted(key[:quoted]), strings.TrimPrefix(key[quoted:], ","), quoted < len(key)
		}
		words = append(words, word)
		if !more {
			return words
		}
		key = rest
	}
	if len(words) > 0 && key != "" && closingQuote(key) == len(key) {
		key = unquoted(key)
	}
	return append(words, key)
}

// closingQuote is where a text in quotes, at the beginning of s and before a comma or the end, ends; 0: there is none.
func closingQuote(s string) int {
	for end := 1; strings.HasPrefix(s, `"`) && end < len(s); end++ {
		switch {
		case s[end] != '"':
		case strings.HasPrefix(s[end+1:], `"`):
			end++
		case end+1 == len(s) || s[end+1] == ',':
			return end + 1
		default:
			return 0
		}
	}
	return 0
}

func unquoted(s string) string { return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`) }

// txnCache looks up the transactions in a view's past by their SCN.
type txnCache struct {
	c     Conn
	view  storage.View
	known map[storage.SCN]storage.LogEntry
}

func newTxnCache(c Conn, v storage.View) *txnCache {
	return &txnCache{c, v, map[storage.SCN]storage.LogEntry{}}
}

// txnCacheSize bounds the cache; when it is full it starts anew.
const txnCacheSize = 10_000

// get returns the transaction with an SCN; of one that is not in the log, its time only.
func (t *txnCache) get(ctx context.Context, scn storage.SCN) (storage.LogEntry, error) {
	if e, ok := t.known[scn]; ok {
		return e, nil
	}
	e := storage.LogEntry{SCN: scn, Branch: t.view.Branch().ID}
	list, err := t.c.Store().Branches().LogOf(ctx, t.view, scn-1, scn, 1)
	switch {
	case err != nil:
		return e, err
	case len(list) > 0:
		e = list[0]
	default:
		if e.Time, err = t.c.Store().Branches().Time(ctx, scn); err != nil {
			return e, err
		}
	}
	if len(t.known) >= txnCacheSize {
		clear(t.known)
	}
	t.known[scn] = e
	return e, nil
}
