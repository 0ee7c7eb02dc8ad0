package helios

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
}

func (b branch) flatten() branchFlat {
	out := branchFlat{branch: b}
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

type createdFlat struct {
	created
	Parent  string `json:"parent"`
	Commits int64  `json:"commit_count"`
}

func (c created) flat() any { return createdFlat{created: c, Parent: c.Source} }

type mergedFlat struct {
	merged
	Completed bool       `json:"completed"`
	Applied   int64      `json:"changes_applied"`
	Keys      int64      `json:"merged_keys"`
	Conflicts []conflict `json:"conflicts"`
}

func (m merged) flat() any {
	return mergedFlat{merged: m, Completed: !m.DryRun, Applied: m.Changes, Keys: m.Changes, Conflicts: []conflict{}}
}

type typedColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type resultFlat struct {
	Columns any    `json:"columns"`
	Types   any    `json:"column_types"`
	Rows    any    `json:"rows"`
	Count   int64  `json:"row_count"`
	Changed int64  `json:"rows_affected"`
	Plan    string `json:"execution_plan"`
	Elapsed int64  `json:"execution_time_ms"`
}

func (r result) flat() any {
	out := resultFlat{Columns: r.Columns, Types: r.Types, Rows: r.Rows, Count: r.Count, Changed: r.Count, Plan: r.Plan, Elapsed: r.Elapsed}
	if r.typed {
		columns := []typedColumn{}
		for i, name := range r.Columns {
			columns = append(columns, typedColumn{name, r.Types[i]})
		}
		out.Columns = columns
		return out
	}
	rows := make([]map[string]any, len(r.Rows))
	for i, values := range r.Rows {
		rows[i] = make(map[string]any, len(values))
		for k, v := range values {
			rows[i][r.Columns[k]] = v
		}
	}
	out.Rows = rows
	return out
}
