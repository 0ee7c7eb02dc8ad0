package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rowandb/rowan/admin/api"
)

// JWTConfig says which JSON Web Tokens are believed. Without a secret, key or key set none is.
type JWTConfig struct {
	Secret   []byte // of HS256, HS384, HS512; at least 32 bytes
	KeyFile  string // PEM of a public key: RSA for RS256 and its kin, ECDSA for ES256 and its kin, Ed25519 for EdDSA
	JWKS     string // https URL, or file, of a JSON Web Key Set
	Issuer   string // iss that tokens must have; "": any
	Audience string // aud likewise
	// RoleClaim is the claim that leads to the role; "": role. A path such as app.role goes into objects.
	RoleClaim string
	// Roles maps values of that claim to roles; a value that is not among them is the role's name itself, unless Roles has
	// an entry for "*", which then is everybody else's role ("" being none). Nil: values are names.
	Roles map[string]string
}

// maxSkew is how far the clocks of issuers may be off.
const maxSkew = 30 * time.Second

// minSecret is the least secret of HS256 that is not guessed.
const minSecret = 32

// Tokens believes JSON Web Tokens.
type Tokens struct {
	config JWTConfig
	parser *jwt.Parser
	public verifier // without methods: none
	keys   *keySet
}

// kinds are the kinds of keys that methods are for.
var kinds = map[string]keyKind{
	"RS256": kindRSA, "RS384": kindRSA, "RS512": kindRSA, "ES256": kindEC, "ES384": kindEC, "ES512": kindEC, "EdDSA": kindEd,
}

// NewTokens makes a Tokens; nil when the configuration believes none.
func NewTokens(c JWTConfig) (*Tokens, error) {
	if len(c.Secret) == 0 && c.KeyFile == "" && c.JWKS == "" {
		return nil, nil
	}
	t := &Tokens{config: c}
	var methods []string
	if len(c.Secret) > 0 {
		if len(c.Secret) < minSecret {
			return nil, fmt.Errorf("the JWT secret has %d bytes; it must have %d or more", len(c.Secret), minSecret)
		}
		methods = append(methods, "HS256", "HS384", "HS512")
	}
	if c.KeyFile != "" {
		var err error
		if t.public, err = readPublicKey(c.KeyFile); err != nil {
			return nil, err
		}
	}
	if c.JWKS != "" {
		var err error
		if t.keys, err = newKeySet(c.JWKS); err != nil {
			return nil, err
		}
	}
	for method := range kinds {
		if t.keys != nil || t.public.checks(method) {
			methods = append(methods, method)
		}
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(methods), jwt.WithLeeway(maxSkew), jwt.WithExpirationRequired(), jwt.WithIssuedAt()}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	t.parser = jwt.NewParser(options...)
	return t, nil
}

// looksLikeToken tells tokens from other bearers' secrets.
func looksLikeToken(s string) bool { return strings.Count(s, ".") == 2 && strings.HasPrefix(s, "ey") }

// prove returns the Principal of a token. Its claims scopes and branches bound it, as those of an API key do.
func (t *Tokens) prove(r *http.Request, token string) (api.Principal, error) {
	claims, err := t.parse(r, token)
	if errors.Is(err, jwt.ErrTokenSignatureInvalid) && t.keys != nil && t.keys.renew(r.Context()) { // the id may be another key's now
		claims, err = t.parse(r, token)
	}
	if err != nil {
		return api.Principal{}, err
	}
	role, err := t.role(claims)
	if err != nil {
		return api.Principal{}, err
	}
	p := api.Principal{Role: role, Account: "jwt:" + role}
	if sub, _ := claims.GetSubject(); sub != "" {
		p.Account = "jwt:" + sub
	}
	p.Scopes, p.Branches = words(claims["scopes"]), words(claims["branches"])
	return p, nil
}

// parse checks a token and returns what it claims.
func (t *Tokens) parse(r *http.Request, token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := t.parser.ParseWithClaims(token, claims, func(tok *jwt.Token) (any, error) { return t.key(r, tok) })
	return claims, err
}

// key finds the key by which a token is checked. The method has been checked: what is signed with HMAC never meets a
// public key.
func (t *Tokens) key(r *http.Request, tok *jwt.Token) (any, error) {
	if tok.Header["crit"] != nil { // what the issuer says must be understood, and no extension is
		return nil, errors.New("the token has critical headers")
	}
	id, named := tok.Header["kid"].(string)
	if tok.Header["kid"] != nil && !named {
		return nil, errors.New("the token's key id is no text")
	}
	if _, hmac := tok.Method.(*jwt.SigningMethodHMAC); hmac {
		return t.config.Secret, nil
	}
	method := tok.Method.Alg()
	if t.keys != nil {
		key, err := t.keys.find(r.Context(), method, id)
		if key != nil || !t.public.checks(method) {
			return key, err
		}
	}
	return t.public.key, nil
}

// role leads from the claims to a role.
func (t *Tokens) role(claims jwt.MapClaims) (string, error) {
	name := t.config.RoleClaim
	if name == "" {
		name = "role"
	}
	var value any = map[string]any(claims)
	if direct, ok := claims[name]; ok { // claims may have dots in their names: URLs
		value = direct
	} else {
		for step := range strings.SplitSeq(name, ".") {
			object, _ := value.(map[string]any)
			value = object[step]
		}
	}
	candidates := []string{}
	switch v := value.(type) {
	case string:
		candidates = []string{v}
	case []any: // groups: the first that leads to a role
		for _, e := range v {
			if s, ok := e.(string); ok {
				candidates = append(candidates, s)
			}
		}
	}
	for _, c := range candidates {
		if role := t.mapped(c); role != "" {
			return role, nil
		}
	}
	if role := t.config.Roles["*"]; role != "" {
		return role, nil
	}
	return "", errors.New("the token leads to no role")
}

func (t *Tokens) mapped(value string) string {
	if role, ok := t.config.Roles[value]; ok {
		return role
	}
	if _, rest := t.config.Roles["*"]; rest {
		return ""
	}
	return value
}

// words reads a claim that is a list, or a text with spaces; absent it is nil. What is there and is neither allows nothing.
func words(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return append([]string{}, strings.Fields(v)...)
	case []any:
		out := []string{}
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return []string{}
}
