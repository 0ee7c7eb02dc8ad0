package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (s *stmt) drop(ctx context.Context, c *command.Drop) error {
	s.notices(c.Notices)
	var list []address
	for _, o := range c.Objects {
		a := address{object: o.Object, index: o.Index, trigger: o.Trigger}
		if err := s.mayDrop(a); err != nil {
			return err
		}
		if t, ok := s.cat().Object(o.Object).(*catalog.Table); ok {
			if _, err := s.lockTable(ctx, t.OID, catalog.AccessExclusive); err != nil {
				return err
			}
		}
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return s.dropAll(ctx, list, c.Cascade)
}

// mayDrop checks ownership, and that nothing else requires the object.
func (s *stmt) mayDrop(a address) error {
	o := s.cat().Object(a.object)
	if o == nil {
		return pgerr.Internal("object %d does not exist", a.object)
	}
	if a.trigger != 0 {
		return s.mustOwnRelation(o)
	}
	t, isTable := o.(*catalog.Table)
	if a.index != 0 && isTable {
		if err := s.mustOwnIndex(t, a.index); err != nil {
			return err
		}
		for _, k := range t.Constraints {
			if k.Index == a.index && k.Kind != catalog.ForeignKey {
				what := fmt.Sprintf("constraint %s on table %s", k.Name, s.shown(t.Schema, t.Name))
				return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop index %s because %s requires it", s.describeIndex(t, a.index), what).
					WithHint("You can drop %s instead.", what)
			}
		}
		return nil
	}
	// The owner of a schema may drop what is in it.
	if sc := s.cat().Object(o.Head().Schema); sc == nil || !catalog.IsOwner(s.roles(), s.Role, sc) {
		if err := s.mustOwn(o); err != nil {
			return err
		}
	}
	if q, ok := o.(*catalog.Sequence); ok {
		return s.identitySequence(q)
	}
	return nil
}

func (s *stmt) identitySequence(q *catalog.Sequence) error {
	t := s.identityTable(q)
	if t == nil {
		return nil
	}
	what := fmt.Sprintf("column %s of table %s", t.ColumnByID(q.OwnerColumn).Name, s.shown(t.Schema, t.Name))
	return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop %s because %s requires it", s.describe(q), what).
		WithHint("You can drop %s instead.", what)
}

// dropAll drops things and what depends on them: silently what belongs to them, and with cascade the rest.
func (s *stmt) dropAll(ctx context.Context, list []address, cascade bool) error {
	order, err := s.dropOrder(ctx, list)
	if err != nil {
		return err
	}
	if err := s.report(list, order, cascade); err != nil {
		return err
	}
	for i := len(order) - 1; i >= 0; i-- {
		if err := s.lockDropped(ctx, order[i].address); err != nil {
			return err
		}
		if err := s.remove(ctx, order[i].address); err != nil {
			return err
		}
	}
	return nil
}

// dropOrder is what a drop of things drops, last first, with the relations among it locked. Who held them may have changed
// what depends on what: then it is looked for again.
func (s *stmt) dropOrder(ctx context.Context, list []address) ([]*dependent, error) {
	for {
		seen := s.cat()
		order := s.dependentsOf(list)
		for i := len(order) - 1; i >= 0; i-- {
			d := order[i]
			if d.address != (address{object: d.object}) {
				continue
			}
			for _, l := range relationLock(s.cat(), d.object, catalog.AccessExclusive) {
				if err := s.Txn.LockTable(ctx, s.view, l.Table, l.Mode, catalog.Wait); err != nil {
					return nil, err
				}
			}
		}
		if s.cat() == seen {
			return order, nil
		}
	}
}

// dependentsOf lists things and all that depends on them, last first.
func (s *stmt) dependentsOf(list []address) []*dependent {
	var order []*dependent
	seen := map[address]*dependent{}
	for _, a := range list {
		seen[a] = &dependent{address: a, auto: true}
	}
	for _, a := range list {
		order = append(s.collect(a, order, seen), seen[a])
	}
	slices.Reverse(order)
	return s.dropNested(order)
}

// lockDropped locks the tables that lose something with a drop: that of which a part goes, and those that a foreign key
// refers to. A table that goes as a whole must not be in use by the session itself.
func (s *stmt) lockDropped(ctx context.Context, a address) error {
	t, ok := s.cat().Object(a.object).(*catalog.Table)
	if !ok {
		return nil
	}
	whole := a == address{object: a.object}
	tables := []catalog.OID{t.OID}
	for _, k := range t.Constraints {
		if k.Kind == catalog.ForeignKey && (whole || k.OID == a.constraint) {
			tables = append(tables, k.RefTable)
		}
	}
	for _, id := range tables {
		if err := s.Txn.LockTable(ctx, s.view, id, catalog.AccessExclusive, catalog.Wait); err != nil {
			return err
		}
	}
	if !whole {
		return nil
	}
	return s.notInUse(ctx, t, "DROP TABLE")
}

// collect appends what depends on a, directly and further, in the reverse of PostgreSQL's order of reporting. What is
// reached on several ways goes silently if it does so on one of them.
func (s *stmt) collect(a address, order []*dependent, seen map[address]*dependent) []*dependent {
	for _, d := range s.dependents(a) {
		if had := seen[d.address]; had != nil {
			had.auto = had.auto || d.auto
			continue
		}
		seen[d.address] = d
		order = append(s.collect(d.address, order, seen), d)
	}
	return order
}

// dropNested leaves out parts of objects that are dropped as a whole: they need no word and no work.
func (s *stmt) dropNested(order []*dependent) []*dependent {
	whole := map[catalog.OID]bool{}
	for _, d := range order {
		if d.address == (address{object: d.object}) {
			whole[d.object] = true
		}
	}
	return slices.DeleteFunc(order, func(d *dependent) bool {
		return whole[d.object] && d.address != (address{object: d.object})
	})
}

// report refuses what stands in the way without cascade, and names it with cascade.
func (s *stmt) report(list []address, order []*dependent, cascade bool) error {
	var lines []string
	for _, d := range order {
		if d.auto {
			continue
		}
		if cascade {
			lines = append(lines, "drop cascades to "+s.describeAddress(d.address))
		} else {
			lines = append(lines, s.describeAddress(d.address)+" depends on "+s.describeAddress(s.dependedOn(d)))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if cascade {
		s.cascadeNotice(lines)
		return nil
	}
	e := pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop desired object(s) because other objects depend on them")
	if len(list) == 1 {
		e = pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", s.describeAddress(list[0]))
	}
	e.Detail = clipLines(lines)
	return e.WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// dependedOn is what a message says d depends on: a key's index for a foreign key.
func (s *stmt) dependedOn(d *dependent) address {
	if d.on.constraint == 0 {
		return d.on
	}
	if t, ok := s.cat().Object(d.on.object).(*catalog.Table); ok {
		if k := t.ConstraintByOID(d.on.constraint); k != nil && k.Kind != catalog.ForeignKey && k.Index != 0 {
			return address{object: d.on.object, index: k.Index}
		}
	}
	return d.on
}

func (s *stmt) cascadeNotice(lines []string) {
	if len(lines) == 1 {
		s.notice(pgerrcode.SuccessfulCompletion, "%s", lines[0])
		return
	}
	n := pgerr.New(pgerrcode.SuccessfulCompletion, "drop cascades to %d other objects", len(lines))
	n.Severity, n.Detail = "NOTICE", clipLines(lines)
	s.notices([]*pgerr.Error{n})
}

const maxReported = 100

func clipLines(lines []string) string {
	if len(lines) <= maxReported {
		return strings.Join(lines, "\n")
	}
	more := len(lines) - maxReported
	word := "objects"
	if more == 1 {
		word = "object"
	}
	return strings.Join(lines[:maxReported], "\n") + fmt.Sprintf("\nand %d other %s (see server log for list)", more, word)
}

func (s *stmt) describeIndex(t *catalog.Table, id catalog.OID) string {
	if ix := t.Index(id); ix != nil {
		return s.shown(t.Schema, ix.Name)
	}
	return ""
}

// describeAddress is describe for parts of objects too.
func (s *stmt) describeAddress(a address) string {
	o := s.cat().Object(a.object)
	if a.array {
		return s.describe(o) + "[]"
	}
	if a.row {
		return "type " + s.shown(o.Head().Schema, o.Head().Name)
	}
	if a.trigger != 0 {
		return s.describeTrigger(o, a.trigger)
	}
	if u, ok := o.(*catalog.UserType); ok && a.constraint != 0 {
		for _, k := range u.Checks {
			if k.OID == a.constraint {
				return "constraint " + showIdent(k.Name)
			}
		}
	}
	t, ok := o.(*catalog.Table)
	if !ok {
		return s.describe(o)
	}
	name := s.shown(t.Schema, t.Name)
	switch {
	case a.column != 0:
		return fmt.Sprintf("column %s of table %s", showIdent(t.ColumnByID(a.column).Name), name)
	case a.def != 0:
		return fmt.Sprintf("default value for column %s of table %s", showIdent(t.ColumnByID(a.def).Name), name)
	case a.constraint != 0:
		return fmt.Sprintf("constraint %s on table %s", showIdent(t.ConstraintByOID(a.constraint).Name), name)
	case a.index != 0:
		return "index " + s.describeIndex(t, a.index)
	}
	return s.describe(o)
}

// removeObject takes a whole object away; the rows of a table first: who may change so many only, may not drop it.
func (s *stmt) removeObject(ctx context.Context, o catalog.Object) error {
	if t, ok := o.(*catalog.Table); ok {
		if err := s.Txn.Truncate(ctx, s.view, t); err != nil {
			return err
		}
	}
	return s.view.Drop(ctx, o.Head().OID)
}

// remove takes one thing away.
func (s *stmt) remove(ctx context.Context, a address) error {
	o := s.cat().Object(a.object)
	if o == nil || a.array || a.row {
		return nil
	}
	if a == (address{object: a.object}) {
		return s.removeObject(ctx, o)
	}
	if a.trigger != 0 {
		return s.removeTrigger(ctx, o, a.trigger)
	}
	if u, ok := o.(*catalog.UserType); ok {
		u = u.Clone()
		u.Checks = slices.DeleteFunc(u.Checks, func(k *catalog.Constraint) bool { return k.OID == a.constraint })
		return s.view.Put(ctx, u)
	}
	t := o.(*catalog.Table).Clone()
	b := &build{stmt: s, t: t}
	hadKey := t.PrimaryIndex() != nil
	switch {
	case a.column != 0:
		b.removeColumn(a.column)
	case a.def != 0:
		c := t.ColumnByID(a.def)
		c.Default, c.Deps = "", nil
	case a.constraint != 0:
		b.removeConstraint(a.constraint)
	case a.index != 0:
		t.Indexes = slices.DeleteFunc(t.Indexes, func(ix *catalog.Index) bool { return ix.OID == a.index })
		b.dropHidden()
	}
	if hadKey && t.PrimaryIndex() == nil {
		if err := b.rekey(ctx); err != nil {
			return err
		}
	}
	return s.view.Put(ctx, t)
}

// rekey gives a table that has lost its primary key rows with hidden row ids as keys.
func (b *build) rekey(ctx context.Context) error {
	old, err := b.table(b.t.OID)
	if err != nil {
		return err
	}
	return b.rewriteRows(ctx, old)
}

func (b *build) removeColumn(id catalog.ColumnID) {
	if c := b.t.ColumnByID(id); c != nil {
		c.Drop()
	}
}

func (b *build) removeConstraint(id catalog.OID) {
	k := b.t.ConstraintByOID(id)
	if k == nil {
		return
	}
	b.t.Constraints = slices.DeleteFunc(b.t.Constraints, func(x *catalog.Constraint) bool { return x.OID == id })
	if k.Kind != catalog.ForeignKey && k.Index != 0 {
		b.t.Indexes = slices.DeleteFunc(b.t.Indexes, func(ix *catalog.Index) bool { return ix.OID == k.Index })
	}
}
