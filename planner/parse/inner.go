package parse

import "strings"

// Inner finds the statement inside an EXPLAIN, PREPARE, DECLARE or COPY: its text as the user wrote it and its byte
// offset in the outer statement's text.
func Inner(outer string) (string, int) {
	t, err := scan(outer)
	if err != nil || t.len() == 0 {
		return "", 0
	}
	from, to := 0, t.len()
	switch {
	case t.is(0, "explain"):
		from = afterExplain(t)
	case t.is(0, "prepare"):
		from = t.after(0, "as")
	case t.is(0, "declare"):
		from = t.after(0, "for")
	case t.is(0, "copy") && t.text(1) == "(":
		from, to = 2, t.closing(1)
	default:
		return "", 0
	}
	if from <= 0 || from >= to {
		return "", 0
	}
	return strings.TrimSpace(outer[t.start(from):t.end(to-1)]), t.start(from)
}

// after is the index behind the first such word outside of parentheses.
func (t *tokens) after(i int, word string) int {
	for ; i < t.len(); i++ {
		if t.text(i) == "(" {
			if i = t.closing(i); i < 0 {
				return 0
			}
			continue
		}
		if t.is(i, word) {
			return i + 1
		}
	}
	return 0
}

// afterExplain steps over the options; a parenthesis may also begin the query itself.
func afterExplain(t *tokens) int {
	i := 1
	if t.text(i) == "(" {
		switch strings.ToLower(t.text(i + 1)) {
		case "select", "values", "with", "table", "(":
			return i
		}
		return t.closing(i) + 1
	}
	for t.is(i, "analyze") || t.is(i, "analyse") || t.is(i, "verbose") {
		i++
	}
	return i
}
