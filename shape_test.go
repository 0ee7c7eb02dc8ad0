package rowan_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources lists the Go files of the module that are not tests, by package directory.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	packages := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return filepath.SkipDir
		}
		if dir := path.Dir(filepath.ToSlash(file)); dir != "." && path.Ext(file) == ".go" && !strings.HasSuffix(file, "_test.go") {
			packages[dir] = append(packages[dir], file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// TestPackageComments wants each package to say what it is, what it is not, and who calls it: three lines at the least.
func TestPackageComments(t *testing.T) {
	for dir, files := range sources(t) {
		longest := 0
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if f.Doc != nil {
				longest = max(longest, strings.Count(strings.TrimSpace(f.Doc.Text()), "\n")+1)
			}
		}
		if longest < 3 {
			t.Errorf("%s: the package comment has %d lines; say in three or more what the package does, what it does not, and who calls it", dir, longest)
		}
	}
}

// packageRow is a row of the table of packages in docs/ARCHITECTURE.md.
var packageRow = regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)` \\|")

// TestArchitectureNamesPackages wants the table of packages in docs/ARCHITECTURE.md to have every package and no other.
func TestArchitectureNamesPackages(t *testing.T) {
	text, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, m := range packageRow.FindAllStringSubmatch(string(text), -1) {
		if slices.Contains(named, m[1]) {
			t.Errorf("docs/ARCHITECTURE.md has two rows for %s", m[1])
		}
		named = append(named, m[1])
	}
	packages := sources(t)
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		if !slices.Contains(named, dir) {
			t.Errorf("docs/ARCHITECTURE.md has no row for %s", dir)
		}
	}
	for _, n := range named {
		if packages[n] == nil {
			t.Errorf("docs/ARCHITECTURE.md has a row for %s, which is no package", n)
		}
	}
}

// mentioned are the paths in a text that look like files of the tree.
var mentioned = regexp.MustCompile(`[A-Za-z0-9_./-]*[A-Za-z0-9_-]\.(?:go|sh|sql|tsv|md)\b`)

// TestDocsNameFiles wants every file that a document names to be there.
func TestDocsNameFiles(t *testing.T) {
	documents := []string{"README.md"}
	err := filepath.WalkDir("docs", func(file string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(file) == ".md" {
			documents = append(documents, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range mentioned.FindAllString(string(text), -1) {
			if !exists(name) && !exists(filepath.Join(filepath.Dir(doc), name)) {
				t.Errorf("%s names %s, which is not there", doc, name)
			}
		}
	}
}

// TestDecisionNumbers wants decisions numbered 1, 2, 3 and so on, each number once, and the same in a file's name and its heading.
func TestDecisionNumbers(t *testing.T) {
	files, err := filepath.Glob("docs/decisions/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if prefix := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(filepath.Base(file), prefix) {
			t.Errorf("%s: its number is not the next one, %s", file, prefix)
		}
		if heading := fmt.Sprintf("# %d. ", i+1); !strings.HasPrefix(string(text), heading) {
			t.Errorf("%s: its heading does not begin with %q", file, heading)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
