// Package backup is the file format of backups and what is done with such files: writing one, reading and verifying it,
// putting chains of them together, and restoring.
//
//	file   magic | block …                                       the first block is the header, the last the end
//	block  kind | 4: length | 4: number | payload | 4: CRC-32C   over all before it
//	data   S2 of entries: uvarint length | key | uvarint length+1 | value; 0 in the length's place removes the key
//
// A backup is a full one, or holds what is new since another. It knows records as bytes; what they mean is storage/mvcc's.
// Invariants: nothing of a damaged file is used: a file is verified as a whole before the first record of it is restored;
// errors name file, block and offset. Callers: session, which writes backups for clients, and server, which restores.
package backup

import (
	"hash/crc32"
	"time"

	"github.com/rowandb/rowan/storage"
)

const (
	magic     = "ROWANBK\x02"
	blockSize = 64 << 10 // from which a data block is closed
	maxBlock  = 1 << 30
	overhead  = 1 + 4 + 4
)

// The kinds of blocks.
const (
	kindHeader = 'H'
	kindData   = 'D'
	kindEnd    = 'E'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header begins a backup.
type Header struct {
	ID      string             `json:"id"`
	Base    string             `json:"base,omitempty"` // ID of the backup that it builds on; "": full
	Made    time.Time          `json:"made"`
	Version string             `json:"version"` // of Rowan
	Info    storage.ExportInfo `json:"info"`
}

// Full reports whether the backup builds on no other.
func (h *Header) Full() bool { return h.Base == "" }

// end ends a backup.
type end struct {
	Blocks  uint32 `json:"blocks"`
	Entries int64  `json:"entries"`
	Sum     uint32 `json:"sum"` // of the checksums of all blocks before
}
