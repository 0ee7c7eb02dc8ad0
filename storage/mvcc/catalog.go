package mvcc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/rowandb/rowan/catalog"
)

// catalogSpace is the keyspace of descriptors: the key is the OID, the payload a tag and JSON. It comes after all others, beside the log: a
// table that is made and loaded then is not far from it (docs/decisions/0033-order-of-kinds.md).
const catalogSpace catalog.Keyspace = 1 << 40

func objectKey(id catalog.OID) []byte { return binary.BigEndian.AppendUint32(nil, id) }

func encodeObject(o catalog.Object) ([]byte, error) {
	tag, err := objectTag(o)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("mvcc: descriptor %d: %w", o.Head().OID, err)
	}
	return append([]byte{tag}, b...), nil
}

func objectTag(o catalog.Object) (byte, error) {
	switch o.(type) {
	case *catalog.Schema:
		return 'n', nil
	case *catalog.Table:
		return 't', nil
	case *catalog.Sequence:
		return 's', nil
	case *catalog.View:
		return 'v', nil
	case *catalog.UserType:
		return 'y', nil
	case *catalog.Function:
		return 'f', nil
	case *catalog.Role:
		return 'r', nil
	case *catalog.Database:
		return 'd', nil
	}
	return 0, fmt.Errorf("mvcc: no tag for %T", o)
}

func decodeObject(b []byte) (catalog.Object, error) {
	if len(b) == 0 {
		return nil, errCorrupt(b)
	}
	var o catalog.Object
	switch b[0] {
	case 'n':
		o = &catalog.Schema{}
	case 't':
		o = &catalog.Table{}
	case 's':
		o = &catalog.Sequence{}
	case 'v':
		o = &catalog.View{}
	case 'y':
		o = &catalog.UserType{}
	case 'f':
		o = &catalog.Function{}
	case 'r':
		o = &catalog.Role{}
	case 'd':
		o = &catalog.Database{}
	default:
		return nil, errCorrupt(b)
	}
	if err := json.Unmarshal(b[1:], o); err != nil {
		return nil, fmt.Errorf("mvcc: descriptor: %w", err)
	}
	return o, nil
}

// catalogCache keeps snapshots by the layer and SCN of the change that made them, so that branches and points that see
// the same schema share one.
type catalogCache struct {
	mu sync.Mutex
	m  map[catalogKey]*catalog.Snapshot
}

type catalogKey struct {
	layer uint64
	scn   uint64
	db    *catalog.Database
}

const maxCatalogs = 512

// catalogAt returns the catalog that a reader of l at SCN at sees.
func (s *Store) catalogAt(ctx context.Context, l *layer, at uint64, db *catalog.Database) (*catalog.Snapshot, error) {
	from, scn := l.catalogAt(at)
	key := catalogKey{from.id, scn, db}
	s.catalogs.mu.Lock()
	snap := s.catalogs.m[key]
	s.catalogs.mu.Unlock()
	if snap != nil {
		return snap, nil
	}
	from.users.Add(1) // nobody else says that it is being read
	objects, err := s.readObjects(ctx, from.chain(scn))
	from.users.Add(-1)
	if err != nil {
		return nil, err
	}
	return s.catalogs.put(key, catalog.NewSnapshot(db, objects)), nil
}

// put adds a snapshot, unless there is one already, and returns what is there.
func (c *catalogCache) put(key catalogKey, snap *catalog.Snapshot) *catalog.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.m[key]; known != nil {
		return known
	}
	if c.m == nil || len(c.m) >= maxCatalogs {
		c.m = map[catalogKey]*catalog.Snapshot{}
	}
	c.m[key] = snap
	return snap
}

func (s *Store) readObjects(ctx context.Context, chain []link) ([]catalog.Object, error) {
	r := &reader{s: s}
	src := r.scan(ctx, chain, catalogSpace, nil, span{})
	defer src.close()
	var out []catalog.Object
	for {
		ok, err := src.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return out, nil
		}
		o, err := decodeObject(src.row().payload)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
}

// globalSnapshot is the server's catalog as of an SCN.
type globalSnapshot struct {
	scn  uint64
	snap *catalog.Snapshot
}

// Global implements storage.Store.
func (s *Store) Global() *catalog.Snapshot {
	_, scn := s.global.catalogAt(s.seq.published.Load())
	if g := s.globalNow.Load(); g != nil && g.scn == scn {
		return g.snap
	}
	snap, err := s.catalogAt(context.Background(), s.global, scn, nil)
	if err != nil {
		if g := s.globalNow.Load(); g != nil {
			return g.snap // the engine fails: whatever comes next will say so
		}
		return catalog.NewSnapshot(nil, nil)
	}
	s.globalNow.Store(&globalSnapshot{scn, snap})
	return snap
}

// database returns the descriptor of a database as last committed, or nil.
func (s *Store) database(id catalog.OID) *catalog.Database {
	d, _ := s.Global().Object(id).(*catalog.Database)
	return d
}
