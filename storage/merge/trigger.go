package merge

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// mergeTriggers merges the triggers of a relation that both sides changed, by OID.
func mergeTriggers(base, source, target []*catalog.Trigger, p *picker) []*catalog.Trigger {
	return mergeList(base, source, target, func(t *catalog.Trigger) uint32 { return t.OID },
		part[*catalog.Trigger]{each: mergeTrigger, name: func(t *catalog.Trigger) string { return "trigger " + types.QuoteIdent(t.Name) }}, p)
}

// mergeTrigger is mergeIndex for triggers: name, comment and whether one is enabled may be changed by themselves.
func mergeTrigger(b, s, t *catalog.Trigger, p *picker) *catalog.Trigger {
	name := "trigger " + types.QuoteIdent(b.Name)
	rest := func(x *catalog.Trigger) *catalog.Trigger {
		c := *x
		c.Name, c.Comment, c.Enabled = "", "", 0
		return &c
	}
	out := *pick(name, rest(b), rest(s), rest(t), p)
	out.Name = pick("the name of "+name, b.Name, s.Name, t.Name, p)
	out.Comment = pick("the comment of "+name, b.Comment, s.Comment, t.Comment, p)
	out.Enabled = pick("whether "+name+" is enabled", b.Enabled, s.Enabled, t.Enabled, p)
	return &out
}

// mergeView merges a view that both sides changed: its triggers by themselves, the rest as that of other objects.
func mergeView(b, s, t *catalog.View, p *picker) catalog.Object {
	plain := func(v *catalog.View) catalog.Object {
		c := *v
		c.Triggers = nil
		return bodyOf(&c)
	}
	head := mergeHeader(b.Header, s.Header, t.Header, p)
	body := catalog.CloneObject(pick("the definition", plain(b), plain(s), plain(t), p)).(*catalog.View)
	body.Header = head
	body.Triggers = mergeTriggers(b.Triggers, s.Triggers, t.Triggers, p)
	return body
}

// translateTriggers gives triggers, copies as Clone makes them, the ids that the target has for what they name.
func (x *identities) translateTriggers(list []*catalog.Trigger) {
	for _, t := range list {
		t.OID, t.Function, t.Constraint, t.From = x.oid(t.OID), x.oid(t.Function), x.oid(t.Constraint), x.oid(t.From)
		t.Columns, t.Deps = x.columnIDs(t.Columns), x.deps(t.Deps)
	}
}
