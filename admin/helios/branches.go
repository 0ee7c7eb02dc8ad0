package helios

import (
	"cmp"
	"slices"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// branch is a branch as answers show it.
type branch struct {
	ID             string          `json:"id" example:"br_2"`
	Name           string          `json:"name" example:"feature-auth"`
	DisplayName    string          `json:"display_name"`
	Status         string          `json:"status" enum:"active,merged,deleted"`
	Default        bool            `json:"is_default"`
	Protected      bool            `json:"is_protected" doc:"cannot be deleted without force, nor restored"`
	Source         string          `json:"source_branch,omitempty"`
	SourceSnapshot string          `json:"source_snapshot,omitempty" doc:"the point of the source at which the branch was made; usable as as_of of type snapshot"`
	CreatedAt      string          `json:"created_at" format:"date-time"`
	UpdatedAt      string          `json:"updated_at" format:"date-time"`
	Metadata       *map[string]any `json:"metadata,omitempty"`
	Stats          *stats          `json:"stats,omitempty"`
	Divergence     *divergence     `json:"divergence,omitempty"`
	History        []event         `json:"history,omitempty" doc:"the newest events, with include_history"`
}

type stats struct {
	Tables  int64  `json:"tables"`
	Rows    int64  `json:"rows"`
	Size    int64  `json:"size_bytes"`
	Changes *int64 `json:"changes_from_source,omitempty"`
	Inserts *int64 `json:"inserts,omitempty"`
	Updates *int64 `json:"updates,omitempty"`
	Deletes *int64 `json:"deletes,omitempty"`
}

type divergence struct {
	Source      string `json:"source_branch"`
	Ahead       int64  `json:"commits_ahead"`
	Behind      int64  `json:"commits_behind"`
	FastForward bool   `json:"can_fast_forward"`
}

// show makes the list's form of a branch; full is that of a single one.
func show(b api.Branch, full bool) branch {
	out := branch{ID: b.ID, Name: b.Name, DisplayName: b.DisplayName, Status: b.Status, Default: b.Default, Protected: b.Protected,
		Source: b.Source, SourceSnapshot: b.SourceSnapshot, CreatedAt: web.Stamp(b.Created), UpdatedAt: web.Stamp(b.Updated)}
	if full {
		metadata := b.Metadata
		if metadata == nil {
			metadata = map[string]any{}
		}
		out.Metadata = &metadata
	}
	s := b.Stats
	if s == nil {
		return out
	}
	out.Stats = &stats{Tables: s.Tables, Rows: s.Rows, Size: s.SizeBytes}
	if b.Source == "" {
		return out
	}
	out.Stats.Changes = &s.Changes
	if full {
		out.Stats.Inserts, out.Stats.Updates, out.Stats.Deletes = &s.Inserts, &s.Updates, &s.Deletes
		out.Divergence = &divergence{Source: b.Source, Ahead: s.Ahead, Behind: s.Behind, FastForward: s.Behind == 0}
	}
	return out
}

type pagination struct {
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	Total      int `json:"total"`
	TotalPages int `json:"total_pages"`
}

func paginate(page, limit, total int) pagination {
	return pagination{page, limit, total, (total + limit - 1) / limit}
}

type branchList struct {
	Branches   []branch   `json:"branches"`
	Pagination pagination `json:"pagination"`
}

func (d *Dialect) list(c *web.Call) (any, error) {
	list, err := d.Branches.List(c.Context(), c.Principal)
	if err != nil {
		return nil, err
	}
	status := c.Text("status")
	list = slices.DeleteFunc(list, func(b api.Branch) bool { return status != "all" && b.Status != status })
	sortBranches(list, c.Text("sort"), c.Text("order") == "desc")
	page, limit := c.Int("page"), c.Int("limit")
	out := branchList{Branches: []branch{}, Pagination: paginate(page, limit, len(list))}
	from := min((page-1)*limit, len(list))
	for _, b := range list[from:min(from+limit, len(list))] {
		if full, err := d.Branches.Get(c.Context(), c.Principal, b.ID, true); err == nil { // of deleted ones there are no figures
			b.Stats = full.Stats
		}
		out.Branches = append(out.Branches, show(b, false))
	}
	return out, nil
}

func sortBranches(list []api.Branch, by string, descending bool) {
	slices.SortStableFunc(list, func(a, b api.Branch) int {
		c := a.Created.Compare(b.Created)
		switch by {
		case "name":
			c = cmp.Compare(a.Name, b.Name)
		case "updated_at":
			c = a.Updated.Compare(b.Updated)
		}
		if descending {
			return -c
		}
		return c
	})
}

// createBranch is what a branch is made of. Beside the specification's names it knows those that client libraries use.
type createBranch struct {
	Name         string         `json:"name" required:"true" example:"feature-auth"`
	DisplayName  string         `json:"display_name,omitempty"`
	SourceBranch string         `json:"source_branch,omitempty" doc:"default: the database's default branch"`
	AsOf         *asOf          `json:"as_of,omitempty"`
	Metadata     map[string]any `json:"metadata,omitempty"`

	FromBranch  string         `json:"from_branch,omitempty" doc:"source_branch, of client libraries"`
	Parent      string         `json:"parent,omitempty" doc:"source_branch, of client libraries"`
	AtTimestamp string         `json:"at_timestamp,omitempty" doc:"as_of, of client libraries" format:"date-time"`
	SnapshotID  any            `json:"snapshot_id,omitempty" types:"string,integer" doc:"as_of, of client libraries"`
	Options     map[string]any `json:"options,omitempty" doc:"of client libraries; ignored"`
}

func (b *createBranch) point() (string, error) {
	switch {
	case b.AsOf != nil:
		return b.AsOf.point()
	case b.AtTimestamp != "":
		return pointOf(inBody, "timestamp", b.AtTimestamp)
	case b.SnapshotID != nil:
		return (&asOf{Type: "snapshot", Value: b.SnapshotID}).point()
	}
	return "", nil
}

type created struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	DisplayName    string `json:"display_name"`
	Status         string `json:"status"`
	Source         string `json:"source_branch"`
	SourceSnapshot string `json:"source_snapshot"`
	CreatedAt      string `json:"created_at" format:"date-time"`
}

