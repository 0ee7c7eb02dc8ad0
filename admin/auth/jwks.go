package auth

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
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
	keys    []namedKey
	read    time.Time
	tried   time.Time
	failure error         // of the last try
	reading chan struct{} // closed when the try that is under way has ended; nil: none is
}

const (
	refetch    = 30 * time.Second
	firstFetch = 2 * time.Second // until the set has been read once
	keySetAge  = time.Hour
	keySetSize = 1 << 20
)

func newKeySet(from string) (*keySet, error) {
	if u, err := url.Parse(from); err == nil && u.Scheme == "http" && !localHost(u.Hostname()) {
		return nil, fmt.Errorf("the key set's URL must be https, not %q", from)
	}
	return &keySet{from: from, client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: stayPrivate}}, nil
}

// stayPrivate refuses to be led from an address that nobody can listen to or speak for to one that somebody can.
func stayPrivate(req *http.Request, via []*http.Request) error {
	if req.URL.Scheme != "https" && !localHost(req.URL.Hostname()) {
		return errors.New("it leads to an address that is not https")
	}
	if len(via) >= 5 {
		return errors.New("it leads from one address to another")
	}
	return nil
}

// unreadableError says that nobody can tell whether a token is good: the key set cannot be had.
type unreadableError struct{ cause error }

func (e *unreadableError) Error() string { return "cannot read the key set: " + e.cause.Error() }
func (e *unreadableError) Unwrap() error { return e.cause }

func unreadable(err error) bool {
	var e *unreadableError
	return errors.As(err, &e)
}

func localHost(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// find returns the key of that id for a method.
func (k *keySet) find(ctx context.Context, method, id string) (crypto.PublicKey, error) {
	key, reading, mine := k.look(method, id)
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
	if newer := k.get(method, id); newer != nil || k.failure == nil { // an old key is better than none
		key = newer
	}
	switch {
	case key == nil && k.failure != nil:
		return nil, &unreadableError{k.failure}
	case key == nil:
		return nil, errors.New("no key has the token's key id and is for its method")
	}
	return key, nil
}

// look returns the key that is known, and the try to read the set that is under way; mine: it is the caller's to make.
func (k *keySet) look(method, id string) (key crypto.PublicKey, reading chan struct{}, mine bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	key = k.get(method, id)
	if k.reading == nil && (key == nil || now.Sub(k.read) > keySetAge) && now.Sub(k.tried) > k.pause() {
		k.tried, k.reading, mine = now, make(chan struct{}), true
	}
	return key, k.reading, mine
}

// pause is how long a try waits after the one before: not long, while there are no keys at all.
func (k *keySet) pause() time.Duration {
	if k.read.IsZero() {
		return firstFetch
	}
	return refetch
}

// renew reads the set though it is not old, unless that was tried a short time ago; true: it has been read anew.
func (k *keySet) renew(ctx context.Context) bool {
	k.mu.Lock()
	if k.reading != nil || time.Since(k.tried) <= k.pause() {
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

// get returns a key that is known; without an id it is the only one of its kind.
func (k *keySet) get(method, id string) crypto.PublicKey {
	var of []namedKey
	for _, key := range k.keys {
		if key.kind == kinds[method] && (id == "" || key.id == id && key.checks(method)) {
			of = append(of, key)
		}
	}
	if len(of) == 0 || id == "" && len(of) > 1 {
		return nil
	}
	if last := of[len(of)-1]; last.checks(method) {
		return last.key
	}
	return nil
}

func (k *keySet) load(ctx context.Context) ([]namedKey, error) {
	text, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	return parseSet(text)
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
