// Package server builds the parts of Rowan and joins them: the data directory and its lock, the engine, the listeners of
// the PostgreSQL protocol and of HTTP, and their orderly end.
//
// It has no logic of a database: what it opens stands behind Engine. Invariants: one process at a time uses a data
// directory; nothing listens to the network without a password unless it is on a loopback address; everything that Start
// started has ended when Stop returns. cmd/rowan and tests call it.
package server

// Version is Rowan's own version. PostgreSQLVersion is the version that clients see.
const (
	Version           = "0.1.0"
	PostgreSQLVersion = "15.18"
)
