package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var rightsFuncs = map[string]Func{
	"rowan_grant_branch":         grantBranch,
	"rowan_revoke_branch":        revokeBranch,
	"rowan_has_branch_privilege": hasBranchPrivilege,
}

var rightsRows = map[string]RowsFunc{"rowan_branch_privileges": listRights}

// CheckBranch refuses a role a privilege on a branch, which need not be there yet.
func CheckBranch(ctx context.Context, store storage.Store, db catalog.OID, user, branch string, privilege byte) error {
	roles := store.Global()
	d, _ := roles.Object(db).(*catalog.Database)
	if d == nil || len(d.BranchGrants) == 0 && privilege != catalog.BranchAdmin {
		return nil
	}
	b, err := store.Branches().Get(ctx, db, branch)
	if err != nil {
		b = storage.Branch{Name: branch}
	}
	return b.Allow(roles, d, user, privilege)
}

// Reads refuses a role the branches that it may not read. It is for options of the store: the point that they name may lie on
// another branch than the one that was asked for.
func Reads(store storage.Store, db catalog.OID, user string) func(storage.Branch) error {
	return func(b storage.Branch) error {
		roles := store.Global()
		d, _ := roles.Object(db).(*catalog.Database)
		if d == nil {
			return nil
		}
		return b.Allow(roles, d, user, catalog.BranchRead)
	}
}

// reads is Reads for the session's user.
func reads(c Conn) func(storage.Branch) error { return Reads(c.Store(), c.Database().OID, c.User()) }

// mayForget refuses to drop a tag or snapshot that another has made, of a branch that the role does not rule.
func mayForget(ctx context.Context, c Conn, kind, name, maker string, branch uint64) error {
	roles := c.Store().Global()
	if r := roles.RoleByName(maker); r != nil && c.Role() != nil && catalog.HasRole(roles, c.Role().OID, r.OID) {
		return nil
	}
	d, _ := roles.Object(c.Database().OID).(*catalog.Database)
	b, _ := c.Store().Branches().ByID(branch)
	b.ID = max(b.ID, 1) // one that is not known any more is nobody's
	if d == nil || b.Allow(roles, d, c.User(), catalog.BranchAdmin) == nil {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of %s \"%s\"", kind, name).
		WithHint("Whoever made it may drop it, and whoever may drop its branch \"%s\".", b.Name)
}

// may is CheckBranch for the session's user.
func may(ctx context.Context, c Conn, branch string, privilege byte) error {
	return CheckBranch(ctx, c.Store(), c.Database().OID, c.User(), branch, privilege)
}

// mayMake refuses to make a branch of another: that must be readable, and the name must not be one that others rule.
func mayMake(ctx context.Context, c Conn, source, name string) error {
	if err := may(ctx, c, source, catalog.BranchRead); err != nil {
		return err
	}
	return mayCall(ctx, c, name)
}

// readPrivileges reads a list such as "read, write"; "all" is all of them.
func readPrivileges(list string) (string, error) {
	var out []byte
	for word := range strings.SplitSeq(strings.ToLower(list), ",") {
		word = strings.TrimSpace(word)
		known := false
		for _, p := range catalog.BranchPrivileges {
			if p.Word == word || word == "all" {
				out, known = append(out, p.Letter), true
			}
		}
		if !known {
			return "", pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized branch privilege: \"%s\"", word).
				WithHint("The privileges are read, write, merge, admin and all.")
		}
	}
	return string(out), nil
}

// changeDatabase changes the descriptor of the session's database, which its owner may.
func changeDatabase(ctx context.Context, c Conn, function string, f func(d *catalog.Database) error) error {
	if err := c.RefuseReadOnly("rowan." + function + "()"); err != nil {
		return err
	}
	v, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return err
	}
	d, ok := v.Catalog().Object(c.Database().OID).(*catalog.Database)
	role := c.Role()
	if !ok || role == nil {
		return pgerr.Internal("no database or role")
	}
	if !catalog.IsOwner(v.Catalog(), role.OID, d) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of database %s", d.Name)
	}
	n := *d
	n.BranchGrants, n.BranchLimits = slices.Clone(d.BranchGrants), slices.Clone(d.BranchLimits)
	if err := f(&n); err != nil {
		return err
	}
	return v.Put(ctx, &n)
}

