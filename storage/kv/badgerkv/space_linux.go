package badgerkv

import (
	"os"
	"syscall"
)

// freeBytes is what a user without privileges can still write to the file system of a directory.
func freeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// allocate gives a mapped log its blocks beforehand, so that writing to it cannot fail. It is a precaution: file systems
// that cannot do it are told by the reserve alone.
func allocate(f *os.File) {
	if st, err := f.Stat(); err == nil && st.Size() > 0 {
		_ = syscall.Fallocate(int(f.Fd()), 0, 0, st.Size())
	}
}
