package server

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"

	"go.uber.org/zap"
)

// Auth is how clients prove who they are.
type Auth string

// The ways of authentication.
const (
	AuthSCRAM Auth = "scram-sha-256"
	AuthTrust Auth = "trust" // everybody is whom they say they are; on loopback addresses only
)

// Config is what Start needs.
type Config struct {
	DataDir  string
	PGAddr   string // host:port of the PostgreSQL protocol; port 0: any
	HTTPAddr string // host:port of the HTTP API; "": none
	HTTP     HTTPConfig
	Auth     Auth   // "": AuthSCRAM
	TLSCert  string // PEM files; both or neither
	TLSKey   string
	Key      []byte // encrypts what is written to disk; 16, 24 or 32 bytes; nil: plain
	Memory   Memory // "": MemoryNormal
	// Password is the superuser's, set when the data directory is made; "": made up and printed.
	Password       string
	MaxConnections int         // 0: 100
	PprofAddr      string      // host:port of the process's profiles, on loopback only; "": none
	Log            *zap.Logger // nil: none
	// Out gets what the person who started the server is to read: how to connect, and a password made up.
	Out io.Writer
	// Open opens the engine; nil: the one that keeps its data in DataDir.
	Open OpenEngine
}

// withDefaults fills in what was left out. The data directory and the PostgreSQL address have to be said.
func (c Config) withDefaults() Config {
	if c.Auth == "" {
		c.Auth = AuthSCRAM
	}
	if c.Memory == "" {
		c.Memory = MemoryNormal
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Open == nil {
		c.Open = openEngine
	}
	return c
}

// ConfigError is a setting that cannot be: the fault of who started the server, not of the machine.
type ConfigError struct{ text string }

// Error implements error.
func (e *ConfigError) Error() string { return e.text }

func badConfig(format string, args ...any) error {
	return &ConfigError{fmt.Sprintf(format, args...)}
}

// check refuses what cannot be, or would be dangerous.
func (c *Config) check() error {
	switch {
	case c.DataDir == "":
		return badConfig("no data directory given: use --data-dir")
	case c.Auth != AuthSCRAM && c.Auth != AuthTrust:
		return badConfig("--auth must be %s or %s, not %q", AuthSCRAM, AuthTrust, c.Auth)
	case !validMemory(c.Memory):
		return badConfig("--memory must be %s, %s, %s or a size from 64MB on, such as 512MB, not %q", MemorySmall, MemoryNormal, MemoryLarge, c.Memory)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return badConfig("--tls-cert and --tls-key must be given together")
	case c.MaxConnections < 0:
		return badConfig("--max-connections must not be negative")
	}
	if _, err := c.HTTP.options(c.Log); err != nil {
		return err
	}
	if err := c.checkAddr("--pg-addr", c.PGAddr); err != nil {
		return err
	}
	if c.HTTPAddr == "" {
		return nil
	}
	return c.checkAddr("--http-addr", c.HTTPAddr)
}

// checkAddr wants host:port, and without passwords a host that only this machine reaches.
func (c *Config) checkAddr(flag, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return badConfig("%s must be host:port, such as 127.0.0.1:5433, not %q", flag, addr)
	}
	if c.Auth == AuthTrust && !loopback(host) {
		return badConfig("--auth trust lets everybody in, so %s must be a loopback address such as 127.0.0.1, not %q", flag, addr)
	}
	return nil
}

// loopback reports whether only this machine can reach the host. A name other than localhost may stand for anything.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// tls loads the certificate; nil without one.
func (c *Config) tls() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, badConfig("cannot load the TLS certificate: %v", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
