package kernel

import (
	_ "embed"
	"strings"

	"github.com/rowandb/rowan/types"
)

// keywordsFile has the key words of PostgreSQL 15's grammar: word, category, whether it may be a label without AS.
//
//go:embed keywords.tsv
var keywordsFile string

var keywordCategories = map[string]string{
	"U": "unreserved", "C": "unreserved (cannot be function or type name)", "T": "reserved (can be function or type name)",
	"R": "reserved",
}

// keywords is pg_get_keywords().
func keywords(_ *Env, _ []datum, yield func([]datum) bool) error {
	for line := range strings.SplitSeq(strings.TrimSuffix(keywordsFile, "\n"), "\n") {
		word, rest, _ := strings.Cut(line, "\t")
		code, bare, _ := strings.Cut(rest, "\t")
		label := "requires AS"
		if bare == "t" {
			label = "can be bare label"
		}
		if !yield([]datum{types.String(word), types.Int(int64(code[0])), types.Bool(bare == "t"),
			types.String(keywordCategories[code]), types.String(label)}) {
			return nil
		}
	}
	return nil
}

// reserved are the words that an identifier cannot be without quotes: all but the unreserved ones.
var reserved = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(keywordsFile, "\n"), "\n") {
		word, rest, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(rest, "U") {
			m[word] = true
		}
	}
	return m
}()
