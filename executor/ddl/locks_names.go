package ddl

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// madeLocks are for commands that make something: the schema that it goes to and the types that it is made of must not be
// dropped meanwhile, as what drops them sees nothing of it yet.
func madeLocks(c command.Command, snap *catalog.Snapshot) []storage.TableLock {
	switch c := c.(type) {
	case *command.CreateTable:
		return made(snap, c.Target.Schema, columnTypes(c.Columns))
	case *command.CreateView:
		return made(snap, c.Target.Schema, columnTypes(c.Columns))
	case *command.CreateType:
		return made(snap, c.Target.Schema, columnTypes(c.Fields))
	case *command.CreateSequence:
		return made(snap, c.Target.Schema, nil)
	case *command.CreateDomain:
		return made(snap, c.Target.Schema, []types.Type{c.Base})
	case *command.CreateFunction:
		return made(snap, c.Function.Schema, nil)
	case *command.SetSchema:
		return made(snap, c.Schema, nil)
	case *command.AlterTable:
		return made(snap, 0, actionTypes(c.Actions))
	}
	return nil
}

func made(snap *catalog.Snapshot, schema catalog.OID, of []types.Type) []storage.TableLock {
	var out []storage.TableLock
	if _, ok := snap.Object(schema).(*catalog.Schema); ok {
		out = append(out, storage.TableLock{Table: schema, Mode: catalog.AccessShare})
	}
	for _, t := range of {
		if !t.Known() {
			continue
		}
		id := t.OID
		if t.Elem != nil {
			id = t.Elem.OID
		}
		if _, ok := snap.Object(id).(*catalog.UserType); ok {
			out = append(out, storage.TableLock{Table: id, Mode: catalog.AccessShare})
		}
	}
	return out
}

func columnTypes(columns []command.ColumnDef) []types.Type {
	out := make([]types.Type, len(columns))
	for i := range columns {
		out[i] = columns[i].Type
	}
	return out
}

func actionTypes(actions []command.AlterAction) []types.Type {
	var out []types.Type
	for _, a := range actions {
		switch a := a.(type) {
		case *command.AddColumn:
			out = append(out, a.Column.Type)
		case *command.AlterType:
			out = append(out, a.Type)
		}
	}
	return out
}

// dropLock is the lock on something that is to be dropped.
func dropLock(snap *catalog.Snapshot, id catalog.OID) []storage.TableLock {
	switch snap.Object(id).(type) {
	case *catalog.Table, *catalog.View, *catalog.Sequence, *catalog.Schema, *catalog.UserType:
		return []storage.TableLock{{Table: id, Mode: catalog.AccessExclusive}}
	}
	return nil
}
