package wire

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzOptions reads whatever text as the startup parameter "options". Words that were escaped come back as they were.
func FuzzOptions(f *testing.F) {
	for _, s := range []string{"-c a=b", "-c search_path=a\\ b,c --work-mem=4MB -cx=", "--a", "-c", "-c x", "neon_timestamp:2020-01-01T00:00:00Z neon_lsn:0/1",
		"-c rowan.branch=dev/x\\\\y", "\\", " \\ \t\n", "-B 3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		settings := map[string]string{}
		_ = splitOptions(s, settings)
		for name := range settings {
			if strings.Contains(name, "-") && !strings.Contains(name, "_") || strings.Contains(name, "=") {
				t.Errorf("%q has the setting %q", s, name)
			}
		}
		words := splitWords(s)
		var b strings.Builder
		for _, w := range words {
			b.WriteByte(' ')
			for i := range len(w) {
				b.WriteByte('\\')
				b.WriteByte(w[i])
			}
		}
		if again := splitWords(b.String()); !slices.Equal(again, slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })) {
			t.Errorf("%q is %q, escaped %q", s, words, again)
		}
	})
}

// FuzzParameters reads whatever bytes as the names and values of a StartupMessage.
func FuzzParameters(f *testing.F) {
	f.Add([]byte("user\x00ada\x00database\x00app/dev@-1 hour\x00\x00"))
	f.Add([]byte("user\x00\x00\x00"))
	f.Add([]byte("\x00"))
	f.Add([]byte("a\x00b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		params, err := splitParameters(b)
		if err != nil {
			return
		}
		var again []byte
		for _, name := range slices.Sorted(maps.Keys(params)) {
			again = append(append(append(append(again, name...), 0), params[name]...), 0)
		}
		if back, err := splitParameters(append(again, 0)); err != nil || !maps.Equal(params, back) {
			t.Errorf("%q is %q and then %q, %v", b, params, back, err)
		}
	})
}
