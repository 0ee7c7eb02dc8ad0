package session

import (
	"slices"
	"strings"
	"testing"

	"github.com/rowandb/rowan/executor/kernel"
)

// unsupported are functions that are known to be asked of the session and that it answers with 0A000.
var unsupported = strings.Fields(`pg_current_snapshot pg_export_snapshot pg_identify_object pg_index_column_has_property pg_index_has_property pg_indexam_has_property`)

// comingFunctions are functions of schema rowan that are in pg_proc before the session has them.
var comingFunctions = strings.Fields(`rowan_drop_tag rowan_commit rowan_create_tag rowan_commits rowan_tags`)

// TestForwarded wants every function that kernels hand to the session to be in one of its tables, or in the list above.
func TestForwarded(t *testing.T) {
	rows, sets := kernel.Forwarded()
	unsupported := append(comingFunctions, unsupported...)
	for _, name := range rows {
		if services()[name] == nil && !slices.Contains(unsupported, name) {
			t.Errorf("the session has no function %s", name)
		}
	}
	for _, name := range sets {
		if rowServices()[name] == nil && !slices.Contains(unsupported, name) {
			t.Errorf("the session has no set-returning function %s", name)
		}
	}
	for _, name := range unsupported[len(comingFunctions):] {
		if services()[name] != nil || rowServices()[name] != nil {
			t.Errorf("%s is supported", name)
		}
	}
}
