package pgcatalog

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{"pg_statistic": pgStatistic, "pg_stats": pgStats})

// analyzed calls f for the columns that there are statistics of.
func (b *builder) analyzed(f func(t *catalog.Table, c *catalog.Column, s *statistics.Column)) {
	if b.Statistics == nil {
		return
	}
	for _, t := range b.tables() {
		if t.Virtual {
			continue
		}
		found := b.Statistics(t)
		if found == nil {
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Num > 0 && found.Columns[c.ID] != nil && !c.Dropped {
				f(t, c, found.Columns[c.ID])
			}
		}
	}
}

// pgStats shows the statistics of the columns that the user may read.
func pgStats(b *builder) error {
	me := b.Global.RoleByName(b.User)
	b.analyzed(func(t *catalog.Table, c *catalog.Column, s *statistics.Column) {
		if me == nil || !catalog.HasColumnPrivilege(b.Global, me.OID, t, c, catalog.PrivSelect) {
			return
		}
		b.add(b.Catalog.SchemaName(t.Schema), t.Name, c.Name, false, single(s.NullFrac), int(s.Width), single(s.Distinct),
			values(s.Type, s.Common), shares(s.Freqs), values(s.Type, s.Bounds), correlation(s), nil, nil, nil)
	})
	return nil
}

// Kinds of pg_statistic's slots.
const (
	slotCommon      = 1
	slotHistogram   = 2
	slotCorrelation = 3
	slots           = 5
)

type slot struct {
	kind            int
	op              string
	numbers, values any
}

func pgStatistic(b *builder) error {
	b.analyzed(func(t *catalog.Table, c *catalog.Column, s *statistics.Column) {
		var used []slot
		if len(s.Common) > 0 {
			used = append(used, slot{slotCommon, "=", shares(s.Freqs), values(s.Type, s.Common)})
		}
		if len(s.Bounds) > 0 {
			used = append(used, slot{slotHistogram, "<", nil, values(s.Type, s.Bounds)})
		}
		if s.Correlated {
			used = append(used, slot{slotCorrelation, "<", shares([]float64{s.Correlation}), nil})
		}
		row := make([]any, 6+5*slots)
		row[0], row[1], row[2] = t.OID, c.Num, false
		row[3], row[4], row[5] = single(s.NullFrac), int(s.Width), single(s.Distinct)
		for i := range slots {
			row[6+i], row[6+slots+i], row[6+2*slots+i] = 0, 0, 0
			if i >= len(used) {
				continue
			}
			x := used[i]
			row[6+i], row[6+slots+i] = x.kind, operatorOf(x.op, c.Type)
			if t := c.Type.ID(); t == types.OIDText || t == types.OIDVarchar || t == types.OIDBpchar {
				row[6+2*slots+i] = 100
			}
			row[6+3*slots+i], row[6+4*slots+i] = x.numbers, x.values
		}
		b.add(row...)
	})
	return nil
}

// operatorOf is the OID of the type's = or <.
func operatorOf(name string, t types.Type) int {
	id := t.ID()
	switch {
	case id == types.OIDVarchar:
		id = types.OIDText
	case t.Elem != nil:
		id = types.OIDAnyArray
	}
	if o := builtin.OperatorFor(name, id, id); o != nil {
		return int(o.OID)
	}
	return 0
}

// single rounds to what a float4 holds.
func single(f float64) float64 { return float64(float32(f)) }

func correlation(s *statistics.Column) any {
	if !s.Correlated {
		return nil
	}
	return single(s.Correlation)
}

// shares writes numbers as an array's text.
func shares(in []float64) any {
	if len(in) == 0 {
		return nil
	}
	parts := make([]string, len(in))
	for i, f := range in {
		parts[i] = strconv.FormatFloat(f, 'g', -1, 32)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// values writes values as the text of an array of their type.
func values(t types.Type, in []types.Datum) any {
	if len(in) == 0 {
		return nil
	}
	var sb strings.Builder
	sb.WriteByte('{')
	for i, d := range in {
		if i > 0 {
			sb.WriteByte(',')
		}
		sb.WriteString(types.QuoteElement(types.Text(t, d, textFormat)))
	}
	sb.WriteByte('}')
	return sb.String()
}
