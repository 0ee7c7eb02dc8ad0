package tabular

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/admin/api"
)

// object makes a row of pairs of names and values.
func object(pairs ...any) Object {
	o := Object{Values: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func collect(rows Rows) (out []Object, err error) {
	for o, err := range rows {
		if err != nil {
			return out, err
		}
		out = append(out, o)
	}
	return out, nil
}

// TestInfer wants the narrowest type that holds all values of a column.
func TestInfer(t *testing.T) {
	tests := []struct {
		values string // of column v, as a JSON array
		want   string
	}{
		{`[1, 2]`, "BIGINT"},
		{`[1, 2.5]`, "NUMERIC"},
		{`[9223372036854775808]`, "NUMERIC"},
		{`[1, 1e30]`, "DOUBLE PRECISION"},
		{`[true, null]`, "BOOLEAN"},
		{`[true, 1]`, "TEXT"},
		{`["2025-01-31"]`, "DATE"},
		{`["2025-02-30"]`, "TEXT"},
		{`["2025-01-31", "2025-01-31T10:00:00"]`, "TIMESTAMP"},
		{`["2025-01-31 10:00:00.5", "2025-01-31T10:00:00Z"]`, "TIMESTAMPTZ"},
		{`["2025-01-31", "soon"]`, "TEXT"},
		{`["0a0b0c0d-0000-4000-8000-00000000000f"]`, "UUID"},
		{`["0a0b0c0d-0000-4000-8000-00000000000g"]`, "TEXT"},
		{`[{"a": 1}, [1]]`, "JSONB"},
		{`[{"a": 1}, "x"]`, "JSONB"},
		{`["1", "2"]`, "TEXT"},
		{`[null]`, "TEXT"},
		{`[""]`, "TEXT"},
	}
	for _, tt := range tests {
		var values []any
		dec := json.NewDecoder(strings.NewReader(tt.values))
		dec.UseNumber()
		if err := dec.Decode(&values); err != nil {
			t.Fatal(err)
		}
		var rows []Object
		for _, v := range values {
			rows = append(rows, object("v", v))
		}
		s, err := Infer(All(rows), false)
		if err != nil || len(s.Columns) != 1 || s.Columns[0].Type != tt.want || s.Columns[0].Nullable != slices.Contains(values, nil) {
			t.Errorf("%s: %+v %v, want %s", tt.values, s, err, tt.want)
		}
	}
	for text, want := range map[string]string{"12": "BIGINT", "-0.5": "NUMERIC", "1e3": "DOUBLE PRECISION", "007": "TEXT", "true": "BOOLEAN", "yes": "TEXT", "1,5": "TEXT", "+1": "TEXT", "-": "TEXT", "NaN": "TEXT"} {
		s, err := Infer(All([]Object{object("v", text)}), true)
		if err != nil || s.Columns[0].Type != want {
			t.Errorf("bare %s: %+v %v, want %s", text, s, err, want)
		}
	}
	if _, err := Infer(All(nil), false); err == nil {
		t.Error("columns out of nothing")
	}
}

// TestInferKey wants a primary key where a column called id tells rows apart, and the columns' order to be kept.
func TestInferKey(t *testing.T) {
	one, two := json.Number("1"), json.Number("2")
	tests := []struct {
		rows []Object
		key  string
	}{
		{[]Object{object("z", "x", "ID", one), object("ID", two)}, "ID"},
		{[]Object{object("z", "x", "id", one), object("id", one)}, ""},
		{[]Object{object("z", "x", "id", one), object("id", nil)}, ""},
		{[]Object{object("z", "x", "id", one), object("z", "y")}, ""},
		{[]Object{object("z", "x", "id", true)}, ""},
		{[]Object{object("z", "x", "id", "a"), object("id", "b")}, "id"},
	}
	for _, tt := range tests {
		s, err := Infer(All(tt.rows), false)
		if err != nil || s.Key != tt.key || s.Columns[0].Name != "z" {
			t.Errorf("%v: %+v %v", tt.rows, s, err)
		}
	}
	s, _ := Infer(All([]Object{object("v", one), object("v", one), object("v", "x"), object("v", two)}), false)
	if s.Confidence != 0.75 {
		t.Errorf("confidence %v", s.Confidence)
	}
}

// TestReadCSV wants what PostgreSQL reads of the same file, and what is wrong to be named with its line.
func TestReadCSV(t *testing.T) {
	tests := []struct{ file, want string }{
		{"a,b\n1,x\n", `[[1 x]]`},
		{"a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n", "[[1 x, \"y\"\r\nz]]"},
		{"\ufeffa,b\n,\"\"\n", `[[<nil> ]]`},
		{"a,b\n1,2", `[[1 2]]`},
		{"a\n\n1\n", `[[<nil>] [1]]`},
		{"a,b\n\n1,2\n", `[[1 2]]`},
		{"a,b\n1,\n", `[[1 <nil>]]`},
		{"a,b\n", `[]`},
		{"", "the file is empty: its first line must name the columns"},
		{"a,a\n", `the first line must name the columns: name 2 is "a", which is empty or twice there`},
		{"a,\n", `the first line must name the columns: name 2 is "", which is empty or twice there`},
		{"a,b\n1\n", "line 2 has 1 fields, and the first line names 2 columns"},
		{"a,b\n\"x\ny\",1\n1,2,3\n", "line 4 has 3 fields, and the first line names 2 columns"},
		{"a\n\"x\n", "line 2: a quote is not closed"},
	}
	for _, tt := range tests {
		rows, err := collect(Read("csv", strings.NewReader(tt.file)))
		got := fmt.Sprint(err)
		if err == nil {
			values := [][]any{}
			for _, o := range rows {
				var row []any
				for _, n := range o.Names {
					row = append(row, o.Values[n])
				}
				values = append(values, row)
			}
			got = fmt.Sprint(values)
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s", tt.file, got, tt.want)
		}
	}
}

// TestReadJSON wants arrays and lines to be read alike, and a file that was cut off to be refused.
func TestReadJSON(t *testing.T) {
	for _, file := range []string{"[{\"a\":1},{\"a\":null}]", " \n[ {\"a\":1} , {\"a\":null} ]\n", "{\"a\":1}\n{\"a\":null}\n", "{\"a\":1}{\"a\":null}"} {
		rows, err := collect(Read("json", strings.NewReader(file)))
		if want := []Object{object("a", json.Number("1")), object("a", nil)}; err != nil || !reflect.DeepEqual(rows, want) {
			t.Errorf("%q: %v %v", file, rows, err)
		}
	}
	for _, file := range []string{`[{"a":1}`, `[{"a":1},`, `[{"a":1}] x`, `[{"a":1}]]`, `{"a":1} ]`, `{"a":`, `[1]`, `7`, `[[{"a":1}]]`, `{"a":1},{"a":2}`} {
		if rows, err := collect(Read("json", strings.NewReader(file))); err == nil {
			t.Errorf("%q is read as %v", file, rows)
		}
	}
	if rows, err := collect(Read("jsonl", strings.NewReader(" \n"))); err != nil || len(rows) != 0 {
		t.Errorf("%v %v", rows, err)
	}
}

// TestRoundTrip wants rows that are written in a format to be read from it as they were.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		var table api.Table
		for i := range columns {
			table.Columns = append(table.Columns, api.Column{Name: fmt.Sprintf("c%d,\"é", i)})
		}
		cell := rapid.Custom(func(t *rapid.T) any {
			if rapid.Bool().Draw(t, "null") {
				return nil
			}
			return rapid.StringOf(rapid.SampledFrom([]rune("a,\"\r\n\\.é ;'\t"))).Draw(t, "text")
		})
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 0, 5).Draw(t, "rows")
		for _, format := range Readable {
			var file bytes.Buffer
			w := NewWriter(format, &file)
			err := w.Begin(table)
			for _, r := range rows {
				err = w.Row(encoded(format, r))
			}
			if w.Close() != nil || err != nil {
				t.Fatal(err)
			}
			got, err := collect(Read(format, bytes.NewReader(file.Bytes())))
			if err != nil || len(got) != len(rows) && (format != "csv" || columns > 1) {
				t.Fatalf("%s: %d rows of %d, %v:\n%s", format, len(got), len(rows), err, file.String())
			}
			for i, o := range got {
				for k, c := range table.Columns {
					if o.Values[c.Name] != rows[i][k] {
						t.Fatalf("%s: row %d is %v, not %v:\n%s", format, i, o.Values, rows[i], file.String())
					}
				}
			}
		}
	})
}

