package apikey

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// FuzzProve shows whatever text as a key: nothing but the key itself proves anything.
func FuzzProve(f *testing.F) {
	ctx := context.Background()
	s, err := mvcc.Open(memkv.New(), mvcc.Options{CleanEvery: -1})
	if err == nil {
		err = mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{})
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	k, secret := create(f, s, Key{Name: "ci", Role: catalog.Superuser, Expires: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)})
	for _, x := range []string{secret, secret + "0", secret[:len(secret)-1], Prefix + k.ID + "_", Prefix + "_", Prefix, "rk__", Prefix + "\xff_\x00"} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x string) {
		got, err := Prove(ctx, s, x)
		if err != nil {
			t.Fatalf("%q: %v", x, err)
		}
		if (got != nil) != (x == secret) || got != nil && got.ID != k.ID {
			t.Errorf("%q proves %+v", x, got)
		}
	})
}

// TestKeptKey reads a key back as it was made, whatever the years.
func TestKeptKey(t *testing.T) {
	for _, year := range []int{2030, 2999, 9999} {
		k := Key{ID: "a", Name: "b", hash: []byte("h"), Role: 5, Scopes: []string{"read", "write"}, Branches: []string{"dev/*"},
			Created: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), CreatedBy: "ada", Expires: time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC)}
		got := fromRow(k.row())
		if !got.Expires.Equal(k.Expires) || !got.Created.Equal(k.Created) || !got.Revoked.IsZero() || strings.Join(got.Branches, " ") != "dev/*" {
			t.Errorf("%+v is kept as %+v", k, got)
		}
	}
}

func create(f *testing.F, s storage.Store, k Key) (Key, string) {
	f.Helper()
	ctx := context.Background()
	tx, err := s.Begin(ctx, storage.TxnOptions{})
	if err != nil {
		f.Fatal(err)
	}
	tx.Statement()
	k, secret, err := Create(ctx, tx, k)
	if err == nil {
		_, err = tx.Commit(ctx)
	}
	if err != nil {
		f.Fatal(err)
	}
	return k, secret
}
