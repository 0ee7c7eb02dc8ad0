package vcs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// Merges that wait for their conflicts to be resolved, and those that did.
var pendingTable = systable.New(7, "merges", 2,
	systable.Column{Name: "database", Type: types.OIDInt8}, systable.Column{Name: "id", Type: types.OIDInt8},
	systable.Column{Name: "source", Type: types.OIDInt8}, systable.Column{Name: "target", Type: types.OIDInt8},
	systable.Column{Name: "source_name", Type: types.OIDText}, systable.Column{Name: "target_name", Type: types.OIDText},
	systable.Column{Name: "source_scn", Type: types.OIDInt8}, systable.Column{Name: "base_scn", Type: types.OIDInt8}, systable.Column{Name: "target_scn", Type: types.OIDInt8},
	systable.Column{Name: "status", Type: types.OIDText}, systable.Column{Name: "message", Type: types.OIDText},
	systable.Column{Name: "created_by", Type: types.OIDText}, systable.Column{Name: "created_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "finished_by", Type: types.OIDText}, systable.Column{Name: "finished_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "next_conflict", Type: types.OIDInt8})

// Positions of its columns.
const (
	pendingID = 1 + iota
	pendingSource
	pendingTarget
	pendingSourceName
	pendingTargetName
	pendingSourceSCN
	pendingBaseSCN
	pendingTargetSCN
	pendingStatus
	pendingMessage
	pendingCreatedBy
	pendingCreatedAt
	pendingFinishedBy
	pendingFinishedAt
	pendingNext
)

// States of a merge.
const (
	statusPending   = "pending"
	statusApplied   = "applied" // see MergeApplied
	statusCompleted = "completed"
	statusAborted   = "aborted"
)

var (
	pendingRows  = map[string]RowsFunc{"rowan_merges": listMerges, "rowan_complete_merge": completeMerge}
	pendingFuncs = map[string]Func{"rowan_abort_merge": abortMerge}
)

// pending is a merge that is kept.
type pending struct {
	id     int64
	row    systable.Row
	global storage.View
}

// eachMerge passes the database's merges, those that are finished too, in the order of their ids.
func eachMerge(ctx context.Context, c Conn, g storage.View, f func(systable.Row) bool) error {
	return pendingTable.Scan(ctx, c.Txn(), g, systable.Row{types.Int(int64(c.Database().OID))}, f)
}

// isOpen reports whether a merge waits to be completed.
func isOpen(r systable.Row) bool {
	return r[pendingStatus].S == statusPending || r[pendingStatus].S == statusApplied
}

// targetView is what there is on the branch that a merge goes into.
func targetView(ctx context.Context, c Conn, r systable.Row) (storage.View, error) {
	return c.View(ctx, catalog.Ref{Branch: branchName(ctx, c, r[pendingTarget], r[pendingTargetName]).S})
}

// onePending finds the pending merge with an id; without one the only one there is into the session's branch.
func onePending(ctx context.Context, c Conn, id types.Datum) (*pending, error) {
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	target, err := c.Store().Branches().Get(ctx, c.Database().OID, c.Branch())
	if err != nil {
		return nil, err
	}
	var found []*pending
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		if isOpen(r) && (id.Null && uint64(r[pendingTarget].I) == target.ID || !id.Null && r[pendingID].I == id.I) {
			found = append(found, &pending{r[pendingID].I, r, g})
		}
		return true
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, pgerr.New(pgerrcode.AmbiguousParameter, "%d merges into branch \"%s\" are pending", len(found), target.Name).WithHint("Give the id of one; rowan.merges() lists them.")
	case !id.Null:
		return nil, pgerr.New(pgerrcode.UndefinedObject, "merge %d is not pending", id.I).WithHint("rowan.merges() lists them.")
	}
	return nil, pgerr.New(pgerrcode.UndefinedObject, "no merge into branch \"%s\" is pending", target.Name).WithHint("rowan.merges() lists those of other branches.")
}

