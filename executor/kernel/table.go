package kernel

import (
	"sync"

	"github.com/rowandb/rowan/catalog/builtin"
)

// tables are the tables of this package's files.
var tables = []map[string]Kernel{
	comparisons, intFunctions, floatFunctions, trigonometry, numericFunctions, textFunctions, likeFunctions, encodeFunctions,
	byteaFunctions, regexpFunctions, quoteFunctions, sessionFunctions, serviceFunctions(),
	arrayFunctions, arrayComparisons, arrayTextFunctions, anyFunctions,
	dateFunctions, timestampFunctions, intervalFunctions, overlapsFunctions, seriesFunctions, jsonFunctions, jsonSets, jsonRecords, arraySets, jsonBuilders, numberCharFunctions, lengthFunctions, bitFunctions, numberParseFunctions,
}

var kernels = sync.OnceValue(func() map[string]Kernel { return join(tables...) })

// Lookup returns the kernel of a function by its pg_proc.prosrc (Proc.Source).
func Lookup(source string) (Kernel, bool) {
	k, ok := kernels()[source]
	return k, ok
}

// LookupAggregate returns the constructor of an aggregate by its name: pg_proc.prosrc is the same for all of them. The
// constructor looks at the argument types.
func LookupAggregate(name string) (NewAggregate, bool) {
	a, ok := aggregates[name]
	return a, ok
}

// Supported reports whether the engine can run a built-in function: bind answers 0A000 for others.
func Supported(p *builtin.Proc) bool {
	if p.User {
		return p.Function != nil && (p.Function.Language == "sql" || p.Function.Language == "plpgsql")
	}
	switch p.Kind {
	case 'a':
		return aggregateSupported(p)
	case 'w':
		return windowFunctions[p.Source]
	}
	_, ok := Lookup(p.Source)
	return ok
}

// windowFunctions run in executor/window, which knows them by their sources.
var windowFunctions = map[string]bool{
	"window_row_number": true, "window_rank": true, "window_dense_rank": true, "window_percent_rank": true,
	"window_cume_dist": true, "window_ntile": true, "window_lag": true, "window_lag_with_offset": true,
	"window_lag_with_offset_and_default": true, "window_lead": true, "window_lead_with_offset": true,
	"window_lead_with_offset_and_default": true, "window_first_value": true, "window_last_value": true,
	"window_nth_value": true,
}
