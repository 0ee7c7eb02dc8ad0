package helios

import (
	"bufio"
	"strconv"

	"github.com/rowandb/rowan/admin/api"
)

// rowed is implemented by answers that hold rows. They write themselves, for rows are many: data is what the specification
// shows, top what client libraries read beside it.
type rowed interface {
	data(f *fields)
	top(f *fields)
}

// flat is implemented by other answers whose top level is not simply what data holds.
type flat interface{ flat() any }

// parts are the two forms of an answer.
func parts(answer any) (data, top func(f *fields), err error) {
	if r, ok := answer.(rowed); ok {
		return r.data, r.top, nil
	}
	text, err := encode(answer)
	if err != nil {
		return nil, nil, err
	}
	data = func(f *fields) { f.all(text) }
	f, ok := answer.(flat)
	if !ok {
		return data, data, nil
	}
	more, err := encode(f.flat())
	return data, func(f *fields) { f.all(more) }, err
}

// fields writes the fields of a JSON object. Errors stay with the writer until it is flushed.
type fields struct {
	w *bufio.Writer
	n int
}

// all writes the fields of an object that is JSON already.
func (f *fields) all(object []byte) {
	if len(object) > 2 && object[0] == '{' {
		f.part()
		_, _ = f.w.Write(object[1 : len(object)-1])
	}
}

// part parts a field from what is before it.
func (f *fields) part() {
	if f.n++; f.n > 1 {
		_ = f.w.WriteByte(',')
	}
}

// name begins a field; names need no escapes.
func (f *fields) name(name string) {
	f.part()
	_, _ = f.w.WriteString(`"` + name + `":`)
}

// put writes a field whose value cannot fail to be JSON.
func (f *fields) put(name string, v any) {
	f.name(name)
	if n, ok := v.(int64); ok {
		_, _ = f.w.Write(strconv.AppendInt(f.w.AvailableBuffer(), n, 10))
		return
	}
	text, err := encode(v)
	if err != nil {
		text = []byte("null")
	}
	_, _ = f.w.Write(text)
}

func (f *fields) arrays(name string, rows *api.Rows) {
	f.name(name)
	rows.WriteArrays(f.w)
}

func (f *fields) objects(name string, columns []string, rows *api.Rows) {
	f.name(name)
	rows.WriteObjects(f.w, columns)
}

// typedColumn is a column as one of the client libraries wants it.
type typedColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func typed(names, types []string) []typedColumn {
	out := make([]typedColumn, len(names))
	for i, name := range names {
		out[i] = typedColumn{name, types[i]}
	}
	return out
}
