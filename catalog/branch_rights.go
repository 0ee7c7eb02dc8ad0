package catalog

import (
	"strings"
	"time"
)

// Privileges on branches, as letters of BranchGrant.
const (
	BranchRead  byte = 'r'
	BranchWrite byte = 'w'
	BranchMerge byte = 'm' // merge into it
	BranchAdmin byte = 'a' // make, drop, rename, reset and protect it
)

// BranchPrivileges are the privileges in the order in which they are shown.
var BranchPrivileges = []struct {
	Letter byte
	Word   string
}{{BranchRead, "read"}, {BranchWrite, "write"}, {BranchMerge, "merge"}, {BranchAdmin, "admin"}}

// BranchWords writes privileges as words.
func BranchWords(letters string) string {
	var out []string
	for _, p := range BranchPrivileges {
		if strings.IndexByte(letters, p.Letter) >= 0 {
			out = append(out, p.Word)
		}
	}
	return strings.Join(out, ", ")
}

// BranchGrant gives a role privileges on the branches whose name a pattern matches. A branch that no grant's pattern
// matches can be read and written by all; others by those whom a grant names. To rule a branch, and to make one whose name some
// pattern matches, always takes a grant. Whoever made a branch, the database's owner and superusers may do everything.
type BranchGrant struct {
	Role       OID `json:",omitempty"` // 0: PUBLIC
	Grantor    OID `json:",omitempty"`
	Pattern    string
	Privileges string
}

// BranchLimit bounds what is done on the branches whose name a pattern matches; 0 is no bound.
type BranchLimit struct {
	Pattern string
	Rows    int64         `json:",omitempty"` // changed since the fork
	Bytes   int64         `json:",omitempty"` // that the branch has written itself
	Timeout time.Duration `json:",omitempty"` // of a statement
	TTL     time.Duration `json:",omitempty"` // from its making
}

// MatchBranch reports whether a pattern matches a branch's name: * stands for any characters, ? for one.
func MatchBranch(pattern, name string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			rest := strings.TrimLeft(pattern, "*")
			for i := range len(name) + 1 {
				if MatchBranch(rest, name[i:]) {
					return true
				}
			}
			return false
		case '?':
			if name == "" {
				return false
			}
		default:
			if name == "" || name[0] != pattern[0] {
				return false
			}
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

// BranchRestricted reports whether any grant is about a branch.
func (d *Database) BranchRestricted(branch string) bool {
	for i := range d.BranchGrants {
		if MatchBranch(d.BranchGrants[i].Pattern, branch) {
			return true
		}
	}
	return false
}

// MayBranch reports whether a role has a privilege on a branch of the database that it does not own; made says that the
// branch is there. roles is the server's catalog of roles.
func (d *Database) MayBranch(roles *Snapshot, role OID, branch string, made bool, privilege byte) bool {
	open := !made || privilege != BranchAdmin
	if open && len(d.BranchGrants) == 0 || IsSuperuser(roles, role) || IsOwner(roles, role, d) {
		return true
	}
	for i := range d.BranchGrants {
		g := &d.BranchGrants[i]
		if !MatchBranch(g.Pattern, branch) {
			continue
		}
		if privilege == BranchAdmin || g.Privileges != string(BranchAdmin) { // who rules a branch says nothing of who may read it
			open = false
		}
		if strings.IndexByte(g.Privileges, privilege) >= 0 && (g.Role == 0 || HasRole(roles, role, g.Role)) {
			return true
		}
	}
	return open
}

// BranchLimit returns the strictest of the limits that a branch has.
func (d *Database) BranchLimit(branch string) BranchLimit {
	var out BranchLimit
	for i := range d.BranchLimits {
		if l := &d.BranchLimits[i]; MatchBranch(l.Pattern, branch) {
			out.Rows, out.Bytes = stricter(out.Rows, l.Rows), stricter(out.Bytes, l.Bytes)
			out.Timeout, out.TTL = stricter(out.Timeout, l.Timeout), stricter(out.TTL, l.TTL)
		}
	}
	return out
}

func stricter[N int64 | time.Duration](a, b N) N {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
