package helios

import (
	"net/http"
	"slices"

	"github.com/rowandb/rowan/admin/tabular"
	"github.com/rowandb/rowan/admin/web"
)

// Tags group operations in the document; tagSQL also says whose fault an ordinary error is.
const (
	tagBranches = "Branches"
	tagData     = "Data"
	tagSQL      = "SQL"
	tagTime     = "Time travel"
)

var (
	pages = web.Param{Name: "page", Type: "integer", Default: "1", Min: 1, Max: 1_000_000_000, Doc: "page number"}
	asOfs = []web.Param{
		{Name: "as_of_type", Type: "string", Default: "now", Enum: []string{"now", "timestamp", "transaction", "scn", "snapshot"}, Doc: "time travel: what as_of_value is"},
		{Name: "as_of_value", Type: "string", Doc: "time travel: the point"},
	}
	filterDoc = "SQL as it stands behind WHERE, without parameters; it sees the table's columns and whatever the role may read"
)

// Routes are the dialect's operations.
func (d *Dialect) Routes() []web.Route {
	return slices.Concat(d.branchRoutes(), d.tableRoutes(), d.dataRoutes(), d.fileRoutes(), d.sqlRoutes(), d.timeRoutes(), d.hooks.Routes("", false), d.beyond())
}

func (d *Dialect) branchRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/branches", Name: "listBranches", Tag: tagBranches, Summary: "List all branches", Class: web.Reads, Scope: web.Read,
			Query: []web.Param{
				{Name: "status", Type: "string", Default: "all", Enum: []string{"active", "merged", "deleted", "all"}, Doc: "only branches of that status"},
				pages,
				{Name: "limit", Type: "integer", Default: "20", Min: 1, Max: 100, Doc: "results per page"},
				{Name: "sort", Type: "string", Default: "created_at", Enum: []string{"name", "created_at", "updated_at"}, Doc: "field to sort by"},
				{Name: "order", Type: "string", Default: "desc", Enum: []string{"asc", "desc"}, Doc: "direction"},
			},
			Handler: web.Plain(d.list), Answer: branchList{},
			Examples: []web.Example{{}, {Summary: "active ones by name", Query: map[string]string{"status": "active", "sort": "name", "order": "asc", "limit": "10"}}}},
		{Method: http.MethodPost, Path: "/branches", Name: "createBranch", Tag: tagBranches, Summary: "Create a branch", Class: web.Branches, Scope: web.Branch,
			Doc:     "Takes constant time, whatever the size of the source. as_of makes it of a point in the source's past.",
			Handler: web.Body(d.create), Status: http.StatusCreated, Answer: created{}, Errors: []int{404, 409},
			Examples: []web.Example{
				{Body: `{"name": "feature-auth", "display_name": "Authentication Feature", "source_branch": "main", "as_of": {"type": "now"}, "metadata": {"owner": "alice@example.com", "ticket": "JIRA-1234", "description": "Implementing OAuth2 authentication"}}`},
				{Summary: "what SDKs send", Body: `{"name": "feature-sdk", "from_branch": "main"}`},
			}},
		{Method: http.MethodGet, Path: "/branches/{branch...}", Name: "getBranch", Tag: tagBranches, Summary: "Get a branch", Class: web.Reads, Scope: web.Read,
			Query: []web.Param{
				{Name: "include_stats", Type: "boolean", Default: "true", Doc: "include statistics and divergence"},
				{Name: "include_history", Type: "boolean", Default: "false", Doc: "include the newest events of the branch's history"},
			},
			Handler: web.Plain(d.get), Answer: branch{}, Errors: []int{404},
			Examples: []web.Example{{Path: map[string]string{"branch": "feature-auth"}}, {Path: onMain, Query: map[string]string{"include_history": "true"}}}},
		{Method: http.MethodPatch, Path: "/branches/{branch...}", Name: "updateBranch", Tag: tagBranches, Summary: "Update a branch", Class: web.Writes, Scope: web.Branch,
			Handler: web.Body(d.update), Answer: updated{}, Errors: []int{404},
			Examples: []web.Example{
				{Path: map[string]string{"branch": "feature-auth"}, Body: `{"display_name": "Updated Display Name", "is_protected": true, "metadata": {"owner": "bob@example.com"}}`},
				{Summary: "remove the protection", Path: map[string]string{"branch": "feature-auth"}, Body: `{"is_protected": false}`},
			}},
		{Method: http.MethodDelete, Path: "/branches/{branch...}", Name: "deleteBranch", Tag: tagBranches, Summary: "Delete a branch", Class: web.Writes, Scope: web.Branch,
			Query:   []web.Param{{Name: "force", Type: "boolean", Default: "false", Doc: "delete it even if it is protected, or others have been made from it: those go on working"}},
			Handler: web.Plain(d.drop), Answer: deleted{}, Errors: []int{403, 404, 409},
			Examples: []web.Example{{Path: map[string]string{"branch": "feature-sdk"}, Query: map[string]string{"force": "true"}}}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/merge", Name: "mergeBranch", Tag: tagBranches, Summary: "Merge a branch into another", Class: web.Writes, Scope: web.Branch,
			Doc:     "Three-way, by primary key and cell. source_wins and target_wins decide conflicts; manual and abort answer 409 with them; manual keeps the merge, under details.merge_id, for its conflicts to be resolved by SQL or /api/v2. Nothing is written unless the result satisfies all constraints.",
			Handler: web.Body(d.merge), Answer: merged{}, Errors: []int{404, 409},
			Examples: []web.Example{
				{Summary: "dry run", Path: map[string]string{"branch": "feature-auth"}, Body: `{"target_branch": "main", "dry_run": true}`},
				{Path: map[string]string{"branch": "feature-auth"}, Body: `{"target_branch": "main", "conflict_resolution": "source_wins", "delete_source_after_merge": false, "merge_message": "Merge feature-auth into main", "dry_run": false}`},
			}},
	}
}

