package dml

import (
	"context"

	"github.com/rowandb/rowan/catalog"
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
	v, err := env.View(ctx, c.Ref)
	if err != nil {
		return err
	}
	for _, child := range v.Catalog().Referrers(c.Table.OID) {
		for _, k := range child.Constraints {
			if k.Kind != catalog.ForeignKey || k.RefTable != c.Table.OID {
				continue
			}
			l := &link{key: k, child: child, parent: c.Table, ref: c.Ref, env: env, ts: columnTypes(c.Table, k.RefColumns)}
			if err := l.verify(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
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
