package helios

import (
	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// timelineEvent is a transaction that changed a table.
type timelineEvent struct {
	Timestamp string         `json:"timestamp" format:"date-time"`
	Type      string         `json:"type" enum:"insert,update,delete,transaction" doc:"what the transaction did, transaction where it did more than one thing"`
	Details   timelineDetail `json:"details"`
}

type timelineDetail struct {
	ID      string `json:"id" example:"tx_1042" doc:"usable as as_of of type transaction"`
	SCN     uint64 `json:"scn"`
	Summary string `json:"summary"`
	User    string `json:"user"`
	Inserts int64  `json:"inserts" doc:"of the whole transaction, as the numbers below"`
	Updates int64  `json:"updates"`
	Deletes int64  `json:"deletes"`
}

type timeline struct {
	Table  string          `json:"table"`
	Events []timelineEvent `json:"events"`
}

func (d *Dialect) timeline(c *web.Call) (any, error) {
	list, err := d.Tables.Timeline(c.Context(), c.Principal, c.Path("branch"), c.Path("table"), c.Int("limit"))
	out := timeline{c.Path("table"), []timelineEvent{}}
	for i := range list {
		x := &list[i]
		out.Events = append(out.Events, timelineEvent{web.Stamp(x.Time), whatIn(x), timelineDetail{x.ID, x.SCN, x.Summary, x.User, x.Inserts, x.Updates, x.Deletes}})
	}
	return out, err
}

// whatIn tells the kind of a transaction.
func whatIn(x *api.Change) string {
	switch {
	case x.Updates == 0 && x.Deletes == 0 && x.Inserts > 0:
		return "insert"
	case x.Inserts == 0 && x.Deletes == 0 && x.Updates > 0:
		return "update"
	case x.Inserts == 0 && x.Updates == 0 && x.Deletes > 0:
		return "delete"
	}
	return "transaction"
}
