//go:build !linux

package badgerkv

import (
	"errors"
	"io"
)

func mappedBytes() int64 { return 0 }

func openMaps() (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

func release(mapping) {}

func pageOut(mapping) {}
