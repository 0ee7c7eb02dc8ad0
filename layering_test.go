package rowan_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rowandb/rowan/"

// Groups of packages that are allowed together.
const (
	// values are the leaves: types, their forms, columns of them, errors.
	values = "types types/vector types/numeric types/datetime types/jsonb pgerr"
	// schema is what a database consists of, as data.
	schema = "catalog catalog/builtin catalog/statistics " + values
	// plans are plain data that planner and executor share.
	plans = "planner/expr planner/physical planner/command " + schema
	// machinery is what all operators are made of.
	machinery = "executor/op executor/eval executor/hash executor/keyrange executor/kernel executor/mem executor/order executor/spill storage " + plans
)

// layers says, for every package, which packages of this module it may import. The arrows follow the data: nothing below
// session knows the wire, the planner knows neither executor nor storage, operators' families do not know each other, and
// storage knows descriptors and batches but no expressions.
var layers = map[string]string{
	"cmd/rowan":         "server storage storage/backup",
	"server":            "storage/backup wire session vcs admin admin/api admin/auth admin/limit admin/web apikey webhook storage storage/mvcc storage/temp storage/merge storage/kv storage/kv/badgerkv storage/kv/tikv catalog/pgcatalog internal/password internal/invariant " + schema,
	"wire":              "internal/password " + values,
	"plpgsql":           "planner/parse types pgerr",
	"session":           "plpgsql storage/backup vcs/dolt apikey vcs planner planner/bind planner/parse planner/logical executor executor/copy executor/ddl executor/dml executor/op executor/eval executor/mem executor/kernel executor/spill storage storage/temp internal/password catalog/pgcatalog internal/invariant " + plans,
	"vcs":               "storage storage/systable " + schema,
	"vcs/dolt":          "vcs storage storage/systable " + schema,
	"admin":             "admin/api admin/auth admin/helios admin/native admin/openapi admin/web",
	"admin/api":         "",
	"admin/auth":        "admin/api admin/web internal/password pgerr",
	"admin/helios":      "admin/api admin/auth admin/hooks admin/tabular admin/web pgerr",
	"admin/hooks":       "admin/api admin/web",
	"admin/limit":       "admin/api admin/web",
	"admin/native":      "admin/api admin/auth admin/hooks admin/web pgerr",
	"admin/openapi":     "admin/api admin/web",
	"admin/tabular":     "admin/api internal/strictjson types",
	"admin/web":         "admin/api internal/strictjson",
	"apikey":            "storage storage/systable catalog types types/datetime pgerr",
	"webhook":           "storage storage/systable catalog types types/datetime pgerr",
	"internal/password": "",

	"executor":        "executor/scan executor/stream executor/join executor/agg executor/sort executor/window executor/dml executor/ddl " + machinery,
	"executor/scan":   machinery,
	"executor/stream": machinery,
	"executor/join":   machinery,
	"executor/agg":    machinery,
	"executor/sort":   machinery,
	"executor/window": machinery,
	"executor/dml":    machinery,
	"executor/ddl":    "internal/password " + machinery,
	"executor/copy":   "planner/command " + schema,
	"executor/op":     "executor/kernel executor/mem executor/spill storage " + plans,
	"executor/eval":   "storage/keys executor/hash executor/kernel executor/op executor/mem executor/spill " + plans,
	"executor/hash":   "executor/mem executor/spill " + values,
	"executor/kernel": "executor/kernel/pgregex " + schema,
	"executor/spill":  "executor/mem " + values,
	"executor/mem":    "pgerr",

	"executor/order":          "executor/eval executor/hash executor/kernel executor/mem executor/op executor/spill storage/keys " + plans,
	"executor/keyrange":       "executor/eval executor/op storage " + plans,
	"executor/kernel/pgregex": "pgerr",

	"planner":          "planner/parse planner/bind planner/logical planner/optimize planner/lower planner/estimate " + plans,
	"planner/parse":    "pgerr",
	"planner/bind":     "planner/parse planner/logical planner/expr planner/command " + schema,
	"planner/optimize": "planner/logical planner/expr planner/estimate " + schema,
	"planner/lower":    "planner/logical planner/expr planner/estimate planner/physical " + schema,
	"planner/plantest": "planner/parse planner/bind executor/eval executor/kernel planner/logical " + plans,
	"planner/estimate": "planner/logical planner/expr " + schema,
	"planner/logical":  "planner/expr " + schema,
	"planner/physical": "planner/expr " + schema,
	"planner/command":  "planner/expr " + schema,
	"planner/expr":     schema,

	"storage":             schema,
	"storage/mvcc":        "storage storage/keys storage/kv storage/lock storage/ssi storage/rowcodec storage/diff storage/merge internal/invariant " + schema,
	"storage/temp":        "storage " + schema,
	"storage/backup":      "storage",
	"storage/systable":    "storage " + schema,
	"storage/diff":        "storage storage/keys storage/rowcodec " + schema,
	"storage/merge":       "storage storage/keys storage/rowcodec storage/diff storage/systable " + schema,
	"storage/rowcodec":    values,
	"storage/keys":        values,
	"storage/lock":        "pgerr",
	"storage/ssi":         "pgerr",
	"storage/kv":          "",
	"storage/kv/badgerkv": "storage/kv",
	"storage/kv/countkv":  "storage/kv",
	"storage/kv/faultkv":  "storage/kv",
	"storage/kv/memkv":    "storage/kv",
	"storage/kv/tikv":     "storage/kv",
	"storage/kv/kvtest":   "storage/kv storage/kv/memkv",

	"catalog":            "types pgerr",
	"catalog/statistics": "catalog types types/vector pgerr",
	"catalog/builtin":    "catalog types pgerr",
	"catalog/pgcatalog":  schema,
	"types":              "types/numeric types/datetime types/jsonb pgerr",
	"types/vector":       "types pgerr",
	"types/numeric":      "pgerr",
	"types/datetime":     "types/numeric pgerr",
	"types/jsonb":        "types/numeric pgerr",
	"pgerr":              "",

	"internal/ancestry":   "",
	"internal/invariant":  "",
	"internal/oracle":     "",
	"internal/strictjson": "",
	"internal/testkit":    "server",
	"conformance":         "server",
}

// confined says which packages alone may see a third-party module.
var confined = map[string]string{
	"github.com/pganalyze/pg_query_go/": "planner/parse planner/bind",
	"github.com/dgraph-io/":             "storage/kv/badgerkv",
	"go.opentelemetry.io/":              "storage/kv/badgerkv",
	"github.com/klauspost/":             "storage/kv/badgerkv storage/backup",
	"github.com/jackc/pgx/v5/pgproto3":  "wire",
	"github.com/go-chi/chi/":            "admin",
	"github.com/spf13/cobra":            "cmd/rowan",
}

// TestLayering reads the files itself, so that the test cache notices when they change.
func TestLayering(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "data" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return filepath.SkipDir
		}
		dir := path.Dir(filepath.ToSlash(file))
		if d.IsDir() || dir == "." || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		checkFile(t, file, dir)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, file, dir string) {
	allowed, known := layers[dir]
	if !known {
		t.Errorf("%s: no line in layers; say what %s may import", file, dir)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if dep, ours := strings.CutPrefix(imported, module); ours && !lists(allowed, dep) {
			t.Errorf("%s: %s must not import %s", file, dir, dep)
		}
		for prefix, only := range confined {
			if strings.HasPrefix(imported, prefix) && !lists(only, dir) {
				t.Errorf("%s: only %s may import %s", file, only, imported)
			}
		}
	}
}

func lists(packages, name string) bool { return slices.Contains(strings.Fields(packages), name) }
