package server

import "strings"

// scriptStatements splits a script of our own at lines that end in a semicolon. It knows nothing of quotes: the script
// has no such lines within them.
func scriptStatements(sql string) []string {
	var statements []string
	var b strings.Builder
	for line := range strings.Lines(sql) {
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			statements = append(statements, b.String())
			b.Reset()
		}
	}
	return statements
}