// mustOwnDatabase refuses what only the owner of the session's database may do.
func mustOwnDatabase(c Conn) error {
	d, role := c.Database(), c.Role()
	if role == nil || !catalog.IsOwner(c.Store().Global(), role.OID, d) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of database %s", d.Name)
	}
	return nil
}

// grantee finds a role; public is everybody.
func grantee(c Conn, name string) (catalog.OID, error) {
	if strings.EqualFold(name, "public") {
		return 0, nil
	}
	if r := c.Store().Global().RoleByName(name); r != nil {
		return r.OID, nil
	}
	return 0, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", name)
}

// grantBranch is rowan.grant_branch(role, pattern, privileges).
func grantBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	return changeGrant(ctx, c, a, "grant_branch", func(g *catalog.BranchGrant, letters string) {
		for i := range len(letters) {
			if strings.IndexByte(g.Privileges, letters[i]) < 0 {
				g.Privileges += letters[i : i+1]
			}
		}
	})
}

// revokeBranch is rowan.revoke_branch(role, pattern, privileges): it takes back what was granted for just this pattern.
func revokeBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	return changeGrant(ctx, c, a, "revoke_branch", func(g *catalog.BranchGrant, letters string) {
		g.Privileges = strings.Map(func(r rune) rune {
			if strings.ContainsRune(letters, r) {
				return -1
			}
			return r
		}, g.Privileges)
	})
}

func changeGrant(ctx context.Context, c Conn, a []types.Datum, function string, f func(g *catalog.BranchGrant, letters string)) (types.Datum, error) {
	name, err := required(a[0], "role")
	if err != nil {
		return types.Null, err
	}
	pattern, err := required(a[1], "pattern")
	if err != nil {
		return types.Null, err
	}
	letters, err := readPrivileges(text(a[2]))
	if err != nil {
		return types.Null, err
	}
	role, err := grantee(c, name)
	if err != nil {
		return types.Null, err
	}
	return types.Bool(true), changeDatabase(ctx, c, function, func(d *catalog.Database) error {
		i := slices.IndexFunc(d.BranchGrants, func(g catalog.BranchGrant) bool { return g.Role == role && g.Pattern == pattern })
		if i < 0 {
			i = len(d.BranchGrants)
			d.BranchGrants = append(d.BranchGrants, catalog.BranchGrant{Role: role, Pattern: pattern, Grantor: c.Role().OID})
		}
		f(&d.BranchGrants[i], letters)
		d.BranchGrants = slices.DeleteFunc(d.BranchGrants, func(g catalog.BranchGrant) bool { return g.Privileges == "" })
		return nil
	})
}

// hasBranchPrivilege is rowan.has_branch_privilege(branch, privilege, role).
func hasBranchPrivilege(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	b, err := c.Store().Branches().Get(ctx, c.Database().OID, text(a[0]))
	if err != nil {
		return types.Null, err
	}
	letters, err := readPrivileges(text(a[1]))
	if err != nil {
		return types.Null, err
	}
	user := c.User()
	if text(a[2]) != "" {
		if user = text(a[2]); c.Store().Global().RoleByName(user) == nil {
			return types.Null, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", user)
		}
	}
	for i := range len(letters) {
		if CheckBranch(ctx, c.Store(), b.Database, user, b.Name, letters[i]) != nil {
			return types.Bool(false), nil
		}
	}
	return types.Bool(true), nil
}

func listRights(_ context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	roles := c.Store().Global()
	d, _ := roles.Object(c.Database().OID).(*catalog.Database)
	if d == nil {
		return nil
	}
	name := func(id catalog.OID) types.Datum {
		if r, ok := roles.Object(id).(*catalog.Role); ok {
			return types.String(r.Name)
		}
		return types.Null
	}
	for _, g := range d.BranchGrants {
		role := types.String("public")
		if g.Role != 0 {
			role = name(g.Role)
		}
		if !yield([]types.Datum{role, types.String(g.Pattern), types.String(catalog.BranchWords(g.Privileges)), name(g.Grantor)}) {
			break
		}
	}
	return nil
}
