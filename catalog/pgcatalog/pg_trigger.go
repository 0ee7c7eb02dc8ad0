package pgcatalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"pg_trigger": pgTrigger, "information_schema.triggers": infoTriggers, "information_schema.triggered_update_columns": infoTriggeredColumns,
})

const classTrigger catalog.OID = 2620

// eachTrigger calls f for the triggers of all relations.
func (b *builder) eachTrigger(f func(o catalog.Object, t *catalog.Trigger)) {
	for _, o := range b.Catalog.Objects() {
		for _, t := range catalog.TriggersOf(o) {
			f(o, t)
		}
	}
}

// pgTrigger shows the triggers that users have made. Those that PostgreSQL makes for foreign keys have no rows: nothing here
// fires them.
func pgTrigger(b *builder) error {
	b.eachTrigger(func(o catalog.Object, t *catalog.Trigger) {
		columns := []int16{}
		for _, id := range t.Columns {
			columns = append(columns, int16(columnNumber(o, id)))
		}
		args := ""
		for _, a := range t.Args {
			args += a + "\x00"
		}
		b.add(t.OID, o.Head().OID, 0, t.Name, t.Function, triggerType(t), t.State(), false, t.From, 0, t.Constraint, t.Deferrable, t.Deferred,
			len(t.Args), columns, types.String(args), orNil(t.When), orNil(t.OldTable), orNil(t.NewTable))
	})
	return nil
}

// triggerType is pg_trigger.tgtype.
func triggerType(t *catalog.Trigger) int {
	n := 0
	if t.Row {
		n |= 1
	}
	switch t.Timing {
	case catalog.TriggerBefore:
		n |= 2
	case catalog.TriggerInstead:
		n |= 64
	case catalog.TriggerAfter:
	}
	for _, e := range triggerWords {
		if t.Events&e.event != 0 {
			n |= e.bit
		}
	}
	return n
}

var triggerWords = []struct {
	event catalog.TriggerEvent
	bit   int
	word  string
}{
	{catalog.TriggerInsert, 4, "INSERT"}, {catalog.TriggerDelete, 8, "DELETE"}, {catalog.TriggerUpdate, 16, "UPDATE"}, {catalog.TriggerTruncate, 32, "TRUNCATE"},
}

var triggerTimes = map[catalog.TriggerTiming]string{catalog.TriggerBefore: "BEFORE", catalog.TriggerAfter: "AFTER", catalog.TriggerInstead: "INSTEAD OF"}

// Trigger spells a trigger as pg_get_triggerdef does.
func (n *Names) Trigger(o catalog.Object, t *catalog.Trigger) string {
	var s strings.Builder
	s.WriteString("CREATE ")
	if t.Constraint != 0 {
		s.WriteString("CONSTRAINT ")
	}
	s.WriteString("TRIGGER " + n.Quote(t.Name) + " " + triggerTimes[t.Timing])
	word := " "
	for _, e := range triggerWords {
		if t.Events&e.event == 0 {
			continue
		}
		s.WriteString(word + e.word)
		word = " OR "
		if e.event == catalog.TriggerUpdate && len(t.Columns) > 0 {
			s.WriteString(" OF " + n.relationColumns(o, t.Columns))
		}
	}
	h := o.Head()
	if n.Pretty {
		s.WriteString(" ON " + n.Relation(h.Schema, h.Name))
	} else {
		s.WriteString(" ON " + n.Qualified(h.Schema, h.Name))
	}
	if t.Constraint != 0 {
		n.deferral(&s, t)
	}
	if t.OldTable+t.NewTable != "" {
		s.WriteString(" REFERENCING")
		if t.OldTable != "" {
			s.WriteString(" OLD TABLE AS " + n.Quote(t.OldTable))
		}
		if t.NewTable != "" {
			s.WriteString(" NEW TABLE AS " + n.Quote(t.NewTable))
		}
	}
	s.WriteString(" FOR EACH " + orientation(t))
	if t.When != "" {
		s.WriteString(" WHEN (" + n.when(o, t) + ")")
	}
	s.WriteString(" " + n.triggerAction(t))
	return s.String()
}

// TriggerConstraint spells a constraint trigger as pg_get_constraintdef does.
func (n *Names) TriggerConstraint(t *catalog.Trigger) string {
	s := "TRIGGER"
	if t.Deferrable {
		s += " DEFERRABLE"
	}
	if t.Deferred {
		s += " INITIALLY DEFERRED"
	}
	return s
}

func (n *Names) deferral(s *strings.Builder, t *catalog.Trigger) {
	if from := n.Catalog.Object(t.From); t.From != 0 && from != nil {
		s.WriteString(" FROM " + n.Relation(from.Head().Schema, from.Head().Name))
	}
	if !t.Deferrable {
		s.WriteString(" NOT")
	}
	s.WriteString(" DEFERRABLE INITIALLY ")
	if t.Deferred {
		s.WriteString("DEFERRED")
	} else {
		s.WriteString("IMMEDIATE")
	}
}

func orientation(t *catalog.Trigger) string {
	if t.Row {
		return "ROW"
	}
	return "STATEMENT"
}

func (n *Names) relationColumns(o catalog.Object, ids []catalog.ColumnID) string {
	var out []string
	for _, id := range ids {
		if name := columnName(o, id); name != "" {
			out = append(out, n.Quote(name))
		}
	}
	return strings.Join(out, ", ")
}