// What examples speak of.
var (
	onMain     = map[string]string{"branch": "main"}
	usersTable = map[string]string{"branch": "main", "table": "users"}
)

func (d *Dialect) tableRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/branches/{branch...}/tables", Name: "listTables", Tag: tagData, Summary: "List the tables of a branch", Class: web.Reads, Scope: web.Read,
			Handler: web.Plain(d.tables), Answer: tableList{}, Errors: []int{404}, Examples: []web.Example{{Path: onMain}}},
		{Method: http.MethodGet, Path: "/branches/{branch...}/tables/{table}", Name: "getTable", Tag: tagData, Summary: "Describe a table", Class: web.Reads, Scope: web.Read,
			Handler: web.Plain(d.table), Answer: table{}, Errors: []int{404}, Examples: []web.Example{{Path: usersTable}}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/tables", Name: "createTable", Tag: tagData, Summary: "Create a table", Class: web.Writes, Scope: web.Write,
			Doc:     "Of client libraries; CREATE TABLE by execute does more.",
			Handler: web.Body(d.createTable), Status: http.StatusCreated, Answer: table{}, Errors: []int{404, 409},
			Examples: []web.Example{{Path: onMain, Body: `{"name": "plants", "columns": [{"name": "id", "type": "INTEGER", "nullable": false}, {"name": "name", "type": "TEXT"}, {"name": "price", "type": "NUMERIC(10,2)", "default": 0}], "primary_key": ["id"]}`}}},
		{Method: http.MethodDelete, Path: "/branches/{branch...}/tables/{table}", Name: "dropTable", Tag: tagData, Summary: "Drop a table", Class: web.Writes, Scope: web.Write,
			Query:   []web.Param{{Name: "cascade", Type: "boolean", Default: "false", Doc: "drop what depends on it, too"}},
			Handler: web.Plain(d.dropTable), Answer: droppedTable{}, Errors: []int{404, 409},
			Examples: []web.Example{{Path: map[string]string{"branch": "main", "table": "plants"}}}},
		{Method: http.MethodGet, Path: "/branches/{branch...}/tables/{table}/timeline", Name: "getTimeline", Tag: tagTime, Summary: "List the transactions that changed a table's rows, newest first", Class: web.Reads, Scope: web.Read,
			Query:   []web.Param{{Name: "limit", Type: "integer", Default: "100", Min: 1, Max: 1000, Doc: "most results"}},
			Handler: web.Plain(d.timeline), Answer: timeline{}, Errors: []int{404}, Examples: []web.Example{{Path: usersTable}}},
	}
}

