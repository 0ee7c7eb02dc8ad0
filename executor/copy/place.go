package copy

import "github.com/rowandb/rowan/types/vector"

// note keeps the place of the row that has been read, and as much of its text as an error may show.
func (r *Reader) note() {
	if r.Options.Format != "binary" {
		r.heads = append(r.heads, r.row[:min(len(r.row), maxShown+1)]...)
	}
	r.places = append(r.places, place{r.line, len(r.heads)})
}

// Behind implements op.Places.
func (r *Reader) Behind() error { return r.err }

// Again implements op.Places.
func (r *Reader) Again() { r.again = 0 }

// single is the next of the batch's rows by itself.
func (r *Reader) single() *vector.Batch {
	if r.again == r.out.N {
		return nil
	}
	one := r.out
	one.Sel = []uint16{uint16(r.again)}
	r.again++
	return &one
}

// Within implements op.Places.
func (r *Reader) Within(err error, row int, show bool) error {
	if row < 0 {
		row = max(r.again-1, 0)
	}
	if row >= len(r.places) {
		return err
	}
	p := r.places[row]
	if !show || r.Options.Format == "binary" {
		return within(err, "COPY %s, line %d", r.Table, p.line)
	}
	begin := 0
	if row > 0 {
		begin = r.places[row-1].end
	}
	return within(err, "COPY %s, line %d: \"%s\"", r.Table, p.line, shown(r.heads[begin:p.end]))
}
