package mvcc

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/lock"
)

// Put implements storage.View.
func (v *view) Put(ctx context.Context, o catalog.Object) error {
	payload, err := encodeObject(o)
	if err != nil {
		return err
	}
	if err := v.claimName(ctx, o); err != nil {
		return err
	}
	cat := v.Catalog()
	if err := v.t.noteReplaced(v, o.Head().OID, o); err != nil {
		return err
	}
	if err := v.putObject(ctx, o.Head().OID, payload, false); err != nil {
		return err
	}
	v.t.noteLabels(o)
	v.cat = cat.Edit([]catalog.Object{o}, nil)
	return nil
}

// Drop implements storage.View.
func (v *view) Drop(ctx context.Context, id catalog.OID) error {
	cat := v.Catalog()
	if err := v.t.noteReplaced(v, id, nil); err != nil {
		return err
	}
	if table, ok := cat.Object(id).(*catalog.Table); ok {
		if err := v.t.noteEmptied(ctx, v, table); err != nil {
			return err
		}
	}
	if err := v.putObject(ctx, id, nil, true); err != nil {
		return err
	}
	v.cat = cat.Edit(nil, []catalog.OID{id})
	return nil
}

func (v *view) putObject(ctx context.Context, id catalog.OID, payload []byte, del bool) error {
	t := v.t
	if _, err := t.writable(v); err != nil {
		return err
	}
	key := objectKey(id)
	w := t.writesTo(v, catalogSpace)
	if err := t.lockKey(ctx, v, catalogSpace, key, lock.Mode(catalog.ForUpdate), nil, catalog.Wait); err != nil {
		return err
	}
	if prev, ok := w.tree.Get(&write{key: key}); ok && prev != nil {
		t.put(w, key, payload, del, 0, nil)
		return nil
	}
	c, err := t.committed(ctx, v, catalogSpace, key)
	if err != nil {
		return err
	}
	if c.ver > v.chain[0].bound {
		if t.o.Isolation != storage.ReadCommitted {
			return errSerialize("update")
		}
		return pgerr.Internal("tuple concurrently updated")
	}
	t.put(w, key, payload, del, c.below, c.base)
	return nil
}

// claimName keeps two transactions from giving one name to two objects.
func (v *view) claimName(ctx context.Context, o catalog.Object) error {
	h := o.Head()
	if known := v.Catalog().Object(h.OID); known != nil && known.Head().Name == h.Name && known.Head().Schema == h.Schema {
		return nil
	}
	class := nameClass(o)
	if class == 0 {
		return nil
	}
	if _, err := v.t.writable(v); err != nil {
		return err
	}
	name := append(objectKey(h.Schema), class)
	name = append(name, h.Name...)
	if err := v.t.lockKey(ctx, v, catalogSpace, name, lock.Mode(catalog.ForUpdate), nil, catalog.Wait); err != nil {
		return err
	}
	now, err := v.t.s.catalogAt(ctx, v.layer, v.t.s.seq.published.Load(), v.Catalog().Database)
	if err != nil {
		return err
	}
	if now == v.base {
		return nil // nothing was committed since, and the executor has looked
	}
	return v.findName(now, o, class)
}

func (v *view) findName(now *catalog.Snapshot, o catalog.Object, class byte) error {
	h := o.Head()
	for _, x := range now.Objects() {
		y := x.Head()
		if y.OID == h.OID || y.Name != h.Name || y.Schema != h.Schema || nameClass(x) != class {
			continue
		}
		if w := v.t.writesIn(v, catalogSpace).get(objectKey(y.OID), anyCmd); w != nil {
			continue // dropped or renamed by this transaction
		}
		switch class {
		case 'r':
			return pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", h.Name)
		case 'n':
			return pgerr.New(pgerrcode.DuplicateSchema, "schema \"%s\" already exists", h.Name)
		case 'd':
			return pgerr.New(pgerrcode.DuplicateDatabase, "database \"%s\" already exists", h.Name)
		case 'o':
			return pgerr.New(pgerrcode.DuplicateObject, "role \"%s\" already exists", h.Name)
		default:
			return pgerr.New(pgerrcode.DuplicateObject, "type \"%s\" already exists", h.Name)
		}
	}
	return nil
}

// nameClass says which objects share a namespace; 0: names need not be unique.
func nameClass(o catalog.Object) byte {
	switch o.(type) {
	case *catalog.Table, *catalog.View, *catalog.Sequence:
		return 'r'
	case *catalog.Schema:
		return 'n'
	case *catalog.Database:
		return 'd'
	case *catalog.Role:
		return 'o'
	case *catalog.UserType:
		return 'y'
	}
	return 0
}
