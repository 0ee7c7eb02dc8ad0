package mvcc

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
)

// databases gives each new database its main branch, and forgets the branches of dropped ones.
func (c *committer) databases(ctx context.Context) ([]*branch, error) {
	out := c.t.branches
	var err error
	w := c.t.spaces[keys.Space{Layer: globalLayer, Keyspace: catalogSpace}]
	if w == nil {
		return out, c.putBranches(out)
	}
	w.tree.Scan(func(x *write) bool {
		id := oidOf(x.key)
		if x.deleted {
			out = append(out, c.s.dropDatabase(id, c.at)...)
			return true
		}
		if x.payload[0] != 'd' || c.s.hasDatabase(id) {
			return true
		}
		var o catalog.Object
		if o, err = decodeObject(x.payload); err != nil {
			return false
		}
		var b *branch
		if b, err = c.mainBranch(ctx, o.(*catalog.Database)); err != nil {
			return false
		}
		out = append(out, b)
		return true
	})
	if err != nil {
		return nil, err
	}
	return out, c.putBranches(out)
}

func (c *committer) putBranches(list []*branch) error {
	for _, b := range list {
		if err := c.s.putBranch(&c.batch, b); err != nil {
			return err
		}
	}
	return nil
}

// mainBranch makes the first branch of a database, with the schema public.
func (c *committer) mainBranch(ctx context.Context, d *catalog.Database) (*branch, error) {
	if d.Default == "" {
		d.Default = "main"
	}
	b, err := c.s.newBranch(ctx, storage.Branch{Database: d.OID, Name: d.Default, Default: true, CreatedBy: c.t.o.Info.User}, nil, c.ver)
	if err != nil {
		return nil, err
	}
	l := b.now()
	if err := c.s.putLayer(&c.batch, l); err != nil {
		return nil, err
	}
	payload, err := encodeObject(publicSchema())
	if err != nil {
		return nil, err
	}
	sp, _ := l.open(catalogSpace)
	c.batch.Put(sp.AppendHead(nil, objectKey(catalog.Public)), appendVersion(nil, first|root, c.ver, 0, payload))
	c.batch.Put(keys.MetaCatalog.Append(nil, l.id, c.ver), []byte{1})
	h := logHeader{time: c.at, txn: c.t.id, info: c.t.o.Info}
	var list keyList
	list.add(sp.Space, objectKey(catalog.Public), false)
	c.batch.Put(keys.Log{Layer: l.id, SCN: c.ver}.Append(nil), append(h.append(nil), list.buf...))
	c.persist(sp)
	l.unmeasured()
	return b, nil
}

func (s *Store) hasDatabase(id catalog.OID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.defaults[id] != nil
}

// dropDatabase returns the branches of a database, marked as dropped.
func (s *Store) dropDatabase(id catalog.OID, at time.Time) []*branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*branch
	for _, b := range s.branches {
		if b.Database == id && b.Deleted.IsZero() {
			c := b.touch(at)
			c.Deleted = at
			out = append(out, c)
		}
	}
	return out
}
