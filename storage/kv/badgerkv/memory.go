package badgerkv

import (
	"github.com/dgraph-io/badger/v4"
)

// leastMemory and mostTable bound what is made of Options.Memory.
const (
	leastMemory = 64 << 20
	leastTable  = 8 << 20
	mostTable   = 64 << 20
)

// tables in memory: one takes writes, and as many as this wait to be written to disk. Bulk writes stop earlier: see pace.go.
const waitingTables = 3

// levelFactor is how much larger each level is than the one before.
const levelFactor = 20

// useMemory divides a budget: an eighth for the memtables; an eighth for blocks
// read and decompressed; a fifth for what of the mapped files stays in memory; the rest is for tables that are being made, and for who
// calls.
//
// Memtables span all kinds of keys, so that what comes from level 0 has the whole first level written anew: it is small, and the
// next ones are larger by levelFactor instead of Badger's ten (docs/decisions/0033-order-of-kinds.md).
//
// Tables are twice as large with each level, eight times in the last one of a few gigabytes. A compaction fills up to five at
// a time, and each takes four times its size until it is written; it also has in memory what it makes of one table and the dozen
// below it, until it is done.
func useMemory(b badger.Options, memory int64) badger.Options {
	if memory == 0 {
		return b
	}
	memory = max(memory, leastMemory)
	table := min(max(memory/40, leastTable), mostTable)
	return b.WithMemTableSize(table).WithNumMemtables(waitingTables).WithBlockCacheSize(memory / 8).
		WithBaseTableSize(min(max(memory/800, 256<<10), 2<<20)).WithBaseLevelSize(2 * table).WithLevelSizeMultiplier(levelFactor).
		WithValueLogFileSize(min(max(4*table, 64<<20), 1<<30))
}

// mappedShare is how much of the mapped files may stay in memory, of a budget.
func mappedShare(memory int64) int64 { return max(memory, leastMemory) / 5 }
