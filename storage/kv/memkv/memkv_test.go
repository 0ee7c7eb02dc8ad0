package memkv_test

import (
	"testing"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/kvtest"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

func TestEngine(t *testing.T) {
	kvtest.Run(t, func(testing.TB) kvtest.Open {
		e := memkv.New()
		return func() (kv.Engine, error) {
			e = e.Clone()
			return e, nil
		}
	})
}
