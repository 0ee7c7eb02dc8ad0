package merge

import (
	"fmt"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// misfit is a value that cannot be converted to what its column becomes; it is read as NULL. That matters only where it is needed: a
// side that has it as the base does has not changed it.
type misfit struct {
	column catalog.ColumnID
	value  types.Datum
	name   string
	err    error
}

// rowPlace is where a row was read.
type rowPlace struct {
	rows *diff.Rows
	at   int
}

// unconverted notes a value that could not be converted.
func (t *tableMerge) unconverted(rows *diff.Rows, at int, m misfit) {
	t.unfit = true
	if t.loose {
		return
	}
	if t.misfits == nil {
		t.misfits = map[rowPlace][]misfit{}
	}
	m.value = m.value.Clone()
	t.misfits[rowPlace{rows, at}] = append(t.misfits[rowPlace{rows, at}], m)
}

// misfit reports whether a row needs a value that could not be converted; then that is a conflict, which no strategy decides. A cell
// that only the base has so is like nothing else.
func (t *tableMerge) misfit(base *row, source, target row) bool {
	if len(t.misfits) == 0 {
		return false
	}
	of := func(r row) []misfit { return t.misfits[rowPlace{r.rows, r.at}] }
	b, s, v := of(*base), of(source), of(target)
	switch {
	case len(b)+len(s)+len(v) == 0:
		return false
	case len(s)+len(v) == 0:
		base.odd = make([]bool, len(t.stored))
		for i, c := range t.stored {
			base.odd[i] = slices.ContainsFunc(b, func(m misfit) bool { return m.column == c.ID })
		}
		return false
	case len(v) == 0 && sameMisfits(b, s) && (target.there() || t.sameRow(*base, source)):
		return false
	case len(s) == 0 && sameMisfits(b, v) && (source.there() || t.sameRow(*base, target)):
		return false
	}
	t.misfitting(slices.Concat(s, v, b)[0])
	return true
}

func sameMisfits(a, b []misfit) bool {
	return slices.EqualFunc(a, b, func(x, y misfit) bool { return x.column == y.column && diff.Same(x.value, y.value) })
}

// misfitting notes the conflict, once for the table.
func (t *tableMerge) misfitting(m misfit) {
	if !t.misfitted {
		t.schemaConflict(t.into, fmt.Sprintf("a value of its column %s does not fit its type: %s", types.QuoteIdent(m.name), pgerr.From(m.err).Message))
	}
	t.misfitted = true
}

// baseMisfits notes the conflict for rows of which a base is made that is a merge itself: nothing is compared with them one by one.
func (t *tableMerge) baseMisfits(rows *diff.Rows) {
	for k := range rows.N {
		for _, m := range t.misfits[rowPlace{rows, k}] {
			t.misfitting(m)
		}
	}
}
