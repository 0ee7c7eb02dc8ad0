package physical

import (
	"fmt"
	"strings"
	"time"
)

func (x *explainer) text(root *entry) string {
	var b strings.Builder
	x.textEntry(&b, root, 0, true)
	if x.o.Summary {
		fmt.Fprintf(&b, "Planning Time: %s ms\n", millis(x.o.Planning))
	}
	x.textTriggers(&b)
	if x.o.Summary && x.o.Analyze {
		fmt.Fprintf(&b, "Execution Time: %s ms\n", millis(x.o.Execution))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func millis(d time.Duration) string { return fmt.Sprintf("%.3f", float64(d)/float64(time.Millisecond)) }

// textEntry writes an entry at an indentation of so many times two spaces.
func (x *explainer) textEntry(b *strings.Builder, e *entry, indent int, root bool) {
	if e.subplan != "" {
		b.WriteString(strings.Repeat("  ", indent) + e.subplan + "\n")
		indent++
	}
	if !root {
		b.WriteString(strings.Repeat("  ", indent) + "->  ")
		indent += 2
	}
	b.WriteString(e.title)
	x.textCosts(b, e)
	b.WriteByte('\n')
	indent++
	pad := strings.Repeat("  ", indent)
	if x.o.Verbose && len(e.names) > 0 {
		b.WriteString(pad + "Output: " + strings.Join(outputNames(e), ", ") + "\n")
	}
	for _, p := range e.props {
		b.WriteString(pad + p.label + ": " + textValue(p.value) + "\n")
	}
	x.textActual(b, e, pad)
	for _, c := range inTextOrder(e.children) {
		x.textEntry(b, c, indent, false)
	}
}

// inTextOrder puts what runs before first and what expressions run last.
func inTextOrder(in []*entry) []*entry {
	var before, inputs, after []*entry
	for _, c := range in {
		switch c.rel {
		case "InitPlan":
			before = append(before, c)
		case "SubPlan":
			after = append(after, c)
		default:
			inputs = append(inputs, c)
		}
	}
	return append(append(before, inputs...), after...)
}

func outputNames(e *entry) []string {
	out := make([]string, len(e.names))
	for i, n := range e.names {
		out[i] = n
		if e.computed[i] && !strings.HasPrefix(n, "(") {
			out[i] = "(" + n + ")"
		}
	}
	return out
}

func textValue(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ", ")
	case number:
		return string(v)
	}
	return fmt.Sprint(v)
}

func (x *explainer) textCosts(b *strings.Builder, e *entry) {
	if x.o.Costs {
		fmt.Fprintf(b, "  (cost=%.2f..%.2f rows=%.0f width=%d)", e.cost.Startup, e.cost.Total, e.cost.Rows, e.cost.Width)
	}
	a := x.actual(e)
	switch {
	case a == nil:
	case a.Loops == 0:
		b.WriteString(" (never executed)")
	case x.o.Timing:
		l := time.Duration(a.Loops)
		fmt.Fprintf(b, " (actual time=%s..%s rows=%d loops=%d)", millis(a.Startup/l), millis(a.Total/l), perLoop(a.Rows, a.Loops), a.Loops)
	default:
		fmt.Fprintf(b, " (actual rows=%d loops=%d)", perLoop(a.Rows, a.Loops), a.Loops)
	}
}

// perLoop is the average, rounded.
func perLoop(n, loops int64) int64 { return (n + loops/2) / max(1, loops) }

// textActual writes what was counted beside rows and time.
func (x *explainer) textActual(b *strings.Builder, e *entry, pad string) {
	a := x.actual(e)
	if a == nil || a.Loops == 0 {
		return
	}
	if label := removedBy(e); a.Removed > 0 && label != "" {
		fmt.Fprintf(b, "%s%s: %d\n", pad, label, perLoop(a.Removed, a.Loops))
	}
	for _, p := range x.memory(e) {
		b.WriteString(pad + p + "\n")
	}
}

// memory says in words what an operator kept in memory and in files.
func (x *explainer) memory(e *entry) []string {
	u, ok := x.usage(e)
	if !ok {
		return nil
	}
	disk := ""
	if u.disk > 0 {
		disk = fmt.Sprintf("  Disk Usage: %dkB", u.disk)
	}
	switch e.kind {
	case "Sort":
		if u.disk > 0 {
			return []string{fmt.Sprintf("Sort Method: external merge  Disk: %dkB", u.disk)}
		}
		return []string{fmt.Sprintf("Sort Method: %s  Memory: %dkB", sortMethod(e), u.memory)}
	case "Hash":
		return []string{fmt.Sprintf("Buckets: %d  Batches: %d  Memory Usage: %dkB", u.buckets, u.batches, u.memory)}
	}
	return []string{fmt.Sprintf("Batches: %d  Memory Usage: %dkB%s", u.batches, u.memory, disk)}
}

// usage is what an operator kept, in kilobytes.
type usage struct{ memory, disk, batches, buckets int64 }

// usage is known of sorts and hash tables that ran.
func (x *explainer) usage(e *entry) (u usage, ok bool) {
	hashed := e.kind == "Aggregate" && strings.HasPrefix(e.title, "Hash") || e.kind == "SetOp"
	if !x.o.Analyze || x.o.Count == nil || !hashed && e.kind != "Sort" && e.kind != "Hash" {
		return u, false
	}
	n := e.node
	if e.held != nil {
		n = e.held
	}
	a := x.o.Count(n)
	if a == nil || a.Loops == 0 {
		return u, false
	}
	u = usage{memory: max(24, (a.Memory+1023)/1024), disk: (a.Spilled + 1023) / 1024, batches: 1 + a.Batches, buckets: 1024}
	if rows := x.o.Count(e.node); rows != nil {
		for u.buckets < rows.Rows {
			u.buckets *= 2
		}
	}
	return u, true
}

func sortMethod(e *entry) string {
	if s, ok := e.node.(*Sort); ok && s.Limit != nil {
		return "top-N heapsort"
	}
	return "quicksort"
}

func removedBy(e *entry) string {
	switch {
	case hasProp(e, "Filter"):
		return "Rows Removed by Filter"
	case hasProp(e, "Join Filter"):
		return "Rows Removed by Join Filter"
	}
	return ""
}
