package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"slices"
)

// keyKind is what a key can check signatures of; the names are those of JSON Web Keys.
type keyKind string

const (
	kindRSA keyKind = "RSA"
	kindEC  keyKind = "EC"
	kindEd  keyKind = "OKP"
)

// minRSA is the least size of an RSA key that is believed, in bits.
const minRSA = 2048

// jwk is a JSON Web Key, as far as public keys of signatures have it.
type jwk struct {
	Kty             keyKind
	Kid, Use, Alg   string
	N, E, Crv, X, Y string
}

// curves are those of the methods ES256, ES384 and ES512.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// verifier is a public key and the methods whose signatures it checks.
type verifier struct {
	key     crypto.PublicKey
	kind    keyKind
	methods []string
}

// newVerifier is for a key and all methods that it can check; false: it is of no use here.
func newVerifier(key crypto.PublicKey) (verifier, bool) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return verifier{k, kindRSA, []string{"RS256", "RS384", "RS512"}}, k.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		method := map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}[k.Curve]
		return verifier{k, kindEC, []string{method}}, method != ""
	case ed25519.PublicKey:
		return verifier{k, kindEd, []string{"EdDSA"}}, true
	}
	return verifier{}, false
}

func (v verifier) checks(method string) bool { return slices.Contains(v.methods, method) }

// verifier is false for a key that is of no use here: of another kind, for encryption, too short, or no key. One that says
// which method it is for checks no other.
func (j *jwk) verifier() (verifier, bool) {
	v, ok := newVerifier(j.public())
	if !ok || j.Use != "" && j.Use != "sig" || j.Alg != "" && !v.checks(j.Alg) {
		return verifier{}, false
	}
	if j.Alg != "" {
		v.methods = []string{j.Alg}
	}
	return v, true
}

// public is the key itself, nil where it is none.
func (j *jwk) public() crypto.PublicKey {
	switch j.Kty {
	case kindRSA:
		return j.rsa()
	case kindEC:
		return j.ec()
	case kindEd:
		if x := bytesOf(j.X); j.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

func (j *jwk) rsa() crypto.PublicKey {
	n, e := new(big.Int).SetBytes(bytesOf(j.N)), new(big.Int).SetBytes(bytesOf(j.E))
	if !e.IsInt64() || e.Int64() < 3 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func (j *jwk) ec() crypto.PublicKey {
	curve := curves[j.Crv]
	if curve == nil {
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, bytesOf(j.X)...), bytesOf(j.Y)...))
	if err != nil { // it is not on the curve
		return nil
	}
	return key
}

// bytesOf is nil where a text is not base64.
func bytesOf(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// namedKey is a key of a set. Issuers may give keys of different kinds, or for different methods, one id.
type namedKey struct {
	verifier
	id string
}

// parseSet reads the keys of a set that are of use.
func parseSet(text []byte) ([]namedKey, error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	var out []namedKey
	for i := range set.Keys {
		if v, ok := set.Keys[i].verifier(); ok {
			out = append(out, namedKey{v, set.Keys[i].Kid})
		}
	}
	return out, nil
}

// readPublicKey reads a PEM file with a public key or a certificate.
func readPublicKey(file string) (verifier, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return verifier{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return verifier{}, fmt.Errorf("%s is not a PEM file", file)
	}
	key, err := parsePublicKey(block)
	if err != nil {
		return verifier{}, fmt.Errorf("%s holds no public key: %w", file, err)
	}
	v, ok := newVerifier(key)
	if r, isRSA := key.(*rsa.PublicKey); isRSA && !ok {
		return v, fmt.Errorf("the RSA key in %s has %d bits; it must have %d or more", file, r.N.BitLen(), minRSA)
	}
	if !ok {
		return v, fmt.Errorf("the key in %s is none of RSA, ECDSA and Ed25519", file)
	}
	return v, nil
}

func parsePublicKey(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
