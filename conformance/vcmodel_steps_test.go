package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// vcStep is a step of a script.
type vcStep struct {
	name string
	do   func()
}

func (w *vcWorld) steps() []vcStep {
	var out []vcStep
	add := func(weight int, name string, do func()) {
		for range weight {
			out = append(out, vcStep{name, do})
		}
	}
	for _, e := range w.edits() {
		add(1, "edit", func() { w.edit(e) })
	}
	add(6, "transaction", w.transaction)
	add(8, "fork", w.fork)
	add(12, "merge", w.merge)
	add(3, "pull", w.both)
	add(3, "manual", w.manual)
	add(3, "revert", w.revert)
	add(3, "pick", w.pick)
	add(3, "rebase", w.rebase)
	add(2, "reset", w.reset)
	add(1, "restore", w.restore)
	add(1, "drop", w.drop)
	add(2, "tag", w.tag)
	add(2, "commit", w.commit)
	add(1, "squash", w.squash)
	add(2, "collect", w.collect)
	add(1, "reopen", func() { w.stop(); w.open(); w.note("-- reopened") })
	add(2, "diff", w.diff)
	return out
}

const vcMostBranches = 6

// moment draws a point of the past that is still to be had; nil if there is none.
func (w *vcWorld) moment(branch string) *vcMoment {
	var list []vcMoment
	for _, m := range w.past {
		if branch == "" || m.branch == branch {
			list = append(list, m)
		}
	}
	if len(list) == 0 || w.lossy {
		return nil
	}
	m := vcPick(w, "point", list)
	return &m
}

// fork makes a branch of another, of a point of it, or of a tag.
func (w *vcWorld) fork() {
	if len(w.heads) >= vcMostBranches {
		return
	}
	name, from := w.name("b"), w.anyBranch("from")
	w.on("main")
	switch w.draw("of", 4) {
	case 0:
		if m := w.moment(from); m != nil {
			w.must(fmt.Sprintf("SELECT rowan.create_branch('%s', source => '%s', as_of => '%s')", name, from, m.scn))
			w.heads[name] = m.node
			w.now(name)
			return
		}
	case 1:
		if len(w.tags) > 0 {
			tag := vcPick(w, "tag", slices.Sorted(maps.Keys(w.tags)))
			w.must(fmt.Sprintf("SELECT rowan.create_branch('%s', as_of => 'tag:%s')", name, tag))
			w.heads[name] = w.tags[tag]
			w.now(name)
			return
		}
	}
	w.must(fmt.Sprintf("SELECT rowan.create_branch('%s', source => '%s')", name, from))
	w.heads[name] = w.heads[from]
	w.now(name)
}

// pair draws two branches.
func (w *vcWorld) pair() (source, target string, ok bool) {
	if len(w.heads) < 2 {
		return "", "", false
	}
	source = w.anyBranch("source")
	rest := slices.DeleteFunc(slices.Sorted(maps.Keys(w.heads)), func(b string) bool { return b == source })
	return source, vcPick(w, "target", rest), true
}

var vcStrategies = []string{"abort", "abort", "source_wins", "target_wins"}

func vcDecide(strategy string) func(vcConflict) (vcSide, string) {
	side := map[string]vcSide{"source_wins": vcSource, "target_wins": vcTarget}[strategy]
	return func(vcConflict) (vcSide, string) { return side, "" }
}

func (w *vcWorld) merge() {
	if source, target, ok := w.pair(); ok {
		w.mergeInto(source, target, vcPick(w, "strategy", vcStrategies))
	}
}

// both merges in both directions: then both branches have the same.
func (w *vcWorld) both() {
	source, target, ok := w.pair()
	if !ok || !w.mergeInto(source, target, "target_wins") || w.over {
		return
	}
	if !w.mergeInto(target, source, "abort") || w.over {
		return
	}
	for _, q := range []string{"SELECT * FROM rowan.schema_diff('%s', '%s')", "SELECT * FROM rowan.diff_sql('%s', '%s')"} {
		if left := w.rows(fmt.Sprintf(q, source, target)); len(left) > 0 {
			w.fail("branches that have each other differ:\n%s", strings.Join(left, "\n"))
		}
	}
}

func (w *vcWorld) mergeInto(source, target, strategy string) bool {
	s, t := w.heads[source], w.heads[target]
	m := &vcMerge{source: s.State, target: t.State, decide: vcDecide(strategy)}
	m.base, m.refused = vcBase([]*vcNode{s}, []*vcNode{t})
	call := fmt.Sprintf("rowan.merge('%s', target => '%s', strategy => '%s', dry_run => %%t)", source, target, strategy)
	if !w.bring(call, target, m) {
		return false
	}
	if !t.Ancestors()[s] {
		w.grew(target, m.out, s)
	}
	return true
}

// revert takes back a transaction of a branch.
func (w *vcWorld) revert() {
	b := w.anyBranch("branch")
	if len(w.txns[b]) == 0 || w.lossy {
		return
	}
	x := vcPick(w, "transaction", w.txns[b])
	strategy := vcPick(w, "strategy", vcStrategies)
	m := &vcMerge{base: x.after.State, source: x.before.State, target: w.heads[b].State, decide: vcDecide(strategy)}
	if w.bring(fmt.Sprintf("rowan.revert('%s', branch => '%s', strategy => '%s', dry_run => %%t)", x.scn, b, strategy), b, m) {
		w.grew(b, m.out)
	}
}

