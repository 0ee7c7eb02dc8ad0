package badgerkv

import (
	"os"
	"path/filepath"
)

// removeEmptyLogs removes logs without a single byte. Badger makes a log empty, gives it its length, and then writes to it;
// at its end it cuts the log to nothing before it removes the file. A process that is killed in between leaves an empty
// file, which Badger would refuse to open the store for. Nothing that was ever synced is in it.
func removeEmptyLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range entries {
		if ext := filepath.Ext(f.Name()); ext != ".mem" && ext != ".vlog" || !f.Type().IsRegular() {
			continue
		}
		st, err := f.Info()
		if err != nil {
			return err
		}
		if st.Size() > 0 {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
