package ddl

import (
	"slices"
	"strings"
)

// mergeOptions sets or resets storage parameters of the form name=value.
func mergeOptions(have, change []string, reset bool) []string {
	out := slices.Clone(have)
	for _, o := range change {
		name, _, _ := strings.Cut(o, "=")
		out = slices.DeleteFunc(out, func(h string) bool {
			n, _, _ := strings.Cut(h, "=")
			return n == name
		})
		if !reset {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
