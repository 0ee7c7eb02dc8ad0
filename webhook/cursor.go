package webhook

import (
	"context"
	"strconv"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

var cursors = systable.New(14, "webhook_cursors", 2,
	systable.Column{Name: "webhook", Type: types.OIDText},
	systable.Column{Name: "branch", Type: types.OIDInt8},
	systable.Column{Name: "scn", Type: types.OIDInt8},
	systable.Column{Name: "protected", Type: types.OIDBool},
	systable.Column{Name: "deleted", Type: types.OIDBool},
)

// cursor is what a webhook has been told of a branch: its log up to an SCN, and its state.
type cursor struct {
	branch    uint64
	scn       storage.SCN
	protected bool
	deleted   bool
}

// at is the cursor that has nothing more to tell of a branch.
func at(b *storage.Branch, scn storage.SCN) cursor {
	return cursor{branch: b.ID, scn: scn, protected: b.Protected, deleted: !b.Deleted.IsZero()}
}

func (c *cursor) put(ctx context.Context, tx storage.Txn, v storage.View, hook string) error {
	return cursors.Put(ctx, tx, v, types.String(hook), types.Int(int64(c.branch)), types.Int(int64(c.scn)), types.Bool(c.protected), types.Bool(c.deleted))
}

// cursorsOf returns a webhook's cursors by branch.
func cursorsOf(ctx context.Context, tx storage.Txn, v storage.View, hook string) (map[uint64]cursor, error) {
	out := map[uint64]cursor{}
	err := cursors.Scan(ctx, tx, v, systable.Row{types.String(hook)}, func(r systable.Row) bool {
		c := cursor{branch: uint64(r[1].I), scn: storage.SCN(r[2].I), protected: r[3].B(), deleted: r[4].B()}
		out[c.branch] = c
		return true
	})
	return out, err
}

// branchID is how a branch's id is shown.
func branchID(id uint64) string { return "br_" + strconv.FormatUint(id, 10) }
