package auth

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// keySet is a JSON Web Key Set at a URL or in a file. It is read when it is first needed, again when a token names a key
// that is not in it, though no more often than refetch, and when it has become old.
type keySet struct {
	from   string
	client *http.Client

	mu      sync.Mutex
	keys    map[string]*rsa.PublicKey
	read    time.Time
	tried   time.Time
	failure error         // of the last try
	reading chan struct{} // closed when the try that is under way has ended; nil: none is
}

const (
	refetch    = 30 * time.Second
	keySetAge  = time.Hour
	keySetSize = 1 << 20
)

func newKeySet(from string) (*keySet, error) {
	if u, err := url.Parse(from); err == nil && u.Scheme == "http" && !localHost(u.Hostname()) {
		return nil, fmt.Errorf("the key set's URL must be https, not %q", from)
	}
	return &keySet{from: from, client: &http.Client{Timeout: 10 * time.Second}}, nil
}

func localHost(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// find returns the key with that id; "" is the only key of a set that has one.
func (k *keySet) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	key, reading, mine := k.look(id)
	switch {
	case mine:
		k.reload(ctx, reading)
	case key == nil && reading != nil: // what another request reads may be what this one needs
		select {
		case <-reading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if newer := k.get(id); newer != nil || k.failure == nil { // an old key is better than none
		key = newer
	}
	switch {
	case key == nil && k.failure != nil:
		return nil, fmt.Errorf("cannot read the key set: %w", k.failure)
	case key == nil:
		return nil, errors.New("no key has the token's key id")
	}
	return key, nil
}

// look returns the key that is known, and the try to read the set that is under way; mine: it is the caller's to make.
func (k *keySet) look(id string) (key *rsa.PublicKey, reading chan struct{}, mine bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	key = k.get(id)
	if k.reading == nil && (key == nil || now.Sub(k.read) > keySetAge) && now.Sub(k.tried) > refetch {
		k.tried, k.reading, mine = now, make(chan struct{}), true
	}
	return key, k.reading, mine
}

// renew reads the set though it is not old, unless that was tried a short time ago; true: it has been read anew.
func (k *keySet) renew(ctx context.Context) bool {
	k.mu.Lock()
	if k.reading != nil || time.Since(k.tried) <= refetch {
		k.mu.Unlock()
		return false
	}
	reading := make(chan struct{})
	k.tried, k.reading = time.Now(), reading
	k.mu.Unlock()
	k.reload(ctx, reading)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failure == nil
}

// reload reads the set. Meanwhile the keys that are known stay good, for an issuer that is slow must not stop everybody; and
// a client that goes away must not take the try with it, for the next one is far off.
func (k *keySet) reload(ctx context.Context, done chan struct{}) {
	keys, err := k.load(context.WithoutCancel(ctx))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure = err; err == nil {
		k.keys, k.read = keys, time.Now()
	}
	k.reading = nil
	close(done)
}

func (k *keySet) get(id string) *rsa.PublicKey {
	if id == "" && len(k.keys) == 1 {
		for _, key := range k.keys {
			return key
		}
	}
	return k.keys[id]
}

func (k *keySet) load(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	text, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct{ Kty, Kid, Use, N, E string }
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	out := map[string]*rsa.PublicKey{}
	for _, j := range set.Keys {
		if j.Kty != "RSA" || j.Use != "" && j.Use != "sig" {
			continue
		}
		n, err1 := base64.RawURLEncoding.DecodeString(j.N)
		e, err2 := base64.RawURLEncoding.DecodeString(j.E)
		exponent := new(big.Int).SetBytes(e)
		if err1 != nil || err2 != nil || !exponent.IsInt64() || len(n) < 256 { // RSA below 2048 bits is not believed
			continue
		}
		out[j.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	}
	return out, nil
}

func (k *keySet) fetch(ctx context.Context) ([]byte, error) {
	if !strings.HasPrefix(k.from, "http://") && !strings.HasPrefix(k.from, "https://") {
		return os.ReadFile(k.from)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.from, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", k.from, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, keySetSize))
}
