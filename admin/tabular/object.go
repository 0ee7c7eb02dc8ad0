package tabular

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/rowandb/rowan/admin/api"
)

// Object is a row: values by column, and the columns in the order in which they were written.
type Object struct {
	Names  []string
	Values map[string]any
}

// Rows yields rows until there are no more or one cannot be read.
type Rows = iter.Seq2[Object, error]

// UnmarshalJSON reads a JSON object. Numbers stay as they are written.
func (o *Object) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("a row must be an object, not %.20s", text)
	}
	*o = Object{Values: map[string]any{}}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return err
		}
		o.set(name.(string), v)
	}
	return nil
}

// set sets a value; the last one of a name counts.
func (o *Object) set(name string, v any) {
	if _, known := o.Values[name]; !known {
		o.Names = append(o.Names, name)
	}
	o.Values[name] = v
}

// JSONSchema describes an Object for documents.
func (Object) JSONSchema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": api.AnyValue()}
}

// All yields the rows of a list.
func All(list []Object) Rows {
	return func(yield func(Object, error) bool) {
		for _, o := range list {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// Values yields only the values of rows, by name.
func Values(rows Rows) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		for o, err := range rows {
			if !yield(o.Values, err) || err != nil {
				return
			}
		}
	}
}

// Formats are those that can be written, Readable those that can be read.
var (
	Formats  = []string{"csv", "json", "jsonl", "sql"}
	Readable = []string{"csv", "json", "jsonl"}
)
