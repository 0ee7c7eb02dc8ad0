package mvcc

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// commitRecord is kept for each SCN: s | SCN → time, transaction.
type commitRecord struct {
	time time.Time
	txn  uint64
}

func (c commitRecord) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.time.UnixMicro()))
	return binary.AppendUvarint(dst, c.txn)
}

func parseCommit(b []byte) (c commitRecord, err error) {
	d := decoder{b: b}
	c.time = time.UnixMicro(int64(d.uvarint())).UTC()
	c.txn = d.uvarint()
	return c, d.err
}

// logHeader begins a transaction's log entry in one layer; the list of changed keys follows it, in as many chunks as it
// takes. A large transaction's list is in its own chunks.
type logHeader struct {
	time   time.Time
	txn    uint64
	large  uint64 // marker without the bit, 0: none
	info   storage.TxnInfo
	tables []tableCount
}

// tableCount says what happened in the rows of a table.
type tableCount struct {
	keyspace uint64 // 0: rows that went with theirs
	table    catalog.OID
	rowCounts
}

func (h *logHeader) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(h.time.UnixMicro()))
	dst = binary.AppendUvarint(dst, h.txn)
	dst = binary.AppendUvarint(dst, h.large)
	for _, s := range []string{h.info.User, h.info.Application, h.info.Summary, h.info.Merged} {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(h.tables)))
	for _, t := range h.tables {
		for _, n := range []uint64{t.keyspace, uint64(t.table), uint64(t.inserts), uint64(t.updates), uint64(t.deletes)} {
			dst = binary.AppendUvarint(dst, n)
		}
	}
	return dst
}

// parseLog parts chunk 0 of a log entry into its header and key list.
func parseLog(b []byte) (h logHeader, list []byte, err error) {
	d := decoder{b: b}
	h.time = time.UnixMicro(int64(d.uvarint())).UTC()
	h.txn, h.large = d.uvarint(), d.uvarint()
	h.info = storage.TxnInfo{User: d.string(), Application: d.string(), Summary: d.string(), Merged: d.string()}
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		t := tableCount{keyspace: d.uvarint(), table: catalog.OID(d.uvarint())}
		t.inserts, t.updates, t.deletes = int64(d.uvarint()), int64(d.uvarint()), int64(d.uvarint())
		h.tables = append(h.tables, t)
	}
	return h, d.b, d.err
}

// decoder reads a record front to back.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.err, d.b = errCorrupt(d.b), nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.err, d.b = errCorrupt(d.b), nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// Time returns when an SCN was committed.
func (s *Store) Time(ctx context.Context, scn uint64) (time.Time, error) {
	val, ok, err := s.kv.Get(ctx, keys.AppendCommit(nil, scn), nil)
	if err != nil || !ok {
		return time.Time{}, err
	}
	c, err := parseCommit(val)
	return c.time, err
}

// eachLog calls f for the log entries of a layer with SCN in (from, to], newest first, until it returns false.
func (s *Store) eachLog(ctx context.Context, l *layer, from, to uint64, f func(scn uint64, h logHeader) bool) error {
	lo := keys.Log{Layer: l.id, SCN: from + 1}.Append(nil)
	hi := keys.Log{Layer: l.id, SCN: to + 1}.Append(nil)
	it := s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi, Reverse: true})
	defer it.Close()
	for it.Next() {
		k, ok := keys.DecodeLog(it.Key())
		if !ok || k.Chunk != 0 {
			continue
		}
		h, _, err := parseLog(it.Value())
		if err != nil {
			return err
		}
		if !f(k.SCN, h) {
			return nil
		}
	}
	return it.Err()
}

// eachChange calls f for the keys that transactions of a layer with SCN in (from, to] wrote, oldest transaction first:
// all rows and descriptors, and of index entries those removed.
func (s *Store) eachChange(ctx context.Context, l *layer, from, to uint64, f func(sp keys.Space, key []byte, del bool) bool) error {
	lo := keys.Log{Layer: l.id, SCN: from + 1}.Append(nil)
	hi := keys.Log{Layer: l.id, SCN: to + 1}.Append(nil)
	it := s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	more := true
	visit := func(sp keys.Space, key []byte, del bool) bool {
		if sp.Layer == l.id {
			more = f(sp, key, del)
		}
		return more
	}
	for more && it.Next() {
		k, _ := keys.DecodeLog(it.Key())
		list := it.Value()
		if k.Chunk == 0 {
			h, rest, err := parseLog(list)
			if err != nil {
				return err
			}
			if list = rest; h.large != 0 {
				if err := s.eachChunk(ctx, h.large, visit); err != nil {
					return err
				}
			}
		}
		if err := eachKey(list, visit); err != nil {
			return err
		}
	}
	return it.Err()
}

// eachChunk calls f for the keys that a large transaction wrote ahead.
func (s *Store) eachChunk(ctx context.Context, txn uint64, f func(sp keys.Space, key []byte, del bool) bool) error {
	return s.each(ctx, keys.AppendChunkPrefix(nil, txn), func(_, val []byte) error { return eachKey(val, f) })
}
