package storage

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// OwnedBy reports whether a branch belongs to a role, or to one that it is a member of. The first branch is the database's.
func (b *Branch) OwnedBy(roles *catalog.Snapshot, role catalog.OID) bool {
	owner := b.Owner
	if r := roles.RoleByName(b.CreatedBy); owner == 0 && r != nil {
		owner = r.OID
	}
	return b.ParentID != 0 && owner != 0 && role != 0 && catalog.HasRole(roles, role, owner)
}

// Maker is the name of whoever made the branch, as it is now where that role is still there.
func (b *Branch) Maker(roles *catalog.Snapshot) string {
	if r, ok := roles.Object(b.Owner).(*catalog.Role); ok {
		return r.Name
	}
	return b.CreatedBy
}

// Allow refuses a user a privilege on a branch of database d. A branch without an id is one that is not there yet.
func (b *Branch) Allow(roles *catalog.Snapshot, d *catalog.Database, user string, privilege byte) error {
	var role catalog.OID
	if r := roles.RoleByName(user); r != nil {
		role = r.OID
	}
	if b.OwnedBy(roles, role) || d.MayBranch(roles, role, b.Name, b.ID != 0, privilege) {
		return nil
	}
	word := catalog.BranchWords(string(privilege))
	e := pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for branch \"%s\"", b.Name)
	if maker := b.Maker(roles); b.ParentID != 0 && privilege == catalog.BranchAdmin && maker != "" {
		e = e.WithDetail("It belongs to \"%s\"; for others the privilege %s is needed.", maker, word)
	} else {
		e = e.WithDetail("The privilege %s is needed.", word)
	}
	return e.WithHint("The owner of the database can grant it: SELECT rowan.grant_branch(%s, %s, %s).",
		types.QuoteLiteral(user), types.QuoteLiteral(b.Name), types.QuoteLiteral(word))
}
