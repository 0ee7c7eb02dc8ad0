package catalog_test

import (
	"testing"

	"github.com/rowandb/rowan/catalog"
)

func TestMatchBranch(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"main", "main", true}, {"main", "main2", false}, {"*", "", true}, {"*", "a/b", true}, {"feature/*", "feature/x/y", true},
		{"feature/*", "feature", false}, {"*/wip", "a/wip", true}, {"*/wip", "a/wip2", false}, {"v?", "v1", true}, {"v?", "v", false},
		{"v?", "v12", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false}, {"", "", true}, {"", "x", false}, {"**x", "yyx", true},
	} {
		if got := catalog.MatchBranch(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.name, got)
		}
	}
}

func TestMayBranch(t *testing.T) {
	member := &catalog.Role{Header: catalog.Header{OID: 101, Name: "member"}, Inherit: true, MemberOf: []catalog.Member{{Role: 100}}}
	roles := catalog.NewSnapshot(nil, []catalog.Object{
		&catalog.Role{Header: catalog.Header{OID: 100, Name: "team"}}, member,
		&catalog.Role{Header: catalog.Header{OID: 102, Name: "other"}}, &catalog.Role{Header: catalog.Header{OID: 103, Name: "owner"}},
	})
	d := &catalog.Database{Header: catalog.Header{OID: 1, Owner: 103}, BranchGrants: []catalog.BranchGrant{
		{Pattern: "main", Privileges: "r"}, {Role: 100, Pattern: "main", Privileges: "wm"}, {Role: 100, Pattern: "team/*", Privileges: "rwma"},
		{Role: 100, Pattern: "ruled", Privileges: "a"},
	}}
	for _, tt := range []struct {
		role      catalog.OID
		branch    string
		privilege byte
		want      bool
	}{
		{102, "main", 'r', true}, {102, "main", 'w', false}, {100, "main", 'w', true}, {101, "main", 'm', true}, {101, "main", 'a', false},
		{102, "team/x", 'r', false}, {101, "team/x", 'a', true}, {102, "free", 'a', false}, {102, "free", 'w', true},
		{102, "ruled", 'a', false}, {102, "ruled", 'w', true}, {101, "ruled", 'a', true}, {103, "team/x", 'a', true}, {catalog.Superuser, "main", 'a', true},
	} {
		if got := d.MayBranch(roles, tt.role, tt.branch, true, tt.privilege); got != tt.want {
			t.Errorf("role %d, %c on %s: %v", tt.role, tt.privilege, tt.branch, got)
		}
	}
	// Names that are free may be given to new branches, but for those that a pattern matches.
	for branch, want := range map[string]bool{"free": true, "ruled": false, "team/y": false} {
		if got := d.MayBranch(roles, 102, branch, false, catalog.BranchAdmin); got != want {
			t.Errorf("making %s: %v", branch, got)
		}
	}
}
