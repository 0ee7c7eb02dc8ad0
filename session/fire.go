package session

import (
	"context"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
)

// fired is what the calls of a trigger for one kind of event have in common, as long as the catalog and what names mean stay
// what they are.
type fired struct {
	fn     *catalog.Function
	row    *types.Def
	epoch  uint64
	names  string
	values []types.Datum // of plpgsql.TriggerVariables
	body   *plpgsql.Function
	r      *routine
	h      *plHost
	busy   bool // a call uses r and h
}

// firedKey is what a fired is of. Descriptors are not changed: a trigger or a table that is altered has another one.
type firedKey struct {
	trigger *catalog.Trigger
	table   *catalog.Table
	event   catalog.TriggerEvent
}

// fireRoutine calls a trigger's function. row is what it returned, as a row of the trigger's table; nil: it returned NULL. The row
// holds until the next call.
func (s *Session) fireRoutine(ctx context.Context, f *catalog.Function, x *kernel.Firing) (row []types.Datum, err error) {
	key := firedKey{x.Trigger, x.Table, x.Event}
	t := s.pl.fired[key]
	if t == nil || t.fn != f || t.busy {
		if t, err = s.newFired(f, x); err != nil {
			return nil, err
		}
		if len(s.pl.fired) > 100 || s.pl.fired == nil {
			s.pl.fired = map[firedKey]*fired{}
		}
		if old := s.pl.fired[key]; old == nil || !old.busy {
			s.pl.fired[key] = t
		}
	}
	s.pl.calling = false
	outer := s.pl.firing
	s.pl.firing, t.r.firing, t.busy = x, x, true
	defer func() { s.pl.firing, t.r.firing, t.busy = outer, nil, false }()
	err = t.r.within(true, func() error {
		if err := t.prepare(ctx, s, x); err != nil {
			return err
		}
		call := t.h.begin(ctx, t.body)
		defer t.h.end(call)
		row, err = call.Fire(plpgsql.Firing{Row: x.Row, Old: x.Old, New: x.New, Values: t.values, EachRow: x.Trigger.Row})
		return err
	})
	return row, err
}

func (s *Session) newFired(f *catalog.Function, x *kernel.Firing) (*fired, error) {
	if f.Language != "plpgsql" {
		return nil, pgerr.Unsupported("trigger functions in language %s", f.Language)
	}
	if f.Returns != types.OIDTrigger {
		return nil, pgerr.New(pgerrcode.InvalidObjectDefinition, "function %s must return type %s", f.Name, "trigger")
	}
	p := &builtin.Proc{OID: f.OID, Schema: f.Schema, Name: f.Name, Returns: f.Returns, Kind: 'f', Volatile: f.Volatile, User: true, Function: f}
	r := &routine{s: s, proc: p, result: x.Row}
	return &fired{fn: f, r: r, h: &plHost{s: s, r: r}}, nil
}

// prepare makes sure that the function is compiled by the catalog as it is.
func (t *fired) prepare(ctx context.Context, s *Session, x *kernel.Firing) error {
	epoch, err := s.catalogVersion(ctx)
	if err != nil {
		return err
	}
	names := s.nameKey()
	if t.body != nil && t.epoch == epoch && t.names == names && t.row == x.Row.Def {
		return nil
	}
	t.r.result = x.Row
	if t.body, err = (plRoutine{t.r}).compiled(ctx, t.h); err != nil {
		t.body = nil
		return err
	}
	t.epoch, t.names, t.row, t.values = epoch, names, x.Row.Def, s.firingValues(x)
	return nil
}

var (
	triggerTimings = map[catalog.TriggerTiming]string{catalog.TriggerBefore: "BEFORE", catalog.TriggerAfter: "AFTER", catalog.TriggerInstead: "INSTEAD OF"}
	triggerEvents  = map[catalog.TriggerEvent]string{
		catalog.TriggerInsert: "INSERT", catalog.TriggerUpdate: "UPDATE", catalog.TriggerDelete: "DELETE", catalog.TriggerTruncate: "TRUNCATE",
	}
)

