package ddl

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// branchNamed finds the branch that a database name such as db/dev means; ok is false where the name has no slash.
func (s *stmt) branchNamed(ctx context.Context, name string) (d *catalog.Database, b storage.Branch, ok bool, err error) {
	db, branch, ok := strings.Cut(name, "/")
	if !ok {
		return nil, b, false, nil
	}
	if d = s.roles().DatabaseByName(db); d == nil {
		return nil, b, true, pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", name)
	}
	b, err = s.Store.Branches().Get(ctx, d.OID, branch)
	if err != nil {
		return d, b, true, pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", name)
	}
	return d, b, true, s.mustRule(d, &b)
}

// mustRule refuses what only those may who rule a branch.
func (s *stmt) mustRule(d *catalog.Database, b *storage.Branch) error {
	user := ""
	if r, ok := s.roles().Object(s.Role).(*catalog.Role); ok {
		user = r.Name
	}
	return b.Allow(s.roles(), d, user, catalog.BranchAdmin)
}

// renameBranch is ALTER DATABASE "db/branch" RENAME TO "db/other".
func (s *stmt) renameBranch(ctx context.Context, d *catalog.Database, b storage.Branch, to string) error {
	db, branch, _ := strings.Cut(to, "/")
	if db != d.Name || branch == "" {
		return pgerr.New(pgerrcode.InvalidParameterValue, "branch \"%s\" cannot be moved out of its database", b.Name).
			WithHint("Its new name must begin with \"%s\".", d.Name+"/")
	}
	if _, err := s.Store.Branches().Get(ctx, d.OID, branch); err == nil {
		return pgerr.New(pgerrcode.DuplicateDatabase, "database \"%s\" already exists", to)
	}
	if err := s.mustRule(d, &storage.Branch{Name: branch}); err != nil {
		return err
	}
	_, err := s.Store.Branches().Rename(ctx, d.OID, b.Name, branch, false)
	return err
}

// commentBranch is COMMENT ON DATABASE "db/branch".
func (s *stmt) commentBranch(ctx context.Context, d *catalog.Database, b storage.Branch, text string) error {
	_, err := s.Store.Branches().Alter(ctx, d.OID, b.Name, func(b *storage.Branch) error {
		b.Description = text
		return nil
	})
	return err
}
