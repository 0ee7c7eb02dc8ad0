package ddl

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// database finds a database by name.
func (s *stmt) database(name string) (*catalog.Database, error) {
	if d := s.roles().DatabaseByName(name); d != nil {
		return d, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", name)
}

func (s *stmt) createDatabase(ctx context.Context, c *command.CreateDatabase) error {
	if s.InBlock {
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "CREATE DATABASE cannot run inside a transaction block")
	}
	if db, branch, ok := strings.Cut(c.Name, "/"); ok {
		return s.createBranch(ctx, db, branch, c) // which takes what rowan.create_branch takes
	}
	me, _ := s.roles().Object(s.Role).(*catalog.Role)
	if !s.superuser() && (me == nil || !me.CreateDB) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to create database")
	}
	if err := checkDatabaseName(c.Name); err != nil {
		return err
	}
	if s.roles().DatabaseByName(c.Name) != nil {
		return pgerr.New(pgerrcode.DuplicateDatabase, "database \"%s\" already exists", c.Name)
	}
	if err := s.checkDatabaseOptions(c); err != nil {
		return err
	}
	owner := s.Role
	if c.Owner != "" {
		var err error
		if owner, err = s.roleOID(c.Owner); err != nil {
			return err
		}
		if !catalog.IsMember(s.roles(), s.Role, owner) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "must be member of role \"%s\"", c.Owner)
		}
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	d := &catalog.Database{Header: catalog.Header{OID: id, Name: c.Name, Owner: owner}, AllowConn: true, ConnLimit: -1, Default: "main"}
	applyDatabase(d, c.ConnLimit, c.IsTemplate, c.AllowConn)
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	return g.Put(ctx, d)
}

// checkDatabaseName refuses names that nobody could connect to: what stands behind a slash or an @ is a branch or a point.
func checkDatabaseName(name string) error {
	if strings.ContainsAny(name, "/@") {
		return pgerr.New(pgerrcode.InvalidName, "invalid database name \"%s\"", name).WithDetail(`A slash separates a branch from its database, and "@" a point in time.`)
	}
	return nil
}

// checkDatabaseOptions refuses what Rowan cannot give: other encodings, and copies of databases with content.
func (s *stmt) checkDatabaseOptions(c *command.CreateDatabase) error {
	switch strings.ToLower(strings.ReplaceAll(c.Encoding, "-", "")) {
	case "", "utf8", "unicode", "default", "6":
	default:
		return pgerr.Unsupported("encoding \"%s\"", c.Encoding)
	}
	t := c.Template
	if t == "" || t == "template0" || t == "template1" || strings.EqualFold(t, "default") {
		return nil
	}
	name, _, _ := strings.Cut(t, "/")
	if s.roles().DatabaseByName(name) == nil {
		return pgerr.New(pgerrcode.InvalidCatalogName, "template database \"%s\" does not exist", t)
	}
	return pgerr.Unsupported("CREATE DATABASE with template \"%s\"", t).
		WithHint("Create a branch of it instead: CREATE DATABASE \"%s/%s\" TEMPLATE \"%s\".", name, c.Name, t)
}

func applyDatabase(d *catalog.Database, limit *int, template, allow *bool) {
	if limit != nil {
		d.ConnLimit = *limit
	}
	if template != nil {
		d.IsTemplate = *template
	}
	if allow != nil {
		d.AllowConn = *allow
	}
}

// createBranch is CREATE DATABASE "db/branch" [TEMPLATE "db/source[@point]"].
func (s *stmt) createBranch(ctx context.Context, db, branch string, c *command.CreateDatabase) error {
	d, err := s.database(db)
	if err != nil {
		return err
	}
	if _, err := s.Store.Branches().Get(ctx, d.OID, branch); err == nil {
		return pgerr.New(pgerrcode.DuplicateDatabase, "database \"%s\" already exists", c.Name)
	}
	o := storage.BranchOptions{Name: branch}
	if r, ok := s.roles().Object(s.Role).(*catalog.Role); ok {
		o.User = r.Name
	}
	if t := c.Template; t != "" && t != "template0" && t != "template1" {
		src, rest, _ := strings.Cut(t, "/")
		if rest == "" {
			src, o.Point, _ = strings.Cut(src, "@")
		} else {
			o.Source, o.Point, _ = strings.Cut(rest, "@")
		}
		if src != db {
			return pgerr.New(pgerrcode.InvalidCatalogName, "template database \"%s\" does not belong to database \"%s\"", t, db)
		}
	}
	o.Reads = func(b storage.Branch) error { return b.Allow(s.roles(), d, o.User, catalog.BranchRead) }
	_, err = s.Store.Branches().Create(ctx, d.OID, o)
	return err
}

