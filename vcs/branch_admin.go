package vcs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// adminFuncs are the functions that change what branches are called, hold and keep.
var adminFuncs = map[string]Func{
	"rowan_undelete_branch": func(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
		return onBranch(ctx, c, a[0], "undelete_branch", func(name string) (storage.Branch, error) {
			if err := mayRevive(ctx, c, name); err != nil {
				return storage.Branch{}, err
			}
			b, err := c.Store().Branches().Undelete(ctx, c.Database().OID, name)
			if err == nil {
				undoMake(c, b)
			}
			return b, err
		})
	},
	"rowan_set_default_branch": func(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
		return onBranch(ctx, c, a[0], "set_default_branch", func(name string) (storage.Branch, error) {
			if err := mustOwnDatabase(c); err != nil { // it is where everybody lands
				return storage.Branch{}, err
			}
			was, err := defaultNow(ctx, c)
			if err != nil {
				return was, err
			}
			b, err := c.Store().Branches().SetDefault(ctx, c.Database().OID, name)
			if err == nil {
				c.Undo(func(ctx context.Context) error {
					_, err := c.Store().Branches().SetDefault(ctx, was.Database, branchID(was.ID))
					return err
				})
			}
			return b, err
		})
	},
	"rowan_copy_branch":    copyBranch,
	"rowan_restore_branch": restoreBranch,
	"rowan_alter_branch":   alterBranch,
}

// mayRevive refuses to bring back what the role could not have dropped.
func mayRevive(ctx context.Context, c Conn, name string) error {
	list, err := c.Store().Branches().List(ctx, c.Database().OID, true)
	var last storage.Branch
	for _, b := range list {
		if !b.Deleted.IsZero() && (b.Name == name || branchID(b.ID) == name) && b.Deleted.After(last.Deleted) {
			last = b
		}
	}
	if err != nil || last.ID == 0 {
		return err
	}
	return last.Allow(c.Store().Global(), c.Database(), c.User(), catalog.BranchAdmin)
}

// onBranch runs an operation on the branch that an argument names, unless the transaction is read-only.
func onBranch(ctx context.Context, c Conn, arg types.Datum, function string, f func(name string) (storage.Branch, error)) (types.Datum, error) {
	name, err := required(arg, "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan." + function + "()"); err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, name, catalog.BranchAdmin); err != nil {
		return types.Null, err
	}
	b, err := f(name)
	if err != nil {
		return types.Null, err
	}
	return types.String(b.Name), nil
}

func copyBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	to, err := required(a[1], "branch name")
	if err != nil {
		return types.Null, err
	}
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.copy_branch()"); err != nil {
		return types.Null, err
	}
	if err := mayMake(ctx, c, name, to); err != nil {
		return types.Null, err
	}
	b, err := c.Store().Branches().Copy(ctx, c.Database().OID, name, storage.CopyOptions{Name: to, User: c.User()})
	if err != nil {
		return types.Null, err
	}
	undoMake(c, b)
	return types.String(b.Name), warnTagged(ctx, c, b.Name)
}

func restoreBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	return onBranch(ctx, c, a[0], "restore_branch", func(name string) (storage.Branch, error) {
		if source := text(a[3]); source != "" {
			if err := may(ctx, c, source, catalog.BranchRead); err != nil {
				return storage.Branch{}, err
			}
		}
		o := storage.RestoreOptions{Point: text(a[1]), Backup: text(a[2]), Source: text(a[3]), Force: a[4].B(), User: c.User(), Reads: reads(c)}
		was, err := branchNow(ctx, c, name)
		if err != nil {
			return was, err
		}
		b, err := c.Store().Branches().Restore(ctx, c.Database().OID, name, o)
		if err != nil {
			return b, err
		}
		if o.Backup != "" {
			if kept, err := branchNow(ctx, c, o.Backup); err == nil {
				undoMake(c, kept)
			}
		}
		undoReset(c, was, b)
		return b, nil
	})
}

// alterBranch changes what is not NULL; an empty description and an interval of 0 take theirs away.
func alterBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	var metadata map[string]string
	if !a[3].Null {
		var err error
		if metadata, err = jsonObject(a[3], c.Format()); err != nil {
			return types.Null, err
		}
	}
	return onBranch(ctx, c, a[0], "alter_branch", func(name string) (storage.Branch, error) {
		was, err := changing(ctx, c, name)
		if err != nil {
			return was, err
		}
		b, err := c.Store().Branches().Alter(ctx, c.Database().OID, name, func(b *storage.Branch) error {
			if !a[1].Null {
				b.Description = a[1].S
			}
			if metadata != nil {
				b.Metadata = metadata
			}
			if a[2].Null {
				return nil
			}
			var err error
			if b.Expires, err = expiry(a[2]); err != nil {
				return err
			}
			return mayLive(c, b)
		})
		if err == nil {
			undoAlter(c, was)
		}
		return b, err
	})
}

// expiry is the time when something ends that lives for an interval from now; 0 is for ever.
func expiry(d types.Datum) (time.Time, error) {
	v := datetime.Unpack(d.S)
	if v.Months == 0 && v.Days == 0 && v.Micros == 0 {
		return time.Time{}, nil
	}
	now := timestamp(time.Now()).I
	us, err := datetime.AddInterval(now, v)
	if err != nil {
		return time.Time{}, err
	}
	if us < now {
		return time.Time{}, pgerr.New(pgerrcode.InvalidParameterValue, "a branch cannot expire in the past").WithHint("expires is how long it lives from now on, such as '2 hours'.")
	}
	return datetime.ToTime(us), nil
}

// jsonObject reads a jsonb object; its values stay JSON.
func jsonObject(d types.Datum, f *types.Format) (map[string]string, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(types.AppendText(nil, types.Of(types.BuiltinByName("jsonb")), d, f), &raw); err != nil {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "metadata must be a JSON object")
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		out[k] = string(v)
	}
	return out, nil
}
