package conformance

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const vcOutcome = "SELECT status, inserts, updates, deletes, conflicts, table_name, row_key, column_name, conflict_type, base_value, source_value, target_value, constraint_name, detail FROM "

// bring runs a merge of any kind, dry and then really, and holds it against the model. It reports whether it went through
// as the model says; what it then has is m.out.
func (w *vcWorld) bring(call, target string, m *vcMerge) bool {
	w.t.Helper()
	if m.refused == "" {
		m.run()
	}
	w.on(target)
	sql := vcOutcome + fmt.Sprintf(call, false)
	would := w.rows(vcOutcome + fmt.Sprintf(call, true))
	w.check("a dry run of " + call)
	w.note(strings.TrimPrefix(sql, vcOutcome))
	did := w.rows(sql)
	w.script[len(w.script)-1] += " -- " + strings.Join(did, " / ")
	if a, b := outcomeOf(would), outcomeOf(did); !slices.Equal(a, b) {
		w.fail("%s would\n%s\nand did\n%s", call, strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	return w.agree(call, did, m)
}

// outcomeOf is an answer without what a dry run calls otherwise.
func outcomeOf(rows []string) []string {
	out := slices.Clone(rows)
	status, rest, _ := strings.Cut(out[0], "|")
	if status != "conflicts" && status != "violations" {
		status = "done"
	}
	out[0] = status + "|" + rest
	return out
}

// agree compares the answer of a merge with the model's.
func (w *vcWorld) agree(call string, rows []string, m *vcMerge) bool {
	w.t.Helper()
	status, _, _ := strings.Cut(rows[0], "|")
	if m.refused != "" {
		w.count["refused: "+m.refused]++
		w.over = status != "conflicts" && status != "violations"
		return false
	}
	broken := ""
	if len(m.conflicts) == 0 {
		broken = m.out.broken()
	}
	switch {
	case len(m.conflicts) > 0:
		w.wants(call, rows, status, "conflicts")
		w.sameConflicts(call, rows, m.conflicts)
		return false
	case broken != "":
		if status != "violations" {
			w.fail("%s: %s, though %s", call, status, broken)
		}
		return false
	case status == "conflicts" || status == "violations":
		w.fail("%s: no conflicts are wanted:\n%s", call, strings.Join(rows, "\n"))
	}
	w.count["went through"]++
	fields := strings.Split(rows[0], "|")
	want := fmt.Sprint(m.inserts, m.updates, m.deletes)
	if have := strings.Join(fields[1:4], " "); have != want && !m.revived {
		w.fail("%s: counts are %s, want %s", call, have, want)
	}
	return true
}

func (w *vcWorld) wants(call string, rows []string, status, want string) {
	w.t.Helper()
	if status != want {
		w.fail("%s: %s, want %s\n%s", call, status, want, strings.Join(rows, "\n"))
	}
}

// sameConflicts compares the list; of contradictions of the schema that there are some.
func (w *vcWorld) sameConflicts(call string, rows []string, want []vcConflict) {
	w.t.Helper()
	var have, wanted []string
	schema := false
	for _, r := range rows[1:] {
		f := strings.Split(r, "|")
		c := vcConflict{table: f[5], key: f[6], column: f[7], kind: f[8], base: f[9], source: f[10], target: f[11]}
		schema = schema || strings.HasPrefix(c.kind, "schema")
		have = append(have, c.normal())
	}
	for _, c := range want {
		if strings.HasPrefix(c.kind, "schema") != schema {
			w.fail("%s: other conflicts than %v:\n%s", call, want, strings.Join(rows, "\n"))
		}
		wanted = append(wanted, c.normal())
	}
	sort.Strings(have)
	sort.Strings(wanted)
	if !schema && !slices.Equal(have, wanted) {
		w.fail("%s: conflicts are\n%s\nwant\n%s", call, strings.Join(have, "\n"), strings.Join(wanted, "\n"))
	}
}

// normal is a conflict without what the model does not say: values of rows, and what rows without a key are called.
func (c vcConflict) normal() string {
	if strings.HasPrefix(c.key, `\x`) {
		c.key = "?"
	}
	if c.column == "null" || c.column == "" {
		c.column, c.base, c.source, c.target = "", "", "", ""
	}
	for _, v := range []*string{&c.base, &c.source, &c.target} {
		if s, err := strconv.Unquote(*v); err == nil { // text is shown without quotes
			*v = s
		}
		*v = strings.NewReplacer("[", "", "]", "", "{", "", "}", "", " ", "", `"`, "", "NULL", "null").Replace(*v)
		if *v == "true" || *v == "false" { // as texts are
			*v = (*v)[:1]
		}
	}
	return c.String()
}

// manual keeps the conflicts of a merge, resolves each at random and completes it.
func (w *vcWorld) manual() {
	source, target, ok := w.pair()
	if !ok {
		return
	}
	s := w.heads[source]
	decisions := map[string]vcDecision{}
	decide := func(c vcConflict) (vcSide, string) { d := decisions[c.normal()+c.rows]; return d.side, d.value }
	call := fmt.Sprintf("rowan.merge('%s', target => '%s', strategy => 'manual')", source, target)
	w.on(target)
	for {
		t := w.heads[target]
		m := &vcMerge{source: s.State, target: t.State, decide: decide}
		if m.base, m.refused = vcBase([]*vcNode{s}, []*vcNode{t}); m.refused == "" {
			m.run()
		}
		w.note(call)
		rows := w.rows(vcOutcome + call)
		w.script[len(w.script)-1] += " -- " + strings.Join(rows, " / ")
		pending := strings.HasPrefix(call, "rowan.complete")
		call = "rowan.complete_merge()"
		if w.agree(call, rows, m) {
			if !t.Ancestors()[s] {
				w.grew(target, m.out, s)
			}
			return
		}
		status, _, _ := strings.Cut(rows[0], "|")
		if status == "conflicts" && !m.whollyClear() && m.refused == "" {
			w.check("a merge that waits")
			w.on(target)
			w.resolve(m.conflicts, decisions)
			w.meanwhile(source, target)
			w.on(target)
			continue
		}
		if status == "conflicts" || pending && !w.over {
			w.must("SELECT rowan.abort_merge()")
		}
		return
	}
}

// meanwhile does at times something before a pending merge is completed: another session does that, or the server starts anew, or
// either branch changes.
func (w *vcWorld) meanwhile(source, target string) {
	switch w.draw("meanwhile", 8) {
	case 0:
		_ = w.conn.Close(context.Background())
		w.connect()
		w.note("-- another session")
	case 1:
		w.stop()
		w.open()
		w.note("-- reopened")
	case 2:
		w.editOf(target, w.update)
	case 3:
		w.editOf(target, w.insert)
	case 4:
		w.editOf(source, w.update)
	}
}

// whollyClear reports whether some of the conflicts are such that nothing decides them.
func (m *vcMerge) whollyClear() bool {
	return slices.ContainsFunc(m.conflicts, func(c vcConflict) bool {
		return strings.HasPrefix(c.kind, "schema: needs") || c.kind == "schema: two columns" || c.kind == "schema: stale name" || c.key == "?"
	})
}

type vcDecision struct {
	side  vcSide
	value string
}

// resolve says what becomes of each conflict.
func (w *vcWorld) resolve(list []vcConflict, decisions map[string]vcDecision) {
	for _, c := range list {
		d := vcDecision{side: vcPick(w, "side", []vcSide{vcSource, vcTarget, vcBaseOf, vcValue})}
		if strings.HasPrefix(c.kind, "schema") {
			d.side = vcPick(w, "side", []vcSide{vcSource, vcTarget})
		}
		if c.odd && d.side == vcBaseOf {
			d.side = vcSource // there is no value that it had
		}
		side := "side => '" + map[vcSide]string{vcSource: "source", vcTarget: "target", vcBaseOf: "base"}[d.side] + "'"
		switch {
		case d.side == vcValue && c.column == "":
			d.value = vcNull
			side = "value => 'null'"
		case d.side == vcValue:
			d.value = c.source
			side = "value => '" + strings.ReplaceAll(c.source, "'", "''") + "'"
		}
		where := "table_name => '" + c.table + "'"
		if c.key != "" {
			where += ", row_key => '" + c.key + "'"
		}
		if c.column != "" {
			where += ", column_name => '" + c.column + "'"
		}
		w.must("SELECT rowan.resolve_conflicts(" + where + ", " + side + ")")
		decisions[c.normal()+c.rows] = d
	}
}
