// Package statistics is what ANALYZE finds out about a table, as PostgreSQL's pg_statistic has it: how many rows, and of
// each column the share of NULLs, the average width, how many distinct values, the most common ones with their shares, a
// histogram of the others, and how far the order of the values is that of the rows.
//
// It collects them from batches (Collector) and writes them as bytes (Encode); it reads no tables and estimates nothing:
// planner/estimate does. Invariants: most common values are sorted by falling share, histogram bounds by the type's
// order, and no value is in both. Callers: session's ANALYZE, storage, which keeps the bytes, estimate, pgcatalog.
package statistics

import (
	"encoding/json"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// Target is how many most common values and histogram intervals a column has at most, PostgreSQL's
// default_statistics_target.
const Target = 100

// Table has the statistics of a table.
type Table struct {
	Rows    float64 // when it was analyzed
	Pages   float64 // of 8 kB, which Rowan does not have: guessed from the rows' width
	At      time.Time
	Auto    bool  // by the server itself
	Changes int64 // rows that had been written by then, by storage's count
	Columns map[catalog.ColumnID]*Column
}

// Column has those of a column.
type Column struct {
	Type     types.Type
	NullFrac float64
	Width    float64 // bytes, on average
	// Distinct is the number of distinct values, or, when it grows with the table, minus their share of the rows; 0 is
	// not known.
	Distinct float64
	Common   []types.Datum
	Freqs    []float64 // shares of all rows, of Common
	Bounds   []types.Datum
	// Correlation is between the order of rows and that of values, -1 to 1; Correlated says whether it is known.
	Correlation float64
	Correlated  bool
}

// Distincts is the number of distinct values in a table of so many rows; 0 when it is not known.
func (c *Column) Distincts(rows float64) float64 {
	if c.Distinct < 0 {
		return max(1, -c.Distinct*rows)
	}
	return c.Distinct
}

// CommonShare is the share of rows that have one of the most common values.
func (c *Column) CommonShare() float64 {
	sum := 0.0
	for _, f := range c.Freqs {
		sum += f
	}
	return sum
}

// Shorten leaves at most n common values and bounds of each column.
func (t *Table) Shorten(n int) {
	for _, c := range t.Columns {
		c.Common, c.Freqs = c.Common[:min(n, len(c.Common))], c.Freqs[:min(n, len(c.Freqs))]
		if n == 0 {
			c.Bounds = nil
		}
		if len(c.Bounds) > n+1 {
			short := make([]types.Datum, n+1)
			for i := range short {
				short[i] = c.Bounds[i*(len(c.Bounds)-1)/n]
			}
			c.Bounds = short
		}
	}
}

// record is a Table as it is kept: values in their text form, so that it needs no codec of its own.
type record struct {
	Rows, Pages float64
	At          time.Time
	Auto        bool
	Changes     int64
	Columns     map[catalog.ColumnID]columnRecord
}

type columnRecord struct {
	Type     types.OID
	NullFrac float64
	Width    float64
	Distinct float64
	Common   []string
	Freqs    []float64
	Bounds   []string
	Corr     *float64
}

// Encode writes t as bytes.
func (t *Table) Encode() ([]byte, error) {
	r := record{Rows: t.Rows, Pages: t.Pages, At: t.At, Auto: t.Auto, Changes: t.Changes, Columns: map[catalog.ColumnID]columnRecord{}}
	for id, c := range t.Columns {
		x := columnRecord{Type: c.Type.ID(), NullFrac: c.NullFrac, Width: c.Width, Distinct: c.Distinct, Freqs: c.Freqs,
			Common: texts(c.Type, c.Common), Bounds: texts(c.Type, c.Bounds)}
		if c.Correlated {
			x.Corr = &c.Correlation
		}
		r.Columns[id] = x
	}
	return json.Marshal(r)
}

func texts(t types.Type, vals []types.Datum) []string {
	out := make([]string, len(vals))
	for i, d := range vals {
		out[i] = types.Text(t, d, types.DefaultFormat())
	}
	return out
}

// Decode reads what Encode wrote. Columns that the descriptor does not have any more, or not of that type, are left out.
func Decode(b []byte, t *catalog.Table) (*Table, error) {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	out := &Table{Rows: r.Rows, Pages: r.Pages, At: r.At, Auto: r.Auto, Changes: r.Changes, Columns: map[catalog.ColumnID]*Column{}}
	for id, x := range r.Columns {
		col := t.ColumnByID(id)
		if col == nil || col.Type.ID() != x.Type {
			continue
		}
		c := &Column{Type: col.Type, NullFrac: x.NullFrac, Width: x.Width, Distinct: x.Distinct, Freqs: x.Freqs}
		var ok1, ok2 bool
		c.Common, ok1 = values(col.Type, x.Common)
		c.Bounds, ok2 = values(col.Type, x.Bounds)
		if !ok1 || !ok2 || len(c.Common) != len(c.Freqs) {
			c.Common, c.Freqs, c.Bounds = nil, nil, nil
		}
		if x.Corr != nil {
			c.Correlation, c.Correlated = *x.Corr, true
		}
		out.Columns[id] = c
	}
	return out, nil
}

// values reads texts; false when one is not of the type any more, as a label that an enum has lost.
func values(t types.Type, in []string) ([]types.Datum, bool) {
	out := make([]types.Datum, len(in))
	for i, s := range in {
		d, err := types.ParseText(t, s, types.DefaultFormat())
		if err != nil {
			return nil, false
		}
		out[i] = d
	}
	return out, true
}
