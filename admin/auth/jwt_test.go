package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims, header ...string) string {
	t.Helper()
	tok := jwt.NewWithClaims(method, claims)
	for i := 0; i < len(header); i += 2 {
		tok.Header[header[i]] = header[i+1]
	}
	s, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func tokens(t *testing.T, c JWTConfig) *Tokens {
	t.Helper()
	tok, err := NewTokens(c)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func request(t *testing.T) *http.Request {
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
}

// with returns good claims with some of them changed; nil removes one.
func with(pairs ...any) jwt.MapClaims {
	c := jwt.MapClaims{"role": "ann", "sub": "user-1", "iss": "https://issuer", "aud": []string{"rowan", "other"}, "exp": time.Now().Add(time.Hour).Unix()}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if c[name] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, name)
		}
	}
	return c
}

// TestHS256 wants each claim that is checked to be checked.
func TestHS256(t *testing.T) {
	tok := tokens(t, JWTConfig{Secret: secret, Issuer: "https://issuer", Audience: "rowan"})
	now := time.Now()
	tests := []struct {
		name   string
		claims jwt.MapClaims
		role   string
	}{
		{"good", with(), "ann"},
		{"audience as text", with("aud", "rowan"), "ann"},
		{"expired", with("exp", now.Add(-time.Minute).Unix()), ""},
		{"expired within the skew", with("exp", now.Add(-10*time.Second).Unix()), "ann"},
		{"never expires", with("exp", nil), ""},
		{"not yet", with("nbf", now.Add(time.Minute).Unix()), ""},
		{"issued in the future", with("iat", now.Add(time.Hour).Unix()), ""},
		{"other issuer", with("iss", "https://evil"), ""},
		{"no issuer", with("iss", nil), ""},
		{"other audience", with("aud", "other"), ""},
		{"no audience", with("aud", nil), ""},
		{"no role", with("role", nil), ""},
		{"role is no text", with("role", 7), ""},
		{"groups", with("role", []string{"bob", "ann"}), "bob"},
	}
	for _, tt := range tests {
		p, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, secret, tt.claims))
		if p.Role != tt.role || (err == nil) != (tt.role != "") {
			t.Errorf("%s: %+v %v", tt.name, p, err)
		}
	}
	p, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, secret, with("scopes", "read write", "branches", []string{"ci/*"})))
	if err != nil || !slices.Equal(p.Scopes, []string{"read", "write"}) || !slices.Equal(p.Branches, []string{"ci/*"}) || p.Account != "jwt:user-1" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, []byte("another secret, just as long....."), with())); err == nil {
		t.Error("another's secret is believed")
	}
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, secret, with(), "crit", "exp")); err == nil {
		t.Error("an extension that is not understood was passed over")
	}
	none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, with()).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if _, err := tok.prove(request(t), none); err == nil {
		t.Error("a token without signature is believed")
	}
	good := sign(t, jwt.SigningMethodHS256, secret, with())
	if _, err := tok.prove(request(t), good[:strings.LastIndexByte(good, '.')+1]); err == nil {
		t.Error("a token with its signature cut off is believed")
	}
	if _, err := NewTokens(JWTConfig{Secret: []byte("short")}); err == nil {
		t.Error("a short secret is taken")
	}
}

// TestRoles wants claims to lead to roles as the configuration says.
func TestRoles(t *testing.T) {
	tests := []struct {
		claim  string
		roles  map[string]string
		claims jwt.MapClaims
		role   string
	}{
		{"", nil, with("role", "x"), "x"},
		{"app.role", nil, with("app", map[string]any{"role": "deep"}), "deep"},
		{"https://rowan/role", nil, with("https://rowan/role", "url"), "url"},
		{"", map[string]string{"admin": "postgres"}, with("role", "admin"), "postgres"},
		{"", map[string]string{"admin": "postgres"}, with("role", "ann"), "ann"},
		{"", map[string]string{"admin": "postgres", "*": "guest"}, with("role", "postgres"), "guest"},
		{"", map[string]string{"admin": "postgres", "*": ""}, with("role", "postgres"), ""},
		{"groups", map[string]string{"dba": "postgres", "*": ""}, with("groups", []any{"staff", "dba"}), "postgres"},
		{"", map[string]string{"*": "guest"}, with("role", nil), "guest"},
	}
	for _, tt := range tests {
		tok := tokens(t, JWTConfig{Secret: secret, RoleClaim: tt.claim, Roles: tt.roles})
		p, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, secret, tt.claims))
		if p.Role != tt.role || (err == nil) != (tt.role != "") {
			t.Errorf("%q %v: %q %v, want %q", tt.claim, tt.roles, p.Role, err, tt.role)
		}
	}
}

// TestRS256 wants a public key to check signatures, and never to serve as a secret.
func TestRS256(t *testing.T) {
	key := rsaKey(t)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tok := tokens(t, JWTConfig{KeyFile: file})
	if p, err := tok.prove(request(t), sign(t, jwt.SigningMethodRS256, key, with())); err != nil || p.Role != "ann" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodRS256, rsaKey(t), with())); err == nil {
		t.Error("another's key is believed")
	}
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodHS256, text, with())); err == nil {
		t.Error("the public key was taken for a secret")
	}
	if _, err := NewTokens(JWTConfig{KeyFile: file + "x"}); err == nil {
		t.Error("a key file that is not there")
	}
}

