// Package pgerr is the one error type that reaches a client: what PostgreSQL's ErrorResponse carries.
//
// SQLSTATEs are the constants of the pgerrcode module. The package knows nothing of the wire. Every layer imports it;
// it imports nothing of the project. Invariant: an error that leaves a layer towards the session has an Error in its
// chain; one that does not is a bug and is reported as XX000 with its text.
package pgerr

import (
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
)

// Error is a PostgreSQL error or notice. Position counts characters (not bytes) of the statement's text from 1;
// 0 means none.
type Error struct {
	Severity   string // "" is ERROR; also FATAL, PANIC, WARNING, NOTICE, INFO, DEBUG, LOG
	Code       string // SQLSTATE, five characters, a constant of pgerrcode
	Message    string
	Detail     string
	Hint       string
	Position   int
	Where      string // CONTEXT
	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string
	// Routine is the function of PostgreSQL's source that tells of this, for the errors that drivers know by it.
	Routine string
	// Query is a text that the server made or that a function has, and QueryPosition the place of the error in it, in
	// characters from 1.
	Query         string
	QueryPosition int
	// Parameter is which one's value cannot be read, from 1; 0: it is about none.
	Parameter int

	byteOffset int // 1 + byte offset into the statement's text; the session turns it into Position
	cause      error
}

// Anywhere returns the error without its position.
func (e *Error) Anywhere() *Error {
	c := *e
	c.Position, c.byteOffset = 0, 0
	return &c
}

// New makes an error with a SQLSTATE and a formatted message.
func New(code, format string, args ...any) *Error {
	msg := format
	if len(args) > 0 {
		msg = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: msg}
}

// Wrap makes an error with a SQLSTATE over a cause whose text is the message.
func Wrap(code string, cause error) *Error {
	return &Error{Code: code, Message: cause.Error(), cause: cause}
}

// Unsupported is the honest answer to SQL that Rowan does not run yet: SQLSTATE 0A000, naming the feature.
func Unsupported(format string, args ...any) *Error {
	return New(pgerrcode.FeatureNotSupported, format+" is not supported yet", args...)
}

// Internal is an error that should not happen: SQLSTATE XX000.
func Internal(format string, args ...any) *Error {
	return New(pgerrcode.InternalError, format, args...)
}

// Error implements error.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// Unwrap returns the cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// Because says what is behind the error, for errors.Is, and returns e.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// WithDetail sets DETAIL and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = sprintf(format, args)
	return e
}

// WithHint sets HINT and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = sprintf(format, args)
	return e
}

// WithTable names the relation, and the column and constraint where they are known ("" where not).
func (e *Error) WithTable(schema, table, column, constraint string) *Error {
	e.Schema, e.Table, e.Column, e.Constraint = schema, table, column, constraint
	return e
}

// WithType names the type, and its constraint where there is one.
func (e *Error) WithType(schema, name, constraint string) *Error {
	e.Schema, e.DataType, e.Constraint = schema, name, constraint
	return e
}

// Fatal makes e end the connection and returns e.
func (e *Error) Fatal() *Error {
	e.Severity = "FATAL"
	return e
}

// At sets the byte offset of the fault in the statement's text, as pg_query gives it (-1 or less: unknown). The first
// one set stays: it is the closest to the fault.
func (e *Error) At(byteOffset int) *Error {
	if e.byteOffset == 0 && byteOffset >= 0 {
		e.byteOffset = byteOffset + 1
	}
	return e
}

// Relocate replaces the byte offset; -1 removes it. It serves callers that know the text better than the place of the fault.
func (e *Error) Relocate(byteOffset int) *Error {
	e.byteOffset = byteOffset + 1
	return e
}

// ByteOffset returns the offset set by At, or -1.
func (e *Error) ByteOffset() int { return e.byteOffset - 1 }

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// From finds the Error in err's chain; an error without one becomes an Error with err's text, and the SQLSTATE that an error
// in its chain tells by a method SQLState, else XX000. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var s stated
	if errors.As(err, &s) {
		return &Error{Code: s.SQLState(), Message: err.Error(), cause: err}
	}
	return &Error{Code: pgerrcode.InternalError, Message: err.Error(), cause: err}
}

// stated is an error of a package that does not know this one.
type stated interface {
	error
	SQLState() string
}

// Code returns err's SQLSTATE, or "" for nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return From(err).Code
}
