// Package password makes and checks SCRAM-SHA-256 verifiers, the only form in which passwords are kept.
//
// It makes verifiers as PostgreSQL stores them in pg_authid.rolpassword, checks a password that came in clear (over HTTP)
// against one, and makes up passwords. The handshake over the wire is package wire's, which reads verifiers with Parse. Invariant: nothing here keeps or
// logs a password. Called by whoever creates roles, by server at the first start and by admin at login.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

const (
	mechanism  = "SCRAM-SHA-256"
	iterations = 4096
	saltSize   = 16
)

// Generate makes up a password of 24 letters and digits, about 120 bits of chance.
func Generate() string { return strings.ToLower(rand.Text())[:24] }

// Verifier makes the verifier of a password: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>. What is one already is
// returned as it is, as in PostgreSQL, so that dumps of roles can be restored.
func Verifier(password string) (string, error) {
	if _, err := Parse(password); err == nil {
		return password, nil
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	keys, err := derive(password, scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return "", err
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", mechanism, iterations, b64(salt), b64(keys.StoredKey), b64(keys.ServerKey)), nil
}

// Check reports whether the password is the one that the verifier was made of.
func Check(verifier, password string) bool {
	want, err := Parse(verifier)
	if err != nil {
		return false
	}
	got, err := derive(password, want.KeyFactors)
	return err == nil && subtle.ConstantTimeCompare(got.StoredKey, want.StoredKey) == 1
}

// IsVerifier reports whether s is a verifier rather than a password.
func IsVerifier(s string) bool {
	_, err := Parse(s)
	return err == nil
}

// derive computes the keys. A password that SASLprep refuses is taken byte by byte, as PostgreSQL does.
func derive(password string, f scram.KeyFactors) (scram.StoredCredentials, error) {
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		if client, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return scram.StoredCredentials{}, err
		}
	}
	return client.GetStoredCredentialsWithError(f)
}

var errFormat = errors.New("not a SCRAM-SHA-256 verifier")

// Parse reads a verifier into what the handshake needs.
func Parse(s string) (stored scram.StoredCredentials, err error) {
	rest, ok := strings.CutPrefix(s, mechanism+"$")
	factors, keys, ok2 := strings.Cut(rest, "$")
	iters, salt, ok3 := strings.Cut(factors, ":")
	storedKey, serverKey, ok4 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 || !ok4 {
		return stored, errFormat
	}
	n, err1 := strconv.Atoi(iters)
	rawSalt, err2 := base64.StdEncoding.DecodeString(salt)
	var err3, err4 error
	stored.StoredKey, err3 = base64.StdEncoding.DecodeString(storedKey)
	stored.ServerKey, err4 = base64.StdEncoding.DecodeString(serverKey)
	stored.Salt, stored.Iters = string(rawSalt), n
	if errors.Join(err1, err2, err3, err4) != nil || n < 1 || len(stored.StoredKey) != 32 || len(stored.ServerKey) != 32 {
		return stored, errFormat
	}
	return stored, nil
}
