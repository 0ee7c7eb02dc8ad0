package mvcc

import (
	"context"
	"encoding/binary"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types/vector"
)

// appendRowRef and rowRef code the row key that an index entry refers to.
func appendRowRef(dst, rowKey []byte, inKey bool) []byte {
	if inKey {
		return binary.AppendUvarint(dst, uint64(len(rowKey))<<1|1)
	}
	dst = binary.AppendUvarint(dst, uint64(len(rowKey))<<1)
	return append(dst, rowKey...)
}

// rowRef returns the row key of an entry with a payload and key.
func rowRef(payload, key []byte) []byte {
	rowKey, _ := splitEntry(payload, key)
	return rowKey
}

// splitEntry parts an entry's payload into the row key and the bytes of the included columns.
func splitEntry(payload, key []byte) (rowKey, include []byte) {
	n, size := binary.Uvarint(payload)
	if size <= 0 {
		return nil, nil
	}
	rest := payload[size:]
	m := int(n >> 1)
	if n&1 != 0 {
		if m > len(key) {
			return nil, nil
		}
		return key[len(key)-m:], rest
	}
	if m > len(rest) {
		return nil, nil
	}
	return rest[:m], rest[m:]
}

// putEntry writes the entry of row i in the x-th index. Uniqueness has been seen to; known, if not nil, is what that found.
// newRow: no layer has, or hides, a row with the key, so that none has an entry of one.
func (t *Txn) putEntry(ctx context.Context, v *view, target *writes, w *tableWriter, x int, rowKey []byte, cols []*vector.Vector, i int, known *committedRow, newRow bool) error {
	iw := &w.indexes[x]
	var null, out bool
	w.entry, null, out = iw.entryKey(w.entry[:0], cols, i)
	if out {
		return nil
	}
	inKey := !iw.unique(null)
	if inKey {
		w.entry = append(w.entry, rowKey...)
	}
	if err := checkKey(w.entry, iw.Index); err != nil {
		return err
	}
	w.value = iw.entryValue(w.value[:0], rowKey, inKey, cols, i)
	c := committedRow{below: belowUnknown}
	switch {
	case known != nil && !inKey:
		c = *known
	case target.fresh && (inKey && newRow || !target.mayBeAhead(w.entry)):
		c.below = belowNothing
	case !inKey || !newRow && (len(v.chain) > 1 || target.mayBeAhead(w.entry)):
		var err error
		if c, err = t.entryBelow(ctx, v, target, iw.Keyspace, w.entry); err != nil {
			return err
		}
	}
	t.put(target, w.entry, w.value, false, c.below, c.base)
	return nil
}

// entryBelow is committed, unless the transaction has written the key itself and knows.
func (t *Txn) entryBelow(ctx context.Context, v *view, target *writes, ks catalog.Keyspace, key []byte) (committedRow, error) {
	if x, err := t.newest(target, key); err != nil || x != nil {
		return committedRow{}, err
	}
	if !v.known(ks) {
		return committedRow{below: belowNothing}, nil
	}
	return t.committed(ctx, v, ks, key)
}

// known reports whether any layer of the view has something in the keyspace.
func (v *view) known(ks catalog.Keyspace) bool {
	return v.layer.space(ks) != nil || len(v.layer.beneath(ks)) > 0
}
