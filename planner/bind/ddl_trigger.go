package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// Bits of CreateTrigStmt.events and timing.
const (
	trigInsert   = 1 << 2
	trigDelete   = 1 << 3
	trigUpdate   = 1 << 4
	trigTruncate = 1 << 5
	trigBefore   = 1 << 1
	trigInstead  = 1 << 6
)

// createTrigger binds CREATE TRIGGER.
func (b *definer) createTrigger(s *pg.CreateTrigStmt) (command.Command, error) {
	if s.Isconstraint && s.Replace {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported")
	}
	o, ix, err := b.relation(s.Relation)
	if err != nil {
		return nil, err
	}
	t := &catalog.Trigger{Name: clipName(s.Trigname), Events: triggerEvents(s.Events), Timing: triggerTiming(s.Timing), Row: s.Row,
		Deferrable: s.Deferrable, Deferred: s.Initdeferred, Args: stringList(s.Args)}
	if err := b.mayHave(t, o, ix, len(s.TransitionRels) > 0); err != nil {
		return nil, err
	}
	if err := b.triggerForm(t, s); err != nil {
		return nil, err
	}
	if s.Isconstraint && s.Constrrel != nil {
		from, _, err := b.relation(s.Constrrel)
		if err != nil {
			return nil, err
		}
		t.From = from.Head().OID
	}
	if err := transitions(t, s); err != nil {
		return nil, err
	}
	if err := b.triggerWhen(t, o, s.WhenClause); err != nil {
		return nil, err
	}
	if err := b.triggerFunction(t, stringList(s.Funcname)); err != nil {
		return nil, err
	}
	if err := triggerColumns(t, o, stringList(s.Columns)); err != nil {
		return nil, err
	}
	return &command.CreateTrigger{Relation: o.Head().OID, Trigger: t, Replace: s.Replace, Constraint: s.Isconstraint}, nil
}

func triggerEvents(bits int32) catalog.TriggerEvent {
	var out catalog.TriggerEvent
	for bit, e := range map[int32]catalog.TriggerEvent{trigInsert: catalog.TriggerInsert, trigDelete: catalog.TriggerDelete,
		trigUpdate: catalog.TriggerUpdate, trigTruncate: catalog.TriggerTruncate} {
		if bits&bit != 0 {
			out |= e
		}
	}
	return out
}

func triggerTiming(bits int32) catalog.TriggerTiming {
	switch {
	case bits&trigBefore != 0:
		return catalog.TriggerBefore
	case bits&trigInstead != 0:
		return catalog.TriggerInstead
	}
	return catalog.TriggerAfter
}

// mayHave refuses triggers that relations of a kind cannot have.
func (b *definer) mayHave(t *catalog.Trigger, o catalog.Object, ix *catalog.Index, tables bool) error {
	name := o.Head().Name
	refuse := func(kind, detail string) error {
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is a %s", name, kind).WithDetail("%s", detail)
	}
	switch o := o.(type) {
	case *catalog.Table:
		if ix != nil {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is an index", ix.Name)
		}
		if t.Timing == catalog.TriggerInstead {
			return refuse("table", "Tables cannot have INSTEAD OF triggers.")
		}
		return b.notSystem(o)
	case *catalog.View:
		switch {
		case t.Timing != catalog.TriggerInstead && t.Row:
			return refuse("view", "Views cannot have row-level BEFORE or AFTER triggers.")
		case t.Events&catalog.TriggerTruncate != 0:
			return refuse("view", "Views cannot have TRUNCATE triggers.")
		case tables:
			return refuse("view", "Triggers on views cannot have transition tables.")
		}
		return nil
	}
	return pgerr.New(pgerrcode.WrongObjectType, "relation \"%s\" cannot have triggers", name).
		WithDetail("This operation is not supported for %ss.", relationWord(o, ix))
}

// triggerForm refuses what does not go together.
func (b *definer) triggerForm(t *catalog.Trigger, s *pg.CreateTrigStmt) error {
	refuse := func(text string) error { return pgerr.New(pgerrcode.FeatureNotSupported, "%s", text) }
	switch {
	case t.Row && t.Events&catalog.TriggerTruncate != 0:
		return refuse("TRUNCATE FOR EACH ROW triggers are not supported")
	case t.Timing != catalog.TriggerInstead:
		return nil
	case !t.Row:
		return refuse("INSTEAD OF triggers must be FOR EACH ROW")
	case s.WhenClause != nil:
		return refuse("INSTEAD OF triggers cannot have WHEN conditions")
	case len(s.Columns) > 0:
		return refuse("INSTEAD OF triggers cannot have column lists")
	}
	return nil
}

