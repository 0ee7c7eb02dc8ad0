package wire

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// splitOptions reads the startup parameter "options", a command line, into settings:
//
//	-c name=value   -cname=value   --name=value
//
// Words are parted by white space that no backslash precedes. Neon's two words for a point in time,
// neon_timestamp:T and neon_lsn:L, stand for rowan.as_of=T and rowan.as_of=L.
func splitOptions(options string, settings map[string]string) error {
	words := splitWords(options)
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case strings.HasPrefix(word, "--"):
			if err := addSetting(settings, word[2:], "--"); err != nil {
				return err
			}
		case strings.HasPrefix(word, "-c"):
			setting := word[2:]
			if setting == "" && len(words) > 0 {
				setting, words = words[0], words[1:]
			}
			if err := addSetting(settings, setting, "-c "); err != nil {
				return err
			}
		case !addPoint(settings, word):
			return pgerr.New(pgerrcode.SyntaxError, "invalid command-line argument for server process: %s", word)
		}
	}
	return nil
}

// addSetting adds one name=value; in names, "-" is as good as "_".
func addSetting(settings map[string]string, setting, flag string) error {
	name, value, ok := strings.Cut(setting, "=")
	if !ok {
		return pgerr.New(pgerrcode.SyntaxError, "%s%s requires a value", flag, setting)
	}
	settings[strings.ReplaceAll(name, "-", "_")] = value
	return nil
}

func addPoint(settings map[string]string, word string) bool {
	kind, point, ok := strings.Cut(word, ":")
	if !ok || kind != "neon_timestamp" && kind != "neon_lsn" {
		return false
	}
	settings["rowan.as_of"] = point
	return true
}

// splitWords splits at white space; a backslash makes the character after it part of the word.
func splitWords(s string) []string {
	var words []string
	var word strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case isSpace(s[i]):
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in = false
			continue
		case s[i] == '\\' && i+1 < len(s):
			i++
		case s[i] == '\\':
			continue
		}
		in = true
		word.WriteByte(s[i])
	}
	if in {
		words = append(words, word.String())
	}
	return words
}

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }
