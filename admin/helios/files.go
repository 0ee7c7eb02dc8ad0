package helios

import (
	"io"
	"mime/multipart"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/tabular"
	"github.com/rowandb/rowan/admin/web"
)

// Whole tables as files: what the editor of the family exports and imports.

// export sends a table while it is read.
func (d *Dialect) export(c *web.Call) (any, error) {
	format, table := c.Text("format"), c.Path("table")
	point, err := pointIn(c)
	if err != nil {
		return nil, err
	}
	to := web.NewFile(c.Writer, tabular.Media(format), table+"."+format)
	w := tabular.NewWriter(format, to)
	err = d.Tables.Export(c.Context(), c.Principal, api.Selection{Branch: c.Path("branch"), Table: table, Point: point, Filter: c.Text("filter"), OrderBy: c.Text("order_by")},
		tabular.Textual(format), w)
	if err == nil {
		err = w.Close()
	}
	return web.Done, to.End(err)
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