// transitions binds REFERENCING.
func transitions(t *catalog.Trigger, s *pg.CreateTrigStmt) error {
	invalid := func(text string) error { return pgerr.New(pgerrcode.InvalidObjectDefinition, "%s", text) }
	refuse := func(text string) error { return pgerr.New(pgerrcode.FeatureNotSupported, "%s", text) }
	for _, n := range s.TransitionRels {
		x := n.GetTriggerTransition()
		events := t.Events
		switch {
		case !x.IsTable:
			return pgerr.New(pgerrcode.FeatureNotSupported, "ROW variable naming in the REFERENCING clause is not supported").
				WithHint("Use OLD TABLE or NEW TABLE for naming transition tables.")
		case t.Timing != catalog.TriggerAfter:
			return invalid("transition table name can only be specified for an AFTER trigger")
		case events&catalog.TriggerTruncate != 0:
			return refuse("TRUNCATE triggers with transition tables are not supported")
		case events&(events-1) != 0:
			return refuse("transition tables cannot be specified for triggers with more than one event")
		case len(s.Columns) > 0:
			return refuse("transition tables cannot be specified for triggers with column lists")
		case x.IsNew && events&(catalog.TriggerInsert|catalog.TriggerUpdate) == 0:
			return invalid("NEW TABLE can only be specified for an INSERT or UPDATE trigger")
		case x.IsNew && t.NewTable != "":
			return invalid("NEW TABLE cannot be specified multiple times")
		case !x.IsNew && events&(catalog.TriggerDelete|catalog.TriggerUpdate) == 0:
			return invalid("OLD TABLE can only be specified for a DELETE or UPDATE trigger")
		case !x.IsNew && t.OldTable != "":
			return invalid("OLD TABLE cannot be specified multiple times")
		}
		if x.IsNew {
			t.NewTable = x.Name
		} else {
			t.OldTable = x.Name
		}
	}
	if t.NewTable != "" && t.NewTable == t.OldTable {
		return invalid("OLD TABLE name and NEW TABLE name cannot be the same")
	}
	return nil
}

// triggerFunction finds the function, which takes no arguments and returns a trigger.
func (b *definer) triggerFunction(t *catalog.Trigger, names []string) error {
	schema, name, err := b.splitName(names, -1)
	if err != nil {
		return err
	}
	snap, err := b.session()
	if err != nil {
		return err
	}
	path := b.searchPath()
	if schema != "" {
		path = []string{schema}
		if _, err := b.schema(schema); err != nil {
			return err
		}
	}
	returns := types.OID(0)
	for _, p := range path {
		sc := snap.Schema(p)
		if sc == nil || t.Function != 0 {
			continue
		}
		if sc.OID == catalog.PgCatalog {
			for _, f := range builtin.ProcsByName(name) {
				if len(f.Args) == 0 {
					t.Function, returns = f.OID, f.Returns
				}
			}
			continue
		}
		for _, f := range snap.Functions(sc.OID, name) {
			if len(f.Inputs()) == 0 && f.Kind != 'p' {
				t.Function, returns = f.OID, f.Returns
				b.out.Access = append(b.out.Access, Access{Object: f, Ref: b.ref, Privilege: catalog.PrivExecute, At: -1})
			}
		}
	}
	switch {
	case t.Function == 0:
		return pgerr.New(pgerrcode.UndefinedFunction, "function %s() does not exist", dotted(names))
	case returns != types.OIDTrigger:
		return pgerr.New(pgerrcode.InvalidObjectDefinition, "function %s must return type %s", dotted(names), "trigger")
	}
	return nil
}

// triggerColumns binds UPDATE OF.
func triggerColumns(t *catalog.Trigger, o catalog.Object, names []string) error {
	for _, n := range names {
		var id catalog.ColumnID
		for _, c := range relationColumns(o) {
			if c.Name == n {
				id = c.ID
			}
		}
		if id == 0 {
			return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n, o.Head().Name)
		}
		if slices.Contains(t.Columns, id) {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", n)
		}
		t.Columns = append(t.Columns, id)
	}
	return nil
}

// switchTrigger binds ENABLE and DISABLE TRIGGER; nil for other actions.
func switchTrigger(cmd *pg.AlterTableCmd) command.AlterAction {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_EnableTrig:
		return &command.SwitchTrigger{Name: cmd.Name, State: 'O'}
	case pg.AlterTableType_AT_EnableAlwaysTrig:
		return &command.SwitchTrigger{Name: cmd.Name, State: 'A'}
	case pg.AlterTableType_AT_EnableReplicaTrig:
		return &command.SwitchTrigger{Name: cmd.Name, State: 'R'}
	case pg.AlterTableType_AT_DisableTrig:
		return &command.SwitchTrigger{Name: cmd.Name, State: 'D'}
	case pg.AlterTableType_AT_EnableTrigAll:
		return &command.SwitchTrigger{State: 'O'}
	case pg.AlterTableType_AT_DisableTrigAll:
		return &command.SwitchTrigger{State: 'D'}
	case pg.AlterTableType_AT_EnableTrigUser:
		return &command.SwitchTrigger{State: 'O', OnlyUser: true}
	case pg.AlterTableType_AT_DisableTrigUser:
		return &command.SwitchTrigger{State: 'D', OnlyUser: true}
	}
	return nil
}

// dropTrigger finds the trigger that DROP TRIGGER names; false: there is none, or the statement is about something else.
func (b *definer) dropTrigger(s *pg.DropStmt, names []string) (command.DropObject, bool) {
	if s.RemoveType != pg.ObjectType_OBJECT_TRIGGER {
		return command.DropObject{}, false
	}
	o, ix, _, err := b.lookup(names[:len(names)-1])
	if err != nil || o == nil || ix != nil {
		return command.DropObject{}, false
	}
	t := catalog.TriggerNamed(o, names[len(names)-1])
	if t == nil {
		return command.DropObject{}, false
	}
	return command.DropObject{Object: o.Head().OID, Trigger: t.OID}, true
}
