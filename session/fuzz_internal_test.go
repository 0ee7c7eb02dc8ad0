package session

import (
	"strings"
	"testing"
)

// FuzzSplitDatabase parts whatever name as a connection string has it; put together the parts are the name.
func FuzzSplitDatabase(f *testing.F) {
	for _, s := range []string{"db", "db/branch", "db/a/b@point", "db@-1 hour", "db@2020-01-01 00:00:00+02", "/", "@", "db/@", "db@a/b", "db@a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		db, branch, point := splitDatabase(name)
		whole := db
		if head, _, _ := strings.Cut(name, "@"); strings.Contains(head, "/") {
			whole += "/" + branch
		}
		if strings.Contains(name, "@") {
			whole += "@" + point
		}
		if whole != name || strings.ContainsAny(db, "/@") || strings.Contains(branch, "@") {
			t.Errorf("%q is %q, %q, %q", name, db, branch, point)
		}
	})
}
