package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// splitDatabase splits a database name as a connection string has it: db, db/branch, db/branch@point, db@point. Branch
// names may contain slashes: the database is what stands before the first one.
func splitDatabase(name string) (database, branch, point string) {
	name, point, _ = strings.Cut(name, "@")
	database, branch, _ = strings.Cut(name, "/")
	return database, branch, point
}

// connect resolves the database and applies the settings, weakest first: server, database, role, connection.
func (s *Session) connect(ctx context.Context, name string) error {
	ctx = storage.WithFormat(ctx, s.Format())
	global := s.engine.Store.Global()
	role := roleByName(global, s.opts.User)
	if role == nil {
		return pgerr.New(pgerrcode.InvalidAuthorizationSpecification, "role \"%s\" does not exist", s.opts.User).Fatal()
	}
	if !role.Login {
		return pgerr.New(pgerrcode.InvalidAuthorizationSpecification, "role \"%s\" is not permitted to log in", s.opts.User).Fatal()
	}
	if name == "" {
		name = s.opts.User
	}
	dbName, branch, point := splitDatabase(name)
	db := databaseByName(global, dbName)
	if db == nil {
		return pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", dbName).Fatal()
	}
	if branch == "" && strings.Contains(name, "/") {
		return pgerr.New(pgerrcode.InvalidCatalogName, "no branch given behind the / of database \"%s\"", name).Fatal()
	}
	if point == "" && strings.Contains(name, "@") {
		return pgerr.New(pgerrcode.InvalidParameterValue, "no point given behind the @ of database \"%s\"", name).Fatal()
	}
	s.database = db
	home, err := s.engine.Store.Branches().Get(ctx, db.OID, "")
	if err != nil {
		return pgerr.From(err).Fatal()
	}
	s.home = home.ID
	branch, point = s.branchOrPoint(ctx, branch, point)
	s.applyDefaults(global, role)
	if err := s.applyStartup(branch, point); err != nil {
		return err
	}
	if err := s.checkBranch(ctx); err != nil {
		return err
	}
	return s.fork(ctx)
}

// branchOrPoint lets a tag, a commit or dev~2 stand where a branch does: db/v1.
func (s *Session) branchOrPoint(ctx context.Context, branch, point string) (string, string) {
	b := s.engine.Store.Branches()
	if branch == "" || point != "" {
		return branch, point
	}
	if _, err := b.Get(ctx, s.database.OID, branch); err == nil {
		return branch, point
	}
	if _, _, err := b.Find(ctx, s.database.OID, "", branch); err == nil {
		return "", branch
	}
	return branch, point
}

func (s *Session) applyDefaults(global *catalog.Snapshot, role *catalog.Role) {
	apply := func(name, value string) {
		if v, err := s.settings.check(name, value, true); err == nil {
			s.settings.defaults[strings.ToLower(name)] = v
		}
	}
	for n, v := range s.engine.Defaults {
		apply(n, v)
	}
	for _, st := range s.database.Settings {
		apply(st.Name, st.Value)
	}
	for _, st := range role.Settings {
		if st.Database == 0 || st.Database == s.database.OID {
			apply(st.Name, st.Value)
		}
	}
	apply("session_authorization", s.opts.User)
	apply("is_superuser", map[bool]string{true: "on", false: "off"}[role.Superuser])
	apply("server_version_num", "150018")
	s.settings.refresh("")
}

// applyStartup applies the connection's own settings; they are also what RESET returns to.
func (s *Session) applyStartup(branch, point string) error {
	for n, v := range s.opts.Settings {
		v, err := s.settings.check(n, v, false)
		if err != nil {
			return pgerr.From(err).Fatal()
		}
		s.settings.defaults[strings.ToLower(n)] = v
	}
	if branch != "" {
		s.settings.defaults["rowan.branch"] = branch
	}
	if point != "" {
		s.settings.defaults["rowan.as_of"] = point
	}
	s.settings.refresh("")
	return nil
}

// checkBranch fails now, rather than at the first statement, when the branch or point does not exist.
func (s *Session) checkBranch(ctx context.Context) error {
	branch, _ := s.settings.get("rowan.branch")
	point, _ := s.settings.get("rowan.as_of")
	if branch == "" && point == "" {
		return nil
	}
	if err := s.checkPoint(ctx, branch, point); err != nil {
		return pgerr.From(err).Fatal()
	}
	return nil
}

// checkPoint says whether a branch ("": the default one) and a point ("": the head) of it exist.
func (s *Session) checkPoint(ctx context.Context, branch, point string) error {
	b := s.engine.Store.Branches()
	if branch == "" {
		branch = s.homeBranch()
	}
	if _, err := b.Get(ctx, s.database.OID, branch); err != nil {
		return Conceal(s.opts.Reach, err)
	}
	if err := s.mayBranch(branch, catalog.BranchRead); err != nil || point == "" {
		return err
	}
	_, _, err := b.Find(ctx, s.database.OID, branch, point)
	return Conceal(s.opts.Reach, err)
}

func roleByName(global *catalog.Snapshot, name string) *catalog.Role {
	for _, o := range global.Objects() {
		if r, ok := o.(*catalog.Role); ok && r.Name == name {
			return r
		}
	}
	return nil
}

func databaseByName(global *catalog.Snapshot, name string) *catalog.Database {
	for _, o := range global.Objects() {
		if d, ok := o.(*catalog.Database); ok && d.Name == name {
			return d
		}
	}
	return nil
}
