package helios

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/web"
)

// What client libraries read at the top level of an answer, where it is not what data holds.

type listFlat struct {
	branchList
	Branches []branchFlat `json:"branches"`
	Total    int          `json:"total"`
}

type branchFlat struct {
	branch
	Parent  *string `json:"parent"`
	Commits int64   `json:"commit_count"`
	flatState
}

// flatState is how one of the clients' servers shows a branch.
type flatState struct {
	Number uint64 `json:"branch_id"`
	State  struct {
		Status string `json:"status"`
	} `json:"state"`
}

func stateOf(id, status string) (s flatState) {
	s.Number, _ = strconv.ParseUint(strings.TrimPrefix(id, "br_"), 10, 64) // ids are made so
	s.State.Status = status
	return s
}

func (b branch) flatten() branchFlat {
	out := branchFlat{branch: b, flatState: stateOf(b.ID, b.Status)}
	if b.Source != "" {
		out.Parent = &b.Source
	}
	if b.Divergence != nil {
		out.Commits = b.Divergence.Ahead
	}
	return out
}

func (l branchList) flat() any {
	out := listFlat{branchList: l, Branches: []branchFlat{}, Total: l.Pagination.Total}
	for _, b := range l.Branches {
		out.Branches = append(out.Branches, b.flatten())
	}
	return out
}

func (b branch) flat() any { return b.flatten() }

type tablesFlat struct {
	Tables []tableFlat `json:"tables"`
	Total  int         `json:"total"`
}

// tableFlat is a table in a list.
type tableFlat struct {
	table
	CreatedAt string `json:"created_at"`
	Size      int64  `json:"size_bytes"`
}

// flatten shows what libraries insist on, also where it is not known.
func (t table) flatten() tableFlat {
	return tableFlat{table: t, CreatedAt: cmp.Or(t.CreatedAt, web.Stamp(time.Unix(0, 0))), Size: t.size}
}

func (l tableList) flat() any {
	out := tablesFlat{Tables: []tableFlat{}, Total: len(l.Tables)}
	for _, t := range l.Tables {
		out.Tables = append(out.Tables, t.flatten())
	}
	return out
}

// wholeTable is a table by itself: its indexes have more than their names.
type wholeTable struct {
	tableFlat
	Key     []string    `json:"primary_key"`
	Indexes []flatIndex `json:"indexes"`
}

type flatIndex struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Type    string   `json:"type"`
	Unique  bool     `json:"unique"`
}

func (t table) flat() any {
	out := wholeTable{tableFlat: t.flatten(), Key: t.key, Indexes: []flatIndex{}}
	for _, ix := range t.whole {
		out.Indexes = append(out.Indexes, flatIndex{ix.Name, ix.Columns, ix.Method, ix.Unique})
	}
	return out
}

type createdFlat struct {
	created
	Parent  string `json:"parent"`
	Commits int64  `json:"commit_count"`
	flatState
}

func (c created) flat() any {
	return createdFlat{created: c, Parent: c.Source, flatState: stateOf(c.ID, c.Status)}
}

type mergedFlat struct {
	merged
	Completed bool       `json:"completed"`
	Applied   int64      `json:"changes_applied"`
	Keys      int64      `json:"merged_keys"`
	Conflicts []conflict `json:"conflicts"`
	Message   string     `json:"message"`
}

func (m merged) flat() any {
	return mergedFlat{merged: m, Completed: !m.DryRun, Applied: m.Changes, Keys: m.Changes, Conflicts: []conflict{}, Message: m.message()}
}

func (m merged) message() string {
	switch m.Status {
	case "merged":
		return m.Source + " was merged into " + m.Target
	case "would_merge":
		return m.Source + " would merge into " + m.Target
	}
	return m.Target + " has all of " + m.Source
}