// pick does on a branch what a transaction of another has done.
func (w *vcWorld) pick() {
	source, target, ok := w.pair()
	if !ok || len(w.txns[source]) == 0 || w.lossy {
		return
	}
	x := vcPick(w, "transaction", w.txns[source])
	strategy := vcPick(w, "strategy", vcStrategies)
	m := &vcMerge{base: x.before.State, source: x.after.State, target: w.heads[target].State, decide: vcDecide(strategy)}
	if w.bring(fmt.Sprintf("rowan.cherry_pick('%s', '%s', target => '%s', strategy => '%s', dry_run => %%t)", source, x.scn, target, strategy), target, m) {
		w.grew(target, m.out)
	}
}

// rebase puts a branch's own changes on another branch.
func (w *vcWorld) rebase() {
	onto, b, ok := w.pair()
	if !ok {
		return
	}
	strategy := vcPick(w, "strategy", vcStrategies)
	was, on := w.heads[b], w.heads[onto]
	m := &vcMerge{source: was.State, target: on.State, decide: vcDecide(strategy)}
	m.base, m.refused = vcBase([]*vcNode{was}, []*vcNode{on})
	if was.Ancestors()[on] {
		m.base, m.target, m.refused, m.revived = was.State, was.State, "", true // nothing to do
	}
	w.txns[b] = nil
	if !w.bring(fmt.Sprintf("rowan.rebase_branch('%s', strategy => '%s', onto => '%s', dry_run => %%t)", b, strategy, onto), b, m) || was.Ancestors()[on] {
		return
	}
	w.grew(b, m.out, on)
	w.txns[b] = nil // they are those of the layer before
}

// reset sets a branch to a point of its own past or of another's.
func (w *vcWorld) reset() {
	b := w.anyBranch("branch")
	m := w.moment("")
	if m == nil || w.heads[m.branch] == nil {
		return
	}
	w.on("main")
	source := "NULL"
	if m.branch != b {
		source = "'" + m.branch + "'"
	}
	if code, _ := w.try(fmt.Sprintf("SELECT rowan.reset_branch('%s', '%s', source => %s)", b, m.scn, source)); code != "" {
		return
	}
	w.heads[b], w.txns[b] = m.node, nil
	w.now(b)
}

// restore is a reset that keeps what was there as another branch.
func (w *vcWorld) restore() {
	b := w.anyBranch("branch")
	m := w.moment(b)
	if m == nil || len(w.heads) >= vcMostBranches {
		return
	}
	w.on("main")
	kept := w.name("b")
	if code, _ := w.try(fmt.Sprintf("SELECT rowan.restore_branch('%s', '%s', backup => '%s')", b, m.scn, kept)); code != "" {
		return
	}
	w.heads[kept], w.heads[b], w.txns[b] = w.heads[b], m.node, nil
	w.now(b)
	w.now(kept)
}

func (w *vcWorld) drop() {
	b := w.anyBranch("branch")
	if b == "main" {
		return
	}
	w.on("main")
	if code, _ := w.try("SELECT rowan.drop_branch('" + b + "')"); code != "" {
		return
	}
	if w.draw("undelete", 3) == 0 {
		w.must("SELECT rowan.undelete_branch('" + b + "')")
		return
	}
	delete(w.heads, b)
	delete(w.txns, b)
	w.past = slices.DeleteFunc(w.past, func(m vcMoment) bool { return m.branch == b })
}

func (w *vcWorld) tag() {
	b, name := w.anyBranch("branch"), w.name("v")
	w.on("main")
	w.must(fmt.Sprintf("SELECT rowan.create_tag('%s', branch => '%s')", name, b))
	w.tags[name] = w.heads[b]
}

func (w *vcWorld) commit() {
	b := w.anyBranch("branch")
	w.on(b)
	w.must("SELECT rowan.commit('" + w.name("message ") + "')")
	w.grew(b, w.heads[b].State)
}

func (w *vcWorld) squash() {
	b := w.anyBranch("branch")
	if m := w.moment(b); m != nil {
		w.on(b)
		w.must("SELECT rowan.squash('" + m.scn + "', 'squashed')")
		w.grew(b, w.heads[b].State)
	}
}

// collect removes garbage, at times with a short retention: then points that nothing holds may be gone.
func (w *vcWorld) collect() {
	w.on("main")
	if w.draw("retention", 3) == 0 {
		w.must("SELECT rowan.set_retention('1 microsecond')")
		w.lossy = true
	}
	w.must(fmt.Sprintf("SELECT * FROM rowan.gc(purge => %t)", w.draw("purge", 2) == 0))
	for _, tag := range slices.Sorted(maps.Keys(w.tags)) {
		w.same("after collection", "main", "tag:"+tag, w.tags[tag].State)
	}
}

// diff makes a copy of one branch what another is.
func (w *vcWorld) diff() {
	from, to, ok := w.pair()
	if !ok {
		return
	}
	copied := w.name("d")
	w.on("main")
	w.must(fmt.Sprintf("SELECT rowan.create_branch('%s', source => '%s')", copied, from))
	script := w.rows(fmt.Sprintf("SELECT statement FROM rowan.diff_sql('%s', '%s')", copied, to))
	w.on(copied)
	for _, s := range script {
		if code, message := w.try(s); code != "" {
			w.fail("%s: %s\nin\n%s", code, message, strings.Join(script, "\n"))
		}
	}
	w.same("after a script of differences", copied, "", w.heads[to].State)
	for _, q := range []string{"SELECT * FROM rowan.schema_diff('%s', '%s')", "SELECT * FROM rowan.diff_sql('%s', '%s')"} {
		if left := w.rows(fmt.Sprintf(q, copied, to)); len(left) > 0 {
			w.fail("left over:\n%s\nafter\n%s", strings.Join(left, "\n"), strings.Join(script, "\n"))
		}
	}
	w.on("main")
	w.must("SELECT rowan.drop_branch('" + copied + "')")
}
