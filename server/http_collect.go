package server

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// collector is a vector.Sink that keeps a result as JSON. A result above maxRows or maxResult is refused.
type collector struct {
	format *types.Format
	fields []vector.Field
	result api.Result
}

// maxRows and maxResult bound the rows and bytes of one HTTP answer.
const (
	maxRows   = 100_000
	maxResult = 64 << 20
)

func errResult(format string, args ...any) error {
	return pgerr.New(pgerrcode.ConfigurationLimitExceeded, format, args...).WithHint("Use LIMIT, or the PostgreSQL protocol.")
}

// Fields implements vector.Sink.
func (c *collector) Fields(fields []vector.Field) error {
	c.fields = fields
	if fields == nil {
		return nil
	}
	c.result.Columns, c.result.Types, c.result.Rows = make([]string, 0, len(fields)), make([]string, 0, len(fields)), &api.Rows{}
	for _, f := range fields {
		c.result.Columns = append(c.result.Columns, f.Name)
		c.result.Types = append(c.result.Types, jsonTypeName(f.Type))
	}
	return nil
}

// Rows implements vector.Sink.
func (c *collector) Rows(b *vector.Batch) error {
	rows := c.result.Rows
	if rows.Len()+b.Live() > maxRows {
		return errResult("the result has more than %d rows", maxRows)
	}
	at := 0
	value := func(text []byte, i int) []byte {
		return appendJSON(text, c.fields[i].Type, b.Cols[i].Datum(at), c.format)
	}
	for k := range b.Live() {
		at = b.Row(k)
		rows.Add(len(b.Cols), value)
		if rows.Size() > maxResult {
			return errResult("the result has more than %d bytes", maxResult)
		}
	}
	return nil
}

// Complete implements vector.Sink: INSERT 0 5 is tag INSERT and 5 rows.
func (c *collector) Complete(tag string) error {
	words := strings.Fields(tag)
	for len(words) > 1 {
		n, err := strconv.ParseInt(words[len(words)-1], 10, 64)
		if err != nil {
			break
		}
		if c.result.Affected == 0 {
			c.result.Affected = n
		}
		words = words[:len(words)-1]
	}
	c.result.Tag = strings.Join(words, " ")
	return nil
}

// Empty implements vector.Sink.
func (c *collector) Empty() error { return nil }

// Notice implements vector.Sink.
func (c *collector) Notice(error) error { return nil }

// CopyIn implements vector.Sink.
func (c *collector) CopyIn(vector.CopyFormat) (vector.CopyReader, error) {
	return nil, pgerr.Unsupported("COPY FROM STDIN over HTTP")
}

// CopyOut implements vector.Sink.
func (c *collector) CopyOut(vector.CopyFormat) (vector.CopyWriter, error) {
	return nil, pgerr.Unsupported("COPY TO STDOUT over HTTP")
}