func (d *Dialect) create(c *web.Call, in *createBranch) (any, error) {
	if in.Name == "" {
		return nil, web.Invalid("name", "name is missing")
	}
	point, err := in.point()
	if err != nil {
		return nil, err
	}
	b, err := d.Branches.Create(c.Context(), c.Principal, api.NewBranch{Name: in.Name, DisplayName: in.DisplayName,
		Source: cmp.Or(in.SourceBranch, in.FromBranch, in.Parent), Point: point, Metadata: in.Metadata})
	if err != nil {
		return nil, err
	}
	return created{b.ID, b.Name, b.DisplayName, b.Status, b.Source, b.SourceSnapshot, web.Stamp(b.Created)}, nil
}

// recentEvents is how many events include_history shows.
const recentEvents = 10

func (d *Dialect) get(c *web.Call) (any, error) {
	b, err := d.Branches.Get(c.Context(), c.Principal, c.Path("branch"), c.Bool("include_stats"))
	if err != nil {
		return nil, err
	}
	out := show(b, true)
	if c.Bool("include_history") {
		events, err := d.Branches.History(c.Context(), c.Principal, b.Name, api.Span{Limit: recentEvents})
		if err != nil {
			return nil, err
		}
		out.History = showEvents(events)
	}
	return out, nil
}

type updateBranch struct {
	DisplayName *string        `json:"display_name,omitempty"`
	Protected   *bool          `json:"is_protected,omitempty"`
	Metadata    map[string]any `json:"metadata,omitempty" doc:"entries to set; those that are null are removed"`
}

type updated struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	DisplayName string         `json:"display_name"`
	Protected   bool           `json:"is_protected"`
	Metadata    map[string]any `json:"metadata,omitempty"`
	UpdatedAt   string         `json:"updated_at" format:"date-time"`
}

func (d *Dialect) update(c *web.Call, in *updateBranch) (any, error) {
	b, err := d.Branches.Alter(c.Context(), c.Principal, c.Path("branch"), api.BranchChange(*in))
	if err != nil {
		return nil, err
	}
	return updated{b.ID, b.Name, b.DisplayName, b.Protected, b.Metadata, web.Stamp(b.Updated)}, nil
}

type deleted struct {
	Deleted   bool   `json:"deleted"`
	Branch    string `json:"branch_name"`
	DeletedAt string `json:"deleted_at" format:"date-time"`
}

func (d *Dialect) drop(c *web.Call) (any, error) {
	b, err := d.Branches.Drop(c.Context(), c.Principal, c.Path("branch"), c.Bool("force"))
	if err != nil {
		return nil, err
	}
	return deleted{true, b.Name, web.Stamp(time.Now())}, nil
}
