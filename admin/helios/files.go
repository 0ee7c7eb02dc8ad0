package helios

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/tabular"
	"github.com/rowandb/rowan/admin/web"
)

// Whole tables as files: what the editor of the family exports and imports.

// exportTime is how long a client may take for a piece of what it is sent.
const exportTime = time.Minute

// export sends a table while it is read. A failure in its midst cuts the connection, for the status has gone out.
func (d *Dialect) export(c *web.Call) (any, error) {
	format, table := c.Text("format"), c.Path("table")
	point, err := pointOf(c.Text("as_of_type"), c.Text("as_of_value"))
	if err != nil {
		return nil, err
	}
	to := &patient{w: c.Writer, control: http.NewResponseController(c.Writer), head: func(h http.Header) {
		h.Set("Content-Type", tabular.Media(format))
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": table + "." + format}))
		h.Set("X-Content-Type-Options", "nosniff")
	}}
	w := tabular.NewWriter(format, to)
	err = d.Tables.Export(c.Context(), c.Principal, api.Selection{Branch: c.Path("branch"), Table: table, Point: point, Filter: c.Text("filter"), OrderBy: c.Text("order_by")},
		tabular.Textual(format), w)
	if err == nil {
		to.finish()
		err = w.Close()
	}
	if err != nil && to.begun {
		panic(http.ErrAbortHandler)
	}
	return web.Done, err
}

// patient is where a file goes: each piece has some time to get there. The head is sent with the first piece, so that what
// fails before is answered as an error.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
	head    func(http.Header)
	begun   bool
}

// finish sends the head of a file without content.
func (p *patient) finish() {
	if !p.begun {
		p.begun = true
		p.head(p.w.Header())
	}
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	p.finish()
	_ = p.control.SetWriteDeadline(time.Now().Add(exportTime)) // fails only where there is no connection: in tests
	return p.w.Write(b)
}

const (
	maxImport  = 1 << 30 // bytes of a file
	heldImport = 4 << 20 // of them in memory; the rest waits on disk
	importTime = 30 * time.Minute
)

type imported struct {
	Table    string `json:"table"`
	Imported int64  `json:"imported"`
	Created  bool   `json:"table_created" doc:"there was no such table, and one was made for the rows"`
}

// importFile adds the rows of an uploaded file, all or none.
func (d *Dialect) importFile(c *web.Call) (any, error) {
	done := c.Hurry(importTime)
	err := c.ParseMultipartForm(heldImport)
	done()
	if err != nil {
		return nil, formError(err)
	}
	defer func() { _ = c.MultipartForm.RemoveAll() }() // what is left is the system's to remove
	file, header, err := c.FormFile("file")
	if err != nil {
		return nil, web.Invalid("file", "file is missing")
	}
	defer func() { _ = file.Close() }() // it has only been read
	format, err := formatOf(c.PostFormValue("format"), header)
	if err != nil {
		return nil, err
	}
	in := api.Insertion{Branch: c.Path("branch"), Table: c.PostFormValue("table"), Text: format == "csv"}
	if in.Table == "" {
		in.Table = strings.TrimSuffix(path.Base(header.Filename), path.Ext(header.Filename))
	}
	if in.OnConflict, err = onConflict(c.PostFormValue("on_conflict")); err != nil {
		return nil, err
	}
	if c.PostFormValue("auto_create") != "false" {
		in.Create = func() (api.NewTable, error) {
			schema, err := tabular.Infer(tabular.Read(format, file), format == "csv")
			if err == nil {
				_, err = file.Seek(0, io.SeekStart)
			}
			return newTable(in.Table, schema), badRows("file", err)
		}
	}
	in.Rows = func(yield func(map[string]any, error) bool) {
		for row, err := range tabular.Values(tabular.Read(format, file)) {
			if !yield(row, badRows("file", err)) {
				return
			}
		}
	}
	res, err := d.Tables.Insert(c.Context(), c.Principal, in)
	return imported{in.Table, res.Rows, res.Created}, err
}

// formError says what is wrong with a form.
func formError(err error) error {
	if e := web.BodyError(err); e != nil {
		return e
	}
	return web.Invalid("", "the request body must be multipart/form-data with a file: %v", err)
}

// formatOf is the format of a file: as the form says, or its name.
func formatOf(word string, header *multipart.FileHeader) (string, error) {
	format := strings.ToLower(word)
	if format == "" {
		format = strings.ToLower(strings.TrimPrefix(path.Ext(header.Filename), "."))
	}
	if format == "ndjson" {
		format = "jsonl"
	}
	if !slices.Contains(tabular.Readable, format) {
		return "", web.Invalid("format", "format must be one of %s, not %q", strings.Join(tabular.Readable, ", "), format)
	}
	return format, nil
}

// badRows makes what is wrong with rows the request's fault.
func badRows(field string, err error) error {
	if err == nil {
		return nil
	}
	return web.Invalid(field, "%v", err)
}
