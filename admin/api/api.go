// Package api is what the HTTP dialects ask of the database: small interfaces and the plain data that goes through them.
//
// It knows neither HTTP nor the engine: server fills the interfaces over sessions and the store. Invariants: a call acts
// with the rights of the Principal's role, the same as over the PostgreSQL protocol, and within its scopes and branches;
// errors carry SQLSTATEs. Callers: the dialects, package auth and package webhook of admin.
package api

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"
)

// Principal is who asks: a role, and how far the credentials reach.
type Principal struct {
	Role     string
	Database string   // that the request is about; "": the default one
	Account  string   // that rates are counted for; "": they are not
	Scopes   []string // nil: all
	Branches []string // patterns, such as ci/*; one that ends in :read is for reading only; nil: all branches
}

// May reports whether the scopes hold one; "" every Principal has.
func (p Principal) May(scope string) bool {
	return scope == "" || p.Scopes == nil || slices.Contains(p.Scopes, scope)
}

// MayUse reports whether the patterns hold a branch.
func (p Principal) MayUse(branch string, write bool) bool {
	if p.Branches == nil {
		return true
	}
	return slices.ContainsFunc(p.Branches, func(pattern string) bool {
		pattern, readOnly := strings.CutSuffix(pattern, ":read")
		return (!readOnly || !write) && Matches(pattern, branch)
	})
}

// AllBranches reports whether the Principal is bound to no branches.
func (p Principal) AllBranches() bool { return p.Branches == nil }

// Matches reports whether a branch's name fits a pattern: * stands for anything within the segments of a name, ** at the
// end for all that follows.
func Matches(pattern, name string) bool {
	if pattern == "*" || pattern == "**" {
		return true
	}
	if prefix, deep := strings.CutSuffix(pattern, "/**"); deep {
		return strings.HasPrefix(name, prefix+"/")
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// Statement is SQL to run. Params are JSON values. Timeout is in the place of the role's own statement_timeout; Within bounds
// that where no other was asked for. 0: nothing does.
type Statement struct {
	Branch, Point, SQL string
	Params             []any
	ReadOnly           bool
	Explain            bool
	Timeout, Within    time.Duration
}

// Result is a statement's result. Columns is nil where it returns no rows.
type Result struct {
	Tag      string // the command tag without counts, for example CREATE TABLE
	Columns  []string
	Types    []string
	Rows     *Rows
	Affected int64
	Plan     string
	Elapsed  time.Duration
}

// SQL runs statements.
type SQL interface {
	Run(ctx context.Context, p Principal, s Statement) (Result, error)
}

// Roles know who may log in.
type Roles interface {
	// Verifier is what a role's password is checked by; false: it may not log in by one.
	Verifier(ctx context.Context, role string) (string, bool)
	// MayLogin reports whether the role exists and may log in.
	MayLogin(role string) bool
	// Anonymous is the role of requests without credentials; "" when there is none.
	Anonymous() string
}

// KeyProver knows whose an API key is.
type KeyProver interface {
	// IsKey tells keys from other secrets.
	IsKey(secret string) bool
	// ProveKey returns the Principal of a key that is good.
	ProveKey(ctx context.Context, secret string) (p Principal, ok bool, err error)
}

// Status says how the server is.
type Status interface {
	Version() string
	Started() time.Time
	// Ready is nil when the server can serve.
	Ready(ctx context.Context) error
}

// Services are all that the dialects need.
type Services struct {
	Roles    Roles
	Keys     KeyProver
	Branches Branches
	Tables   Tables
	SQL      SQL
	Webhooks Webhooks
	Native   Native
	Status   Status
}