// openMerge is rowan.merge with strategy manual: without conflicts it merges, else it keeps them until they are resolved.
func openMerge(ctx context.Context, c Conn, m Merge, yield func([]types.Datum) bool) error {
	b := c.Store().Branches()
	source, err := b.Get(ctx, c.Database().OID, m.Source)
	if err != nil {
		return err
	}
	target, err := b.Get(ctx, c.Database().OID, m.Target)
	if err != nil {
		return err
	}
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return err
	}
	next, same := int64(1), error(nil)
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		next = r[pendingID].I + 1
		if r[pendingStatus].S == statusPending && uint64(r[pendingSource].I) == source.ID && uint64(r[pendingTarget].I) == target.ID {
			same = pgerr.New(pgerrcode.ObjectInUse, "a merge of branch \"%s\" into \"%s\" is pending", source.Name, target.Name).
				WithDetail("It has the id %d.", r[pendingID].I).WithHint("Finish it with rowan.complete_merge or rowan.abort_merge.")
		}
		return same == nil
	})
	if err = cmp.Or(same, err); err != nil {
		return err
	}
	res, err := c.Merge(ctx, m)
	if err != nil {
		return err
	}
	if len(res.Conflicts) == 0 {
		showMerge(outcome(&res, m.Force), &res, 0, c.Format(), yield)
		return nil
	}
	if err := settled(ctx, c, m.Source); err != nil {
		return err
	}
	v, err := c.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return err
	}
	row := systable.Row{types.Int(int64(c.Database().OID)), types.Int(next), types.Int(int64(source.ID)), types.Int(int64(target.ID)),
		types.String(source.Name), types.String(target.Name), types.Int(int64(res.SourceHead)), types.Int(int64(res.Base)), types.Int(int64(v.At())),
		types.String(statusPending), orNull(m.Message), types.String(c.User()), timestamp(time.Now()), types.Null, types.Null, types.Int(1)}
	p := &pending{next, row, g}
	if err := p.keep(ctx, c, nil, res.Conflicts, v.Catalog()); err != nil {
		return err
	}
	showMerge("conflicts", &res, next, c.Format(), yield)
	return nil
}

// settled refuses to let a merge wait whose source the transaction itself has changed: the merge goes on from the source's SCN, which what is
// not committed does not have.
func settled(ctx context.Context, c Conn, source string) error {
	v, err := c.View(ctx, catalog.Ref{Branch: source})
	if err != nil || v.ReadOnly() || !c.Txn().Wrote(v) {
		return err
	}
	return pgerr.New(pgerrcode.ActiveSQLTransaction, "a merge with conflicts cannot wait for them while what it merges from \"%s\" is not committed", source).
		WithHint("COMMIT before the merge, or choose a strategy that decides all conflicts.")
}

func outcome(res *storage.MergeResult, force bool) string {
	switch {
	case len(res.Conflicts) > 0:
		return "conflicts"
	case len(res.Violations) > 0 && !force:
		return "violations"
	case !res.Changed():
		return "up to date"
	}
	return "merged"
}

// keep stores the conflicts of a merge, and the merge: those that are known with the same values stay as they are, those
// with other values are open again, new ones are added. on is the target's catalog.
func (p *pending) keep(ctx context.Context, c Conn, k *known, list []storage.Conflict, on *catalog.Snapshot) error {
	for i := range list {
		r := storedConflict(c.Database().OID, p.id, p.row[pendingNext].I, &list[i], on)
		old, err := k.find(ctx, identityOf(r))
		if err != nil {
			return err
		}
		if old != nil {
			if sameValues(old, r) {
				continue
			}
			r[conflictN] = old[conflictN]
		} else {
			p.row[pendingNext].I++
		}
		if err := conflictTable.Put(ctx, c.Txn(), p.global, r...); err != nil {
			return err
		}
	}
	return pendingTable.Put(ctx, c.Txn(), p.global, p.row...)
}

