package pgregex

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/pgerr"
)

// TestFind has PostgreSQL 15's answers to regexp_match, as offsets.
func TestFind(t *testing.T) {
	for _, c := range []struct{ pattern, text, want string }{
		{`b*`, "abc", "[0 0]"},
		{`a|ab`, "xabc", "[1 3]"},
		{`(?:a|ab)(c?)`, "abc", "[0 3 2 3]"},
		{`Y*?([0-9]{1,3})`, "XY1234Z", "[1 3 2 3]"},
		{`Y*([0-9]{1,3})`, "XY1234Z", "[1 5 2 5]"},
		{`(.*?)(\d+)(.*)`, "abc01234xyz", "[0 4 0 3 3 4 4 4]"},
		{`(.*)(\d+)(.*)`, "abc01234xyz", "[0 11 0 7 7 8 8 11]"},
		{`(?:(.*?)(\d+)(.*)){1,1}`, "abc01234xyz", "[0 11 0 3 3 8 8 11]"},
		{`(.)\1`, "hello", "[2 4 2 3]"},
		{`l(?=o)`, "hello", "[3 4]"},
		{`l(?!o)`, "hello", "[2 3]"},
		{`(?<=l)o`, "hello", "[4 5]"},
		{`(?<!l)o`, "hello world", "[7 8]"},
		{`\mw\w+\M`, "hello world", "[6 11]"},
		{`\Yl\Y`, "hello", "[2 3]"},
		{`^b`, "a\nb", "[]"},
		{`(?n)^b`, "a\nb", "[2 3]"},
		{`a.b`, "a\nb", "[0 3]"},
		{`(?n)a.b`, "a\nb", "[]"},
		{`***=a.b`, "a.b", "[0 3]"},
		{`(?i)ÄB`, "äb", "[0 3]"},
		{`(?x) a b # c`, "ab", "[0 2]"},
		{`a{b`, "a{b", "[0 3]"},
		{`[]a]+`, "x]a", "[1 3]"},
		{`[[:digit:]\w]+`, "-é1", "[1 4]"},
		{`\u00e9\x41`, "éA", "[0 3]"},
	} {
		re, err := Compile(c.pattern, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		m, err := re.Find(c.text, 0)
		if got := fmt.Sprint(m); err != nil || got != c.want {
			t.Errorf("%s in %q: %s (%v), want %s", c.pattern, c.text, got, err, c.want)
		}
	}
}

// TestMachine runs on the backtracking machine what Go's regexp runs, and wants the same.
func TestMachine(t *testing.T) {
	texts := []string{"", "a", "abc", "aab", "abcabc", "foo.bar", "x1y22", "a\nb", "äöü", "foobarbaz"}
	for _, pattern := range []string{`a*`, `a+b`, `(a|ab)(c|bcd)?`, `[a-c]+`, `[^a-c]`, `\d+`, `o+?`, `(.)(.)`, `^a`, `c$`, `(a*)(b*)`, `(a|b)*c`, `\w+\.\w+`, `b.r|b.z`} {
		re, err := Compile(pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		slow := &Regexp{groups: re.groups, root: re.root, opts: re.opts, short: re.short}
		for _, text := range texts {
			a, _ := re.Find(text, 0)
			b, err := slow.Find(text, 0)
			if err != nil || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s in %q: fast %v, machine %v (%v)", pattern, text, a, b, err)
			}
		}
	}
}

// TestFindFrom checks that a search from within sees what stands before.
func TestFindFrom(t *testing.T) {
	for _, c := range []struct {
		pattern string
		from    int
		want    string
	}{{`^a`, 1, "[]"}, {`a`, 1, "[1 2]"}, {`\ma`, 1, "[4 5]"}, {`\ya`, 3, "[4 5]"}} {
		re, err := Compile(c.pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := re.Find("aab a", c.from); err != nil || fmt.Sprint(m) != c.want {
			t.Errorf("%s from %d: %v (%v), want %s", c.pattern, c.from, m, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		`a**`: "quantifier operand invalid", `(a`: "parentheses () not balanced", `a)`: "parentheses () not balanced",
		`[a`: "brackets [] not balanced", `a{2`: "braces {} not balanced", `a{2,1}`: "invalid repetition count(s)",
		`*a`: "quantifier operand invalid", `a\`: `invalid escape \ sequence`, `[b-a]`: "invalid character range",
		`a{300}`: "invalid repetition count(s)", `[[:foo:]]`: "invalid character class", `a|*b`: "quantifier operand invalid",
		`\2(a)`: "invalid backreference number", `\q`: `invalid escape \ sequence`,
	} {
		_, err := Compile(pattern, Options{})
		if err == nil || pgerr.From(err).Message != "invalid regular expression: "+want {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`(a|b)*?[[:alpha:]]\d{2,3}(?=x)\1`, "abab12x")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 30 || len(text) > 30 {
			return
		}
		re, err := Compile(pattern, Options{})
		if err != nil {
			return
		}
		if _, err := re.Find(text, 0); err != nil && pgerr.Code(err) != "54000" {
			t.Error(err)
		}
	})
}
