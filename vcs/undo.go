package vcs

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// What follows takes back what functions have done to branches, when their transaction is rolled back. Branches go by their ids:
// a name may have come to mean another one.

// undoMake drops a branch that has been made.
func undoMake(c Conn, b storage.Branch) {
	store, db := c.Store().Branches(), c.Database().OID
	c.Undo(func(ctx context.Context) error {
		_, err := store.Drop(ctx, db, branchID(b.ID), true)
		return err
	})
}

// undoDrop brings a branch back that has been dropped.
func undoDrop(c Conn, b storage.Branch) {
	store, db := c.Store().Branches(), c.Database().OID
	c.Undo(func(ctx context.Context) error {
		_, err := store.Undelete(ctx, db, branchID(b.ID))
		return err
	})
}

// undoAlter puts back what a branch was called and described by.
func undoAlter(c Conn, was storage.Branch) {
	store, db := c.Store().Branches(), c.Database().OID
	c.Undo(func(ctx context.Context) error {
		if _, err := store.Rename(ctx, db, branchID(was.ID), was.Name, true); err != nil {
			return err
		}
		_, err := store.Alter(ctx, db, branchID(was.ID), func(b *storage.Branch) error {
			b.Protected, b.Description, b.Metadata = was.Protected, was.Description, was.Metadata
			if !b.Default {
				b.Expires = was.Expires
			}
			return nil
		})
		return err
	})
}

// undoReset sets a branch back to what it held, unless others have written to it since.
func undoReset(c Conn, was, is storage.Branch) {
	store, db := c.Store().Branches(), c.Database().OID
	c.Undo(func(ctx context.Context) error {
		b, err := store.Get(ctx, db, branchID(was.ID))
		if err != nil {
			return err
		}
		if b.Head != is.Head {
			return fmt.Errorf("branch \"%s\" has been written to since its reset", b.Name)
		}
		_, err = store.Restore(ctx, db, branchID(was.ID), storage.RestoreOptions{Point: fmt.Sprintf("scn:%d", was.Head), Force: true, User: is.CreatedBy})
		return err
	})
}

// branchNow is a branch as it is before something is done to it.
func branchNow(ctx context.Context, c Conn, name string) (storage.Branch, error) {
	return c.Store().Branches().Get(ctx, c.Database().OID, name)
}

// defaultNow is the default branch. It refuses a transaction that has changed the database itself: the database's descriptor
// says which branch is the default one and what it is called, and cannot be changed by two at a time.
func defaultNow(ctx context.Context, c Conn) (storage.Branch, error) {
	v, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return storage.Branch{}, err
	}
	db := c.Database().OID
	if own, all := v.Catalog().Object(db), c.Store().Global().Object(db); own != all && !reflect.DeepEqual(own, all) {
		return storage.Branch{}, pgerr.New(pgerrcode.ObjectInUse, "cannot change the default branch in a transaction that has changed database \"%s\"", c.Database().Name).
			WithHint("COMMIT first.")
	}
	return branchNow(ctx, c, "")
}

// changing is branchNow for what changes a branch's name or description.
func changing(ctx context.Context, c Conn, name string) (storage.Branch, error) {
	b, err := branchNow(ctx, c, name)
	if err == nil && b.Default {
		_, err = defaultNow(ctx, c)
	}
	return b, err
}
