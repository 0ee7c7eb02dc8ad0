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

// curves are those that the methods ES256, ES384 and ES512 are of.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// public is the key itself; nil where it is of no use here: of another kind, for encryption, too short, or no key.
func (j *jwk) public() crypto.PublicKey {
	if j.Use != "" && j.Use != "sig" || j.Alg != "" && !slices.Contains(signatures[j.Kty], j.Alg) {
		return nil
	}
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
	if n.BitLen() < minRSA || !e.IsInt64() || e.Int64() < 3 {
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

// keyName is how a token finds its key: issuers may give keys of different kinds one id.
type keyName struct {
	kind keyKind
	id   string
}

// parseSet reads the keys of a set that are of use.
func parseSet(text []byte) (map[keyName]crypto.PublicKey, error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	out := map[keyName]crypto.PublicKey{}
	for i := range set.Keys {
		j := &set.Keys[i]
		if key := j.public(); key != nil {
			out[keyName{j.Kty, j.Kid}] = key
		}
	}
	return out, nil
}

// readPublicKey reads a PEM file with a public key or a certificate.
func readPublicKey(file string) (crypto.PublicKey, keyKind, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, "", fmt.Errorf("%s is not a PEM file", file)
	}
	key, err := parsePublicKey(block)
	if err != nil {
		return nil, "", fmt.Errorf("%s holds no public key: %w", file, err)
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return nil, "", fmt.Errorf("the RSA key in %s has %d bits; it must have %d or more", file, k.N.BitLen(), minRSA)
		}
		return k, kindRSA, nil
	case *ecdsa.PublicKey:
		return k, kindEC, nil
	case ed25519.PublicKey:
		return k, kindEd, nil
	}
	return nil, "", fmt.Errorf("the key in %s is none of RSA, ECDSA and Ed25519", file)
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
