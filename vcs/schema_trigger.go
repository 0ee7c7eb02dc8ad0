package vcs

import (
	"context"
	"fmt"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// triggers compares the triggers of two relations; those of one that is not there are all made or dropped.
func (d *comparison) triggers(ctx context.Context, p objectPair) error {
	for _, t := range matchTriggers(p.from, p.to) {
		var oldName, newName string
		before, after, err := bothTexts(t, func(x *catalog.Trigger) (string, error) {
			oldName = partName(d.from, p.from, x.Name)
			return d.from.triggerState(ctx, p.from, x)
		}, func(x *catalog.Trigger) (string, error) {
			newName = partName(d.to, p.to, x.Name)
			return d.to.triggerState(ctx, p.to, x)
		})
		if err != nil {
			return err
		}
		d.add("trigger", columnOf(oldName, newName, t.To), newName, before, after)
		was, is := "", ""
		if t.From != nil {
			was = t.From.Comment
		}
		if t.To != nil {
			is = t.To.Comment
			what := "TRIGGER " + types.QuoteIdent(t.To.Name) + " ON " + d.to.name(p.to.Head())
			d.add("comment", newName, newName, commentText(what, was), commentText(what, is))
		}
	}
	return nil
}

// triggerState is a trigger's definition and, unless it fires as usual, when it does.
func (s *schemaSide) triggerState(ctx context.Context, o catalog.Object, t *catalog.Trigger) (string, error) {
	text, err := s.trigger(ctx, t)
	if how := triggerSwitch(t); err == nil && how != "" {
		text += "; ALTER TABLE " + s.name(o.Head()) + " " + how
	}
	return text, err
}

var triggerSwitches = map[byte]string{'D': "DISABLE", 'R': "ENABLE REPLICA", 'A': "ENABLE ALWAYS"}

func triggerSwitch(t *catalog.Trigger) string {
	if word := triggerSwitches[t.State()]; word != "" {
		return word + " TRIGGER " + types.QuoteIdent(t.Name)
	}
	return ""
}

// triggers drops and makes those that differ. Those of tables whose rows the script changes are made after that; those that
// stay are kept from firing by session_replication_role, since the rows are already what they made of them.
func (s *script) triggers(ctx context.Context) error {
	for _, p := range s.pairs {
		if p.from == p.to {
			continue
		}
		for _, t := range matchTriggers(p.from, p.to) {
			if err := s.trigger(ctx, p, t); err != nil {
				return err
			}
		}
	}
	s.quietTriggers()
	return nil
}

func (s *script) trigger(ctx context.Context, p objectPair, t pair[catalog.Trigger]) error {
	before, after, err := bothTexts(t, func(x *catalog.Trigger) (string, error) { return s.from.trigger(ctx, x) },
		func(x *catalog.Trigger) (string, error) { return s.to.trigger(ctx, x) })
	if err != nil {
		return err
	}
	_, view := p.to.(*catalog.View)
	same := before == after && !view && !s.upsetTrigger(p.from, t.From)
	if view { // made anew with the view, unless that stays
		same = before == after && !s.redone(p.to)
	}
	if t.From != nil && !same && p.to != nil && !s.redone(p.from) {
		s.add(phaseDropTriggers, "DROP TRIGGER %s ON %s", types.QuoteIdent(t.From.Name), s.from.name(p.from.Head()))
	}
	if t.To == nil {
		return nil
	}
	if !same {
		s.add(phaseTriggers, "%s", after)
	}
	was := byte('O')
	if same {
		was = t.From.State()
	}
	if is := t.To.State(); is != was {
		how := triggerSwitch(t.To)
		if how == "" {
			how = "ENABLE TRIGGER " + types.QuoteIdent(t.To.Name)
		}
		s.add(phaseTriggers, "ALTER TABLE %s %s", s.to.name(p.to.Head()), how)
	}
	if t.To.Comment != "" && !same || same && t.To.Comment != t.From.Comment {
		s.comment(fmt.Sprintf("TRIGGER %s ON %s", types.QuoteIdent(t.To.Name), s.to.name(p.to.Head())), t.To.Comment)
	}
	return nil
}

// upsetTrigger reports whether a trigger is on columns that are made anew or have another type, or calls a function that is made anew.
func (s *script) upsetTrigger(o catalog.Object, t *catalog.Trigger) bool {
	a, ok := o.(*catalog.Table)
	if !ok || t == nil {
		return false
	}
	for i := range a.Columns {
		d := catalog.Dep{Object: a.OID, Column: a.Columns[i].ID}
		if (s.lost[d] || s.turned[d]) && t.Uses(a.OID, d.Column) {
			return true
		}
	}
	return s.anew[t.Function]
}

// redone reports whether the script makes a view anew, or drops it.
func (s *script) redone(o catalog.Object) bool { return o != nil && s.redo[o.Head().OID] }

// quietTriggers keeps triggers from firing on the rows that the script changes.
func (s *script) quietTriggers() {
	for _, p := range s.pairs {
		if a, b := p.tables(); a != nil && b != nil && len(a.Triggers) > 0 && (s.rowsOf[a.OID] != nil || s.rowsOf[b.OID] != nil) {
			s.add(phaseStart, "SET session_replication_role = replica")
			s.add(phaseAttributes, "RESET session_replication_role")
			return
		}
	}
}
