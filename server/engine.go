package server

import (
	"context"
	"net/http"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/wire"
)

// Engine is what stands behind the listeners: the store with its sessions, and the HTTP API over the same store.
type Engine struct {
	Sessions wire.Opener
	Roles    wire.Authenticator
	HTTP     http.Handler // nil: no HTTP API
	// Created is true when the data directory was empty: the superuser got EngineOptions.Password.
	Created bool
	// Attach gives the engine the means to stop other sessions' statements, before the first session is opened; may be nil.
	Attach func(Backends)
	// Close is called once, after the last session has ended.
	Close func() error
}

// Backends stops what other sessions do, for pg_cancel_backend and pg_terminate_backend.
type Backends interface {
	CancelBackend(pid uint32) bool
	TerminateBackend(pid uint32) bool
}

// EngineOptions open an Engine.
type EngineOptions struct {
	Dir      string // of the store, inside the data directory
	TempDir  string // emptied
	Password string // of the superuser postgres, should the store be new
	Trust    bool   // no passwords are asked for
	Key      []byte // encrypts what is written to disk; nil: plain
	Memory   Memory
	HTTP     HTTPConfig
	Log      *zap.Logger
}

// OpenEngine opens an engine, making a new store where there is none.
type OpenEngine func(ctx context.Context, o EngineOptions) (*Engine, error)
