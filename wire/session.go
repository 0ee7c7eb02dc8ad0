package wire

import (
	"context"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Param is one parameter of Bind, as the client sent it: not decoded, for that takes the statement's inferred types.
type Param = types.Encoded

// Session is what a connection drives. Only the connection's goroutine calls it, except Cancel.
type Session interface {
	// Query runs every statement of a simple query in turn and stops at the first error, which it returns.
	Query(ctx context.Context, sql string, out vector.Sink) error
	// Parse prepares a statement; types names those parameters that the client declared (0: infer).
	Parse(ctx context.Context, name, sql string, params []types.OID) error
	// Bind makes a portal of a prepared statement.
	Bind(ctx context.Context, portal, statement string, params []Param) error
	// DescribeStatement gives the parameter types and the result's fields (nil: returns no rows).
	DescribeStatement(ctx context.Context, statement string) (params []types.OID, fields []vector.Field, err error)
	// DescribePortal gives the result's fields (nil: returns no rows).
	DescribePortal(ctx context.Context, portal string) ([]vector.Field, error)
	// Execute runs a portal, or goes on with a suspended one, for at most maxRows rows (0: all). It does not call
	// out.Fields. When it stopped at maxRows it returns suspended and has not called out.Complete.
	Execute(ctx context.Context, portal string, maxRows int, out vector.Sink) (suspended bool, err error)
	CloseStatement(name string)
	ClosePortal(name string)
	// Sync ends an extended batch: it commits or rolls back the implicit transaction.
	Sync(ctx context.Context) error
	// Failed tells the session that the extended batch has failed before the session saw it (a protocol error).
	Failed()
	// TxnStatus is 'I', 'T' or 'E', as ReadyForQuery has it.
	TxnStatus() byte
	// Parameter returns a setting that the server reports, such as TimeZone, for text formats and ParameterStatus.
	Format() *types.Format
	// Changed returns the reported settings (ParameterStatus) that changed since the last call, as name and value.
	Changed() [][2]string
	// Close rolls back what is open and frees the session.
	Close() error
}

// Startup is what a client asked for in its StartupMessage, after authentication.
type Startup struct {
	User       string
	Database   string            // as sent: db, db/branch, db/branch@point, db@point
	Parameters map[string]string // the other parameters; "options" already split into settings
	RemoteAddr string
	PID        uint32 // backend process id given to the client
	// Wake makes the connection, if it is idle, ask for notifications; see Notifier. Any goroutine may call it, at any time.
	Wake func()
}

// Authenticator knows the roles' password verifiers.
type Authenticator interface {
	// Verifier returns the role's SCRAM-SHA-256 verifier in PostgreSQL's form
	// (SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>). An unknown role, or one without a password or the
	// right to log in, gives ok false; the handshake then goes on with a made-up verifier and fails at its end, so that
	// role names cannot be probed.
	Verifier(ctx context.Context, role string) (verifier string, ok bool)
}

// Opener opens sessions; server implements it over package session.
type Opener interface {
	Open(ctx context.Context, s Startup) (Session, error)
}
