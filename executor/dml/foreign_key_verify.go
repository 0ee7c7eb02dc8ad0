package dml

import (
	"context"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/types"
)

// VerifyForeignKeys holds rows that were written behind the operators' backs, by a merge, against the foreign keys of both
// directions. Unlike after an UPDATE or DELETE nothing is carried out: a key that is gone must not be referred to.
func VerifyForeignKeys(ctx context.Context, env *op.Env, c Change) error {
	if c.New != nil {
		if err := (referential{}).referring(ctx, env, c); err != nil {
			return err
		}
	}
	if c.Old == nil {
		return nil
	}
	return eachReferrer(ctx, env, c, func(l *link) error { return l.verify(ctx, c) })
}

// verify refuses keys that are gone and still referred to.
func (l *link) verify(ctx context.Context, c Change) error {
	gone := l.goneKeys(c)
	if len(gone) == 0 {
		return nil
	}
	keys := make([][]types.Datum, len(gone))
	for i, g := range gone {
		keys[i] = g.old
	}
	return l.refuse(ctx, keys, true)
}
