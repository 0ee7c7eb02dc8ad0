package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func edKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func jwkOfEC(t *testing.T, id, curve string, k *ecdsa.PrivateKey) map[string]string {
	t.Helper()
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
	return map[string]string{"kty": "EC", "crv": curve, "kid": id, "x": base64.RawURLEncoding.EncodeToString(x), "y": base64.RawURLEncoding.EncodeToString(y)}
}

func jwkOfEd(id string, k ed25519.PrivateKey) map[string]string {
	return map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": id, "x": base64.RawURLEncoding.EncodeToString(k.Public().(ed25519.PublicKey))}
}

// fileOf writes a key set.
func fileOf(t *testing.T, keys ...map[string]string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "set.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestKeyKinds wants each kind of key to check what it is for, and nothing else, also where kinds share an id or tokens name
// none.
func TestKeyKinds(t *testing.T) {
	r, e, e3, ed := rsaKey(t), ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), edKey(t)
	tok := tokens(t, JWTConfig{JWKS: fileOf(t, jwkOf("one", r), jwkOfEC(t, "one", "P-256", e), jwkOfEC(t, "two", "P-384", e3), jwkOfEd("one", ed))})
	tests := []struct {
		name   string
		method jwt.SigningMethod
		key    any
		kid    string
		good   bool
	}{
		{"RS256", jwt.SigningMethodRS256, r, "one", true},
		{"ES256", jwt.SigningMethodES256, e, "one", true},
		{"ES384", jwt.SigningMethodES384, e3, "two", true},
		{"EdDSA", jwt.SigningMethodEdDSA, ed, "one", true},
		{"the only RSA key", jwt.SigningMethodRS256, r, "", true},
		{"the only Ed25519 key", jwt.SigningMethodEdDSA, ed, "", true},
		{"one of two EC keys", jwt.SigningMethodES256, e, "", false},
		{"PS256", jwt.SigningMethodPS256, r, "one", false},
		{"another's EC key", jwt.SigningMethodES256, ecKey(t, elliptic.P256()), "one", false},
		{"another's Ed25519 key", jwt.SigningMethodEdDSA, edKey(t), "one", false},
		{"the Ed25519 key as a secret", jwt.SigningMethodHS256, []byte(ed.Public().(ed25519.PublicKey)), "one", false},
		{"unknown id", jwt.SigningMethodEdDSA, ed, "three", false},
	}
	for _, tt := range tests {
		header := []string{}
		if tt.kid != "" {
			header = []string{"kid", tt.kid}
		}
		p, err := tok.prove(request(t), sign(t, tt.method, tt.key, with(), header...))
		if (err == nil) != tt.good || tt.good && p.Role != "ann" {
			t.Errorf("%s: %+v %v", tt.name, p, err)
		}
	}
}

