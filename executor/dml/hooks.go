// Package dml has the operators that change rows: INSERT with ON CONFLICT, UPDATE, DELETE.
//
// They evaluate CHECK constraints and RETURNING, lock rows and re-check them under READ COMMITTED, and hand rows to
// storage, which enforces keys and NOT NULL. Defaults, generated and hidden columns are already columns of their input.
// A statement does not see its own writes: storage holds that, not this package. executor.Build makes the operators.
package dml

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/types/vector"
)

// Change is rows of one table that a statement has changed. Old and New have the same live rows, in the same order;
// Old is nil after an insert, New after a delete. Columns names their vectors: all stored and hidden columns.
type Change struct {
	Table    *catalog.Table
	Ref      catalog.Ref
	Columns  []catalog.ColumnID
	Old, New *vector.Batch
}

// ForeignKeys checks and carries out the constraints that look at other rows: references and deferrable keys. The operators call it at the end of their statement, once
// per batch of changed rows, after all of the statement's rows have been written.
type ForeignKeys interface {
	// Concerns reports whether the After functions want the changes of a table: only then does an operator keep rows.
	// changed is nil for inserts and deletes, else the columns that an UPDATE may have changed.
	Concerns(ctx context.Context, env *op.Env, t *catalog.Table, ref catalog.Ref, changed []catalog.ColumnID) (bool, error)
	AfterInsert(ctx context.Context, env *op.Env, c Change) error
	AfterUpdate(ctx context.Context, env *op.Env, c Change) error
	AfterDelete(ctx context.Context, env *op.Env, c Change) error
}

// foreignKeys gives the implementation that operators call.
func foreignKeys() ForeignKeys { return referential{} }
