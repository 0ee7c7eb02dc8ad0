package admin

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decode reads a JSON body; an empty one is the zero value.
func decode(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.UseNumber()
	err := dec.Decode(into)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return heliosError{"INVALID_REQUEST", http.StatusRequestEntityTooLarge, "the request body is too large", map[string]any{"limit_bytes": tooLarge.Limit}}
		}
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return invalid("%s must not be a JSON %s", wrong.Field, wrong.Value)
		}
		return invalid("the request body is not valid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
	case dec.More():
		return invalid("the request body holds more than one JSON value")
	}
	return nil
}

// asOf is a point as the dialect writes it.
type asOf struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// point turns it into a point as SQL has it.
func (a *asOf) point() (string, error) {
	if a == nil {
		return "", nil
	}
	value := ""
	switch v := a.Value.(type) {
	case nil:
	case string:
		value = v
	case json.Number:
		value = v.String()
	default:
		return "", invalid("as_of.value must be a string or a number")
	}
	switch kind := strings.ToLower(a.Type); {
	case kind == "now" || kind == "" && value == "":
		return "", nil
	case value == "":
		return "", invalid("as_of of type %q needs a value", a.Type)
	case kind == "timestamp":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "", invalid("as_of.value is not an RFC 3339 timestamp: %q", value)
		}
		return value, nil
	case kind == "transaction" || kind == "scn":
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return "", invalid("as_of.value of type %s is not a number: %q", kind, value)
		}
		if kind == "transaction" {
			return "tx:" + value, nil
		}
		return value, nil
	case kind == "snapshot":
		return value, nil
	}
	return "", invalid("unknown as_of type %q; known types: now, timestamp, transaction, scn, snapshot", a.Type)
}

// heliosBranch shows a branch.
func heliosBranch(b Branch, full bool) map[string]any {
	v := map[string]any{"id": b.ID, "name": b.Name, "display_name": b.DisplayName, "status": b.Status, "is_default": b.Default, "is_protected": b.Protected,
		"created_at": b.Created.UTC().Format(time.RFC3339Nano), "updated_at": b.Updated.UTC().Format(time.RFC3339Nano)}
	if b.Source != "" {
		v["source_branch"], v["source_snapshot"] = b.Source, b.SourceSnapshot
	}
	if full {
		metadata := b.Metadata
		if metadata == nil {
			metadata = map[string]any{}
		}
		v["metadata"] = metadata
	}
	if s := b.Stats; s != nil {
		v["stats"] = heliosStats(b, s, full)
		if full && b.Source != "" {
			v["divergence"] = map[string]any{"source_branch": b.Source, "commits_ahead": s.Ahead, "commits_behind": s.Behind, "can_fast_forward": s.Behind == 0}
		}
	}
	return v
}

func heliosStats(b Branch, s *Stats, full bool) map[string]any {
	v := map[string]any{"tables": s.Tables, "rows": s.Rows, "size_bytes": s.SizeBytes}
	if b.Source != "" {
		v["changes_from_source"] = s.Changes
		if full {
			v["inserts"], v["updates"], v["deletes"] = s.Inserts, s.Updates, s.Deletes
		}
	}
	return v
}

// page reads page and limit.
func page(r *http.Request, limit, most int) (number, size int, err error) {
	number, size = 1, limit
	for name, into := range map[string]*int{"page": &number, "limit": &size} {
		s := r.URL.Query().Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return 0, 0, invalid("%s must be a positive number, not %q", name, s)
		}
		*into = n
	}
	if size > most {
		return 0, 0, invalid("limit must be at most %d", most)
	}
	return number, size, nil
}

// choice reads a query parameter with a fixed set of values, the first being the default.
func choice(r *http.Request, name string, values ...string) (string, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return values[0], nil
	}
	if !slices.Contains(values, s) {
		return "", invalid("%s must be one of %s, not %q", name, strings.Join(values, ", "), s)
	}
	return s, nil
}

// flag reads a boolean query parameter.
func flag(r *http.Request, name string, fallback bool) (bool, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return fallback, nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, invalid("%s must be true or false, not %q", name, s)
	}
	return b, nil
}

