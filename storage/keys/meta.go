package keys

import "encoding/binary"

// Meta is a kind of meta record.
type Meta byte

// The kinds, and what follows them in the key.
const (
	MetaFormat     Meta = 'f' // nothing: the format's version
	MetaBranch     Meta = 'b' // branch id
	MetaLayer      Meta = 'y' // layer id
	MetaSpace      Meta = 'k' // layer, keyspace: this layer has something in the keyspace
	MetaCatalog    Meta = 'g' // layer, SCN: the catalog changed
	MetaCounter    Meta = 'n' // number of the counter
	MetaSequence   Meta = 'q' // OID
	MetaLarge      Meta = 'x' // id of a large transaction
	MetaSnapshot   Meta = 's' // snapshot id
	MetaClean      Meta = 'c' // nothing: the SCN up to which tombstones were looked at
	MetaRows       Meta = 'r' // layer, keyspace: number of rows
	MetaMerge      Meta = 'e' // target branch, source branch, SCN
	MetaKeep       Meta = 'K' // database: how long its past is kept
	MetaFlat       Meta = 'F' // layer, keyspace: what its ancestors show of it, in a layer of its own
	MetaExtra      Meta = 'z' // free for packages above: a name
	MetaStatistics Meta = 't' // layer, keyspace of rows: what ANALYZE found
)

// Append appends the key of a record numbered by ids (big-endian, so that they sort).
func (m Meta) Append(dst []byte, ids ...uint64) []byte {
	dst = append(dst, tagMeta, byte(m))
	for _, id := range ids {
		dst = binary.BigEndian.AppendUint64(dst, id)
	}
	return dst
}

// AppendName appends the key of a record with a name.
func (m Meta) AppendName(dst []byte, name string) []byte {
	return append(append(dst, tagMeta, byte(m)), name...)
}

// DecodeMeta parts a meta key into its kind and what follows.
func DecodeMeta(b []byte) (m Meta, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tagMeta {
		return 0, nil, false
	}
	return Meta(b[1]), b[2:], true
}

// ID reads one id of a meta key.
func ID(b []byte) (id uint64, rest []byte, ok bool) {
	if len(b) < 8 {
		return 0, nil, false
	}
	return binary.BigEndian.Uint64(b), b[8:], true
}