func (s *stmt) dropDatabase(ctx context.Context, c *command.DropDatabase) error {
	if s.InBlock {
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "DROP DATABASE cannot run inside a transaction block")
	}
	name, branch, isBranch := strings.Cut(c.Name, "/")
	d := s.roles().DatabaseByName(name)
	if d == nil {
		return s.noDatabase(c)
	}
	if isBranch {
		b, err := s.Store.Branches().Get(ctx, d.OID, branch)
		if err != nil {
			return s.noDatabase(c)
		}
		if err := s.mustRule(d, &b); err != nil {
			return err
		}
		_, err = s.Store.Branches().Drop(ctx, d.OID, branch, c.Force)
		return err
	}
	if err := s.mustOwn(d); err != nil {
		return err
	}
	if db := s.cat().Database; db != nil && db.OID == d.OID {
		return pgerr.New(pgerrcode.ObjectInUse, "cannot drop the currently open database")
	}
	if d.IsTemplate {
		return pgerr.New(pgerrcode.WrongObjectType, "cannot drop a template database")
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	return g.Drop(ctx, d.OID)
}

func (s *stmt) noDatabase(c *command.DropDatabase) error {
	if c.IfExists {
		s.notice(pgerrcode.SuccessfulCompletion, "database \"%s\" does not exist, skipping", c.Name)
		return nil
	}
	return pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", c.Name)
}

func (s *stmt) alterDatabase(ctx context.Context, c *command.AlterDatabase) error {
	d, err := s.database(c.Database)
	if err != nil {
		return err
	}
	if err := s.mustOwn(d); err != nil {
		return err
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	n := catalog.CloneObject(d).(*catalog.Database)
	applyDatabase(n, c.ConnLimit, c.IsTemplate, c.AllowConn)
	return g.Put(ctx, n)
}

func (s *stmt) databaseOwner(ctx context.Context, c *command.Owner) error {
	if _, err := s.roleOID(c.Role); err != nil {
		return err
	}
	d, err := s.database(c.Database)
	if err != nil {
		return err
	}
	to, err := s.newOwner(d, c.Role)
	if err != nil || to == d.Owner {
		return err
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	n := catalog.CloneObject(d).(*catalog.Database)
	changeOwner(n, d.Owner, to)
	return g.Put(ctx, n)
}

// renameGlobal is ALTER ROLE or DATABASE … RENAME TO.
func (s *stmt) renameGlobal(ctx context.Context, c *command.Rename) error {
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	if c.Role != "" {
		r, err := s.role(c.Role)
		if err != nil {
			return err
		}
		switch {
		case r.OID == s.Role:
			return pgerr.New(pgerrcode.FeatureNotSupported, "current user cannot be renamed")
		case !s.hasCreateRole() || r.Superuser && !s.superuser():
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to rename role")
		case strings.HasPrefix(c.To, "pg_"):
			return pgerr.New(pgerrcode.ReservedName, "role name \"%s\" is reserved", c.To).WithDetail(`Role names starting with "pg_" are reserved.`)
		case s.roles().RoleByName(c.To) != nil:
			return pgerr.New(pgerrcode.DuplicateObject, "role \"%s\" already exists", c.To)
		}
		r = catalog.CloneObject(r).(*catalog.Role)
		r.Name = c.To
		return g.Put(ctx, r)
	}
	if d, b, ok, err := s.branchNamed(ctx, c.Database); ok || err != nil {
		if err == nil {
			err = s.renameBranch(ctx, d, b, c.To)
		}
		return err
	}
	d, err := s.database(c.Database)
	if err != nil {
		return err
	}
	if err := s.mustOwn(d); err != nil {
		return err
	}
	if err := checkDatabaseName(c.To); err != nil {
		return err
	}
	if s.roles().DatabaseByName(c.To) != nil {
		return pgerr.New(pgerrcode.DuplicateDatabase, "database \"%s\" already exists", c.To)
	}
	if db := s.cat().Database; db != nil && db.OID == d.OID {
		return pgerr.New(pgerrcode.FeatureNotSupported, "current database cannot be renamed")
	}
	d = catalog.CloneObject(d).(*catalog.Database)
	d.Name = c.To
	return g.Put(ctx, d)
}
