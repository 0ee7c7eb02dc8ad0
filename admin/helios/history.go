package helios

import (
	"cmp"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
	"github.com/rowandb/rowan/pgerr"
)

type event struct {
	ID        string  `json:"id" example:"tx_1042"`
	Type      string  `json:"type" enum:"transaction,snapshot"`
	Timestamp string  `json:"timestamp" format:"date-time"`
	SCN       uint64  `json:"scn"`
	Summary   string  `json:"summary"`
	User      *string `json:"user,omitempty" doc:"of transactions"`
	Size      *int64  `json:"size_bytes,omitempty" doc:"of snapshots"`
}

type history struct {
	History []event `json:"history"`
}

func showEvents(list []api.Event) []event {
	out := []event{}
	for _, e := range list {
		v := event{ID: e.ID, Type: e.Type, Timestamp: web.Stamp(e.Time), SCN: e.SCN, Summary: e.Summary}
		if e.Type == "snapshot" {
			v.Size = &e.Size
		} else {
			v.User = &e.User
		}
		out = append(out, v)
	}
	return out
}

func (d *Dialect) history(c *web.Call) (any, error) {
	span := api.Span{Limit: c.Int("limit")}
	for name, into := range map[string]*time.Time{"from": &span.From, "to": &span.To} {
		s := c.Text(name)
		if s == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return nil, web.Invalid(name, "%s is not an RFC 3339 timestamp: %q", name, s)
		}
		*into = t
	}
	events, err := d.Branches.History(c.Context(), c.Principal, c.Path("branch"), span)
	return history{showEvents(events)}, err
}

type snapshot struct {
	ID        string `json:"id" example:"snap_3"`
	Timestamp string `json:"timestamp" format:"date-time"`
	SCN       uint64 `json:"scn"`
	Type      string `json:"type" enum:"automatic,manual"`
	Size      int64  `json:"size_bytes"`
	Tables    int64  `json:"tables"`
	Rows      int64  `json:"rows"`
	Comment   string `json:"comment,omitempty"`
}

type snapshots struct {
	Snapshots []snapshot `json:"snapshots"`
}

func (d *Dialect) snapshots(c *web.Call) (any, error) {
	list, err := d.Branches.Snapshots(c.Context(), c.Principal, c.Path("branch"))
	out := snapshots{[]snapshot{}}
	for _, s := range list {
		kind := "manual"
		if s.Automatic {
			kind = "automatic"
		}
		out.Snapshots = append(out.Snapshots, snapshot{s.ID, web.Stamp(s.Time), s.SCN, kind, s.Size, s.Tables, s.Rows, s.Comment})
	}
	return out, err
}

type restoreBranch struct {
	Backup     bool   `json:"create_backup_branch,omitempty" doc:"keep what is there now as a branch"`
	BackupName string `json:"backup_branch_name,omitempty" doc:"default: the branch's name and the time"`
}

type restored struct {
	Restored bool    `json:"restored"`
	Snapshot string  `json:"snapshot_id"`
	SCN      uint64  `json:"restored_to_scn"`
	Backup   *string `json:"backup_branch"`
}

func (d *Dialect) restore(c *web.Call, in *restoreBranch) (any, error) {
	id, backup := c.Path("snapshot"), ""
	if in.Backup {
		backup = cmp.Or(in.BackupName, c.Path("branch")+"-backup-"+time.Now().UTC().Format("20060102-150405"))
	}
	res, err := d.Branches.Restore(c.Context(), c.Principal, c.Path("branch"), snapshotPoint(id), backup)
	if e := pgerr.From(err); err != nil && e.Code == pgerrcode.InvalidParameterValue {
		return nil, web.Missing("NOT_FOUND", "%s", e.Message)
	}
	out := restored{Restored: true, Snapshot: id, SCN: res.SCN}
	if res.Backup != "" {
		out.Backup = &res.Backup
	}
	return out, err
}
