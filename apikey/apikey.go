// Package apikey keeps API keys: secrets that stand for a role over HTTP, as far as their scopes and branches reach.
//
// It knows neither HTTP nor SQL text: session has the functions of schema rowan over it, and server asks it who a key is.
// Invariants: of a key only the hash is kept, and the key itself is given out once, when it is made; a revoked or expired
// key never proves anything, whatever else is in the store. Keys are rows of a system table in the catalog of all
// databases.
package apikey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// table holds one row for each key that has not been forgotten.
var table = systable.New(12, "api_keys", 1,
	systable.Column{Name: "id", Type: types.OIDText},
	systable.Column{Name: "name", Type: types.OIDText},
	systable.Column{Name: "hash", Type: types.OIDBytea},
	systable.Column{Name: "role", Type: types.OIDInt8},
	systable.Column{Name: "scopes", Type: types.OIDText},
	systable.Column{Name: "branches", Type: types.OIDText},
	systable.Column{Name: "created_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "created_by", Type: types.OIDText},
	systable.Column{Name: "expires_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "revoked_at", Type: types.OIDTimestamptz},
)

// Prefix is how keys begin.
const Prefix = "rk_"

// scopes are what a key can be allowed; a key without any may do what its role may, but for admin.
var scopes = []string{"read", "write", "branch", "admin"}

// defaultScopes are those of a key that is made without any.
var defaultScopes = []string{"read", "write", "branch"}

// Key is an API key without its secret.
type Key struct {
	ID        string
	Name      string
	Role      catalog.OID
	Scopes    []string
	Branches  []string // patterns; nil: all
	Created   time.Time
	CreatedBy string
	Expires   time.Time // zero: never
	Revoked   time.Time // zero: not

	hash []byte
}

// Active reports whether the key proves anything at a time.
func (k *Key) Active(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// Create adds a key and returns the secret, which cannot be had again. Names of keys that can be used are unique.
func Create(ctx context.Context, tx storage.Txn, k Key) (Key, string, error) {
	if err := k.check(); err != nil {
		return k, "", err
	}
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return k, "", err
	}
	old, err := find(ctx, tx, v, k.Name, time.Now())
	if err != nil {
		return k, "", err
	}
	if old != nil {
		return k, "", pgerr.New(pgerrcode.DuplicateObject, "API key \"%s\" already exists", k.Name)
	}
	k.ID = random(6)
	secret := Prefix + k.ID + "_" + random(24)
	k.Created, k.hash = time.Now(), hashOf(secret)
	return k, secret, table.Insert(ctx, tx, v, k.row()...)
}

func (k *Key) check() error {
	if k.Name == "" || len(k.Name) > 200 {
		return pgerr.New(pgerrcode.InvalidName, "an API key's name has 1 to 200 bytes")
	}
	if k.Scopes == nil {
		k.Scopes = defaultScopes
	}
	for _, s := range k.Scopes {
		if !slices.Contains(scopes, s) {
			return pgerr.New(pgerrcode.InvalidParameterValue, "unknown scope \"%s\"", s).WithHint("Known scopes: %s.", strings.Join(scopes, ", "))
		}
	}
	for _, b := range k.Branches {
		if b == "" || strings.ContainsAny(b, "\n\x00") {
			return pgerr.New(pgerrcode.InvalidParameterValue, "invalid branch pattern \"%s\"", b)
		}
	}
	if !k.Expires.IsZero() && k.Expires.Before(time.Now()) {
		return pgerr.New(pgerrcode.InvalidParameterValue, "the API key would have expired already")
	}
	return nil
}

// Revoke makes a key, given by name or id, prove nothing from now on. may says whether the caller is allowed to.
func Revoke(ctx context.Context, tx storage.Txn, name string, may func(Key) error) (Key, error) {
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return Key{}, err
	}
	k, err := find(ctx, tx, v, name, time.Now())
	if err != nil {
		return Key{}, err
	}
	if k == nil {
		return Key{}, pgerr.New(pgerrcode.UndefinedObject, "API key \"%s\" does not exist", name)
	}
	if err := may(*k); err != nil {
		return Key{}, err
	}
	k.Revoked = time.Now()
	return *k, table.Put(ctx, tx, v, k.row()...)
}

// find finds the active key with that name or id; nil: there is none.
func find(ctx context.Context, tx storage.Txn, v storage.View, name string, now time.Time) (*Key, error) {
	var out *Key
	err := table.Scan(ctx, tx, v, nil, func(r systable.Row) bool {
		k := fromRow(r)
		if (k.Name == name || k.ID == name) && k.Active(now) {
			out = &k
		}
		return out == nil
	})
	return out, err
}

// List returns all keys, also those that are of no more use.
func List(ctx context.Context, tx storage.Txn) ([]Key, error) {
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := table.All(ctx, tx, v)
	out := make([]Key, len(rows))
	for i, r := range rows {
		out[i] = fromRow(r)
	}
	return out, err
}

// Prove finds out whose key a secret is; nil when it is nobody's, or of no more use.
func Prove(ctx context.Context, store storage.Store, secret string) (*Key, error) {
	id, _, ok := strings.Cut(strings.TrimPrefix(secret, Prefix), "_")
	if !ok || !strings.HasPrefix(secret, Prefix) {
		return nil, nil
	}
	tx, err := store.Begin(ctx, storage.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	tx.Statement()
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	row, err := table.Get(ctx, tx, v, types.String(id))
	if err != nil || row == nil {
		return nil, err
	}
	k := fromRow(row)
	if subtle.ConstantTimeCompare(k.hash, hashOf(secret)) != 1 || !k.Active(time.Now()) {
		return nil, nil
	}
	return &k, nil
}

// hashOf is what is kept of a secret. Secrets are 192 random bits: one round of a fast hash is enough.
func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (k *Key) row() systable.Row {
	return systable.Row{types.String(k.ID), types.String(k.Name), types.String(string(k.hash)), types.Int(int64(k.Role)),
		types.String(strings.Join(k.Scopes, "\n")), systable.List(k.Branches), systable.Time(k.Created), types.String(k.CreatedBy), systable.Time(k.Expires), systable.Time(k.Revoked)}
}

func fromRow(r systable.Row) Key {
	k := Key{ID: r[0].S, Name: r[1].S, hash: []byte(r[2].S), Role: catalog.OID(r[3].I), Scopes: []string{}, Created: systable.TimeOf(r[6]), CreatedBy: r[7].S,
		Branches: systable.ListOf(r[5]), Expires: systable.TimeOf(r[8]), Revoked: systable.TimeOf(r[9])}
	if r[4].S != "" {
		k.Scopes = strings.Split(r[4].S, "\n")
	}
	return k
}
