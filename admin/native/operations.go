package native

import (
	"net/http"

	"github.com/rowandb/rowan/admin/web"
)

// operation is a function of schema rowan at a path. What the path does not bind are parameters of the query or fields of
// the body, named as the function's arguments.
type operation struct {
	method, path, function string
	tag                    string
	scope                  web.Scope
	bind                   map[string]string // parameters of the path to arguments
	summary                string            // "": the function's own
	examples               []web.Example
	status                 int
	// keys are the columns of which one is what the path's last parameter says, where it names one row; what calls that row.
	keys []string
	what string
	name string // of the operation, where it is not the function's
	// nullable is the argument of which NULL is a value, although it must be given.
	nullable string
	// elsewhere is true where the operation is about a branch of the query or body although the function has no argument
	// for it: the session's.
	elsewhere bool
}

const ofDatabase = "/databases/{database}"

var (
	byBranch = map[string]string{"branch": "name"}
	db       = map[string]string{"database": "postgres"}
)

func at(pairs ...string) map[string]string {
	m := map[string]string{"database": "postgres"}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// operations are all of them, in the order of the document.
var operations = []operation{
	{method: http.MethodGet, path: ofDatabase + "/branches", function: "branches", tag: "Branches", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/branches", function: "create_branch", tag: "Branches", scope: web.Branch, status: http.StatusCreated,
		examples: []web.Example{{Path: db, Body: `{"name": "v2-dev", "source": "main", "description": "made by the native API"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/branches/{branch...}", function: "branches", name: "getBranch", tag: "Branches", scope: web.Read, keys: []string{"name", "id"}, what: "branch",
		summary: "Get a branch", examples: []web.Example{{Path: at("branch", "main")}}},
	{method: http.MethodPatch, path: ofDatabase + "/branches/{branch...}", function: "alter_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-dev"), Body: `{"description": "changed"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/rename", function: "rename_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-dev"), Body: `{"new_name": "v2-work"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/protect", function: "protect_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-work"), Body: `{"protected": false}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/copy", function: "copy_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-work"), Body: `{"new_name": "v2-copy"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/reset", function: "reset_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-work"), Body: `{"as_of": "main"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/restore", function: "restore_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-work"), Body: `{"as_of": "-0 seconds", "backup": "v2-before"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/undelete", function: "undelete_branch", tag: "Branches", scope: web.Branch, bind: byBranch},
	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/make-default", function: "set_default_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "main")}}},
	{method: http.MethodGet, path: ofDatabase + "/sizes", function: "branch_sizes", tag: "Branches", scope: web.Read, examples: []web.Example{{Path: db}}},

	{method: http.MethodGet, path: ofDatabase + "/log", function: "log", tag: "History", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"branch": "main", "limit": "5"}}}},
	{method: http.MethodGet, path: ofDatabase + "/commits", function: "commits", tag: "History", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/commits", function: "commit", tag: "History", scope: web.Write, status: http.StatusCreated, elsewhere: true,
		examples: []web.Example{{Path: db, Body: `{"message": "the examples so far", "branch": "main"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/commits/{id}", function: "commits", name: "getCommit", tag: "History", scope: web.Read, keys: []string{"id"}, what: "commit", summary: "Get a commit of a branch"},
	{method: http.MethodGet, path: ofDatabase + "/tags", function: "tags", tag: "History", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/tags", function: "create_tag", tag: "History", scope: web.Branch, status: http.StatusCreated,
		examples: []web.Example{{Path: db, Body: `{"name": "v1.0", "branch": "main", "message": "first release"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/tags/{name}", function: "tags", name: "getTag", tag: "History", scope: web.Read, keys: []string{"name"}, what: "tag", summary: "Get a tag",
		examples: []web.Example{{Path: at("name", "v1.0")}}},
	{method: http.MethodDelete, path: ofDatabase + "/tags/{name}", function: "drop_tag", tag: "History", scope: web.Branch, bind: map[string]string{"name": "name"},
		examples: []web.Example{{Path: at("name", "v1.0")}}},
	{method: http.MethodGet, path: ofDatabase + "/snapshots", function: "snapshots", tag: "History", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/snapshots", function: "snapshot", tag: "History", scope: web.Branch, status: http.StatusCreated,
		examples: []web.Example{{Path: db, Body: `{"comment": "by the native API", "branch": "main"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/snapshots/{id}", function: "snapshots", name: "getSnapshot", tag: "History", scope: web.Read, keys: []string{"id"}, what: "snapshot", summary: "Get a snapshot"},
	{method: http.MethodDelete, path: ofDatabase + "/snapshots/{id}", function: "drop_snapshot", tag: "History", scope: web.Branch, bind: map[string]string{"id": "id"}},
	{method: http.MethodGet, path: ofDatabase + "/tables/{table}/history", function: "history", tag: "History", scope: web.Read, bind: map[string]string{"table": "table_name"},
		examples: []web.Example{{Path: at("table", "users")}}},
	{method: http.MethodGet, path: ofDatabase + "/tables/{table}/blame", function: "blame", tag: "History", scope: web.Read, bind: map[string]string{"table": "table_name"},
		examples: []web.Example{{Path: at("table", "users")}}},

	{method: http.MethodGet, path: ofDatabase + "/diff", function: "diff_stat", tag: "Differences", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"from_branch": "main", "to_branch": "v2-work"}}}},
	{method: http.MethodGet, path: ofDatabase + "/diff/summary", function: "diff_summary", tag: "Differences", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"from_branch": "main", "to_branch": "v2-work"}}}},
	{method: http.MethodGet, path: ofDatabase + "/diff/schema", function: "schema_diff", tag: "Differences", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"from_branch": "main", "to_branch": "v2-work"}}}},
	{method: http.MethodGet, path: ofDatabase + "/diff/sql", function: "diff_sql", tag: "Differences", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"from_branch": "main", "to_branch": "v2-work"}}}},
	{method: http.MethodGet, path: ofDatabase + "/tables/{table}/diff", function: "diff", tag: "Differences", scope: web.Read, bind: map[string]string{"table": "table_name"},
		examples: []web.Example{{Path: at("table", "users"), Query: map[string]string{"from_branch": "main", "to_branch": "v2-work"}}}},

	{method: http.MethodGet, path: ofDatabase + "/merges", function: "merges", tag: "Merges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/merges", function: "merge", tag: "Merges", scope: web.Branch,
		examples: []web.Example{{Path: db, Body: `{"source": "v2-work", "target": "main", "dry_run": true}`}}},
	{method: http.MethodGet, path: ofDatabase + "/merges/{id}", function: "merges", name: "getMerge", tag: "Merges", scope: web.Read, keys: []string{"id"}, what: "merge", summary: "Get a pending or finished merge"},
	{method: http.MethodGet, path: ofDatabase + "/tables/{table}/conflicts", function: "conflict_rows", tag: "Merges", scope: web.Read, bind: map[string]string{"table": "table_name"},
		examples: []web.Example{{Path: at("table", "users")}}},
	{method: http.MethodGet, path: ofDatabase + "/conflicts/{id...}", function: "conflicts", name: "getConflict", tag: "Merges", scope: web.Read, keys: []string{"id"}, what: "conflict", summary: "Get a conflict of a pending merge"},
	{method: http.MethodGet, path: ofDatabase + "/conflicts", function: "conflicts", tag: "Merges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/conflicts/{id...}/resolve", function: "resolve_conflict", tag: "Merges", scope: web.Branch, bind: map[string]string{"id": "id"}},
	{method: http.MethodPost, path: ofDatabase + "/conflicts/resolve", function: "resolve_conflicts", tag: "Merges", scope: web.Branch},
	{method: http.MethodPost, path: ofDatabase + "/merges/{id}/complete", function: "complete_merge", tag: "Merges", scope: web.Branch, bind: map[string]string{"id": "merge_id"}},
	{method: http.MethodPost, path: ofDatabase + "/merges/{id}/abort", function: "abort_merge", tag: "Merges", scope: web.Branch, bind: map[string]string{"id": "merge_id"}},
	{method: http.MethodPost, path: ofDatabase + "/revert", function: "revert", tag: "Merges", scope: web.Branch,
		examples: []web.Example{{Path: db, Body: `{"point": "~0", "branch": "main", "dry_run": true}`}}},
	{method: http.MethodPost, path: ofDatabase + "/cherry-pick", function: "cherry_pick", tag: "Merges", scope: web.Branch,
		examples: []web.Example{{Path: db, Body: `{"source": "main", "point": "~0", "target": "v2-work", "dry_run": true}`}}},
	{method: http.MethodGet, path: ofDatabase + "/merge-policies", function: "merge_policies", tag: "Merges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPut, path: ofDatabase + "/merge-policies", function: "set_merge_policy", nullable: "policy", tag: "Merges", scope: web.Branch,
		examples: []web.Example{{Path: db, Body: `{"table_name": "users", "column_name": "updated_at", "policy": "max"}`}}},

	{method: http.MethodPost, path: ofDatabase + "/branches/{branch...}/rebase", function: "rebase_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-work"), Body: `{"onto": "main", "strategy": "abort"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/squash", function: "squash", tag: "History", scope: web.Branch},
	{method: http.MethodPost, path: ofDatabase + "/bisect", function: "bisect", tag: "History", scope: web.Read,
		examples: []web.Example{{Path: db, Body: `{"predicate": "(SELECT count(*) FROM users) > 2", "branch": "main"}`}}},

	{method: http.MethodGet, path: ofDatabase + "/branch-privileges", function: "branch_privileges", tag: "Privileges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPost, path: ofDatabase + "/branch-privileges", function: "grant_branch", tag: "Privileges", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"role": "postgres", "pattern": "ci/*", "privileges": "read,write"}`}}},
	{method: http.MethodPost, path: ofDatabase + "/branch-privileges/revoke", function: "revoke_branch", tag: "Privileges", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"role": "postgres", "pattern": "ci/*"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/branch-privileges/check", function: "has_branch_privilege", tag: "Privileges", scope: web.Read,
		examples: []web.Example{{Path: db, Query: map[string]string{"branch": "main", "privilege": "write"}}}},
	{method: http.MethodGet, path: ofDatabase + "/branch-limits", function: "branch_limits", tag: "Privileges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPut, path: ofDatabase + "/branch-limits", function: "set_branch_limit", tag: "Privileges", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"pattern": "ci/*", "max_rows": 100000, "statement_timeout": "1 minute", "ttl": "7 days"}`}}},
	{method: http.MethodGet, path: ofDatabase + "/sequence-policies", function: "sequence_policies", tag: "Privileges", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodPut, path: ofDatabase + "/sequence-policies", function: "set_sequence_policy", tag: "Privileges", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"sequence_name": "users_id_seq", "policy": "shared"}`}}},

	{method: http.MethodGet, path: ofDatabase + "/retention", function: "retention", tag: "Maintenance", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodGet, path: ofDatabase + "/oldest-point", function: "oldest_point", tag: "Maintenance", scope: web.Read, examples: []web.Example{{Path: db}}},
	{method: http.MethodGet, path: ofDatabase + "/points/{scn}/time", function: "scn_time", tag: "Maintenance", scope: web.Read, bind: map[string]string{"scn": "scn"},
		examples: []web.Example{{Path: at("scn", "1")}}},
	{method: http.MethodPut, path: ofDatabase + "/retention", function: "set_retention", tag: "Maintenance", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"retention": "30 days"}`}}},
	{method: http.MethodPut, path: ofDatabase + "/snapshot-schedule", function: "set_snapshot_schedule", tag: "Maintenance", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"every": "1 day", "keep": 7}`}}},
	{method: http.MethodPost, path: ofDatabase + "/gc", function: "gc", tag: "Maintenance", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"compact": false}`}}},
	{method: http.MethodPost, path: ofDatabase + "/check", function: "check", tag: "Maintenance", scope: web.Admin,
		examples: []web.Example{{Path: db, Body: `{"points": 2}`}}},

	{method: http.MethodDelete, path: ofDatabase + "/branches/{branch...}", function: "drop_branch", tag: "Branches", scope: web.Branch, bind: byBranch,
		examples: []web.Example{{Path: at("branch", "v2-copy")}}},

	{method: http.MethodGet, path: "/keys", function: "api_keys", tag: "API keys", scope: web.Admin, examples: []web.Example{{}}},
	{method: http.MethodPost, path: "/keys", function: "create_api_key", tag: "API keys", scope: web.Admin, status: http.StatusCreated,
		examples: []web.Example{{Body: `{"name": "ci", "scopes": ["read", "write", "branch"], "branches": ["ci/*", "main:read"], "expires": "30 days"}`}}},
	{method: http.MethodGet, path: "/keys/{key}", function: "api_keys", name: "getApiKey", tag: "API keys", scope: web.Admin, keys: []string{"id"}, what: "API key", summary: "Get an API key, without its secret"},
	{method: http.MethodDelete, path: "/keys/{key}", function: "revoke_api_key", tag: "API keys", scope: web.Admin, bind: map[string]string{"key": "name"},
		examples: []web.Example{{Path: map[string]string{"key": "ci"}}}},
}