// firingValues are plpgsql.TriggerVariables.
func (s *Session) firingValues(x *kernel.Firing) []types.Datum {
	level := "STATEMENT"
	if x.Trigger.Row {
		level = "ROW"
	}
	elems := make([]types.Datum, len(x.Trigger.Args))
	for i, a := range x.Trigger.Args {
		elems[i] = types.String(a)
	}
	argv := types.Array{}
	if len(elems) > 0 {
		argv = types.Array{Dims: []types.Dim{{Len: int32(len(elems)), Lower: 0}}, Elems: elems}
	}
	schema := ""
	if snap, err := s.snapshot(s.catalogs.ctx); err == nil {
		schema = snap.SchemaName(x.Table.Schema)
	}
	return []types.Datum{
		types.String(x.Trigger.Name), types.String(triggerTimings[x.Trigger.Timing]), types.String(level), types.String(triggerEvents[x.Event]),
		types.Int(int64(x.Table.OID)), types.String(x.Table.Name), types.String(x.Table.Name), types.String(schema), types.Int(int64(len(elems))),
		types.String(argv.Pack(types.Builtin(types.OIDText))),
	}
}

// checkPL tells what is wrong with a body in PL/pgSQL that a function is made with.
func (s *Session) checkPL(ctx context.Context, f *catalog.Function) error {
	body, err := parse.ParsePL(f.Name, f.Body, true)
	if err != nil {
		return err
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	s.catalogs.ctx = ctx
	draft := *f
	draft.ArgTypes = make([]types.OID, len(f.ArgTypes))
	for i, id := range f.ArgTypes {
		draft.ArgTypes[i] = sample(id)
	}
	result := types.Of(snap.TypeByOID(sample(f.Returns)))
	switch {
	case result.Def == nil || result.Kind != types.KindPseudo || result.ID() == types.OIDVoid || result.ID() == types.OIDRecord || result.ID() == types.OIDTrigger:
	default:
		return pgerr.New(pgerrcode.FeatureNotSupported, "PL/pgSQL functions cannot return type %s", s.typeName(result))
	}
	if f.Returns == types.OIDTrigger && len(f.ArgTypes) > 0 {
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "trigger functions cannot have declared arguments").
			WithHint("The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead.")
	}
	r := &routine{s: s, proc: &builtin.Proc{Name: f.Name, Function: &draft, User: true}, result: result}
	d := r.definition()
	d.Body, d.Conflict = body, s.conflict()
	if f.Returns == types.OIDTrigger {
		d.Kind = plpgsql.KindTrigger
	}
	if s.pl.env == nil {
		s.refreshPL(ctx)
	}
	_, err = plpgsql.Compile(ctx, d, &plHost{s: s, r: r})
	return err
}

// sample is the type by which a function of any type is looked at.
func sample(id types.OID) types.OID {
	switch id {
	case types.OIDAnyElement, types.OIDAnyNonArray, types.OIDAnyCompatible, types.OIDAnyCompatibleNonArray:
		return types.OIDInt4
	case types.OIDAnyArray, types.OIDAnyCompatibleArray:
		return types.OIDInt4Array
	}
	return id
}

// firingKey tells compilations of a trigger function for several tables apart.
func firingKey(x *kernel.Firing) string {
	if x == nil {
		return ""
	}
	return "\x00" + strconv.FormatUint(uint64(x.Table.OID), 36) + "\x00" + x.Trigger.OldTable + "\x00" + x.Trigger.NewTable
}

// invalidPL is checkPL with places in the client's text.
func (s *Session) invalidPL(ctx context.Context, c *command.CreateFunction) error {
	err := s.checkPL(ctx, c.Function)
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 {
		e.Relocate(c.Place(at))
	}
	return &e
}
