package plantest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/types"
)

// statLine is a line of a catalog that says what ANALYZE would have found in a column.
type statLine struct {
	table catalog.OID
	words []string
}

// Statistics implements estimate.Analyzed.
func (c *Catalog) Statistics(_ catalog.Ref, t *catalog.Table) *statistics.Table {
	return c.stats[t.OID]
}

// analyze reads the stats lines, once the columns' types are known.
func (c *Catalog) analyze(lines []statLine) error {
	c.stats = map[catalog.OID]*statistics.Table{}
	for _, l := range lines {
		t, ok := c.snapshot.Object(l.table).(*catalog.Table)
		if !ok || t.Column(l.words[1]) == nil {
			return fmt.Errorf("stats of no column: %s", l.words)
		}
		col := t.Column(l.words[1])
		s := c.stats[t.OID]
		if s == nil {
			s = &statistics.Table{Rows: c.rows[t.OID], Columns: map[catalog.ColumnID]*statistics.Column{}}
			c.stats[t.OID] = s
		}
		x, err := columnStats(col.Type, l.words[2:])
		if err != nil {
			return err
		}
		s.Columns[col.ID] = x
	}
	return nil
}

func columnStats(t types.Type, words []string) (x *statistics.Column, err error) {
	x = &statistics.Column{Type: t}
	number := func(s string) (f float64) {
		if f, err = strconv.ParseFloat(s, 64); err != nil {
			f = 0
		}
		return f
	}
	value := func(s string) (d types.Datum) {
		d, err = types.ParseText(t, s, types.DefaultFormat())
		return d
	}
	for _, w := range words {
		key, val, _ := strings.Cut(w, "=")
		switch key {
		case "distinct":
			x.Distinct = number(val)
		case "nulls":
			x.NullFrac = number(val)
		case "width":
			x.Width = number(val)
		case "common":
			for _, p := range strings.Split(val, ",") {
				v, f, _ := strings.Cut(p, ":")
				x.Common, x.Freqs = append(x.Common, value(v)), append(x.Freqs, number(f))
			}
		case "bounds":
			for _, p := range strings.Split(val, ",") {
				x.Bounds = append(x.Bounds, value(p))
			}
		default:
			err = fmt.Errorf("stats: %s?", key)
		}
		if err != nil {
			return nil, err
		}
	}
	return x, nil
}