// completeMerge is rowan.complete_merge(merge, message, force): merges again, from the same state of the source into the
// target as it is now, with the conflicts resolved. New conflicts, and those about values that have changed, are kept.
func completeMerge(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	p, err := onePending(ctx, c, a[0])
	if err != nil {
		return err
	}
	if p.row[pendingStatus].S == statusApplied {
		return completeApplied(ctx, c, yield)
	}
	if err := p.sourceThere(ctx, c); err != nil {
		return err
	}
	k, err := p.known(ctx, c)
	if err != nil {
		return err
	}
	source, target := branchName(ctx, c, p.row[pendingSource], p.row[pendingSourceName]).S, branchName(ctx, c, p.row[pendingTarget], p.row[pendingTargetName]).S
	m := Merge{Source: source, Target: target, Strategy: "manual", Force: a[2].B(),
		SourcePoint: strconv.FormatInt(p.row[pendingSourceSCN].I, 10), Message: text(a[1]), Decide: k.decide}
	if m.Message == "" {
		m.Message = text(p.row[pendingMessage])
	}
	if m.Message == "" {
		m.Message = "MERGE " + source + " INTO " + target
	}
	res, err := c.Merge(ctx, m)
	if err != nil {
		return err
	}
	status := outcome(&res, m.Force)
	switch status {
	case "conflicts":
		var v storage.View
		if v, err = targetView(ctx, c, p.row); err == nil {
			err = p.keep(ctx, c, k, res.Conflicts, v.Catalog())
		}
	case "violations":
	default:
		err = p.finish(ctx, c, statusCompleted)
	}
	if err == nil {
		showMerge(status, &res, p.id, c.Format(), yield)
	}
	return err
}

// sourceThere refuses to complete a merge whose source has been dropped.
func (p *pending) sourceThere(ctx context.Context, c Conn) error {
	_, err := c.Store().Branches().Get(ctx, c.Database().OID, branchID(uint64(p.row[pendingSource].I)))
	if pgerr.Code(err) != pgerrcode.InvalidCatalogName {
		return err
	}
	name := p.row[pendingSourceName].S
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "branch \"%s\", which merge %d is of, has been dropped", name, p.id).
		WithHint("SELECT rowan.undelete_branch(%s) brings it back; rowan.abort_merge gives up.", types.QuoteLiteral(name))
}

// completeApplied is complete_merge for a merge that is applied: when all is resolved it is recorded.
func completeApplied(ctx context.Context, c Conn, yield func([]types.Datum) bool) error {
	a, err := Applied(ctx, c)
	if err != nil {
		return err
	}
	if a == nil {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "a merge that is applied is completed on its target")
	}
	rows, err := a.Rows(ctx, c)
	if err != nil {
		return err
	}
	status := "merged"
	if len(rows) > 0 {
		status = "conflicts"
	} else if err := FinishApplied(ctx, c, a); err != nil {
		return err
	}
	showMerge(status, &storage.MergeResult{}, a.ID, c.Format(), yield)
	return nil
}

// known are the conflicts of a merge that are kept: read one by one, for the rows in them may be large.
type known struct {
	p  *pending
	c  Conn
	at map[identity]systable.Row // their keys
}

func (p *pending) known(ctx context.Context, c Conn) (*known, error) {
	k := &known{p, c, map[identity]systable.Row{}}
	err := conflictTable.Scan(ctx, c.Txn(), p.global, systable.Row{types.Int(int64(c.Database().OID)), types.Int(p.id)}, func(r systable.Row) bool {
		k.at[identityOf(r)] = slices.Clone(r[:3])
		return true
	})
	return k, err
}

// find is the conflict that is kept, nil: none is.
func (k *known) find(ctx context.Context, id identity) (systable.Row, error) {
	if k == nil || k.at[id] == nil {
		return nil, nil
	}
	return conflictTable.Get(ctx, k.c.Txn(), k.p.global, k.at[id]...)
}

