package parse

import "sort"

// edit says that text[Lo:Hi] of the rewritten text stands for sql[From:To] of the user's. Where Verbatim, the two are the
// same bytes, moved.
type edit struct {
	lo, hi   int
	from, to int
	verbatim bool
	tag      string // the command tag of a rewritten statement that begins here
}

// edits maps offsets of a rewritten text to the user's. nil is the identity. The edits are ordered, cover the whole
// rewritten text and do not overlap.
type edits []edit

func (ed edits) find(at int) *edit {
	i := sort.Search(len(ed), func(i int) bool { return ed[i].hi > at })
	if i == len(ed) {
		return nil
	}
	return &ed[i]
}

// source maps an offset; one in text that was put in becomes the start of what it stands for.
func (ed edits) source(at int) int {
	if at < 0 || len(ed) == 0 {
		return at
	}
	e := ed.find(at)
	switch {
	case e == nil:
		return ed.end()
	case e.verbatim:
		return e.from + at - e.lo
	}
	return e.from
}

// sourceEnd maps the end of a span: the offset behind its last byte.
func (ed edits) sourceEnd(at int) int {
	if len(ed) == 0 || at == 0 {
		return at
	}
	e := ed.find(at - 1)
	switch {
	case e == nil:
		return ed.end()
	case e.verbatim:
		return e.from + at - e.lo
	}
	return e.to
}

// end is the length of the user's text.
func (ed edits) end() int {
	end := 0
	for _, e := range ed {
		end = max(end, e.to)
	}
	return end
}

// inserted reports whether the offset lies in text that the user did not write.
func (ed edits) inserted(at int) bool {
	e := ed.find(at)
	return e != nil && !e.verbatim
}

func (ed edits) tagWithin(lo, hi int) string {
	for i := range ed {
		if e := &ed[i]; e.tag != "" && e.lo >= lo && e.lo < hi {
			return e.tag
		}
	}
	return ""
}

// rewriter builds a rewritten text with its edits.
type rewriter struct {
	sql  string
	out  []byte
	ed   edits
	done int // how much of sql has been dealt with
}

// copy takes sql[from:to] over as it is.
func (r *rewriter) copy(from, to int) {
	if from >= to {
		return
	}
	lo := len(r.out)
	r.out = append(r.out, r.sql[from:to]...)
	r.ed = append(r.ed, edit{lo: lo, hi: len(r.out), from: from, to: to, verbatim: true})
}

// keep takes everything up to offset to over as it is.
func (r *rewriter) keep(to int) {
	r.copy(r.done, to)
	r.done = max(r.done, to)
}

// put adds text that stands for sql[from:to].
func (r *rewriter) put(text string, from, to int, tag string) {
	lo := len(r.out)
	r.out = append(r.out, text...)
	r.ed = append(r.ed, edit{lo: lo, hi: len(r.out), from: from, to: to, tag: tag})
}