// encoded is a row as a format's Writer takes it.
func encoded(format string, row []any) [][]byte {
	out := make([][]byte, len(row))
	for i, v := range row {
		if v == nil {
			continue
		}
		if out[i] = []byte(v.(string)); !Textual(format) {
			out[i], _ = json.Marshal(v)
		}
	}
	return out
}

// TestWriteSQL wants statements that make the same rows: quoted, in pieces, and without what the table computes.
func TestWriteSQL(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter("sql", &file)
	if err := w.Begin(api.Table{Schema: "public", Name: "My t", Columns: []api.Column{{Name: "id", Type: "INTEGER"}, {Name: "g", Generated: true}, {Name: "name", Type: "TEXT"}}}); err != nil {
		t.Fatal(err)
	}
	for i := range rowsPerInsert + 1 {
		if err := w.Row(encoded("sql", []any{fmt.Sprint(i), "x", nil})); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Row(encoded("sql", []any{"-7", "x", `it's \ "so"`}))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := file.String()
	for _, want := range []string{`INSERT INTO public."My t" (id, name) OVERRIDING SYSTEM VALUE VALUES`, "  (0, NULL),\n", "  (99, NULL);\n", `  (-7, 'it''s \ "so"');`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(out, "INSERT"); n != 2 {
		t.Errorf("%d statements", n)
	}
}

// FuzzRead wants no file to do harm, and what is read to have a name for each value.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a,b\n1,\"x\"\n", `[{"a":1}]`, "{\"a\":[1,{}]}\n{}", "\ufeff", "a\n\"", "[", "{\"a\":1,\"a\":2}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		for _, format := range Readable {
			for o, err := range Read(format, strings.NewReader(file)) {
				if err == nil && len(o.Names) != len(o.Values) {
					t.Errorf("%s of %q: %v", format, file, o)
				}
			}
			_, _ = Infer(Read(format, strings.NewReader(file)), format == "csv")
		}
	})
}
