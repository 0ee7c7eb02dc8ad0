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
}
