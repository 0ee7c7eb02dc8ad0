package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// mostViolations bounds the list: who broke more has other things to do first than to read them.
const mostViolations = 10_000

func (v *mergeCheck) violated(x storage.Violation) {
	if len(v.violations) < mostViolations {
		v.violations = append(v.violations, x)
	}
}

// violation describes a row, whose batch has all columns of t, that an error is about.
func (v *mergeCheck) violation(t *catalog.Table, b *vector.Batch, row int, err error) storage.Violation {
	x := storage.ViolationOf(t, err)
	if view, err := v.session.txn.View(context.Background(), v.target); err == nil {
		x.Schema = view.Catalog().SchemaName(t.Schema)
		if t.Constraint(x.Constraint) == nil && x.Kind == "foreign_key" { // of a table that refers to this one
			for _, child := range view.Catalog().Referrers(t.OID) {
				if child.Constraint(x.Constraint) != nil {
					x.Owner = child.OID
				}
			}
		}
	}
	pk := t.PrimaryIndex()
	if pk == nil {
		return x
	}
	n := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		for _, k := range pk.Columns {
			if k.Column == c.ID {
				x.KeyColumns, x.KeyTypes, x.KeyValues = append(x.KeyColumns, c.Name), append(x.KeyTypes, c.Type), append(x.KeyValues, b.Cols[n].Datum(row).Clone())
			}
		}
		n++
	}
	return x
}

// letThrough commits to rows that break CHECK and foreign key constraints: those are NOT VALID from now on, which is what
// PostgreSQL calls constraints that hold for new rows only. Keys and NOT NULL are never broken.
func (v *mergeCheck) letThrough(ctx context.Context) error {
	broken := map[tableConstraint]bool{}
	for _, x := range v.violations {
		if x.Kind != "check" && x.Kind != "foreign_key" {
			return pgerr.New(pgerrcode.IntegrityConstraintViolation, "the merge cannot be forced: %s", x.Message).WithDetail("%s", x.Detail).
				WithHint("Rows may be let through that break CHECK and foreign key constraints, but no others.")
		}
		broken[tableConstraint{x.Owner, x.Constraint}] = true
	}
	view, err := v.session.txn.View(ctx, v.target)
	if err != nil {
		return err
	}
	for _, o := range view.Catalog().Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		marked := catalog.CloneObject(t).(*catalog.Table)
		changed := false
		for _, k := range marked.Constraints {
			if broken[tableConstraint{t.OID, k.Name}] && !k.NotValid && (k.Kind == catalog.Check || k.Kind == catalog.ForeignKey) {
				k.NotValid, changed = true, true
			}
		}
		if changed {
			if err := view.Put(ctx, marked); err != nil {
				return err
			}
		}
	}
	return nil
}

type tableConstraint struct {
	table catalog.OID
	name  string
}
