package session

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// branchServices are the functions of schema rowan that return one value. Those that make, change or drop branches act at
// once, like CREATE DATABASE: they are durable when they return and a ROLLBACK does not undo them.
var branchServices = map[string]service{
	"rowan_create_branch":  createBranch,
	"rowan_drop_branch":    dropBranch,
	"rowan_rename_branch":  renameBranch,
	"rowan_protect_branch": protectBranch,
	"rowan_reset_branch":   resetBranch,
	"rowan_snapshot":       keepSnapshot,
	"rowan_current_branch": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		return types.String(s.branch()), nil
	},
	"rowan_current_scn": func(s *Session, ctx context.Context, _ []types.Datum) (types.Datum, error) {
		v, err := s.txn.View(ctx, noRef)
		if err != nil {
			return types.Null, err
		}
		return types.Int(int64(v.At())), nil
	},
	"rowan_scn_time": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		t, err := s.engine.Store.Branches().Time(ctx, storage.SCN(a[0].I))
		return timestamp(t), err
	},
	"rowan_version": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		return types.String("Rowan " + s.engine.Version), nil
	},
}

// branch is the branch that the session works on.
func (s *Session) branch() string {
	if b, _ := s.settings.get("rowan.branch"); b != "" {
		return b
	}
	return s.database.Default
}

// text is an optional text argument.
func text(d types.Datum) string {
	if d.Null {
		return ""
	}
	return d.S
}

// orBranch is an optional branch argument; left out it is the session's branch.
func (s *Session) orBranch(d types.Datum) string {
	if b := text(d); b != "" {
		return b
	}
	return s.branch()
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func timestamp(t time.Time) types.Datum {
	if t.IsZero() {
		return types.Null
	}
	return types.Int(t.Sub(epoch).Microseconds())
}

func required(d types.Datum, what string) (string, error) {
	if d.Null || d.S == "" {
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "%s must not be null or empty", what)
	}
	return d.S, nil
}

func (s *Session) refuseReadOnly(what string) error {
	if s.txn.readOnly {
		return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", what)
	}
	return nil
}

func createBranch(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := s.refuseReadOnly("rowan.create_branch()"); err != nil {
		return types.Null, err
	}
	o := storage.BranchOptions{Name: name, Source: s.orBranch(a[1]), Point: text(a[2]), Description: text(a[3]), Protected: a[4].B(), User: s.user}
	if !a[5].Null {
		us, err := datetime.AddInterval(timestamp(time.Now()).I, datetime.Unpack(a[5].S))
		if err != nil {
			return types.Null, err
		}
		o.Expires = epoch.Add(time.Duration(us) * time.Microsecond)
	}
	b, err := s.engine.Store.Branches().Create(ctx, s.database.OID, o)
	if err != nil {
		return types.Null, err
	}
	return types.String(b.Name), nil
}

func dropBranch(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := s.refuseReadOnly("rowan.drop_branch()"); err != nil {
		return types.Null, err
	}
	if name == s.branch() {
		return types.Null, pgerr.New(pgerrcode.ObjectInUse, "cannot drop the currently open branch").
			WithHint("SET rowan.branch to another one first.")
	}
	if _, err := s.engine.Store.Branches().Drop(ctx, s.database.OID, name, a[1].B()); err != nil {
		return types.Null, err
	}
	return types.Bool(true), nil
}

func renameBranch(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	name, err := required(a[1], "branch name")
	if err != nil {
		return types.Null, err
	}
	b, err := s.engine.Store.Branches().Alter(ctx, s.database.OID, text(a[0]), func(b *storage.Branch) error {
		b.Name = name
		return nil
	})
	if err != nil {
		return types.Null, err
	}
	if current, _ := s.settings.get("rowan.branch"); current == text(a[0]) {
		s.settings.set("rowan.branch", name, false)
	}
	return types.String(b.Name), nil
}

func protectBranch(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	b, err := s.engine.Store.Branches().Alter(ctx, s.database.OID, text(a[0]), func(b *storage.Branch) error {
		b.Protected = a[1].B()
		return nil
	})
	return types.String(b.Name), err
}

func resetBranch(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	source := text(a[2])
	if source == "" {
		source = name
	}
	b, err := s.engine.Store.Branches().Reset(ctx, s.database.OID, name, source, text(a[1]))
	return types.String(b.Name), err
}

func keepSnapshot(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	sn, err := s.engine.Store.Branches().Snapshot(ctx, s.database.OID, s.orBranch(a[1]), "", text(a[0]))
	return types.String(sn.ID), err
}

// branchID is how a branch's id is shown.
func branchID(id uint64) string { return "br_" + strconv.FormatUint(id, 10) }
