package native

import (
	"net/http"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// What is neither a function of schema rowan nor a list.

// statistics counts what a branch holds, and its changes since it was made.
type statistics struct {
	Branch    string `json:"branch"`
	Tables    int64  `json:"tables"`
	Rows      int64  `json:"rows"`
	SizeBytes int64  `json:"size_bytes"`
	Changes   int64  `json:"changes" doc:"rows that differ from the branch that it was made of, as that was then"`
	Inserts   int64  `json:"inserts"`
	Updates   int64  `json:"updates"`
	Deletes   int64  `json:"deletes"`
	Ahead     int64  `json:"ahead" doc:"transactions that the branch that it was made of lacks"`
	Behind    int64  `json:"behind" doc:"transactions of that branch since"`
}

func (d *Dialect) branchRoutes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Path: ofDatabase + "/branches/{branch...}/statistics", Name: "branchStatistics", Tag: "Branches", Class: web.Reads, Scope: web.Read,
		Summary: "Count what a branch holds, and how it differs from the one that it was made of", Errors: []int{http.StatusNotFound}, Answer: statistics{},
		Examples: []web.Example{{Path: at("branch", "main")}}, Handler: web.Plain(d.statistics)}}
}

func (d *Dialect) statistics(c *web.Call) (any, error) {
	p := c.Principal
	p.Database = c.Path("database")
	b, err := d.branches.Get(c.Context(), p, c.Path("branch"), true)
	if err != nil {
		return nil, err
	}
	s := b.Stats
	if s == nil {
		s = &api.Stats{}
	}
	return statistics{b.Name, s.Tables, s.Rows, s.SizeBytes, s.Changes, s.Inserts, s.Updates, s.Deletes, s.Ahead, s.Behind}, nil
}

func (d *Dialect) backupRoutes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Path: "/backup", Name: "backup", Tag: "Server", Class: web.Reads, Scope: web.Admin, Summary: "Take a backup of the whole server while it runs",
		Doc:     "For superusers. A connection that ends without the last chunk has failed; rowan restore verifies the file before it uses it.",
		Query:   []web.Param{{Name: "base", Type: "string", Doc: "id of a backup, from its header: only what is new since is sent"}},
		Media:   []string{"application/octet-stream"},
		Handler: web.Plain(d.backup), Examples: []web.Example{{}}}}
}

// backup sends a backup while it is taken.
func (d *Dialect) backup(c *web.Call) (any, error) {
	to := web.NewFile(c.Writer, "application/octet-stream", "rowan-"+time.Now().UTC().Format("20060102-150405")+".rowan")
	return web.Done, to.End(d.native.Backup(c.Context(), c.Principal, c.Text("base"), to))
}
