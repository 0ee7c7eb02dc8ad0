package storage

import (
	"context"

	"github.com/rowandb/rowan/catalog"
)

// BranchAdmin are the operations on branches beside making, finding and comparing them. All are durable when they return,
// atomic, and cost O(1) in the data; none changes what an earlier query at a point has answered.
type BranchAdmin interface {
	// Rename gives a branch another name. A protected branch is refused without force.
	Rename(ctx context.Context, db catalog.OID, name, to string, force bool) (Branch, error)
	// Copy makes a branch with the content, the past, the parent and the description of another.
	Copy(ctx context.Context, db catalog.OID, name string, o CopyOptions) (Branch, error)
	// Undelete brings the branch of that name (or id) back that was dropped last, unless its data is gone: 3D000.
	Undelete(ctx context.Context, db catalog.OID, name string) (Branch, error)
	// SetDefault makes a branch the one that sessions get which ask for none.
	SetDefault(ctx context.Context, db catalog.OID, name string) (Branch, error)
	// Restore is Reset with options. A protected branch is refused without force.
	Restore(ctx context.Context, db catalog.OID, name string, o RestoreOptions) (Branch, error)

	// Rebase bases a branch anew on its parent, or on another branch, within a transaction: from then on the transaction's
	// view of the branch shows what the other has. The caller brings the branch's own changes there, which are what it had got
	// (was) since it and the other (onto) had the same, by a merge; nil views mean that there is nothing new to be based on.
	// The branch is rebased when the transaction is committed, and its past is what it was. Rolling back to a savepoint takes
	// a rebase back.
	Rebase(ctx context.Context, tx Txn, o RebaseOptions) (was, onto View, err error)

	Keeper
}

// CopyOptions say what a copy is called.
type CopyOptions struct {
	Name string
	User string
}

// RestoreOptions say what a branch is set to.
type RestoreOptions struct {
	Source string // branch whose point it is; "" the branch itself
	Point  string // "" the head
	Backup string // name of a branch that keeps what was there; "" none
	Force  bool
	User   string
	// Reads may refuse the branch that the point lies on, which need not be Source; nil refuses none.
	Reads func(Branch) error
}

// RebaseOptions say what a branch is based on.
type RebaseOptions struct {
	Branch string
	Onto   string // "" its parent
	Point  string // of that; "" the head
	Force  bool   // though it is protected
}
