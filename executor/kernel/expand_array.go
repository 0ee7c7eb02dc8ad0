package kernel

import "github.com/rowandb/rowan/types"

// arraySets are set-returning functions of arrays in information_schema; drivers read primary keys with them.
var arraySets = map[string]Kernel{"sql__pg_expandarray_13208": set(expandArray)}

// expandArray is information_schema._pg_expandarray(array): its elements, numbered from 1.
func expandArray(_ *Env, a []datum, yield func([]datum) bool) error {
	r := types.ReadArray(a[0].S)
	for i := range r.Len() {
		if !yield([]datum{r.At(i), types.Int(int64(i + 1))}) {
			return nil
		}
	}
	return nil
}
