package main

import (
	"os"

	"github.com/spf13/pflag"

	"github.com/rowandb/rowan/server"
)

// httpFlags are the flags of the HTTP API.
func httpFlags(f *pflag.FlagSet, c *server.HTTPConfig) {
	f.StringSliceVar(&c.Origins, "http-origins", nil, "origins of web pages that may call the HTTP API; * for all")
	f.StringVar(&c.Rates, "http-rate-limits", "default", "requests a minute by class: default, off, or reads=1000,writes=100,queries=60,branches=10,failures=10; failures are those of logins over the PostgreSQL protocol, too")
	f.StringVar(&c.JWTSecretFile, "jwt-secret-file", "", "file with the secret of JSON Web Tokens by HS256; or ROWAN_JWT_SECRET itself")
	f.StringVar(&c.JWT.KeyFile, "jwt-key", "", "PEM file with the public key of JSON Web Tokens: RSA, ECDSA or Ed25519")
	f.StringVar(&c.JWT.JWKS, "jwt-jwks", "", "URL or file of a JSON Web Key Set")
	f.StringVar(&c.JWT.Issuer, "jwt-issuer", "", "issuer that tokens must have")
	f.StringVar(&c.JWT.Audience, "jwt-audience", "", "audience that tokens must have")
	f.StringVar(&c.JWT.RoleClaim, "jwt-role-claim", "role", "claim of a token that leads to a role")
	f.StringToStringVar(&c.JWT.Roles, "jwt-roles", nil, "roles by value of that claim, as value=role; * for all other values")
	f.BoolVar(&c.PrivateHooks, "webhooks-to-private", false, "let webhooks go to private addresses and to this machine")
}

// jwtSecret is the secret of JSON Web Tokens in the environment; it is no flag, for those show in lists of processes.
func jwtSecret() []byte { return []byte(os.Getenv("ROWAN_JWT_SECRET")) }
