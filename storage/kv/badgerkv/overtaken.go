package badgerkv

import (
	"os"
	"path/filepath"
)

// Badger writes memtables to tables one after the other, and removes the log of each, unless a reader still has the memtable: then its log
// stays until the reader is done. A process that is killed meanwhile leaves a log that was overtaken by tables of later ones,
// and Badger would play it after them: what it has would be back in place of what was written since in the same epoch. One
// knows it by its number: a later log is missing.
//
// That holds as long as logs are missing for no other reason. Badger also removes those that it finds empty when it opens a store, so
// none is left to it.

// settleLogs removes the logs that were overtaken, and those before which something may be lost, and sees to it that none is
// empty. No log may be damaged.
func settleLogs(o Options) error {
	numbers, err := memoryLogs(o.Dir)
	if err != nil {
		return err
	}
	if numbers, err = settleOvertaken(o.Dir, numbers); err != nil {
		return err
	}
	if numbers, err = settleFull(o, numbers); err != nil {
		return err
	}
	return settleEmpty(o.Dir, numbers)
}

// settleOvertaken removes the logs before the last gap in their numbers, and returns the others.
func settleOvertaken(dir string, numbers []int) ([]int, error) {
	for i := len(numbers) - 1; i > 0; i-- {
		if numbers[i-1]+1 == numbers[i] {
			continue
		}
		for _, n := range numbers[:i] {
			if err := os.Remove(memoryLog(dir, n)); err != nil {
				return nil, err
			}
		}
		return numbers[i:], nil
	}
	return numbers, nil
}

// settleEmpty removes empty logs at either end. One in between becomes a copy of the one before it, which is played twice then.
func settleEmpty(dir string, numbers []int) error {
	first, last := 0, len(numbers)-1
	for ; last >= 0; last-- {
		if empty, err := emptyLog(memoryLog(dir, numbers[last])); err != nil || !empty {
			if err != nil {
				return err
			}
			break
		}
		if err := os.Remove(memoryLog(dir, numbers[last])); err != nil {
			return err
		}
	}
	for i := range last {
		name := memoryLog(dir, numbers[i])
		switch empty, err := emptyLog(name); {
		case err != nil:
			return err
		case !empty:
		case i == first:
			if err := os.Remove(name); err != nil {
				return err
			}
			first++
		default:
			if err := copyLog(memoryLog(dir, numbers[i-1]), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// How Badger marks entries of a transaction, and its end.
const (
	inTransaction    = 1 << 6
	transactionsLast = 1 << 7
)

// emptyLog reports whether Badger finds nothing in a log: not an entry, or only the beginning of a transaction.
func emptyLog(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was read only
	l := &logReader{}
	if err := l.open(f); err != nil {
		return false, err
	}
	for at := int64(logHeader); at < l.size; {
		n, _, ok := l.entry(at)
		if !ok {
			break
		}
		b, err := l.read(at, 1)
		if err != nil {
			return false, err
		}
		if b[0]&transactionsLast != 0 || b[0]&inTransaction == 0 {
			return false, nil
		}
		at += n
	}
	return true, nil
}

// copyLog replaces a log by another one's content.
func copyLog(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	part := to + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}
