package vcs

import (
	"slices"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
)

func TestTagNames(t *testing.T) {
	for name, good := range map[string]bool{
		"v1": true, "release/1.0": true, "vor dem Umzug": true, "cafe": true, "ab/cd": false, "12": false, "cafe123": false, "0/2A": false, "2024-01-01": false,
		"yesterday": false, "HEAD": false, "a~1": false, "a^": false, "a@b": false, "a:b": false, "-x": false, " x": false, "snap_1": false, "now": false,
	} {
		if err := checkTagName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTips(t *testing.T) {
	commit := func(name string, branch uint64, scn uint64, parents ...string) *ref {
		return &ref{name: name, branch: branch, scn: scn, parents: parents}
	}
	list := []*ref{commit("d2", 2, 60, "d1"), commit("m2", 1, 50, "m1"), commit("d1", 2, 40, "m1"), commit("m1", 1, 10)}
	if got := parentsOf(tipsOf(list), 1); !slices.Equal(got, []string{"m2", "d2"}) {
		t.Errorf("on main %v", got)
	}
	if got := parentsOf(tipsOf(list), 2); !slices.Equal(got, []string{"d2", "m2"}) {
		t.Errorf("on dev %v", got)
	}
	if got := parentsOf(tipsOf(nil), 1); len(got) != 0 {
		t.Errorf("of nothing %v", got)
	}
}

func TestPrivilegeWords(t *testing.T) {
	for list, want := range map[string]string{"read": "r", "Write, merge": "wm", "all": "rwma", "admin,read": "ar"} {
		if got, err := readPrivileges(list); err != nil || got != want {
			t.Errorf("%s: %q, %v", list, got, err)
		}
	}
	if _, err := readPrivileges("fly"); pgerr.From(err).Code != "22023" {
		t.Error(err)
	}
	if got := catalog.BranchWords("ar"); got != "read, admin" {
		t.Error(got)
	}
}

func TestCommitFor(t *testing.T) {
	list := []*ref{{name: "b", scn: 20}, {name: "a", scn: 10}}
	for scn, want := range map[uint64]string{5: "a", 10: "a", 11: "b", 20: "b"} {
		if got := commitFor(list, scn); got.S != want {
			t.Errorf("%d is in %q", scn, got.S)
		}
	}
	if !commitFor(list, 21).Null {
		t.Error("the newest is in none")
	}
}
