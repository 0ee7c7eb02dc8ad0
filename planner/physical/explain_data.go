package physical

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// attrsOf lists what the data formats say of an entry, in PostgreSQL's order.
func (x *explainer) attrsOf(e *entry) []attr {
	out := []attr{{"Node Type", e.kind}}
	late := e.attrs
	for len(late) > 0 && early(late[0].label) {
		out, late = append(out, late[0]), late[1:]
	}
	if e.rel != "" {
		out = append(out, attr{"Parent Relationship", e.rel})
	}
	if e.subplan != "" {
		out = append(out, attr{"Subplan Name", e.subplan})
	}
	out = append(out, attr{"Parallel Aware", false}, attr{"Async Capable", false})
	out = append(out, late...)
	if x.o.Costs {
		out = append(out, attr{"Startup Cost", fixed2(e.cost.Startup)}, attr{"Total Cost", fixed2(e.cost.Total)},
			attr{"Plan Rows", number(fmt.Sprintf("%.0f", e.cost.Rows))}, attr{"Plan Width", int64(e.cost.Width)})
	}
	out = append(out, x.actualAttrs(e)...)
	if x.o.Verbose && len(e.names) > 0 {
		out = append(out, attr{"Output", outputNames(e)})
	}
	return append(append(out, e.props...), x.usageAttrs(e)...)
}

// usageAttrs are what an operator kept, as the data formats name it.
func (x *explainer) usageAttrs(e *entry) []attr {
	u, ok := x.usage(e)
	if !ok {
		return nil
	}
	switch e.kind {
	case "Sort":
		if u.disk > 0 {
			return []attr{{"Sort Method", "external merge"}, {"Sort Space Used", u.disk}, {"Sort Space Type", "Disk"}}
		}
		return []attr{{"Sort Method", sortMethod(e)}, {"Sort Space Used", u.memory}, {"Sort Space Type", "Memory"}}
	case "Hash":
		return []attr{{"Hash Buckets", u.buckets}, {"Original Hash Buckets", u.buckets}, {"Hash Batches", u.batches},
			{"Original Hash Batches", u.batches}, {"Peak Memory Usage", u.memory}}
	}
	return []attr{{"HashAgg Batches", u.batches}, {"Peak Memory Usage", u.memory}, {"Disk Usage", u.disk}}
}

func early(label string) bool {
	return label == "Strategy" || label == "Partial Mode" || label == "Operation" || label == "Command"
}

func fixed2(f float64) number { return number(strconv.FormatFloat(f, 'f', 2, 64)) }

func (x *explainer) actualAttrs(e *entry) []attr {
	a := x.actual(e)
	if a == nil {
		return nil
	}
	var out []attr
	loops := max(1, a.Loops)
	if x.o.Timing {
		out = append(out, attr{"Actual Startup Time", number(millis(a.Startup / time.Duration(loops)))},
			attr{"Actual Total Time", number(millis(a.Total / time.Duration(loops)))})
	}
	out = append(out, attr{"Actual Rows", perLoop(a.Rows, loops)}, attr{"Actual Loops", a.Loops})
	if label := removedBy(e); label != "" {
		out = append(out, attr{label, perLoop(a.Removed, loops)})
	}
	return out
}

func (x *explainer) json(root *entry) string {
	var b strings.Builder
	b.WriteString("[\n  {\n    \"Plan\": ")
	x.jsonEntry(&b, root, 2)
	if x.o.Summary {
		b.WriteString(",\n    \"Planning Time\": " + millis(x.o.Planning))
	}
	if x.o.Analyze {
		x.jsonTriggers(&b)
	}
	if x.o.Summary && x.o.Analyze {
		b.WriteString(",\n    \"Execution Time\": " + millis(x.o.Execution))
	}
	b.WriteString("\n  }\n]")
	return b.String()
}

