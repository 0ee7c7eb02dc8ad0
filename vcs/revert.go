package vcs

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// pickRows are the functions that bring single transactions somewhere else, or take them back.
var pickRows = map[string]RowsFunc{"rowan_revert": revert, "rowan_cherry_pick": cherryPick}

// revert is rowan.revert(point, through, branch, strategy, dry_run, message): takes back what transactions have done, and
// leaves what came later.
func revert(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	point, err := required(a[0], "point")
	if err != nil {
		return err
	}
	branch := orBranch(c, a[2])
	s, err := spanOf(ctx, c, branch, point, text(a[1]))
	if err != nil {
		return err
	}
	m := Merge{Source: branch, Target: branch, From: s.after, To: s.before, Strategy: text(a[3]), DryRun: a[4].B(), Message: text(a[5])}
	if m.Message == "" {
		m.Message = "REVERT " + s.label
	}
	return m.runWhole(ctx, c, yield, "rowan.revert()", "reverted")
}

// cherryPick is rowan.cherry_pick(source, point, through, target, strategy, dry_run, message): does on one branch what
// transactions have done on another.
func cherryPick(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	source, err := required(a[0], "source branch")
	if err != nil {
		return err
	}
	point, err := required(a[1], "point")
	if err != nil {
		return err
	}
	s, err := spanOf(ctx, c, source, point, text(a[2]))
	if err != nil {
		return err
	}
	m := Merge{Source: source, Target: orBranch(c, a[3]), From: s.before, To: s.after, Strategy: text(a[4]), DryRun: a[5].B(), Message: text(a[6])}
	if m.Message == "" {
		m.Message = "CHERRY-PICK " + s.label
	}
	return m.runWhole(ctx, c, yield, "rowan.cherry_pick()", "picked")
}

// runWhole runs what is done whole or not at all: its conflicts are not kept to be resolved later.
func (m *Merge) runWhole(ctx context.Context, c Conn, yield func([]types.Datum) bool, function, done string) error {
	if !m.DryRun {
		if err := c.RefuseReadOnly(function); err != nil {
			return err
		}
	}
	if err := m.notManual(); err != nil {
		return err
	}
	return m.run(ctx, c, yield, done)
}

// notManual refuses the strategy that only merges of a branch have.
func (m *Merge) notManual() error {
	if strategy, err := m.Conflicts(); err != nil || strategy != storage.Manual {
		return err
	}
	return pgerr.New(pgerrcode.InvalidParameterValue, "strategy \"manual\" is for merges of branches").
		WithHint("Strategies here are abort, source_wins and target_wins; the conflicts of dolt_revert and dolt_cherry_pick can be resolved later.")
}
