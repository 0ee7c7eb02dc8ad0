package tabular

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/types"
)

// Writer writes rows in a format. It implements api.RowSink; Close writes what ends the file.
type Writer interface {
	api.RowSink
	Close() error
}

// NewWriter makes a Writer of a format: csv, json, jsonl or sql.
func NewWriter(format string, to io.Writer) Writer {
	out := bufio.NewWriterSize(to, 64<<10)
	switch format {
	case "csv":
		return &csvWriter{out: out}
	case "sql":
		return &sqlWriter{out: out}
	}
	return &jsonWriter{out: out, lines: format == "jsonl"}
}

// Media is the type of a format's files.
func Media(format string) string {
	switch format {
	case "csv":
		return "text/csv; charset=utf-8"
	case "sql":
		return "application/sql; charset=utf-8"
	case "jsonl":
		return "application/jsonl; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// Textual reports whether a format's values are PostgreSQL's texts rather than JSON values.
func Textual(format string) bool { return format == "csv" || format == "sql" }

type csvWriter struct{ out *bufio.Writer }

// Begin implements api.RowSink: it writes the names of the columns.
func (w *csvWriter) Begin(t api.Table) error {
	names := make([][]byte, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = []byte(c.Name)
	}
	return w.Row(names)
}

// Row implements api.RowSink.
func (w *csvWriter) Row(values [][]byte) error {
	for i, v := range values {
		if i > 0 {
			_ = w.out.WriteByte(',') // an error stays with the writer until Flush
		}
		switch {
		case v == nil:
		case len(v) == 0 || string(v) == `\.` || bytes.ContainsAny(v, ",\"\r\n"):
			writeQuoted(w.out, v, '"')
		default:
			_, _ = w.out.Write(v) // as above
		}
	}
	return w.out.WriteByte('\n')
}

// writeQuoted writes a text between quotes, doubling those within. An error stays with the writer until Flush.
func writeQuoted(w *bufio.Writer, text []byte, quote byte) {
	_ = w.WriteByte(quote)
	for {
		i := bytes.IndexByte(text, quote)
		if i < 0 {
			break
		}
		_, _ = w.Write(text[:i+1])
		_ = w.WriteByte(quote)
		text = text[i+1:]
	}
	_, _ = w.Write(text)
	_ = w.WriteByte(quote)
}

// Close implements Writer.
func (w *csvWriter) Close() error { return w.out.Flush() }

// jsonWriter writes objects: an array of them, or a line each.
type jsonWriter struct {
	out   *bufio.Writer
	lines bool
	names [][]byte
	rows  int
}

// Begin implements api.RowSink.
func (w *jsonWriter) Begin(t api.Table) error {
	for _, c := range t.Columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		w.names = append(w.names, append(name, ':'))
	}
	if w.lines {
		return nil
	}
	return w.out.WriteByte('[')
}

// Row implements api.RowSink.
func (w *jsonWriter) Row(values [][]byte) error {
	if w.rows++; !w.lines && w.rows > 1 {
		_, _ = w.out.WriteString(",\n") // an error stays with the writer until Flush
	}
	_ = w.out.WriteByte('{') // as above
	for i, v := range values {
		if i > 0 {
			_ = w.out.WriteByte(',') // as above
		}
		if v == nil {
			v = null
		}
		_, _ = w.out.Write(w.names[i]) // as above
		_, _ = w.out.Write(v)          // as above
	}
	if w.lines {
		_, err := w.out.WriteString("}\n")
		return err
	}
	return w.out.WriteByte('}')
}

var null = []byte("null")

// Close implements Writer.
func (w *jsonWriter) Close() error {
	if !w.lines {
		_, _ = w.out.WriteString("]\n") // an error stays with the writer until Flush
	}
	return w.out.Flush()
}

// sqlWriter writes INSERT statements. What a table computes itself is left out.
type sqlWriter struct {
	out    *bufio.Writer
	head   string
	skip   []bool
	bare   []bool // values that need no quotes
	rows   int
	closed bool
}

// rowsPerInsert is how many rows stand in one statement.
const rowsPerInsert = 100

// Begin implements api.RowSink.
func (w *sqlWriter) Begin(t api.Table) error {
	var names []string
	for _, c := range t.Columns {
		w.skip = append(w.skip, c.Generated)
		w.bare = append(w.bare, slices.Contains([]string{"SMALLINT", "INTEGER", "BIGINT"}, c.Type))
		if !c.Generated {
			names = append(names, types.QuoteIdent(c.Name))
		}
	}
	w.head = "INSERT INTO " + types.QuoteIdent(t.Schema) + "." + types.QuoteIdent(t.Name) + " (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE VALUES\n"
	return nil
}

// Row implements api.RowSink.
func (w *sqlWriter) Row(values [][]byte) error {
	switch {
	case w.rows%rowsPerInsert > 0:
		_, _ = w.out.WriteString(",\n") // an error stays with the writer until Flush
	case w.rows > 0:
		_, _ = w.out.WriteString(";\n" + w.head) // as above
	default:
		_, _ = w.out.WriteString(w.head) // as above
	}
	w.rows++
	before := "  ("
	for i, v := range values {
		if w.skip[i] {
			continue
		}
		_, _ = w.out.WriteString(before) // as above
		switch before = ", "; {
		case v == nil:
			_, _ = w.out.WriteString("NULL") // as above
		case w.bare[i]:
			_, _ = w.out.Write(v) // as above
		default:
			writeQuoted(w.out, v, '\'')
		}
	}
	return w.out.WriteByte(')')
}

// Close implements Writer.
func (w *sqlWriter) Close() error {
	if w.rows > 0 && !w.closed {
		w.closed = true
		_, _ = w.out.WriteString(";\n") // an error stays with the writer until Flush
	}
	return w.out.Flush()
}