func jwkOf(id string, k *rsa.PrivateKey) map[string]string {
	e := big.NewInt(int64(k.E)).Bytes()
	return map[string]string{"kty": "RSA", "use": "sig", "kid": id, "n": base64.RawURLEncoding.EncodeToString(k.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e)}
}

// TestKeySet wants keys by id from a URL or a file, and a new one to be fetched when a token names it.
func TestKeySet(t *testing.T) {
	one, two := rsaKey(t), rsaKey(t)
	set := []map[string]string{jwkOf("one", one), {"kty": "EC", "kid": "other"}}
	fetched := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched++
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": set})
	}))
	defer srv.Close()
	tok := tokens(t, JWTConfig{JWKS: srv.URL})
	prove := func(key *rsa.PrivateKey, id string) error {
		_, err := tok.prove(request(t), sign(t, jwt.SigningMethodRS256, key, with(), "kid", id))
		return err
	}
	for range 3 {
		if err := prove(one, "one"); err != nil {
			t.Fatal(err)
		}
	}
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	set = append(set, jwkOf("two", two))
	if prove(two, "two") == nil || fetched != 1 {
		t.Error("an unknown key is fetched too soon")
	}
	tok.keys.tried = time.Now().Add(-time.Minute)
	if err := prove(two, "two"); err != nil || fetched != 2 {
		t.Errorf("%v after %d", err, fetched)
	}
	if prove(two, "one") == nil || prove(one, "two") == nil || prove(one, "") == nil {
		t.Error("keys are mixed up")
	}
	file := filepath.Join(t.TempDir(), "set.json")
	text, _ := json.Marshal(map[string]any{"keys": set[:1]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tok = tokens(t, JWTConfig{JWKS: file})
	if err := prove(one, ""); err != nil {
		t.Error(err)
	}
	if _, err := NewTokens(JWTConfig{JWKS: "http://example.com/keys"}); err == nil {
		t.Error("keys over plain http")
	}
}

// TestKeyReplaced wants a key that the issuer has put in another's place, under the same id, to be found when a token is signed
// by it, and no sooner than sets may be fetched.
func TestKeyReplaced(t *testing.T) {
	old, next := rsaKey(t), rsaKey(t)
	current, fetched := old, 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched++
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{jwkOf("one", current)}})
	}))
	defer srv.Close()
	tok := tokens(t, JWTConfig{JWKS: srv.URL})
	prove := func(key *rsa.PrivateKey) error {
		_, err := tok.prove(request(t), sign(t, jwt.SigningMethodRS256, key, with(), "kid", "one"))
		return err
	}
	if err := prove(old); err != nil {
		t.Fatal(err)
	}
	current = next
	if prove(next) == nil || fetched != 1 {
		t.Errorf("the set is fetched too soon: %d times", fetched)
	}
	tok.keys.tried = time.Now().Add(-time.Minute)
	if err := prove(next); err != nil || fetched != 2 {
		t.Errorf("%v after %d", err, fetched)
	}
	if prove(old) == nil || fetched != 2 {
		t.Errorf("a key that was replaced is believed, or the set fetched too soon: %d times", fetched)
	}
	tok.keys.tried = time.Now().Add(-time.Minute)
	if prove(old) == nil || fetched != 3 {
		t.Errorf("fetched %d times", fetched)
	}
}

// TestSlowKeySet wants an issuer that does not answer to stop nobody whose key is known, a client that goes away not to take
// the key set of the others with it, and those that wait for it to get it.
func TestSlowKeySet(t *testing.T) {
	one, two := rsaKey(t), rsaKey(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	first := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set := []map[string]string{jwkOf("one", one)}
		if !first {
			asked <- struct{}{}
			<-answer
			set = append(set, jwkOf("two", two))
		}
		first = false
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": set})
	}))
	defer srv.Close()
	tok := tokens(t, JWTConfig{JWKS: srv.URL})
	prove := func(ctx context.Context, key *rsa.PrivateKey, id string) error {
		_, err := tok.prove(request(t).WithContext(ctx), sign(t, jwt.SigningMethodRS256, key, with(), "kid", id))
		return err
	}
	if err := prove(t.Context(), one, "one"); err != nil {
		t.Fatal(err)
	}
	tok.keys.tried = time.Time{}
	ctx, leave := context.WithCancel(t.Context())
	results := make(chan error, 2)
	go func() { results <- prove(ctx, two, "two") }()
	<-asked
	leave()
	if err := prove(t.Context(), one, "one"); err != nil {
		t.Errorf("a known key: %v", err)
	}
	if err := prove(ctx, two, "two"); !errors.Is(err, context.Canceled) {
		t.Errorf("who waits and goes away: %v", err)
	}
	go func() { results <- prove(t.Context(), two, "two") }()
	close(answer)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
