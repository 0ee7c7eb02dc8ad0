package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// createTrigger is CREATE TRIGGER.
func (s *stmt) createTrigger(ctx context.Context, c *command.CreateTrigger) error {
	if err := s.mayTrigger(c.Relation); err != nil {
		return err
	}
	if c.Trigger.From != 0 && c.Trigger.From != c.Relation {
		if err := s.mayTrigger(c.Trigger.From); err != nil {
			return err
		}
	}
	if err := s.Txn.LockTable(ctx, s.view, c.Relation, catalog.ShareRowExclusive, catalog.Wait); err != nil {
		return err
	}
	o := catalog.CloneObject(s.cat().Object(c.Relation))
	t := *c.Trigger
	if old := catalog.TriggerNamed(o, t.Name); old != nil {
		if !c.Replace {
			return pgerr.New(pgerrcode.DuplicateObject, "trigger \"%s\" for relation \"%s\" already exists", t.Name, o.Head().Name)
		}
		if old.Constraint != 0 {
			return pgerr.New(pgerrcode.DuplicateObject, "trigger \"%s\" for relation \"%s\" is a constraint trigger", t.Name, o.Head().Name)
		}
		t.OID, t.Comment = old.OID, old.Comment
		*old = t
		return s.view.Put(ctx, o)
	}
	var err error
	if t.OID, err = s.oid(ctx); err != nil {
		return err
	}
	if c.Constraint {
		if t.Constraint, err = s.oid(ctx); err != nil {
			return err
		}
	}
	catalog.SetTriggers(o, append(catalog.TriggersOf(o), &t))
	return s.view.Put(ctx, o)
}

// mayTrigger refuses a role that may not make triggers for a relation.
func (s *stmt) mayTrigger(id catalog.OID) error {
	o := s.cat().Object(id)
	if o == nil {
		return pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", id)
	}
	if catalog.HasPrivilege(s.roles(), s.Role, o, catalog.PrivTrigger) {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for %s %s", kindOf(o), o.Head().Name)
}

// mustOwnRelation is mustOwn where the message leaves open what kind of relation it is.
func (s *stmt) mustOwnRelation(o catalog.Object) error {
	if catalog.IsOwner(s.roles(), s.Role, o) {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of relation %s", o.Head().Name)
}

// switchTriggers is ENABLE and DISABLE TRIGGER. A change of what is so already is none.
func (b *build) switchTriggers(a *command.SwitchTrigger) error {
	found := a.Name == ""
	for _, t := range b.t.Triggers {
		if a.Name != "" && t.Name != a.Name {
			continue
		}
		found = true
		if t.Enabled = a.State; a.State == 'O' {
			t.Enabled = 0
		}
	}
	if !found {
		return pgerr.New(pgerrcode.UndefinedObject, "trigger \"%s\" for table \"%s\" does not exist", a.Name, b.t.Name)
	}
	if a.Name == "" && !a.OnlyUser && !b.superuser() && b.internalTriggers() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system trigger", "RI_ConstraintTrigger")
	}
	return nil
}

// internalTriggers reports whether PostgreSQL would have triggers of its own on the table: those of foreign keys.
func (b *build) internalTriggers() bool {
	return len(b.cat().Referrers(b.t.OID)) > 0 ||
		slices.ContainsFunc(b.t.Constraints, func(k *catalog.Constraint) bool { return k.Kind == catalog.ForeignKey })
}

// renameTrigger is ALTER TRIGGER … RENAME.
func renameTrigger(o catalog.Object, c *command.Rename) error {
	t := catalog.TriggerByOID(o, c.Trigger)
	if t == nil {
		return pgerr.Internal("trigger %d does not exist", c.Trigger)
	}
	if t.Name == c.To {
		return nil
	}
	if catalog.TriggerNamed(o, c.To) != nil {
		return pgerr.New(pgerrcode.DuplicateObject, "trigger \"%s\" for relation \"%s\" already exists", c.To, o.Head().Name)
	}
	t.Name = c.To
	return nil
}

// removeTrigger takes a trigger off a relation.
func (s *stmt) removeTrigger(ctx context.Context, o catalog.Object, id catalog.OID) error {
	o = catalog.CloneObject(o)
	catalog.SetTriggers(o, slices.DeleteFunc(catalog.TriggersOf(o), func(t *catalog.Trigger) bool { return t.OID == id }))
	return s.view.Put(ctx, o)
}

// describeTrigger is what messages call a trigger.
func (s *stmt) describeTrigger(o catalog.Object, id catalog.OID) string {
	name := ""
	if t := catalog.TriggerByOID(o, id); t != nil {
		name = t.Name
	}
	return "trigger " + showIdent(name) + " on " + kindOf(o) + " " + s.shown(o.Head().Schema, o.Head().Name)
}

// constraintOfTrigger finds the constraint trigger that has a name, as DROP CONSTRAINT does to refuse it.
func (b *build) constraintOfTrigger(name string) *catalog.Trigger {
	for _, t := range b.t.Triggers {
		if t.Name == name && t.Constraint != 0 {
			return t
		}
	}
	return nil
}

// triggerReads refuses to change the type of a column that a trigger names.
func (b *build) triggerReads(c *catalog.Column) error {
	for _, t := range b.t.Triggers {
		if t.Uses(b.t.OID, c.ID) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type of a column used in a trigger definition").
				WithDetail("%s depends on column \"%s\"", b.describeTrigger(b.t, t.OID), c.Name)
		}
	}
	return nil
}

// triggerUsers adds the triggers of a relation that need something.
func triggerUsers(o catalog.Object, uses func([]catalog.Dep) bool, add addFunc) {
	for _, t := range catalog.TriggersOf(o) {
		deps := append(slices.Clone(t.Deps), catalog.Dep{Object: t.Function})
		if t.From != 0 && t.From != o.Head().OID {
			deps = append(deps, catalog.Dep{Object: t.From})
		}
		if uses(deps) {
			add(address{object: o.Head().OID, trigger: t.OID}, false)
		}
	}
}

// truncateTriggers fires the triggers of tables that are emptied, by name: at once those before it, at the end of the statement
// those after it.
func (s *stmt) truncateTriggers(ctx context.Context, list []*catalog.Table, timing catalog.TriggerTiming) error {
	for _, t := range list {
		if len(t.Triggers) == 0 {
			continue
		}
		triggers := slices.Clone(t.Triggers)
		slices.SortFunc(triggers, func(x, y *catalog.Trigger) int { return strings.Compare(x.Name, y.Name) })
		for _, x := range triggers {
			if x.Timing != timing || x.Events&catalog.TriggerTruncate == 0 || !s.Triggers.Enabled(x) {
				continue
			}
			fire := func(ctx context.Context) error { return s.fireTruncate(ctx, t, x) }
			if timing == catalog.TriggerAfter {
				s.Triggers.AtEnd(fire)
			} else if err := fire(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stmt) fireTruncate(ctx context.Context, t *catalog.Table, x *catalog.Trigger) error {
	if x.When != "" {
		n, err := s.SQL(ctx, s.Ref, "SELECT 1 WHERE "+x.When, nil, nil, nil)
		if err != nil || n == 0 {
			return err
		}
	}
	row := types.Type{}
	if d := s.cat().TypeByOID(catalog.RowType(t.OID)); d != nil {
		row = types.Of(d)
	}
	_, err := s.Triggers.Fire(ctx, s.Ref, &kernel.Firing{Trigger: x, Table: t, Event: catalog.TriggerTruncate, Row: row})
	return err
}