func (h *helios) list(w http.ResponseWriter, r *http.Request) {
	number, size, err := page(r, 20, 100)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	branches, err := h.selected(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	total := len(branches)
	from := min((number-1)*size, total)
	out := []any{}
	for _, b := range branches[from:min(from+size, total)] {
		full, err := h.Branches.Get(r.Context(), principalOf(r), b.ID, true)
		if err == nil {
			b.Stats = full.Stats
		}
		out = append(out, heliosBranch(b, false))
	}
	h.ok(w, r, http.StatusOK, map[string]any{"branches": out,
		"pagination": map[string]any{"page": number, "limit": size, "total": total, "total_pages": (total + size - 1) / size}})
}

// selected lists the branches that status, sort and order ask for.
func (h *helios) selected(r *http.Request) ([]Branch, error) {
	status, err := choice(r, "status", "all", "active", "merged", "deleted")
	if err != nil {
		return nil, err
	}
	sort, err := choice(r, "sort", "created_at", "name", "updated_at")
	if err != nil {
		return nil, err
	}
	order, err := choice(r, "order", "desc", "asc")
	if err != nil {
		return nil, err
	}
	list, err := h.Branches.List(r.Context(), principalOf(r))
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(b Branch) bool { return status != "all" && b.Status != status })
	slices.SortStableFunc(list, func(a, b Branch) int {
		c := a.Created.Compare(b.Created)
		switch sort {
		case "name":
			c = cmp.Compare(a.Name, b.Name)
		case "updated_at":
			c = a.Updated.Compare(b.Updated)
		}
		if order == "desc" {
			return -c
		}
		return c
	})
	return list, nil
}

func (h *helios) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Name         string         `json:"name"`
		DisplayName  string         `json:"display_name"`
		SourceBranch string         `json:"source_branch"`
		AsOf         *asOf          `json:"as_of"`
		Metadata     map[string]any `json:"metadata"`
	}
	if err := decode(r, &body); err != nil {
		h.fail(w, r, err)
		return
	}
	if body.Name == "" {
		h.fail(w, r, invalid("name is missing"))
		return
	}
	point, err := body.AsOf.point()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	b, err := h.Branches.Create(r.Context(), principalOf(r), NewBranch{Name: body.Name, DisplayName: body.DisplayName, Source: body.SourceBranch, Point: point, Metadata: body.Metadata})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.ok(w, r, http.StatusCreated, map[string]any{"id": b.ID, "name": b.Name, "display_name": b.DisplayName, "status": b.Status, "source_branch": b.Source,
		"source_snapshot": b.SourceSnapshot, "created_at": b.Created.UTC().Format(time.RFC3339Nano)})
}

func (h *helios) get(w http.ResponseWriter, r *http.Request, branch string) {
	stats, err := flag(r, "include_stats", true)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	b, err := h.Branches.Get(r.Context(), principalOf(r), branch, stats)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.ok(w, r, http.StatusOK, heliosBranch(b, true))
}

func (h *helios) drop(w http.ResponseWriter, r *http.Request, branch string) {
	force, err := flag(r, "force", false)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	b, err := h.Branches.Drop(r.Context(), principalOf(r), branch, force)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.ok(w, r, http.StatusOK, map[string]any{"deleted": true, "branch_name": b.Name, "deleted_at": time.Now().UTC().Format(time.RFC3339Nano)})
}

func (h *helios) merge(w http.ResponseWriter, r *http.Request, branch string) {
	var body struct {
		Target     string `json:"target_branch"`
		Resolution string `json:"conflict_resolution"`
		DropSource bool   `json:"delete_source_after_merge"`
		Message    string `json:"merge_message"`
		DryRun     bool   `json:"dry_run"`
	}
	if err := decode(r, &body); err != nil {
		h.fail(w, r, err)
		return
	}
	if body.Resolution == "" {
		body.Resolution = "abort"
	}
	if !slices.Contains([]string{"source_wins", "target_wins", "manual", "abort"}, body.Resolution) {
		h.fail(w, r, invalid("conflict_resolution must be one of source_wins, target_wins, manual, abort, not %q", body.Resolution))
		return
	}
	m := Merge{Source: branch, Target: body.Target, Strategy: body.Resolution, Message: body.Message, DropSource: body.DropSource, DryRun: body.DryRun}
	res, err := h.Branches.Merge(r.Context(), principalOf(r), m)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if len(res.Conflicts) > 0 {
		h.fail(w, r, heliosError{"MERGE_CONFLICT", http.StatusConflict, "Merge has conflicts requiring resolution", map[string]any{"conflicts": heliosConflicts(res.Conflicts)}})
		return
	}
	h.ok(w, r, http.StatusOK, heliosMerged(m, res))
}

func heliosConflicts(list []Conflict) []any {
	out := []any{}
	for _, c := range list {
		out = append(out, map[string]any{"table": c.Table, "row_id": c.RowID, "column": c.Column, "source_value": c.Source, "target_value": c.Target, "conflict_type": c.Type})
	}
	return out
}

func heliosMerged(m Merge, res Merged) map[string]any {
	v := map[string]any{"status": "merged", "source_branch": m.Source, "target_branch": m.Target, "merge_commit": res.Commit, "changes_merged": res.Changes,
		"conflicts_resolved": res.Resolved, "source_deleted": res.Dropped, "merged_at": res.At.UTC().Format(time.RFC3339Nano)}
	if m.Target == "" {
		v["target_branch"] = "main"
	}
	if m.DryRun {
		v["status"], v["dry_run"], v["merge_commit"] = "would_merge", true, nil
	}
	return v
}
