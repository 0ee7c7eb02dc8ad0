package backup

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Suffix is what the names of backup files in a directory end with.
const Suffix = ".rowan"

// Member is a file of a chain.
type Member struct {
	File   string
	Header Header
}

// Files returns the backups that the names mean: files, and of directories all backups in them.
func Files(names []string) (out []Member, err error) {
	for _, n := range names {
		files := []string{n}
		if st, err := os.Stat(n); err != nil {
			return nil, err
		} else if st.IsDir() {
			if files, err = filepath.Glob(filepath.Join(n, "*"+Suffix)); err != nil {
				return nil, err
			}
		}
		for _, f := range files {
			h, err := ReadHeader(f)
			if err != nil {
				return nil, err
			}
			out = append(out, Member{f, h})
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there is no backup to restore from")
	}
	return out, nil
}

// Chain puts the members that lead to the newest backup into order, the full one first.
func Chain(all []Member) ([]Member, error) {
	if len(all) == 0 {
		return nil, errors.New("there is no backup to restore from")
	}
	byID := map[string]Member{}
	for _, m := range all {
		byID[m.Header.ID] = m
	}
	last := slices.MaxFunc(all, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Header.Info.SCN, b.Header.Info.SCN), a.Header.Made.Compare(b.Header.Made))
	})
	chain := []Member{last}
	for m := last; !m.Header.Full(); {
		base, ok := byID[m.Header.Base]
		if !ok {
			return nil, fmt.Errorf("the backup %s builds on the backup %s of SCN %d, which is missing", m.File, m.Header.Base, m.Header.Info.Since)
		}
		if base.Header.Info.Store != m.Header.Info.Store || base.Header.Info.SCN != m.Header.Info.Since || len(chain) > len(all) {
			return nil, fmt.Errorf("the backup %s does not build on %s", m.File, base.File)
		}
		chain = append(chain, base)
		m = base
	}
	slices.Reverse(chain)
	return chain, nil
}
