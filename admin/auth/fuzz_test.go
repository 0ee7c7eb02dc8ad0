package auth

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzToken shows whatever text as a token: only what was signed with the secret is believed.
func FuzzToken(f *testing.F) {
	tok, err := NewTokens(JWTConfig{Secret: secret, Issuer: "https://issuer", Audience: "rowan"})
	if err != nil {
		f.Fatal(err)
	}
	claims := with("exp", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), "scopes", "read write")
	for _, key := range [][]byte{secret, []byte(strings.Repeat("x", 32))} {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(none)
	f.Add("ey.ey.ey")
	f.Add("e30.e30.")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := tok.prove(r, s)
		if err != nil {
			return
		}
		if !looksLikeToken(s) || p.Role != "ann" || !slices.Equal(p.Scopes, []string{"read", "write"}) {
			t.Errorf("%q is believed to be of %+v", s, p)
		}
	})
}

// FuzzClaims signs whatever claims. They lead to a role or to an error, and limits that are there limit, whatever they are.
func FuzzClaims(f *testing.F) {
	configs := []JWTConfig{{Secret: secret}, {Secret: secret, RoleClaim: "app.roles", Roles: map[string]string{"dev": "ann", "*": "guest"}}}
	for _, s := range []string{`{"role":"ann","exp":4102444800}`, `{"app":{"roles":["x","dev"]},"exp":4102444800,"scopes":["read",1],"branches":5}`,
		`{"app.roles":"dev","exp":4102444800.5,"scopes":null,"sub":7}`, `{"exp":1e400}`, `{"exp":-1,"nbf":"x","aud":{}}`} {
		f.Add(s)
	}
	var all []*Tokens
	for _, c := range configs {
		tok, err := NewTokens(c)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, tok)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	f.Fuzz(func(t *testing.T, body string) {
		claims := jwt.MapClaims{}
		if json.Unmarshal([]byte(body), &claims) != nil {
			return
		}
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
		if err != nil {
			return
		}
		for _, tok := range all {
			p, err := tok.prove(r, s)
			if err != nil {
				continue
			}
			if p.Role == "" || claims["exp"] == nil {
				t.Errorf("%s is believed to be of %+v", body, p)
			}
			if claims["scopes"] != nil && p.Scopes == nil || claims["branches"] != nil && p.Branches == nil {
				t.Errorf("%s is without limits: %+v", body, p)
			}
		}
	})
}
