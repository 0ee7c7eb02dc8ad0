package keys

import "encoding/binary"

// Log is the key of one chunk of a transaction's log entry in a layer.
type Log struct {
	Layer uint64
	SCN   uint64
	Chunk uint32
}

// Append appends the key.
func (k Log) Append(dst []byte) []byte {
	dst = AppendLogPrefix(dst, k.Layer)
	dst = binary.BigEndian.AppendUint64(dst, k.SCN)
	return binary.BigEndian.AppendUint32(dst, k.Chunk)
}

// AppendLogPrefix appends what all log keys of a layer begin with.
func AppendLogPrefix(dst []byte, layer uint64) []byte { return appendNum(append(dst, tagLog), layer) }

// DecodeLog parts a log key.
func DecodeLog(b []byte) (k Log, ok bool) {
	if len(b) == 0 || b[0] != tagLog {
		return k, false
	}
	layer, rest, ok := num(b[1:])
	if !ok || len(rest) != 12 {
		return k, false
	}
	return Log{layer, binary.BigEndian.Uint64(rest), binary.BigEndian.Uint32(rest[8:])}, true
}

// AppendCommit appends the key of an SCN's commit record.
func AppendCommit(dst []byte, scn uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tagCommit), scn)
}

// DecodeCommit returns the SCN of a commit record's key.
func DecodeCommit(b []byte) (scn uint64, ok bool) {
	if len(b) != 9 || b[0] != tagCommit {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[1:]), true
}

// Chunk is the key of a list of keys that a large transaction has written.
type Chunk struct {
	Txn uint64
	N   uint32
}

// Append appends the key.
func (k Chunk) Append(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(AppendChunkPrefix(dst, k.Txn), k.N)
}

// AppendChunkPrefix appends what all chunk keys of a transaction begin with.
func AppendChunkPrefix(dst []byte, txn uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tagChunk), txn)
}

// DecodeChunk parts a chunk key.
func DecodeChunk(b []byte) (k Chunk, ok bool) {
	if len(b) != 13 || b[0] != tagChunk {
		return k, false
	}
	return Chunk{binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint32(b[9:])}, true
}
