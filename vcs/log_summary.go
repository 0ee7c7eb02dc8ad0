package vcs

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// Summaries is what a role is shown of the log's summaries. Most are texts of statements, with values in them: these are for those who
// may see the statements of who sent them, and for who may read all tables that were changed. What tells of branches and commits is
// for all.
type Summaries struct {
	roles  *catalog.Snapshot
	role   *catalog.Role
	tables *catalog.Snapshot
	users  map[string]bool
}

// NewSummaries makes it for a role, nil being nobody. roles is the server's catalog of roles, tables that of the branch.
func NewSummaries(roles *catalog.Snapshot, role *catalog.Role, tables *catalog.Snapshot) *Summaries {
	return &Summaries{roles: roles, role: role, tables: tables, users: map[string]bool{}}
}

// Of is the summary of an entry, or what stands in its place.
func (s *Summaries) Of(e *storage.LogEntry) string {
	if e.Info.Summary == "" || !ofStatement(e) || s.sees(e.Info.User) || s.reads(e.Tables) {
		return e.Info.Summary
	}
	return catalog.HiddenStatement
}

// ofStatement reports whether the summary is a statement's text.
func ofStatement(e *storage.LogEntry) bool {
	return e.Txn != 0 && e.Info.User != "" && e.Info.Merged == "" && !strings.HasPrefix(e.Info.Summary, "COMMIT ")
}

func (s *Summaries) sees(user string) bool {
	if s.role == nil {
		return false
	}
	known, ok := s.users[user]
	if !ok {
		known = catalog.MaySeeStatements(s.roles, s.role.OID, user)
		s.users[user] = known
	}
	return known
}

func (s *Summaries) reads(tables []catalog.OID) bool {
	for _, id := range tables {
		o, _ := s.tables.RelationByOID(id)
		if o == nil || s.role == nil || !catalog.HasPrivilege(s.roles, s.role.OID, o, catalog.PrivSelect) {
			return false
		}
	}
	return len(tables) > 0
}
