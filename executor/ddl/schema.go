package ddl

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (s *stmt) createSchema(ctx context.Context, c *command.CreateSchema) error {
	owner := s.Role
	if c.Owner != "" {
		var err error
		if owner, err = s.roleOID(c.Owner); err != nil {
			return err
		}
	}
	db := s.cat().Database
	if db != nil && !catalog.HasPrivilege(s.roles(), s.Role, s.currentDatabase(), catalog.PrivCreate) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for database %s", db.Name)
	}
	if strings.HasPrefix(c.Name, "pg_") {
		return pgerr.New(pgerrcode.ReservedName, "unacceptable schema name \"%s\"", c.Name).
			WithDetail(`The prefix "pg_" is reserved for system schemas.`)
	}
	if s.cat().Schema(c.Name) != nil {
		if c.IfNotExists {
			s.notice(pgerrcode.DuplicateSchema, "schema \"%s\" already exists, skipping", c.Name)
			return nil
		}
		return pgerr.New(pgerrcode.DuplicateSchema, "schema \"%s\" already exists", c.Name)
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	sc := &catalog.Schema{Header: catalog.Header{OID: id, Name: c.Name, Owner: owner}}
	s.applyDefaults('n', 0, &sc.Header, sc)
	return s.view.Put(ctx, sc)
}

// currentDatabase is the session's database as the server's catalog has it now.
func (s *stmt) currentDatabase() *catalog.Database {
	db := s.cat().Database
	if d, ok := s.roles().Object(db.OID).(*catalog.Database); ok {
		return d
	}
	return db
}

func (s *stmt) createExtension(c *command.CreateExtension) error {
	if c.Name == "plpgsql" {
		if c.IfNotExists {
			s.notice(pgerrcode.DuplicateObject, "extension \"%s\" already exists, skipping", c.Name)
			return nil
		}
		return pgerr.New(pgerrcode.DuplicateObject, "extension \"%s\" already exists", c.Name)
	}
	return pgerr.New(pgerrcode.FeatureNotSupported, "extension \"%s\" is not available", c.Name).
		WithDetail("Could not open extension control file \"/usr/share/postgresql/15/extension/%s.control\": No such file or directory.", c.Name).
		WithHint("The extension must first be installed on the system where PostgreSQL is running.")
}
