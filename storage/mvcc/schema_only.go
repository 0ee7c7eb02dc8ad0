package mvcc

import (
	"context"
	"encoding/binary"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// newSchema makes a branch with the objects that a source has at an SCN and with none of its rows. Its layer has no
// parent: were the source's state its base, a merge would take the missing rows for deleted ones. The descriptors are
// written as of the fork, so that the branch is complete from its first point on.
func (s *Store) newSchema(ctx context.Context, batch *kv.Batch, d storage.Branch, source *branch, fork uint64) (*branch, error) {
	x, err := s.newBranch(ctx, d, nil, fork)
	if err != nil {
		return nil, err
	}
	l := x.now()
	if err := s.putLayer(batch, l); err != nil {
		return nil, err
	}
	cat, err := s.catalogAt(ctx, source.at(fork), fork, s.database(source.Database))
	if err != nil {
		return nil, err
	}
	sp, _ := l.open(catalogSpace)
	var list keyList
	for _, o := range cat.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			if o, err = s.emptied(ctx, t); err != nil {
				return nil, err
			}
		}
		payload, err := encodeObject(o)
		if err != nil {
			return nil, err
		}
		key := objectKey(o.Head().OID)
		batch.Put(sp.AppendHead(nil, key), appendVersion(nil, first|root, fork, 0, payload))
		list.add(sp.Space, key, false)
	}
	h := logHeader{time: x.Created, info: storage.TxnInfo{User: d.CreatedBy, Summary: "schema of " + source.Name}}
	batch.Put(keys.Log{Layer: l.id, SCN: fork}.Append(nil), append(h.append(nil), list.buf...))
	batch.Put(keys.MetaCatalog.Append(nil, l.id, fork), []byte{1})
	batch.Put(keys.MetaSpace.Append(nil, l.id, catalogSpace), binary.AppendUvarint(nil, 0))
	sp.persisted.Store(true)
	l.unmeasured()
	l.addCatalog(fork)
	return x, nil
}

// emptied returns a copy of a table whose rows and entries are in new keyspaces.
func (s *Store) emptied(ctx context.Context, table *catalog.Table) (*catalog.Table, error) {
	c := *table
	var err error
	if c.Rows, err = s.AllocateKeyspace(ctx); err != nil {
		return nil, storeError(err)
	}
	c.Indexes = make([]*catalog.Index, len(table.Indexes))
	for i, ix := range table.Indexes {
		x := *ix
		if x.Keyspace = c.Rows; !x.Primary {
			if x.Keyspace, err = s.AllocateKeyspace(ctx); err != nil {
				return nil, storeError(err)
			}
		}
		c.Indexes[i] = &x
	}
	return &c, nil
}