// decide answers with what a conflict has been resolved to, as long as it is about the values that were looked at.
func (k *known) decide(ctx context.Context, c *storage.Conflict) (storage.Decision, error) {
	now := storedConflict(0, 0, 0, c, nil)
	r, err := k.find(ctx, identityOf(now))
	if r == nil || err != nil || r[conflictResolution].Null || !sameValues(r, now) {
		return storage.Decision{}, err
	}
	d := storage.Decision{Side: sides[r[conflictResolution].S]}
	if d.Side != storage.ValueSide {
		return d, nil
	}
	return valueDecision(c, r[conflictValue].S)
}

// valueDecision reads the value that a conflict was resolved to: a cell's, or a row as an object.
func valueDecision(c *storage.Conflict, value string) (storage.Decision, error) {
	d := storage.Decision{Side: storage.ValueSide}
	if c.Column != "" {
		v, err := jsonb.Parse(value)
		if err == nil {
			d.Cell, err = cellOf(c.ColumnType, v)
		}
		return d, err
	}
	old := c.TargetCells
	if old == nil {
		old = c.SourceCells
	}
	row, err := cellsOf(c.Columns, old, value)
	if err != nil {
		return d, err
	}
	for i, x := range c.Columns {
		for j, k := range c.KeyColumns {
			if row != nil && x.Name == k && types.Compare(x.Type, row[i], c.KeyValues[j]) != 0 {
				return d, pgerr.New(pgerrcode.InvalidParameterValue, "the key of a conflicting row cannot be changed").WithDetail("The value is for row %s of table \"%s\".", RowID(c, types.DefaultFormat()), c.Table)
			}
		}
	}
	d.Row = row
	return d, nil
}

// finish forgets the conflicts of a merge and says what became of it.
func (p *pending) finish(ctx context.Context, c Conn, status string) error {
	k, err := p.known(ctx, c)
	if err != nil {
		return err
	}
	for _, key := range k.at {
		if _, err := conflictTable.Delete(ctx, c.Txn(), p.global, key...); err != nil {
			return err
		}
	}
	p.row[pendingStatus] = types.String(status)
	p.row[pendingFinishedBy], p.row[pendingFinishedAt] = types.String(c.User()), timestamp(time.Now())
	return pendingTable.Put(ctx, c.Txn(), p.global, p.row...)
}

// abortMerge is rowan.abort_merge(merge).
func abortMerge(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.abort_merge()"); err != nil {
		return types.Null, err
	}
	p, err := onePending(ctx, c, a[0])
	if err != nil {
		return types.Null, err
	}
	if p.row[pendingStatus].S == statusApplied {
		a, err := Applied(ctx, c)
		if err == nil && a == nil {
			err = pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "a merge that is applied is aborted on its target")
		}
		if err != nil {
			return types.Null, err
		}
		return types.Bool(true), AbortApplied(ctx, c, a)
	}
	return types.Bool(true), p.finish(ctx, c, statusAborted)
}

// listMerges is rowan.merges(): those that are, or were, pending.
func listMerges(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return err
	}
	var failed error
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		all, open := int64(0), int64(0)
		failed = conflictTable.Scan(ctx, c.Txn(), g, r[:2], func(x systable.Row) bool {
			all++
			if x[conflictResolution].Null {
				open++
			}
			return true
		})
		return failed == nil && yield([]types.Datum{r[pendingID], branchName(ctx, c, r[pendingSource], r[pendingSourceName]), branchName(ctx, c, r[pendingTarget], r[pendingTargetName]),
			r[pendingStatus], types.Int(all), types.Int(open), r[pendingSourceSCN], r[pendingBaseSCN], r[pendingTargetSCN], r[pendingMessage],
			r[pendingCreatedBy], r[pendingCreatedAt], r[pendingFinishedBy], r[pendingFinishedAt]})
	})
	return cmp.Or(failed, err)
}

// branchName is what a branch is called now, or was when it is gone.
func branchName(ctx context.Context, c Conn, id, was types.Datum) types.Datum {
	if b, err := c.Store().Branches().Get(ctx, c.Database().OID, branchID(uint64(id.I))); err == nil {
		return types.String(b.Name)
	}
	return was
}