func columnName(o catalog.Object, id catalog.ColumnID) string {
	switch o := o.(type) {
	case *catalog.Table:
		if c := o.ColumnByID(id); c != nil {
			return c.Name
		}
	case *catalog.View:
		for i := range o.Columns {
			if o.Columns[i].ID == id {
				return o.Columns[i].Name
			}
		}
	}
	return ""
}

func (n *Names) when(o catalog.Object, t *catalog.Trigger) string {
	if n.SpellWhen == nil {
		return t.When
	}
	return n.SpellWhen(t.When, o, n.Pretty)
}

func (n *Names) triggerAction(t *catalog.Trigger) string {
	args := make([]string, len(t.Args))
	for i, a := range t.Args {
		args[i] = "'" + strings.ReplaceAll(a, "'", "''") + "'"
	}
	return "EXECUTE FUNCTION " + n.triggerFunction(t) + "(" + strings.Join(args, ", ") + ")"
}

func (n *Names) triggerFunction(t *catalog.Trigger) string {
	if f, ok := n.Catalog.Object(t.Function).(*catalog.Function); ok {
		if n.Function == nil {
			return n.Qualified(f.Schema, f.Name)
		}
		return n.Function(f.Schema, f.Name)
	}
	if p := builtin.ProcByOID(t.Function); p != nil {
		return n.Quote(p.Name)
	}
	return decimal(t.Function)
}

// definitionNames is how definitions are written where the source does not say.
func (b *builder) definitionNames() *Names {
	if b.Names != nil {
		return b.Names
	}
	return &Names{Catalog: b.Catalog, Quote: types.QuoteIdent, Visible: func(catalog.OID, string) bool { return false }}
}

// infoTriggers shows a row for each event but TRUNCATE, which the standard does not know.
func infoTriggers(b *builder) error {
	n := b.definitionNames()
	for _, o := range b.Catalog.Objects() {
		list := slices.Clone(catalog.TriggersOf(o))
		slices.SortFunc(list, func(x, y *catalog.Trigger) int { return cmp.Compare(x.Name, y.Name) })
		order := map[string]int{}
		for _, t := range list {
			for _, e := range triggerWords[:3] {
				if t.Events&e.event == 0 {
					continue
				}
				group := e.word + orientation(t) + string(t.Timing)
				order[group]++
				v := b.triggerNames(o, t)
				v["event_manipulation"], v["action_order"], v["action_statement"] = e.word, order[group], n.triggerAction(t)
				v["action_orientation"], v["action_timing"] = orientation(t), triggerTimes[t.Timing]
				v["action_reference_old_table"], v["action_reference_new_table"] = orNil(t.OldTable), orNil(t.NewTable)
				if t.When != "" {
					v["action_condition"] = n.when(o, t)
				}
				b.row(v)
			}
		}
	}
	return nil
}

func (b *builder) triggerNames(o catalog.Object, t *catalog.Trigger) map[string]any {
	h := o.Head()
	return map[string]any{"trigger_catalog": b.database(), "trigger_schema": b.schema(h.Schema), "trigger_name": t.Name,
		"event_object_catalog": b.database(), "event_object_schema": b.schema(h.Schema), "event_object_table": h.Name}
}

func infoTriggeredColumns(b *builder) error {
	b.eachTrigger(func(o catalog.Object, t *catalog.Trigger) {
		for _, id := range t.Columns {
			v := b.triggerNames(o, t)
			v["event_object_column"] = columnName(o, id)
			b.row(v)
		}
	})
	return nil
}

// dependTriggers adds what the triggers of a relation need.
func (b *builder) dependTriggers(o catalog.Object) {
	relation := object{class: classClass, id: o.Head().OID}
	for _, t := range catalog.TriggersOf(o) {
		me := object{class: classTrigger, id: t.OID}
		if b.Catalog.Object(t.Function) != nil {
			b.depends(me, object{class: classProc, id: t.Function}, dependNormal)
		}
		b.depends(me, relation, dependAuto)
		if t.From != 0 {
			b.depends(me, object{class: classClass, id: t.From}, dependAuto)
		}
		if t.Constraint != 0 {
			constraint := object{class: classConstraint, id: t.Constraint}
			b.depends(constraint, me, dependInternal)
			b.depends(constraint, relation, dependAuto)
		}
		for _, id := range t.Columns {
			b.depends(me, object{class: classClass, id: relation.id, sub: columnNumber(o, id)}, dependNormal)
		}
		for _, d := range t.Deps {
			if d.Column == 0 || !slices.Contains(t.Columns, d.Column) {
				b.dependOn(me, []catalog.Dep{d})
			}
		}
	}
}

// triggerConstraints adds the constraints that constraint triggers are.
func (b *builder) triggerConstraints(o catalog.Object) {
	for _, t := range catalog.TriggersOf(o) {
		if t.Constraint != 0 {
			b.add(t.Constraint, t.Name, o.Head().Schema, byte('t'), t.Deferrable, t.Deferred, true, o.Head().OID, 0, 0, 0, 0, byte(' '), byte(' '), byte(' '), true, 0, true,
				nil, nil, nil, nil, nil, nil, nil, nil)
		}
	}
}
