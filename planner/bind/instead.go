package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/logical"
)

// writeEvent is the event that a verb of writing is.
var writeEvent = map[string]catalog.TriggerEvent{
	"insert into": catalog.TriggerInsert, "copy to": catalog.TriggerInsert, "update": catalog.TriggerUpdate, "delete from": catalog.TriggerDelete,
}

// firesInstead reports whether a view has a trigger that does what is to be done to its rows. Whether it is enabled shows when it runs.
func firesInstead(v *catalog.View, verb string) bool {
	return v.InsteadEvents()&writeEvent[verb] != 0
}

// refuseElsewhere refuses to write to a view anywhere but on the branch of the session: there its triggers write.
func refuseElsewhere(ref catalog.Ref) error {
	switch {
	case ref.Point != "":
		return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot write at a point in the past").
			WithHint("Make a branch at that point, and write there.")
	case ref.Branch != "":
		return pgerr.Unsupported("writing to a view of another branch").WithHint("Connect to the branch, and write there.")
	}
	return nil
}

// viewTarget is a view as what is written to: its triggers get rows of its columns.
func viewTarget(v *catalog.View) *catalog.Table {
	return &catalog.Table{Header: v.Header, Columns: v.Columns, Triggers: v.Triggers}
}

// oldRows are the rows of which an UPDATE or DELETE changes some: those of the table, or of the view's query.
func (w *writer) oldRows(rv *pg.RangeVar) (logical.Node, []*item, error) {
	r := &relation{ref: w.ref}
	if !w.view {
		return w.q.tableItem(r, w.table, rv.Alias)
	}
	found, err := w.q.b.findRelation(rv)
	if err != nil {
		return nil, nil, err
	}
	r.at = found.at
	return w.q.viewItem(r, found.object.(*catalog.View), rv.Alias)
}
