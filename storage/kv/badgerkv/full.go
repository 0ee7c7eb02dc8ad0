package badgerkv

import (
	"encoding/binary"
	"os"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
)

// A crash of the machine may lose the end of a full log of a memtable, which nobody was told to be durable, and keep what is in the next
// one, which the system happened to write earlier: commits would be gone from the middle of history, or what a commit has written
// loosely and not the commit. So whoever syncs syncs the full logs first, and notes in the store up to which number they
// are. After a crash, a log counts if those before it are known to have been whole, and otherwise it goes, with all after it.
// Nothing that was durable is in such a log.

// fullKey is where the number is noted, among Badger's own keys, which nobody else meets. The last one counts.
var fullKey = []byte("!badger!rowan.full")

// noteFull notes that the logs up to one are full and on disk. Only the commit loop calls it.
func (e *Engine) noteFull(log int) error {
	l := e.db.NewKVLoader(1)
	if err := l.Set(&pb.KV{Key: fullKey, Value: binary.BigEndian.AppendUint64(nil, uint64(log)), Version: e.epochs.now.Load().ts}); err != nil {
		return err
	}
	return e.orDamage(l.Finish)
}

// settleFull removes the logs before which something may be lost, and returns the others. There is no gap in their numbers.
func settleFull(o Options, numbers []int) ([]int, error) {
	if len(numbers) < 2 {
		return numbers, nil
	}
	full, err := lastFull(o, numbers)
	if err != nil {
		return nil, err
	}
	for last := len(numbers) - 1; numbers[last] > full+1; last-- {
		if err := os.Remove(memoryLog(o.Dir, numbers[last])); err != nil {
			return nil, err
		}
		numbers = numbers[:last]
	}
	return numbers, syncDir(o.Dir)
}

// lastFull returns the number of the last log that was whole for sure; what was before the first log is in tables.
func lastFull(o Options, numbers []int) (full int, err error) {
	var keys *badger.KeyRegistry
	if o.Key != nil {
		if keys, err = registry(o.Dir, o.Key); err != nil {
			return 0, registryError(o.Dir, err)
		}
	}
	full = numbers[0] - 1
	for _, n := range numbers {
		noted, err := lastNoted(memoryLog(o.Dir, n), keys)
		if err != nil {
			return 0, err
		}
		full = max(full, noted)
	}
	return full, nil
}

// lastNoted returns the last number that was noted in a log; -1: there is none.
func lastNoted(name string, keys *badger.KeyRegistry) (last int, err error) {
	last = -1
	err = eachLogged(name, keys, func(e logged) error {
		if string(e.key) != string(fullKey) {
			return nil
		}
		b, err := e.value()
		if err == nil && len(b) == 8 {
			last = int(binary.BigEndian.Uint64(b))
		}
		return err
	})
	return last, err
}
