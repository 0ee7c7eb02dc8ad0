// Package auth finds out who sends a request: an API key, a JSON Web Token, or a role with its password.
//
// It knows no dialect and no path: dialects call it and shape its refusals. What a credential may do is in the Principal
// that comes of it; enforcing it is the routes' and the session's. Invariants: a credential of a kind that this server
// knows and that is not good is refused, also where requests without any are let in; secrets are compared in constant time
// and never logged.
package auth

import (
	"errors"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// Authenticator proves who asks.
type Authenticator struct {
	Roles  api.Roles
	Keys   api.KeyProver
	Tokens *Tokens // nil: no token is believed
	Log    *zap.Logger
	// Guesses bounds how often credentials may fail; nil: nothing does.
	Guesses Guesses

	passwords passwords
}

// Guesses counts credentials that fail, by the address that they come from.
type Guesses interface {
	// Guess counts a try of an address at a role's password, or at any key or token (who ""). An error says that there were too
	// many; h is what the answer says of that; back takes the count back, for a try that was no failure.
	Guess(address, who string) (h http.Header, back func(), err error)
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
	p, err := a.bearer(r)
	if err == errRefused {
		return api.Principal{}, a.refused(r)
	}
	return p, err
}

// errRefused says that a key or token is not good.
var errRefused = errors.New("refused")

// refused is the answer to a key or token that is not good. What is good is never counted nor kept out: nobody guesses one.
func (a *Authenticator) refused(r *http.Request) error {
	failure := web.Unauthorized("invalid token or API key")
	if a.Guesses == nil {
		return failure
	}
	h, _, err := a.Guesses.Guess(addressOf(r), "")
	if failure.Header = h; err != nil {
		return err
	}
	return failure
}

func (a *Authenticator) bearer(r *http.Request) (api.Principal, error) {
	secret := credential(r)
	switch anonymous := a.Roles.Anonymous(); {
	case a.Keys.IsKey(secret):
		return a.key(r, secret)
	case a.Tokens != nil && looksLikeToken(secret):
		return a.token(r, secret)
	case anonymous != "":
		return api.Principal{Role: anonymous}, nil
	case secret != "":
		return api.Principal{}, errRefused
	}
	return api.Principal{}, web.Unauthorized("credentials are missing: send an API key, a token, or a role and its password with HTTP Basic authentication")
}

func (a *Authenticator) key(r *http.Request, secret string) (api.Principal, error) {
	p, ok, err := a.Keys.ProveKey(r.Context(), secret)
	switch {
	case err != nil:
		return api.Principal{}, err
	case !ok || !a.Roles.MayLogin(p.Role):
		return api.Principal{}, errRefused
	}
	return p, nil
}

// token logs why a token is not believed: the answer does not say.
func (a *Authenticator) token(r *http.Request, token string) (api.Principal, error) {
	p, err := a.Tokens.prove(r, token)
	switch {
	case unreadable(err):
		a.Log.Warn("tokens cannot be checked", zap.String("request_id", web.ID(r)), zap.Error(err))
		return api.Principal{}, &web.Error{Code: "UNAVAILABLE", Status: http.StatusServiceUnavailable, Message: "tokens cannot be checked now: their issuer does not answer with its keys"}
	case err != nil:
		a.Log.Info("token refused", zap.String("request_id", web.ID(r)), zap.Error(err))
		return api.Principal{}, errRefused
	case !a.Roles.MayLogin(p.Role):
		a.Log.Info("token of a role that may not log in", zap.String("request_id", web.ID(r)), zap.String("role", p.Role))
		return api.Principal{}, errRefused
	}
	return p, nil
}

// basic is a role with its password, or with an API key in the password's place. Where everybody is let in, the role is
// believed.
func (a *Authenticator) basic(r *http.Request, role, pw string) (api.Principal, error) {
	switch {
	case a.Keys.IsKey(pw):
		p, err := a.key(r, pw)
		if err == errRefused {
			err = a.refused(r)
		}
		return p, err
	case a.Roles.Anonymous() != "":
		return api.Principal{Role: role}, nil
	}
	if err := a.password(r, role, pw); err != nil {
		return api.Principal{}, err
	}
	return api.Principal{Role: role, Account: "role:" + role}, nil
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
