package server

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin"
	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/limit"
	"github.com/rowandb/rowan/admin/web"
)

// HTTPConfig is what can be set of the HTTP API. The zero value is safe.
type HTTPConfig struct {
	Origins []string // of pages that may call the API; "*": all; nil: none
	// Rates are requests a minute for each account: "default", "off", or a list such as reads=1000,writes=100,queries=60,
	// branches=10,failures=10 with 0 for no limit; what it leaves out stays as it is by default. "": default.
	Rates         string
	JWTSecretFile string // the secret of HS256; JWT.Secret is another way to give it
	JWT           auth.JWTConfig
	// PrivateHooks lets webhooks go to addresses of private networks and of this machine.
	PrivateHooks bool
}

// options checks the configuration and makes of it what package admin wants.
func (c *HTTPConfig) options(log *zap.Logger) (admin.Options, error) {
	o := admin.Options{Log: log, Origins: c.Origins}
	rates, err := c.rates()
	if err != nil {
		return o, err
	}
	if rates != nil {
		counted := limit.New(rates)
		o.Limits, o.Guesses = counted, counted
	}
	tokens := c.JWT
	if c.JWTSecretFile != "" {
		secret, err := os.ReadFile(c.JWTSecretFile)
		if err != nil {
			return o, badConfig("cannot read the JWT secret: %v", err)
		}
		tokens.Secret = bytes.TrimSpace(secret)
	}
	if o.Tokens, err = auth.NewTokens(tokens); err != nil {
		return o, badConfig("%v", err)
	}
	return o, nil
}

// rates reads the limits; nil: none.
func (c *HTTPConfig) rates() (limit.Rates, error) {
	if c.Rates == "off" {
		return nil, nil
	}
	rates := limit.Default()
	if c.Rates == "" || c.Rates == "default" {
		return rates, nil
	}
	for item := range strings.SplitSeq(c.Rates, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		n, err := strconv.Atoi(value)
		if _, known := rates[web.Class(name)]; !known || err != nil || n < 0 {
			return nil, badConfig("--http-rate-limits must be default, off, or a list such as reads=1000,writes=100,queries=60,branches=10,failures=10, not %q", c.Rates)
		}
		rates[web.Class(name)] = n
	}
	return rates, nil
}
