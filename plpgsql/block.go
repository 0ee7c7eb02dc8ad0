package plpgsql

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// block is a block with its variables and handlers.
type block struct {
	line           int
	label          string
	vars           []int
	body           []node
	catches        bool
	handlers       []handler
	state, message int // variables of the handlers
}

// handler is WHEN of EXCEPTION: for these SQLSTATEs, classes of them, or others.
type handler struct {
	codes  []string
	others bool
	body   []node
}

//go:embed conditions.txt
var conditionList string

// conditionCodes are the SQLSTATEs by the names that PL/pgSQL has for them: some names have two.
var conditionCodes = sync.OnceValue(func() map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(conditionList) {
		name, code, _ := strings.Cut(strings.TrimSpace(line), " ")
		m[name] = append(m[name], code)
	}
	return m
})

func unknownCondition(name string) error {
	return pgerr.New(pgerrcode.UndefinedObject, "unrecognized exception condition \"%s\"", name)
}

// covers reports whether a handler is for an error. A name of a class covers all of it.
func (h *handler) covers(code string) bool {
	if h.others && code != pgerrcode.QueryCanceled && code != pgerrcode.AssertFailure {
		return true
	}
	return slices.ContainsFunc(h.codes, func(c string) bool {
		return c == code || strings.HasSuffix(c, "000") && c[:2] == code[:2]
	})
}

// run implements stmt.
func (b *block) run(x *run) (flow, error) {
	if err := b.declare(x); err != nil {
		return next, err
	}
	if !b.catches {
		f, err := x.statements(b.body)
		return b.left(x, f), err
	}
	mark, err := x.h.Savepoint()
	if err != nil {
		return next, err
	}
	line, kind, handling := x.line, x.kind, len(x.handling)
	f, err := x.statements(b.body)
	if err == nil {
		x.h.Release(mark)
		return b.left(x, f), nil
	}
	e := pgerr.From(err)
	if x.ctx.Err() != nil {
		return f, err
	}
	i := slices.IndexFunc(b.handlers, func(h handler) bool { return h.covers(e.Code) })
	if i < 0 || err == errStopped {
		return f, err
	}
	caught := pgerr.From(x.within(e))
	if outer := x.h.Outer(); outer != "" {
		caught.Where += "\n" + outer
	}
	if err := x.h.RollbackTo(mark); err != nil {
		return f, err
	}
	x.h.Release(mark)
	x.line, x.kind, x.phase = line, kind, ""
	x.handling = append(x.handling[:handling], caught)
	x.vals[b.state], x.vals[b.message] = types.String(caught.Code), types.String(caught.Message)
	f, err = x.statements(b.handlers[i].body)
	if err == nil {
		x.handling = x.handling[:handling]
	}
	return b.left(x, f), err
}

// left reports where to go after the block: EXIT with its label ends it.
func (b *block) left(x *run, f flow) flow {
	if f == leave && x.label != "" && x.label == b.label {
		x.label = ""
		return next
	}
	return f
}

// declare gives the variables their first values.
func (b *block) declare(x *run) error {
	for _, v := range b.vars {
		va := x.f.vars[v]
		line := x.line
		x.line, x.phase = va.line, "during statement block local variable initialization"
		if err := x.initialize(v, va); err != nil {
			return err
		}
		x.line, x.phase = line, ""
	}
	return nil
}

func (x *run) initialize(v int, va *variable) error {
	if va.record {
		x.recs[v] = record{null: true}
		if len(fieldsOf(va.t)) > 0 {
			x.recs[v].def = va.t
		}
	} else {
		x.shut(v)
		x.vals[v] = types.Null
	}
	if va.init == nil {
		if va.cursor != nil || va.t.Kind != types.KindDomain {
			if va.cursor != nil {
				x.vals[v] = types.String(va.name)
			}
			return nil
		}
		if va.record {
			return x.assignRecord(v, types.Null, types.Type{})
		}
		_, err := x.cast(types.Null, types.Of(types.Builtin(types.OIDUnknown)), va.t)
		return err
	}
	d, t, err := x.eval(va.init)
	if err != nil {
		return err
	}
	return x.assignTo(target{v: v}, d.Clone(), t)
}