// TestKeyMethods wants a key that says what it is for to check nothing else, a curve to be of one method, keys for different
// methods to share an id, and an id that is no text to be none.
func TestKeyMethods(t *testing.T) {
	r, r2, e := rsaKey(t), rsaKey(t), ecKey(t, elliptic.P521())
	of := func(alg string, k map[string]string) map[string]string {
		k["alg"] = alg
		return k
	}
	tok := tokens(t, JWTConfig{Secret: secret, JWKS: fileOf(t, of("RS256", jwkOf("one", r)), of("RS512", jwkOf("one", r2)), jwkOfEC(t, "curve", "P-521", e),
		of("ES256", jwkOfEC(t, "wrong", "P-384", ecKey(t, elliptic.P384()))))})
	tests := []struct {
		name   string
		method jwt.SigningMethod
		key    any
		kid    any
		good   bool
	}{
		{"RS256", jwt.SigningMethodRS256, r, "one", true},
		{"RS512", jwt.SigningMethodRS512, r2, "one", true},
		{"RS512 by the key of RS256", jwt.SigningMethodRS512, r, "one", false},
		{"RS384, which none is for", jwt.SigningMethodRS384, r, "one", false},
		{"ES512", jwt.SigningMethodES512, e, "curve", true},
		{"ES512 without an id", jwt.SigningMethodES512, e, nil, true},
		{"an id that is a number", jwt.SigningMethodES512, e, 1, false},
		{"an id that is a list", jwt.SigningMethodES512, e, []string{"curve"}, false},
		{"a secret's id that is a number", jwt.SigningMethodHS256, secret, 1, false},
	}
	for _, tt := range tests {
		unsigned := jwt.NewWithClaims(tt.method, with())
		if tt.kid != nil {
			unsigned.Header["kid"] = tt.kid
		}
		text, err := unsigned.SignedString(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.prove(request(t), text); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	only := tokens(t, JWTConfig{JWKS: fileOf(t, of("RS256", jwkOf("", r)))})
	if _, err := only.prove(request(t), sign(t, jwt.SigningMethodRS512, r, with())); err == nil {
		t.Error("the only key, which is for RS256, has checked RS512")
	}
}

// TestBadKeys wants keys that are none, or too weak, to be passed over without harm to the others.
func TestBadKeys(t *testing.T) {
	good := edKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	off := jwkOfEC(t, "off", "P-256", ecKey(t, elliptic.P256()))
	off["y"] = off["x"]
	encryption := jwkOf("encryption", rsaKey(t))
	encryption["use"] = "enc"
	wrapping := jwkOfEC(t, "wrapping", "P-256", ecKey(t, elliptic.P256()))
	wrapping["alg"] = "ECDH-ES"
	keys, err := parseSet(mustRead(t, fileOf(t, jwkOfEd("good", good), jwkOf("weak", weak), off, encryption, wrapping,
		map[string]string{"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, map[string]string{"kty": "EC", "crv": "secp256k1", "kid": "x", "x": "AA", "y": "AA"},
		map[string]string{"kty": "RSA", "kid": "empty"}, map[string]string{"kty": "OKP", "crv": "X25519", "kid": "dh", "x": off["x"]}, map[string]string{})))
	if err != nil || len(keys) != 1 || keys[0].kind != kindEd || keys[0].id != "good" {
		t.Errorf("%v %v", keys, err)
	}
	if _, err := parseSet([]byte(`<html>`)); err == nil {
		t.Error("a page was taken for a key set")
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeyFiles wants a PEM file to say by its key which methods are believed, and a weak key to be refused.
func TestKeyFiles(t *testing.T) {
	e, ed := ecKey(t, elliptic.P521()), edKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	write := func(key crypto.PublicKey) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	tok := tokens(t, JWTConfig{KeyFile: write(&e.PublicKey)})
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodES512, e, with())); err != nil {
		t.Error(err)
	}
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodEdDSA, ed, with())); err == nil {
		t.Error("another kind of key is believed")
	}
	tok = tokens(t, JWTConfig{KeyFile: write(ed.Public())})
	if _, err := tok.prove(request(t), sign(t, jwt.SigningMethodEdDSA, ed, with())); err != nil {
		t.Error(err)
	}
	if _, err := NewTokens(JWTConfig{KeyFile: write(&weak.PublicKey)}); err == nil {
		t.Error("a key of 1024 bits is taken")
	}
}

// TestNoKeySet wants a key set that could not be had yet to be told from a token that is not good, to be tried again soon,
// and not to be fetched from where everybody can listen.
func TestNoKeySet(t *testing.T) {
	key := rsaKey(t)
	up := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !up:
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Path == "/away":
			http.Redirect(w, r, "http://example.com/keys", http.StatusFound)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{jwkOf("one", key)}})
		}
	}))
	defer srv.Close()
	tok := tokens(t, JWTConfig{JWKS: srv.URL})
	prove := func() error {
		_, err := tok.prove(request(t), sign(t, jwt.SigningMethodRS256, key, with(), "kid", "one"))
		return err
	}
	if err := prove(); !unreadable(err) {
		t.Errorf("the issuer is down: %v", err)
	}
	up = true
	if err := prove(); !unreadable(err) {
		t.Errorf("at once: %v", err)
	}
	tok.keys.tried = time.Now().Add(-firstFetch - time.Second)
	if err := prove(); err != nil {
		t.Errorf("the issuer is up: %v", err)
	}
	tok = tokens(t, JWTConfig{JWKS: srv.URL + "/away"})
	if err := prove(); !unreadable(err) {
		t.Errorf("led away: %v", err)
	}
}