func (d *Dialect) dataRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/branches/{branch...}/tables/{table}/data", Name: "queryTable", Tag: tagData, Summary: "Query a table's rows", Class: web.Reads, Scope: web.Read,
			Query: append([]web.Param{
				{Name: "columns", Type: "string", Default: "*", Doc: "comma-separated column names, or SQL as it stands behind SELECT"},
				{Name: "filter", Type: "string", Doc: filterDoc},
				{Name: "order_by", Type: "string", Doc: "SQL as it stands behind ORDER BY; default: the primary key"},
				pages,
				{Name: "limit", Type: "integer", Default: "100", Min: 1, Max: 1000, Doc: "rows per page"},
			}, asOfs...),
			Handler: web.Plain(d.read), Answer: dataPage{}, Errors: []int{404, 408, 413},
			Examples: []web.Example{{Path: usersTable, Query: map[string]string{"columns": "id,name,email", "filter": "active=true", "order_by": "name desc", "limit": "50"}}}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/tables/{table}/data", Name: "insertRows", Tag: tagData, Summary: "Insert rows", Class: web.Writes, Scope: web.Write,
			Doc:     "All rows or none. on_conflict update replaces the given columns of the row with the same primary key; for rows without one, of the row that has the same values in the only unique index of which all columns are given.",
			Query:   []web.Param{{Name: "auto_create", Type: "boolean", Default: "false", Doc: "make the table where there is none, with the columns that the rows seem to need"}},
			Handler: web.Body(d.insert), Answer: inserted{}, Errors: []int{404, 409},
			Examples: []web.Example{{Path: usersTable, Body: `{"rows": [{"name": "Charlie", "email": "charlie@example.com"}, {"name": "Diana", "email": "diana@example.com"}], "on_conflict": "error"}`}}},
		{Method: http.MethodPut, Path: "/branches/{branch...}/tables/{table}/data", Name: "updateRows", Tag: tagData, Summary: "Update rows", Class: web.Writes, Scope: web.Write,
			Handler: web.Body(d.change), Answer: updatedRows{}, Errors: []int{404, 408, 409},
			Examples: []web.Example{{Path: usersTable, Body: `{"filter": "id = 1", "updates": {"email": "alice@newdomain.com", "updated_at": "2025-12-01T14:00:00Z"}}`}}},
		{Method: http.MethodDelete, Path: "/branches/{branch...}/tables/{table}/data", Name: "deleteRows", Tag: tagData, Summary: "Delete rows", Class: web.Writes, Scope: web.Write,
			Query:   []web.Param{{Name: "filter", Type: "string", Required: true, Doc: "which rows, for safety required; true is all. " + filterDoc}},
			Handler: web.Plain(d.remove), Answer: deletedRows{}, Errors: []int{404, 408, 409},
			Examples: []web.Example{{Path: usersTable, Query: map[string]string{"filter": "name = 'Diana'"}}}},
	}
}

func (d *Dialect) fileRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/branches/{branch...}/tables/{table}/export", Name: "exportTable", Tag: tagData, Summary: "Export a table as a file", Class: web.Reads, Scope: web.Read,
			Doc: "The file is sent while it is read, from one snapshot. A connection that ends without the last chunk has failed. sql is INSERT statements.",
			Query: append([]web.Param{
				{Name: "format", Type: "string", Default: "csv", Enum: tabular.Formats, Doc: "of the file; in csv, NULL is an empty field and an empty text is quoted"},
				{Name: "filter", Type: "string", Doc: filterDoc},
				{Name: "order_by", Type: "string", Doc: "SQL as it stands behind ORDER BY; default: the primary key"},
			}, asOfs...),
			Handler: web.Plain(d.export), Media: []string{"text/csv", "application/json", "application/jsonl", "application/sql"}, Errors: []int{404},
			Examples: []web.Example{{Path: usersTable, Query: map[string]string{"format": "json"}}, {Path: usersTable, Query: map[string]string{"format": "sql", "filter": "id < 3"}}}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/import", Name: "importFile", Tag: tagData, Summary: "Import a file into a table", Class: web.Writes, Scope: web.Write,
			Doc:     "All rows or none. The first line of a csv file names the columns.",
			Handler: web.Plain(d.importFile), Answer: imported{}, Errors: []int{404, 408, 409, 413}, Takes: "multipart/form-data", MaxBody: maxImport,
			Form: []web.Param{
				{Name: "file", Type: "binary", Required: true, Doc: "the rows"},
				{Name: "table", Type: "string", Doc: "default: the file's name without its ending"},
				{Name: "format", Type: "string", Enum: tabular.Readable, Doc: "default: the ending of the file's name"},
				{Name: "auto_create", Type: "boolean", Default: "true", Doc: "make the table where there is none, with the columns that the rows seem to need"},
				{Name: "on_conflict", Type: "string", Default: "error", Enum: []string{"error", "ignore", "update"}, Doc: "what happens to rows whose primary key is there already"},
			},
			Examples: []web.Example{{Path: onMain, Body: `{"file": "id,name,price\n1,fern,9.50\n2,moss,\n", "table": "herbs", "format": "csv"}`}}},
		{Method: http.MethodPost, Path: "/schema/infer", Name: "inferSchema", Tag: tagData, Summary: "Find the table that rows would fit in", Class: web.Reads, Scope: web.Read,
			Handler: web.Body(d.infer), Answer: inferred{},
			Examples: []web.Example{{Body: `{"data": [{"id": 1, "name": "fern", "price": 9.5, "since": "2025-12-01"}, {"id": 2, "name": "moss", "price": null, "since": "2025-12-02"}], "table_name": "plants"}`}}},
	}
}

