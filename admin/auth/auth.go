// Package auth finds out who sends a request: an API key, a JSON Web Token, or a role with its password.
//
// It knows no dialect and no path: dialects call it and shape its refusals. What a credential may do is in the Principal
// that comes of it; enforcing it is the routes' and the session's. Invariants: a credential of a kind that this server
// knows and that is not good is refused, also where requests without any are let in; secrets are compared in constant time
// and never logged.
package auth

import (
	"net/http"
	"strings"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// Authenticator proves who asks.
type Authenticator struct {
	Passwords api.Passwords
}

// Find returns the Principal of a request.
func (a *Authenticator) Find(r *http.Request) (api.Principal, error) {
	p, err := a.find(r)
	p.Database = r.Header.Get("X-Database")
	return p, err
}

func (a *Authenticator) find(r *http.Request) (api.Principal, error) {
	if role, pw, ok := r.BasicAuth(); ok {
		return a.basic(r, role, pw)
	}
	credential := credential(r)
	anonymous := a.Passwords.Anonymous()
	switch {
	case credential != "" && anonymous == "":
		return api.Principal{}, web.Unauthorized("invalid token or API key")
	case anonymous == "":
		return api.Principal{}, web.Unauthorized("credentials are missing: send an API key, a token, or a role and its password with HTTP Basic authentication")
	}
	return api.Principal{Role: anonymous}, nil
}

// basic is a role with its password. Where everybody is let in, the role is believed.
func (a *Authenticator) basic(r *http.Request, role, pw string) (api.Principal, error) {
	p := api.Principal{Role: role, Account: "role:" + role}
	switch {
	case a.Passwords.Anonymous() != "":
		p.Account = ""
		return p, nil
	case role != "" && a.Passwords.Password(r.Context(), role, pw):
		return p, nil
	}
	return api.Principal{}, web.Unauthorized("invalid role or password")
}

// credential is the key or token that a request carries; "" when it carries none.
func credential(r *http.Request) string {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return key
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return r.Header.Get("Authorization")
}
