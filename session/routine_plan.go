package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/types"
)

// routinePlan is a function planned for one choice of argument types. It is immutable, and for all sessions.
type routinePlan struct {
	statements []*planned
	whole      bool       // the last statement's only column is the row that is returned
	record     types.Type // what the last statement's columns are fields of
	names      string
	epoch      uint64
	stats      uint64
}

// prepare makes sure that the function's plan is one by the catalog as it is.
func (r *routine) prepare(ctx context.Context) error {
	s := r.s
	epoch, err := s.catalogVersion(ctx)
	if err != nil {
		return err
	}
	names, stats := s.nameKey(), s.engine.analyzed.Load()
	fits := func(p *routinePlan) bool { return p != nil && p.epoch == epoch && p.names == names && p.stats == stats }
	if fits(r.plan) {
		return nil
	}
	key := r.key(names)
	if e, ok := s.engine.plans.get(key); ok && key != "" && fits(e.routine) {
		r.use(e.routine)
		return nil
	}
	p := &routinePlan{names: names, epoch: epoch, stats: stats}
	if err := r.planAll(ctx, p); err != nil {
		return err
	}
	if key != "" && p.keepable() && !s.txn.dirtyCatalog() {
		s.engine.plans.put(cacheEntry{key: key, routine: p})
	}
	r.use(p)
	return nil
}

func (r *routine) use(p *routinePlan) { r.plan, r.envs = p, nil }

func (r *routine) planAll(ctx context.Context, p *routinePlan) error {
	s := r.s
	old := s.catalogs.ctx
	s.catalogs.ctx = ctx
	defer func() { s.catalogs.ctx = old }()
	routine, err := planner.NewRoutine(r.proc, r.args, r.result, &s.catalogs, s.lateOptions(nil))
	if err != nil {
		return err
	}
	p.whole, p.record = routine.Whole, r.result
	if n := len(routine.Statements); n > 0 && len(r.result.Fields) == 0 && routine.Statements[n-1] != nil {
		p.record = types.Of(&types.Def{})
		for _, f := range routine.Statements[n-1].Fields {
			p.record.Fields = append(p.record.Fields, types.Field{Name: f.Name, Type: f.Type})
		}
	}
	for i, plan := range routine.Statements {
		if plan == nil {
			p.statements = append(p.statements, &planned{stmt: routine.Commands[i]})
			continue
		}
		locks, err := s.lockGroups(plan)
		if err != nil {
			return err
		}
		p.statements = append(p.statements, &planned{plan: plan, names: p.names, epoch: p.epoch, stats: p.stats, locks: locks})
	}
	return nil
}

// keepable reports whether nothing in the plan is of now only.
func (p *routinePlan) keepable() bool {
	for _, st := range p.statements {
		if st.plan == nil {
			continue
		}
		if st.plan.Once || len(st.plan.Refs) > 0 || st.plan.Command != nil {
			return false
		}
	}
	return true
}

// key is what the function's plan is kept under; "": it is not kept. A function of another point is planned by another catalog.
func (r *routine) key(names string) string {
	if r.proc.Ref != noRef {
		return ""
	}
	var b strings.Builder
	b.WriteString("function\x00")
	b.WriteString(names)
	b.WriteByte(0)
	b.WriteString(strconv.FormatUint(uint64(r.proc.OID), 36))
	for _, t := range r.args {
		typeKey(&b, t)
	}
	typeKey(&b, r.result)
	return b.String()
}

// typeKey tells types apart; anonymous records are what their fields are.
func typeKey(b *strings.Builder, t types.Type) {
	b.WriteByte(' ')
	b.WriteString(strconv.FormatUint(uint64(t.ID()), 36))
	if t.ID() != types.OIDRecord {
		return
	}
	b.WriteByte('(')
	for _, f := range t.Fields {
		b.WriteString(f.Name)
		typeKey(b, f.Type)
	}
	b.WriteByte(')')
}