func (d *Dialect) sqlRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodPost, Path: "/branches/{branch...}/query", Name: "query", Tag: tagSQL, Summary: "Execute a query (read-only)", Class: web.Queries, Scope: web.Read,
			Doc:     "Client libraries send changes here as well. They are told by the header User-Agent, or by mode in the body, and need the scope write.",
			Handler: web.Body(d.query), Answer: result{}, Errors: []int{403, 404, 408, 409, 413, 501},
			Examples: []web.Example{
				{Path: onMain, Body: `{"sql": "SELECT u.name, COUNT(o.id) as order_count FROM users u LEFT JOIN orders o ON u.id = o.user_id GROUP BY u.name ORDER BY order_count DESC LIMIT 10", "params": [], "as_of": {"type": "now"}, "timeout_ms": 30000}`},
				{Summary: "with a parameter", Path: onMain, Body: `{"sql": "SELECT id FROM users WHERE name = $1", "params": ["Alice"]}`},
			}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/time-travel", Name: "timeTravel", Tag: tagSQL, Summary: "Execute a query as of a time", Class: web.Queries, Scope: web.Read,
			Doc:     "Of client libraries; query with as_of does the same.",
			Handler: web.Body(d.timeTravel), Answer: result{}, Errors: []int{403, 404, 408, 409, 413, 501}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/execute", Name: "execute", Tag: tagSQL, Summary: "Execute a statement (DDL, DML)", Class: web.Writes, Scope: web.Write,
			Handler: web.Body(d.execute), Answer: executed{}, Errors: []int{403, 404, 408, 409, 413, 501},
			Examples: []web.Example{{Path: onMain, Body: `{"sql": "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(10,2))", "params": [], "timeout_ms": 30000}`},
				{Path: onMain, Body: `{"sql": "UPDATE users SET active = $1 WHERE id = $2 RETURNING id, name", "params": [true, 1]}`}}},
	}
}

func (d *Dialect) timeRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/branches/{branch...}/history", Name: "getHistory", Tag: tagTime, Summary: "Get a branch's history", Class: web.Reads, Scope: web.Read,
			Query: []web.Param{
				{Name: "from", Type: "string", Format: "date-time", Doc: "not before that time"},
				{Name: "to", Type: "string", Format: "date-time", Doc: "not after that time"},
				{Name: "limit", Type: "integer", Default: "50", Min: 1, Max: 1000, Doc: "most results; the newest come first"},
			},
			Handler: web.Plain(d.history), Answer: history{}, Errors: []int{404},
			Examples: []web.Example{{Path: onMain, Query: map[string]string{"from": "2025-01-01T00:00:00Z", "limit": "5"}}}},
		{Method: http.MethodGet, Path: "/branches/{branch...}/snapshots", Name: "listSnapshots", Tag: tagTime, Summary: "List a branch's snapshots", Class: web.Reads, Scope: web.Read,
			Handler: web.Plain(d.snapshots), Answer: snapshots{}, Errors: []int{404}, Examples: []web.Example{{Path: onMain}}},
		{Method: http.MethodPost, Path: "/branches/{branch...}/restore/{snapshot}", Name: "restore", Tag: tagTime, Summary: "Restore a branch to a snapshot", Class: web.Writes, Scope: web.Branch,
			Doc:     "The branch becomes what it was; what it is now stays readable under its SCNs, and as a branch if asked.",
			Handler: web.Body(d.restore), Answer: restored{}, Errors: []int{400, 403, 404},
			Examples: []web.Example{{Path: map[string]string{"branch": "feature-auth", "snapshot": "snap_1"}, Body: `{"create_backup_branch": true, "backup_branch_name": "backup-before-restore"}`}}},
	}
}
