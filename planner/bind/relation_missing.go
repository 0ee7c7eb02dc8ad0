package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// missingRelations are relations of Dolt's that have no counterpart here: who asks for one is told so by its name.
var missingRelations = []string{"dolt_docs", "dolt_branch_control", "dolt_branch_namespace_control", "dolt_statistics", "dolt_procedures", "dolt_schemas",
	"dolt_query_catalog", "dolt_tests", "dolt_help", "dolt_nonlocal_tables", "dolt_status_ignored"}

// missingRelation is the error of such a relation; nil for any other name.
func missingRelation(rv *pg.RangeVar) error {
	name := rv.Relname
	switch {
	case rv.Catalogname != "":
		return nil
	case rv.Schemaname == doltSchema:
		name = doltSchema + "_" + name
	case rv.Schemaname != "":
		return nil
	}
	if table, ok := strings.CutPrefix(name, "dolt_workspace_"); !slices.Contains(missingRelations, name) && (!ok || table == "") {
		return nil
	}
	return pgerr.Unsupported("relation \"%s\"", rangeName(rv)).At(int(rv.Location))
}

// rangeName is a relation's name as it was written.
func rangeName(rv *pg.RangeVar) string {
	if rv.Schemaname != "" {
		return rv.Schemaname + "." + rv.Relname
	}
	return rv.Relname
}
