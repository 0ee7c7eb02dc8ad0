package physical

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rowandb/rowan/catalog"
)

// Calls says how often a trigger's function was called, and how long that took in all.
type Calls struct {
	Number int64
	Time   time.Duration
}

// firedTrigger is a trigger as EXPLAIN ANALYZE shows it.
type firedTrigger struct {
	*catalog.Trigger
	relation string
	calls    *Calls
}

// firedTriggers lists the triggers that were called, of the relations that the plan writes to. several: there is more than one such relation.
func (x *explainer) firedTriggers() (list []firedTrigger, several bool) {
	if !x.o.Analyze || len(x.o.Triggers) == 0 {
		return nil, false
	}
	seen, targets := map[catalog.OID]bool{}, 0
	eachTarget(x.root, func(t *catalog.Table) {
		if targets++; seen[t.OID] {
			return
		}
		seen[t.OID] = true
		own := slices.Clone(t.Triggers)
		slices.SortFunc(own, func(a, b *catalog.Trigger) int { return cmp.Compare(a.Name, b.Name) })
		for _, one := range own {
			if c := x.o.Triggers[one.OID]; c != nil {
				list = append(list, firedTrigger{one, t.Name, c})
			}
		}
	})
	return list, targets > 1
}

// eachTarget calls f for the relations that a plan writes to, those of WITH first.
func eachTarget(n Node, f func(t *catalog.Table)) {
	switch n := n.(type) {
	case *With:
		for _, c := range n.CTEs {
			eachTarget(c.Root, f)
		}
	case *Insert:
		f(n.Table)
	case *Update:
		f(n.Table)
	case *Delete:
		f(n.Table)
	}
	for _, c := range n.Inputs() {
		eachTarget(c, f)
	}
}

// textTriggers writes a line for each trigger that was called.
func (x *explainer) textTriggers(b *strings.Builder) {
	list, several := x.firedTriggers()
	for _, t := range list {
		b.WriteString("Trigger")
		if t.Constraint == 0 || x.o.Verbose {
			b.WriteString(" " + t.Name)
		}
		if t.Constraint != 0 {
			b.WriteString(" for constraint " + t.Name)
		}
		if several {
			b.WriteString(" on " + t.relation)
		}
		b.WriteByte(':')
		if x.o.Timing {
			b.WriteString(" time=" + millis(t.calls.Time))
		}
		fmt.Fprintf(b, " calls=%d\n", t.calls.Number)
	}
}

// triggerAttrs are what the other formats say of the triggers that were called.
func (x *explainer) triggerAttrs() [][]attr {
	list, _ := x.firedTriggers()
	out := make([][]attr, len(list))
	for i, t := range list {
		a := []attr{{"Trigger Name", t.Name}}
		if t.Constraint != 0 {
			a = append(a, attr{"Constraint Name", t.Name})
		}
		a = append(a, attr{"Relation", t.relation})
		if x.o.Timing {
			a = append(a, attr{"Time", number(millis(t.calls.Time))})
		}
		out[i] = append(a, attr{"Calls", t.calls.Number})
	}
	return out
}

func (x *explainer) jsonTriggers(b *strings.Builder) {
	b.WriteString(",\n    \"Triggers\": [")
	for i, t := range x.triggerAttrs() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n      {")
		for k, a := range t {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n        " + quoted(a.label) + ": " + jsonValue(a))
		}
		b.WriteString("\n      }")
	}
	b.WriteString("\n    ]")
}

func (x *explainer) yamlTriggers(b *strings.Builder) {
	b.WriteString("  Triggers: \n")
	for _, t := range x.triggerAttrs() {
		start := "    - "
		for _, a := range t {
			b.WriteString(start + a.label + ": " + jsonValue(a) + "\n")
			start = "      "
		}
	}
}

func (x *explainer) xmlTriggers(b *strings.Builder) {
	b.WriteString("    <Triggers>\n")
	for _, t := range x.triggerAttrs() {
		b.WriteString("      <Trigger>\n")
		for _, a := range t {
			tag := strings.ReplaceAll(a.label, " ", "-")
			b.WriteString("        <" + tag + ">" + escaped(fmt.Sprint(a.value)) + "</" + tag + ">\n")
		}
		b.WriteString("      </Trigger>\n")
	}
	b.WriteString("    </Triggers>\n")
}
