package ddl

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgerrcode"
	"github.com/xdg-go/scram"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// globals is the server's catalog, opened for writing.
type globals struct{ storage.View }

const scramRounds = 4096

var (
	scramVerifier = regexp.MustCompile(`^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$`)
	md5Verifier   = regexp.MustCompile(`^md5[0-9a-f]{32}$`)
)

// verifier makes of a password what is kept of it: a SCRAM-SHA-256 verifier. One that is a verifier already stays.
func (s *stmt) verifier(role, password string) (string, error) {
	switch {
	case password == "":
		return "", nil
	case scramVerifier.MatchString(password) || md5Verifier.MatchString(password):
		if sum := md5.Sum([]byte(role)); password == "md5"+hex.EncodeToString(sum[:]) {
			s.notice(pgerrcode.SuccessfulCompletion, "empty string is not a valid password, clearing password")
			return "", nil
		}
		return password, nil
	}
	client, err := scram.SHA256.NewClientUnprepped(role, password, "")
	if err != nil {
		return "", pgerr.Wrap(pgerrcode.InternalError, err)
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", pgerr.Wrap(pgerrcode.InternalError, err)
	}
	k := client.GetStoredCredentials(scram.KeyFactors{Salt: string(salt), Iters: scramRounds})
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramRounds, b64(salt), b64(k.StoredKey), b64(k.ServerKey)), nil
}

func (s *stmt) dropRole(ctx context.Context, c *command.DropRole) error {
	if !s.hasCreateRole() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to drop role")
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	for _, n := range c.Roles {
		r := s.roles().RoleByName(n)
		if r == nil {
			if !c.IfExists {
				return pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", n)
			}
			s.notice(pgerrcode.SuccessfulCompletion, "role \"%s\" does not exist, skipping", n)
			continue
		}
		if err := s.dropOneRole(ctx, g, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) dropOneRole(ctx context.Context, g *globals, r *catalog.Role) error {
	if r.OID == s.Role {
		return pgerr.New(pgerrcode.ObjectInUse, "current user cannot be dropped")
	}
	if r.OID == catalog.Superuser {
		return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", r.Name)
	}
	if r.Superuser && !s.superuser() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to drop superusers")
	}
	if lines := s.ownedBy(r.OID); len(lines) > 0 {
		e := pgerr.New(pgerrcode.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", r.Name)
		e.Detail = clipLines(lines)
		return e
	}
	for _, o := range s.roles().Objects() {
		m, ok := o.(*catalog.Role)
		if !ok || !slices.ContainsFunc(m.MemberOf, func(x catalog.Member) bool { return x.Role == r.OID }) {
			continue
		}
		m = catalog.CloneObject(m).(*catalog.Role)
		m.MemberOf = slices.DeleteFunc(m.MemberOf, func(x catalog.Member) bool { return x.Role == r.OID })
		if err := g.Put(ctx, m); err != nil {
			return err
		}
	}
	return g.Drop(ctx, r.OID)
}

// ownedBy describes what a role owns or has been granted, in this database and as databases.
func (s *stmt) ownedBy(role catalog.OID) []string {
	var out []string
	look := func(o catalog.Object) {
		if o.Head().Owner == role {
			out = append(out, "owner of "+s.describe(o))
		} else if slices.ContainsFunc(o.Head().ACL, func(g catalog.Grant) bool { return g.Grantee == role }) {
			out = append(out, "privileges for "+s.describe(o))
		}
		if t, ok := o.(*catalog.Table); ok {
			for _, c := range t.Live() {
				if slices.ContainsFunc(c.ACL, func(g catalog.Grant) bool { return g.Grantee == role }) {
					out = append(out, "privileges for "+s.describeAddress(address{object: t.OID, column: c.ID}))
				}
			}
		}
	}
	for _, o := range s.roles().Objects() {
		if _, ok := o.(*catalog.Database); ok {
			look(o)
		}
	}
	for _, o := range s.cat().Objects() {
		look(o)
	}
	return out
}

// alterSetting is ALTER ROLE or DATABASE … SET.
func (s *stmt) alterSetting(ctx context.Context, c *command.AlterSetting) error {
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	var db *catalog.Database
	if c.Database != "" {
		if db, err = s.database(c.Database); err != nil {
			return err
		}
	}
	if c.Role == "" {
		if db == nil {
			return pgerr.Unsupported("ALTER ROLE ALL")
		}
		if err := s.mustOwn(db); err != nil {
			return err
		}
		d := catalog.CloneObject(db).(*catalog.Database)
		d.Settings = changeSetting(d.Settings, 0, c)
		return g.Put(ctx, d)
	}
	r, err := s.role(c.Role)
	if err != nil {
		return err
	}
	if r.Superuser && !s.superuser() || r.OID != s.Role && !s.hasCreateRole() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied")
	}
	r = catalog.CloneObject(r).(*catalog.Role)
	in := catalog.OID(0)
	if db != nil {
		in = db.OID
	}
	r.Settings = changeSetting(r.Settings, in, c)
	return g.Put(ctx, r)
}

func changeSetting(list []catalog.Setting, db catalog.OID, c *command.AlterSetting) []catalog.Setting {
	i := slices.IndexFunc(list, func(x catalog.Setting) bool { return x.Database == db && x.Name == c.Setting })
	switch {
	case c.Reset && c.Setting == "":
		return slices.DeleteFunc(list, func(x catalog.Setting) bool { return x.Database == db })
	case c.Reset:
		return slices.DeleteFunc(list, func(x catalog.Setting) bool { return x.Database == db && x.Name == c.Setting })
	case i >= 0:
		list[i].Value = c.Value
		return list
	}
	return append(list, catalog.Setting{Database: db, Name: c.Setting, Value: c.Value})
}

func (s *stmt) commentGlobal(ctx context.Context, c *command.Comment) error {
	if d, b, ok, err := s.branchNamed(ctx, c.Database); ok || err != nil {
		if err == nil {
			err = s.commentBranch(ctx, d, b, c.Text)
		}
		return err
	}
	var o catalog.Object
	if c.Role != "" {
		r, err := s.role(c.Role)
		if err != nil {
			return err
		}
		if !s.hasCreateRole() {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "must have CREATEROLE privilege")
		}
		o = r
	} else {
		d, err := s.database(c.Database)
		if err != nil {
			return err
		}
		if err := s.mustOwn(d); err != nil {
			return err
		}
		o = d
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	o = catalog.CloneObject(o)
	o.Head().Comment = c.Text
	return g.Put(ctx, o)
}
