package strictjson

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// TestReader wants texts to be refused that encoding/json would change, and all others to come through, in whatever pieces
// they come.
func TestReader(t *testing.T) {
	tests := []struct {
		text string
		want error
	}{
		{``, nil}, {`{"a": "b"}`, nil}, {`"é日😀"`, nil}, {`"\u00e9\ud83d\ude00\\ud800\n"`, nil}, {`"\uD83D\uDE00"`, nil}, {`"\\\ud83d\ude00"`, nil},
		{"\"\xff\"", ErrEncoding}, {"\"\xe6\x97\"", ErrEncoding}, {"\"\xe6\x97", ErrEncoding}, {"\"\xc0\x80\"", ErrEncoding}, {"\"\xed\xa0\x80\"", ErrEncoding},
		{`"\ud800"`, ErrEscape}, {`"\udc00"`, ErrEscape}, {`"\ud83dx\ude00"`, ErrEscape}, {`"\ud83d\n\ude00"`, ErrEscape}, {`"\ud83d\ud83d\ude00"`, ErrEscape},
		{`"\ude00\ud83d"`, ErrEscape}, {`"\ud83d\u0061"`, ErrEscape},
	}
	for _, tt := range tests {
		for name, pieces := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "end": iotest.DataErrReader} {
			got, err := io.ReadAll(Reader(pieces(strings.NewReader(tt.text))))
			if !errors.Is(err, tt.want) || err == nil && string(got) != tt.text {
				t.Errorf("%q in %s: %q %v, want %v", tt.text, name, got, err, tt.want)
			}
		}
	}
}

// TestNames wants an object's names to be told apart, and those of other objects not to count, in whatever pieces they come.
func TestNames(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for text, twice := range map[string]string{
		`{"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}, "a", "a"], "d": "a", "A": "a"}`: "", `["a", "a"] {"a": 1} {"a": "a"}`: "", `"a": "a", "a"`: "",
		`{"a": 1, "a": 1}`: "a", `{"a\"\u00e9": 1, "b": ["{", "}"], "a\"é": 2}`: "a\"é", `[{"x": {"y": 1, "z": {}, "y": null}}]`: "y", `{"": 1, "": 2}`: "",
		`{"a": {"b": 1}, "b": 2, "a": 3}`: "a", `{"\u0061": 1, "a": 2}`: "a", `{"a":"\"","b":"\\","a":1}`: "a", `}}]]{"a": 1, "a": 2}`: "a", deep + `{"a": 1, "a": 2}`: "",
	} {
		for name, pieces := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "end": iotest.DataErrReader} {
			_, err := io.ReadAll(Reader(pieces(strings.NewReader(text))))
			var e *DuplicateError
			if errors.As(err, &e) != (twice != "" || text == `{"": 1, "": 2}`) || e != nil && e.Name != twice {
				t.Errorf("%.80q in %s: %v", text, name, err)
			}
		}
	}
}

// FuzzReader holds the reader against the standard library: what it lets through and what is JSON holds no character that
// was not there.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`"\ud83d\ude00"`, "\"\xff\"", `{"a": "\\ud800"}`, `"\ufffd"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := io.ReadAll(Reader(iotest.HalfReader(strings.NewReader(text))))
		if err != nil {
			return
		}
		if string(got) != text || !utf8.ValidString(text) {
			t.Fatalf("%q became %q", text, got)
		}
		var v string
		if json.Unmarshal(got, &v) == nil && strings.Contains(v, "\ufffd") && !strings.Contains(text, "\ufffd") && !strings.Contains(strings.ToLower(text), `\ufffd`) {
			t.Fatalf("%q is read as %q", text, v)
		}
	})
}
