package webhook

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// event is what is sent, as its receivers know it.
type event struct {
	Event     string         `json:"event"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
	branch    string
}

func (e *event) payload() (string, error) {
	b, err := json.Marshal(e)
	return string(b), err
}

// finder finds the events of one webhook's database that are beyond cursors.
type finder struct {
	store storage.Store
	tx    storage.Txn
	db    catalog.OID
	upTo  storage.SCN // of logs; what is beyond is for the next time
	batch int         // of transactions that are read at a time; others are for the next time, too
}

// of finds the events of a branch, oldest first, and where the cursor stands after them. known is false for a branch that
// the webhook has not been told of. The cursor that it returns is beyond all events only if there are no more transactions.
func (f *finder) of(ctx context.Context, b *storage.Branch, c cursor, known bool) ([]event, cursor, error) {
	var out []event
	if !known {
		out = append(out, newEvent(Created, b, b.Created))
		c = cursor{branch: b.ID, scn: b.Fork}
	}
	gone := !b.Deleted.IsZero()
	if c.deleted && !gone {
		e := newEvent(Created, b, b.Updated)
		e.Data["restored"] = true
		out = append(out, e)
	}
	if upTo := min(f.upTo, b.Head); upTo > c.scn && !c.deleted {
		log, read, err := f.log(ctx, b, c.scn, upTo)
		if err != nil {
			return nil, c, err
		}
		for i := len(log) - 1; i >= 0; i-- {
			out = append(out, f.ofEntry(ctx, b, &log[i])...)
		}
		if c.scn = read; read < upTo {
			return out, c, nil
		}
	}
	if b.Protected != c.protected {
		e := newEvent(Protected, b, b.Updated)
		e.Data["is_protected"] = b.Protected
		out = append(out, e)
	}
	if gone && !c.deleted {
		out = append(out, newEvent(Deleted, b, b.Deleted))
	}
	return out, at(b, c.scn), nil
}

// log reads the first transactions of a branch beyond an SCN, the newest first, and says up to which SCN. No SCN has more than
// one, so that a batch of them is a batch of SCNs at the most; it widens where other branches have most of them. The branch
// goes by its id, for it may have been dropped meanwhile. One whose data has gone has no more to tell.
func (f *finder) log(ctx context.Context, b *storage.Branch, from, upTo storage.SCN) (log []storage.LogEntry, read storage.SCN, err error) {
	batch := storage.SCN(f.batch)
	for width := batch; ; width *= 2 {
		to := min(from+width, upTo)
		log, err = f.store.Branches().Reflog(ctx, f.db, branchID(b.ID), from, to, f.batch)
		switch {
		case pgerr.Code(err) == pgerrcode.InvalidCatalogName:
			return nil, upTo, nil
		case err != nil:
			return nil, from, err
		case len(log) == f.batch && width > batch: // older ones may be left out
			width = batch / 2
		case len(log) > 0 || to == upTo:
			return log, to, nil
		default:
			from = to
		}
	}
}

func newEvent(name string, b *storage.Branch, when time.Time) event {
	data := map[string]any{"branch_id": branchID(b.ID), "branch_name": b.Name}
	if b.Parent != "" {
		data["source_branch"] = b.Parent
	}
	return event{Event: name, Timestamp: when.UTC(), Data: data, branch: b.Name}
}

// ofEntry makes the events of one transaction.
func (f *finder) ofEntry(ctx context.Context, b *storage.Branch, e *storage.LogEntry) (out []event) {
	if source, _, ok := strings.Cut(e.Info.Merged, "@"); ok {
		m := newEvent(Merged, b, e.Time)
		delete(m.Data, "source_branch")
		m.Data["source_branch"], m.Data["target_branch"], m.Data["scn"], m.Data["user"] = source, b.Name, e.SCN, e.Info.User
		out = append(out, m)
	}
	d := newEvent(DataChanged, b, e.Time)
	switch {
	case e.Inserts+e.Updates+e.Deletes > 0 || len(e.Tables) > 0:
	case e.IsReset(): // all that has changed since that point is undone, and is not counted
		d.Data["reset"] = true
	case e.Txn != 0 && !strings.HasPrefix(e.Info.Summary, "COMMIT "): // tables made, altered, emptied, dropped; a commit changes nothing
		d.Data["schema"] = true
	default:
		return out
	}
	for name, v := range map[string]any{"scn": e.SCN, "transaction": e.Txn, "user": e.Info.User, "summary": e.Info.Summary, "inserts": e.Inserts,
		"updates": e.Updates, "deletes": e.Deletes, "tables": f.tables(ctx, b, e.Tables)} {
		d.Data[name] = v
	}
	return append(out, d)
}

// tables names the tables of a transaction; those that are gone since are left out. A branch that has been dropped meanwhile
// cannot be looked at, but tables are the same on all branches: its parent knows them, or the default branch does.
func (f *finder) tables(ctx context.Context, b *storage.Branch, ids []catalog.OID) []string {
	out := []string{}
	for _, id := range ids {
		for _, branch := range []string{branchID(b.ID), b.Parent, ""} {
			if name := f.table(ctx, branch, id); name != "" {
				out = append(out, name)
				break
			}
		}
	}
	return out
}

// table is a table's name as a branch has it; "" where it has none.
func (f *finder) table(ctx context.Context, branch string, id catalog.OID) string {
	v, err := f.tx.View(ctx, catalog.Ref{Branch: branch})
	if err != nil {
		return ""
	}
	snap := v.Catalog()
	o, _ := snap.RelationByOID(id)
	if o == nil {
		return ""
	}
	name := o.Head().Name
	if sc := snap.SchemaName(o.Head().Schema); sc != "public" {
		name = sc + "." + name
	}
	return name
}
