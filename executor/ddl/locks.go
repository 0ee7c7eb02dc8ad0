package ddl

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// Locks lists the locks that a command takes on the relations that it names. Whoever runs the command takes them before,
// so that it can bind the command again when it had to wait; what else turns out to be needed is locked on the way.
func Locks(c command.Command, snap *catalog.Snapshot) []storage.TableLock {
	return append(relationLocks(c, snap), madeLocks(c, snap)...)
}

func relationLocks(c command.Command, snap *catalog.Snapshot) []storage.TableLock {
	switch c := c.(type) {
	case *command.AlterTable:
		return alterLocks(c, snap)
	case *command.CreateIndex:
		// PostgreSQL takes SHARE, and lets indexes of one table be built side by side. Here the table's descriptor, which
		// they all change, is one object. CONCURRENTLY keeps writers out as well: what they have written and not committed
		// would have no entries.
		return []storage.TableLock{{Table: c.Table, Mode: catalog.ShareRowExclusive}}
	case *command.AlterSequence:
		out := []storage.TableLock{{Table: c.Sequence, Mode: catalog.ShareRowExclusive}}
		if c.Def.OwnedBy != nil && c.Def.OwnedBy.Object != 0 {
			out = append(out, storage.TableLock{Table: c.Def.OwnedBy.Object, Mode: catalog.AccessShare})
		}
		return out
	case *command.CreateView:
		return replacedView(c, snap)
	case *command.CreateFunction:
		return bodyLocks(c.Function, snap)
	case *command.CreateTrigger:
		out := []storage.TableLock{{Table: c.Relation, Mode: catalog.ShareRowExclusive}}
		if c.Trigger.From != 0 {
			out = append(out, storage.TableLock{Table: c.Trigger.From, Mode: catalog.AccessShare})
		}
		return out
	case *command.AlterIndex:
		return []storage.TableLock{{Table: c.Table, Mode: catalog.ShareUpdateExclusive}}
	case *command.Drop:
		return dropLocks(c, snap)
	case *command.Truncate:
		return allOf(c.Tables, catalog.AccessExclusive)
	case *command.Vacuum:
		return maintenanceLocks(c)
	case *command.Rename:
		return renameLocks(c, snap)
	case *command.SetSchema:
		return relationLock(snap, c.Object, catalog.AccessExclusive)
	case *command.Owner:
		return relationLock(snap, c.Object, catalog.AccessExclusive)
	case *command.Comment:
		return relationLock(snap, c.Object, catalog.ShareUpdateExclusive)
	}
	return nil
}

// replacedView locks the view that CREATE OR REPLACE VIEW replaces.
func replacedView(c *command.CreateView, snap *catalog.Snapshot) []storage.TableLock {
	if o, ix := snap.Relation(c.Target.Schema, c.Target.Name); c.Replace && o != nil && ix == nil {
		return relationLock(snap, o.Head().OID, catalog.AccessExclusive)
	}
	return nil
}

// bodyLocks keeps what a function depends on until others see that it does.
func bodyLocks(f *catalog.Function, snap *catalog.Snapshot) []storage.TableLock {
	var out []storage.TableLock
	for _, d := range f.Deps {
		out = append(out, relationLock(snap, d.Object, catalog.AccessShare)...)
	}
	return out
}

func maintenanceLocks(c *command.Vacuum) []storage.TableLock {
	if c.SkipLocked {
		return nil // they are tried one by one
	}
	tables := make([]catalog.OID, len(c.Targets))
	for i, m := range c.Targets {
		tables[i] = m.Relation
	}
	return allOf(tables, maintenanceLock(c.Kind))
}

func allOf(tables []catalog.OID, mode catalog.TableLock) []storage.TableLock {
	out := make([]storage.TableLock, len(tables))
	for i, id := range tables {
		out[i] = storage.TableLock{Table: id, Mode: mode}
	}
	return out
}

func maintenanceLock(kind string) catalog.TableLock {
	switch kind {
	case "CLUSTER":
		return catalog.AccessExclusive
	case "REINDEX":
		return catalog.Share
	}
	return catalog.ShareUpdateExclusive
}

// relationLock locks an object if it is a relation.
func relationLock(snap *catalog.Snapshot, id catalog.OID, mode catalog.TableLock) []storage.TableLock {
	switch snap.Object(id).(type) {
	case *catalog.Table, *catalog.View, *catalog.Sequence:
		return []storage.TableLock{{Table: id, Mode: mode}}
	}
	return nil
}

func dropLocks(c *command.Drop, snap *catalog.Snapshot) []storage.TableLock {
	var out []storage.TableLock
	for _, o := range c.Objects {
		out = append(out, dropLock(snap, o.Object)...)
	}
	return out
}

// renameLocks: the name of an index or of a constraint's index matters to no running query.
func renameLocks(c *command.Rename, snap *catalog.Snapshot) []storage.TableLock {
	mode := catalog.AccessExclusive
	if c.Index != 0 {
		mode = catalog.ShareUpdateExclusive
	}
	return relationLock(snap, c.Object, mode)
}

func alterLocks(c *command.AlterTable, snap *catalog.Snapshot) []storage.TableLock {
	out := []storage.TableLock{{Table: c.Table, Mode: alterLock(c.Actions)}}
	if _, ok := snap.Object(c.Table).(*catalog.View); ok {
		out[0].Mode = catalog.AccessExclusive // the options of a view say what its rows are
	}
	for _, a := range c.Actions {
		if add, ok := a.(*command.AddConstraint); ok && add.Constraint.RefTable != 0 && add.Constraint.RefTable != c.Table {
			out = append(out, storage.TableLock{Table: add.Constraint.RefTable, Mode: catalog.ShareRowExclusive})
		}
	}
	return out
}

// alterLock is the lock that the strongest of the actions needs.
func alterLock(actions []command.AlterAction) catalog.TableLock {
	mode := catalog.ShareUpdateExclusive
	for _, a := range actions {
		mode = max(mode, actionLock(a))
	}
	return mode
}

func actionLock(a command.AlterAction) catalog.TableLock {
	switch a := a.(type) {
	case *command.ValidateConstraint, *command.ClusterOn, *command.SetOptions:
		return catalog.ShareUpdateExclusive
	case *command.SetColumn:
		if a.Statistics != nil || a.Options != nil {
			return catalog.ShareUpdateExclusive
		}
	case *command.AddConstraint:
		if a.Constraint.Kind == catalog.ForeignKey {
			return catalog.ShareRowExclusive
		}
	case *command.SwitchTrigger:
		return catalog.ShareRowExclusive
	}
	return catalog.AccessExclusive
}
