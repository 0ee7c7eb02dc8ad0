package dolt

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// object is a row of a relation as JSON; nil: there is none.
type object map[string]json.RawMessage

func readObject(d types.Datum) (object, error) {
	if d.Null {
		return nil, nil
	}
	out := object{}
	err := json.Unmarshal(types.AppendText(nil, types.Of(types.Builtin(types.OIDJSONB)), d, types.DefaultFormat()), &out)
	return out, err
}

// text is a member's text; "" for null and what is not there.
func (o object) text(name string) string {
	raw := o[name]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func jsonString(s string) string {
	out, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(out)
}

// change is dolt_change(relation, command, old, new): what INSERT, UPDATE and DELETE of a row of Dolt's relations that can be
// written come to. old is the row, new what an INSERT gives, or the columns that an UPDATE sets.
func change_(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly(a[1].S); err != nil {
		return types.Null, err
	}
	old, err := readObject(a[2])
	if err != nil {
		return types.Null, err
	}
	set, err := readObject(a[3])
	if err != nil {
		return types.Null, err
	}
	name := a[0].S
	for _, w := range writers {
		table, ok := strings.CutPrefix(name, w.name)
		if ok && (table == "" || strings.HasSuffix(w.name, "_")) {
			if err := w.write(ctx, c, table, old, set); err != nil {
				return types.Null, err
			}
			c.Txn().Statement()
			return types.Int(1), nil
		}
	}
	return types.Null, pgerr.New(pgerrcode.WrongObjectType, "cannot change relation \"%s\"", name)
}

// writers are the relations that can be written, with what does it; a name that ends in _ goes on with a table's.
var writers = []struct {
	name  string
	write func(ctx context.Context, c vcs.Conn, table string, old, set object) error
}{
	{"dolt_conflicts_", changeConflict}, {"dolt_constraint_violations_", changeViolation}, {"dolt_rebase", changeStep}, {"dolt_ignore", changeIgnore},
}

// changeConflict resolves a row with conflicts (DELETE), or sets what we have (UPDATE).
func changeConflict(ctx context.Context, c vcs.Conn, table string, old, set object) error {
	if old == nil {
		return pgerr.New(pgerrcode.WrongObjectType, "cannot insert into relation \"dolt_conflicts_%s\"", table)
	}
	t, rows, err := conflictTable(ctx, c, table, false)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if conflictID(r) != old.text("dolt_conflict_id") {
			continue
		}
		if set == nil {
			return r.Forget(ctx, c)
		}
		now, err := r.Now(ctx, c)
		if err != nil {
			return err
		}
		row := object{}
		if !now.Null {
			if err := json.Unmarshal([]byte(now.S), &row); err != nil {
				return err
			}
		}
		for name, v := range set {
			column, ours := strings.CutPrefix(name, "our_")
			if !ours || name == "our_diff_type" {
				return pgerr.New(pgerrcode.FeatureNotSupported, "column \"%s\" of relation \"dolt_conflicts_%s\" cannot be updated", name, table).
					WithHint("The columns that begin with our_ can.")
			}
			row[column] = v
		}
		return writeRow(ctx, c, t, r, row)
	}
	return nil
}

// writeRow writes a row to its table; one without a key is taken away.
func writeRow(ctx context.Context, c vcs.Conn, t *catalog.Table, r *vcs.AppliedRow, row object) error {
	if pk := t.PrimaryIndex(); pk != nil {
		for _, x := range pk.Columns {
			name := t.ColumnByID(x.Column).Name
			if string(row[name]) == "null" {
				return r.Write(ctx, c, types.Null)
			}
			if row[name] == nil { // we had none: it is theirs
				theirs := object{}
				if err := json.Unmarshal([]byte(r.Theirs.S), &theirs); err != nil {
					return err
				}
				row[name] = theirs[name]
			}
		}
	}
	text, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return r.Write(ctx, c, types.String(string(text)))
}

// changeViolation takes rows that break constraints for repaired.
func changeViolation(ctx context.Context, c vcs.Conn, table string, old, set object) error {
	if old == nil || set != nil {
		return pgerr.New(pgerrcode.WrongObjectType, "rows of relation \"dolt_constraint_violations_%s\" can only be deleted", table)
	}
	t, rows, err := conflictTable(ctx, c, table, true)
	if err != nil {
		return err
	}
	for _, r := range rows {
		row := object{}
		if !r.Ours.Null {
			if err := json.Unmarshal([]byte(r.Ours.S), &row); err != nil {
				return err
			}
		}
		same := true
		if pk := t.PrimaryIndex(); pk != nil {
			for _, x := range pk.Columns {
				name := t.ColumnByID(x.Column).Name
				same = same && row.text(name) == old.text(name)
			}
		}
		info := object{}
		_ = json.Unmarshal(old["violation_info"], &info) // as it was shown
		if same && strings.Contains(r.Info, "\n"+info.text("Constraint")+"\n") {
			if err := r.Forget(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// changeStep changes the plan of a rebase.
func changeStep(ctx context.Context, c vcs.Conn, _ string, old, set object) error {
	if !strings.HasPrefix(c.Branch(), rebasing) {
		return pgerr.New(pgerrcode.UndefinedTable, "relation \"dolt_rebase\" does not exist").WithHint("It is there during a rebase.")
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	key := types.Null
	if old != nil {
		if key, err = orderOf(old.text("rebase_order")); err != nil {
			return err
		}
	}
	if set == nil {
		_, err := rebaseSteps.Delete(ctx, c.Txn(), v, key)
		return err
	}
	row := object{}
	for name, x := range old {
		row[name] = x
	}
	for name, x := range set {
		row[name] = x
	}
	if !rebaseActions[strings.ToLower(row.text("action"))] {
		return pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for rebase action: %s", row.text("action")).WithHint("Actions are pick, reword, squash, fixup and drop.")
	}
	return putStep(ctx, c, v, key, row.text("rebase_order"), row.text("action"), row.text("commit_hash"), row.text("commit_message"))
}

func orderOf(text string) (types.Datum, error) {
	return types.ParseText(types.Of(types.Builtin(types.OIDNumeric)), text, types.DefaultFormat())
}

// putStep writes a step of the plan; key is that of the row in whose place it comes.
func putStep(ctx context.Context, c vcs.Conn, v storage.View, key types.Datum, order, action, hash, message string) error {
	at, err := orderOf(order)
	if err != nil {
		return err
	}
	if key.S != "" && key.S != at.S {
		if _, err := rebaseSteps.Delete(ctx, c.Txn(), v, key); err != nil {
			return err
		}
	}
	return rebaseSteps.Put(ctx, c.Txn(), v, at, types.String(action), types.String(hash), types.String(message))
}
