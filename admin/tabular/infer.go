package tabular

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a value looks like. Of numbers, and of times, each kind holds those before it.
type kind uint8

const (
	none kind = iota
	boolean
	integer
	decimal
	float
	date
	moment
	instant
	identifier
	document
	text
)

// sqlTypes are the types of columns for values of each kind.
var sqlTypes = [...]string{none: "TEXT", boolean: "BOOLEAN", integer: "BIGINT", decimal: "NUMERIC", float: "DOUBLE PRECISION", date: "DATE", moment: "TIMESTAMP",
	instant: "TIMESTAMPTZ", identifier: "UUID", document: "JSONB", text: "TEXT"}

// Column is a column that rows seem to need.
type Column struct {
	Name, Type string
	Nullable   bool // a row has NULL in it, or nothing
}

// Schema is a table for rows.
type Schema struct {
	Columns []Column
	Key     string // column of the primary key; "": none is fit
	// Confidence is the share of values that look like what their column's type is for.
	Confidence float64
}

// Infer finds the columns, of the narrowest types that hold all values, in the order in which they come. bare says that
// numbers and truth values come as texts, as CSV has them.
func Infer(rows Rows, bare bool) (Schema, error) {
	in := inference{bare: bare, columns: map[string]*evidence{}, keys: map[string]bool{}}
	for o, err := range rows {
		if err != nil {
			return Schema{}, err
		}
		in.see(&o)
	}
	if len(in.order) == 0 {
		return Schema{}, errors.New("there are no columns: give one row or more")
	}
	return in.schema(), nil
}

type inference struct {
	bare    bool
	rows    int
	columns map[string]*evidence
	order   []*evidence
	key     *evidence // the column that may be the primary key
	keys    map[string]bool
}

// evidence is what has been seen of a column.
type evidence struct {
	name  string
	kind  kind
	kinds [len(sqlTypes)]int
	seen  int // values, NULL not counted
}

// maxColumns is how many columns a table can have.
const maxColumns = 1600

func (in *inference) see(o *Object) {
	in.rows++
	for _, name := range o.Names {
		c := in.columns[name]
		if c == nil {
			if len(in.order) == maxColumns {
				return
			}
			c = &evidence{name: name}
			in.columns[name] = c
			in.order = append(in.order, c)
			if in.key == nil && strings.EqualFold(name, "id") {
				in.key = c
			}
		}
		v := o.Values[name]
		if v == nil {
			continue
		}
		k := kindOf(v, in.bare)
		c.kind = join(c.kind, k)
		c.kinds[k]++
		c.seen++
		if c == in.key {
			in.note(v)
		}
	}
}

// maxKeys is how many keys are held to see whether they are unique; beyond that a table gets no primary key.
const maxKeys = 1 << 20

// note takes a value of what may be the primary key.
func (in *inference) note(v any) {
	s := fmt.Sprint(v)
	if in.keys[s] || len(in.keys) == maxKeys {
		in.key = &evidence{seen: -1} // it is not
		in.keys = map[string]bool{}
		return
	}
	in.keys[s] = true
}

func (in *inference) schema() Schema {
	out := Schema{}
	share := 0.0
	for _, c := range in.order {
		out.Columns = append(out.Columns, Column{Name: c.name, Type: sqlTypes[c.kind], Nullable: c.seen < in.rows})
		if c.seen > 0 {
			share += float64(slices.Max(c.kinds[:])) / float64(c.seen)
		}
	}
	out.Confidence = share / float64(len(in.order))
	if c := in.key; c != nil && c.seen == in.rows && (c.kind == integer || c.kind == identifier || c.kind == text) {
		out.Key = c.name
	}
	return out
}

// join is the narrowest kind that holds the values of two.
func join(a, b kind) kind {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == none || a == b:
		return b
	case b == document:
		return document
	case a >= integer && b <= float, a >= date && b <= instant:
		return b
	case a == document: // and text
		return document
	}
	return text
}

// kindOf looks at a value of JSON or, where bare, at the text of one.
func kindOf(v any, bare bool) kind {
	switch v := v.(type) {
	case bool:
		return boolean
	case json.Number:
		return kindOfNumber(v.String())
	case string:
		if k := kindOfText(v); k != text || !bare {
			return k
		}
		return kindOfBare(v)
	}
	return document
}

func kindOfNumber(s string) kind {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer
	}
	if strings.ContainsAny(s, "eE") {
		return float
	}
	return decimal
}

// kindOfBare is kindOf for what a CSV file has. A number with a leading zero is none: it is a code of some sort.
func kindOfBare(s string) kind {
	if s == "true" || s == "false" {
		return boolean
	}
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return text
	}
	if !json.Valid([]byte(s)) {
		return text
	}
	if _, ok := new(big.Float).SetString(s); !ok {
		return text
	}
	return kindOfNumber(s)
}

// layouts are how texts give times.
var layouts = []struct {
	layout string
	kind   kind
}{
	{"2006-01-02", date}, {"2006-01-02T15:04:05", moment}, {"2006-01-02 15:04:05", moment}, {time.RFC3339, instant}, {"2006-01-02 15:04:05Z07:00", instant},
	{"2006-01-02 15:04:05Z07", instant},
}

func kindOfText(s string) kind {
	if len(s) < 10 || len(s) > 40 || s[0] < '0' || s[0] > 'f' {
		return text
	}
	if len(s) == 36 && isUUID(s) {
		return identifier
	}
	if s[4] != '-' {
		return text
	}
	for _, l := range layouts {
		if _, err := time.Parse(l.layout, s); err == nil {
			return l.kind
		}
	}
	return text
}

func isUUID(s string) bool {
	for i := range len(s) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (s[i] == '-') || !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}
