package jsonb

import "testing"

// FuzzParse checks that the canonical text is its own canonical text, and that json accepts what jsonb does.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[true,null,"\u00e9\ud83d\ude00"]}`, `1e5`, `"`, `[1,2`, `{"a":{"a":{}}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Canonical(s)
		if err != nil {
			return
		}
		if d, err := Canonical(c); err != nil || d != c {
			t.Errorf("%q: %q becomes %q, %v", s, c, d, err)
		}
		if Validate(s) != nil || CompareText(c, c) != 0 {
			t.Errorf("%q: taken by jsonb only", s)
		}
	})
}

func BenchmarkField(b *testing.B) {
	const doc = `{"a": 1, "b": [1, 2, 3], "cc": {"x": "y"}}`
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Field(doc, "cc"); !ok {
			b.Fatal("no member")
		}
	}
}