func (x *explainer) jsonEntry(b *strings.Builder, e *entry, level int) {
	pad := strings.Repeat("  ", level+1)
	b.WriteString("{")
	for i, a := range x.attrsOf(e) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + pad + quoted(a.label) + ": " + jsonValue(a))
	}
	if len(e.children) > 0 {
		b.WriteString(",\n" + pad + "\"Plans\": [")
		for i, c := range e.children {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n" + pad + "  ")
			x.jsonEntry(b, c, level+2)
		}
		b.WriteString("\n" + pad + "]")
	}
	b.WriteString("\n" + strings.Repeat("  ", level) + "}")
}

func quoted(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(q))
}

func jsonValue(a attr) string {
	if l, ok := a.value.([]string); ok {
		parts := make([]string, len(l))
		for i, s := range l {
			parts[i] = quoted(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if s, ok := a.value.(string); ok {
		return quoted(s)
	}
	return fmt.Sprint(a.value)
}

func (x *explainer) yaml(root *entry) string {
	var b strings.Builder
	b.WriteString("- Plan: \n")
	x.yamlEntry(&b, root, 2, "    ")
	if x.o.Summary {
		b.WriteString("  Planning Time: " + millis(x.o.Planning) + "\n")
	}
	if x.o.Analyze {
		x.yamlTriggers(&b)
	}
	if x.o.Summary && x.o.Analyze {
		b.WriteString("  Execution Time: " + millis(x.o.Execution) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// yamlEntry writes an entry; first is what stands before its first line.
func (x *explainer) yamlEntry(b *strings.Builder, e *entry, level int, first string) {
	pad := strings.Repeat("  ", level)
	for i, a := range x.attrsOf(e) {
		start := pad
		if i == 0 {
			start = first
		}
		l, ok := a.value.([]string)
		if !ok {
			v := fmt.Sprint(a.value)
			if s, isText := a.value.(string); isText {
				v = quoted(s)
			}
			b.WriteString(start + a.label + ": " + v + "\n")
			continue
		}
		b.WriteString(start + a.label + ": \n")
		for _, s := range l {
			b.WriteString(pad + "  - " + quoted(s) + "\n")
		}
	}
	if len(e.children) == 0 {
		return
	}
	b.WriteString(pad + "Plans: \n")
	for _, c := range e.children {
		x.yamlEntry(b, c, level+2, pad+"  - ")
	}
}

func (x *explainer) xml(root *entry) string {
	var b strings.Builder
	b.WriteString("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n")
	x.xmlEntry(&b, root, 2)
	if x.o.Summary {
		b.WriteString("    <Planning-Time>" + millis(x.o.Planning) + "</Planning-Time>\n")
	}
	if x.o.Analyze {
		x.xmlTriggers(&b)
	}
	if x.o.Summary && x.o.Analyze {
		b.WriteString("    <Execution-Time>" + millis(x.o.Execution) + "</Execution-Time>\n")
	}
	b.WriteString("  </Query>\n</explain>")
	return b.String()
}

func (x *explainer) xmlEntry(b *strings.Builder, e *entry, level int) {
	pad := strings.Repeat("  ", level)
	b.WriteString(pad + "<Plan>\n")
	for _, a := range x.attrsOf(e) {
		tag := strings.NewReplacer(" ", "-", "/", "-").Replace(a.label)
		if l, ok := a.value.([]string); ok {
			b.WriteString(pad + "  <" + tag + ">\n")
			for _, s := range l {
				b.WriteString(pad + "    <Item>" + escaped(s) + "</Item>\n")
			}
			b.WriteString(pad + "  </" + tag + ">\n")
			continue
		}
		b.WriteString(pad + "  <" + tag + ">" + escaped(fmt.Sprint(a.value)) + "</" + tag + ">\n")
	}
	if len(e.children) > 0 {
		b.WriteString(pad + "  <Plans>\n")
		for _, c := range e.children {
			x.xmlEntry(b, c, level+2)
		}
		b.WriteString(pad + "  </Plans>\n")
	}
	b.WriteString(pad + "</Plan>\n")
}

func escaped(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return strings.NewReplacer("&#39;", "'", "&#34;", "&quot;").Replace(b.String())
}
