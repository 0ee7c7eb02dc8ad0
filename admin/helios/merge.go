package helios

import (
	"cmp"
	"net/http"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

type mergeBranch struct {
	Target     string `json:"target_branch,omitempty" doc:"default: the branch that this one was made of"`
	Resolution string `json:"conflict_resolution,omitempty" enum:"source_wins,target_wins,manual,abort" doc:"default: abort"`
	DropSource bool   `json:"delete_source_after_merge,omitempty"`
	Message    string `json:"merge_message,omitempty"`
	DryRun     bool   `json:"dry_run,omitempty" doc:"answer what the merge would do, and change nothing"`

	ShortTarget string `json:"target,omitempty" doc:"target_branch, of client libraries"`
	Strategy    string `json:"strategy,omitempty" doc:"conflict_resolution, of client libraries"`
}

// strategies are the words for what happens to conflicts: the specification's, and those of client libraries.
var strategies = map[string]string{
	"": "abort", "abort": "abort", "manual": "manual", "source_wins": "source_wins", "target_wins": "target_wins",
	"three_way": "abort", "fast_forward": "abort", "rebase": "abort", "auto": "abort", "theirs": "source_wins", "ours": "target_wins",
}

type merged struct {
	Status        string  `json:"status" enum:"merged,would_merge,up_to_date"`
	Source        string  `json:"source_branch"`
	Target        string  `json:"target_branch"`
	Commit        *string `json:"merge_commit" doc:"null when nothing was written"`
	Changes       int64   `json:"changes_merged"`
	Resolved      int64   `json:"conflicts_resolved"`
	SourceDeleted bool    `json:"source_deleted"`
	FastForward   bool    `json:"fast_forward"`
	DryRun        bool    `json:"dry_run,omitempty"`
	MergedAt      string  `json:"merged_at" format:"date-time"`
}

type conflict struct {
	Table  string `json:"table"`
	RowID  string `json:"row_id"`
	Column string `json:"column" doc:"empty where the whole row is in conflict"`
	Source any    `json:"source_value" doc:"the whole row where column is empty; null where the source has deleted it"`
	Target any    `json:"target_value"`
	Base   any    `json:"base_value"`
	Type   string `json:"conflict_type" enum:"update_update,delete_update,update_delete,insert_insert,schema"`
}

func (d *Dialect) merge(c *web.Call, in *mergeBranch) (any, error) {
	word := cmp.Or(in.Resolution, in.Strategy)
	strategy, ok := strategies[word]
	if !ok {
		return nil, web.Invalid("conflict_resolution", "conflict_resolution must be one of source_wins, target_wins, manual, abort, not %q", word)
	}
	m := api.Merge{Source: c.Path("branch"), Target: cmp.Or(in.Target, in.ShortTarget), Strategy: strategy, Message: in.Message,
		DropSource: in.DropSource, DryRun: in.DryRun}
	res, err := d.Branches.Merge(c.Context(), c.Principal, m)
	if err != nil {
		return nil, err
	}
	if len(res.Conflicts) > 0 {
		details := map[string]any{"conflicts": showConflicts(res.Conflicts)}
		if res.Pending != 0 {
			details["merge_id"] = res.Pending
		}
		return nil, &web.Error{Code: "MERGE_CONFLICT", Status: http.StatusConflict, Message: "Merge has conflicts requiring resolution", Details: details}
	}
	if len(res.Violations) > 0 {
		first := res.Violations[0]
		return nil, &web.Error{Code: "CONSTRAINT_VIOLATION", Status: http.StatusConflict, Message: first.Message,
			Details: map[string]any{"detail": first.Detail, "violations": showViolations(res.Violations)}}
	}
	return showMerged(m, res), nil
}

type violation struct {
	Table      string `json:"table"`
	RowID      string `json:"row_id"`
	Kind       string `json:"kind" enum:"check,not_null,unique,foreign_key,exclusion"`
	Constraint string `json:"constraint"`
	Message    string `json:"message"`
	Detail     string `json:"detail,omitempty"`
}

func showViolations(list []api.Violation) []violation {
	out := []violation{}
	for _, v := range list {
		out = append(out, violation(v))
	}
	return out
}

func showConflicts(list []api.Conflict) []conflict {
	out := []conflict{}
	for _, c := range list {
		out = append(out, conflict{Table: c.Table, RowID: c.RowID, Column: c.Column, Source: c.Source, Target: c.Target, Base: c.Base, Type: c.Type})
	}
	return out
}

func showMerged(m api.Merge, res api.Merged) merged {
	out := merged{Status: "merged", Source: res.Source, Target: res.Target, Changes: res.Changes, Resolved: res.Resolved, SourceDeleted: res.Dropped,
		FastForward: res.FastForward, DryRun: m.DryRun, MergedAt: web.Stamp(res.At)}
	switch {
	case res.UpToDate:
		out.Status = "up_to_date"
	case m.DryRun:
		out.Status = "would_merge"
	case res.Commit != "":
		out.Commit = &res.Commit
	}
	return out
}
