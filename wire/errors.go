package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/pgerr"
)

const fatal = "FATAL"

// errCancel is the cause of a statement's context after a CancelRequest.
func errCancel() *pgerr.Error {
	return pgerr.New(pgerrcode.QueryCanceled, "canceling statement due to user request")
}

// errShutdown ends a connection when the server stops or an administrator ends the backend.
func errShutdown() *pgerr.Error {
	return fatalError(pgerrcode.AdminShutdown, "terminating connection due to administrator command")
}

// errLost is the cause of a statement's context when its client has gone.
func errLost() *pgerr.Error {
	return fatalError(pgerrcode.ConnectionFailure, "connection to client lost")
}

func errUnexpectedEOF() *pgerr.Error {
	return pgerr.New(pgerrcode.ConnectionFailure, "unexpected EOF on client connection with an open transaction")
}

func protocolError(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerrcode.ProtocolViolation, format, args...)
}

func fatalError(code, format string, args ...any) *pgerr.Error {
	e := pgerr.New(code, format, args...)
	e.Severity = fatal
	return e
}

// asFatal returns err with severity FATAL, leaving the original as it is.
func asFatal(err error) *pgerr.Error {
	e := *pgerr.From(err)
	e.Severity = fatal
	return &e
}

// explain turns a Session's error into what the client is told. An error that only says that the context has ended
// stands for the reason for which it was ended.
func (c *conn) explain(ctx context.Context, err error) *pgerr.Error {
	var e *pgerr.Error
	if errors.As(err, &e) {
		return e
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &e) {
		return e
	}
	e = pgerr.From(err)
	if e.Code == pgerrcode.InternalError {
		c.log.Error("error without SQLSTATE", zap.Error(err), zap.Uint32("pid", c.pid))
	}
	return e
}

// sendError sends an ErrorResponse at once; a fatal one ends the connection.
func (c *conn) sendError(e *pgerr.Error) {
	severity := e.Severity
	if severity == "" {
		severity = "ERROR"
	}
	c.out.send((*pgproto3.ErrorResponse)(fields(e, severity)))
	if severity == fatal || severity == "PANIC" {
		c.step(evClose)
	}
	_ = c.out.flush() // a write that failed is seen by the loop
}

// sendNotice sends a NoticeResponse at once, as clients show progress with them.
func (c *conn) sendNotice(err error) error {
	e := pgerr.From(err)
	severity := e.Severity
	if severity == "" {
		severity = "NOTICE"
	}
	c.out.send((*pgproto3.NoticeResponse)(fields(e, severity)))
	return c.out.flush()
}

// fields fills the fields of an ErrorResponse or NoticeResponse.
func fields(e *pgerr.Error, severity string) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{
		Severity:            severity,
		SeverityUnlocalized: severity,
		Code:                clean(e.Code),
		Message:             clean(e.Message),
		Detail:              clean(e.Detail),
		Hint:                clean(e.Hint),
		Position:            int32(e.Position),
		InternalPosition:    int32(e.QueryPosition),
		InternalQuery:       clean(e.Query),
		Where:               clean(e.Where),
		SchemaName:          clean(e.Schema),
		TableName:           clean(e.Table),
		ColumnName:          clean(e.Column),
		DataTypeName:        clean(e.DataType),
		ConstraintName:      clean(e.Constraint),
		Routine:             clean(e.Routine),
	}
}

// clean drops zero bytes, which would end the field early and shift all that follows.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// checkText wants s to be UTF-8 without zero bytes, as PostgreSQL wants of all text from a client.
func checkText[T string | []byte](s T) error {
	for i := 0; i < len(s); {
		if b := s[i]; b != 0 && b < utf8.RuneSelf {
			i++
			continue
		}
		r, n := decodeRune(s[i:])
		if s[i] == 0 || r == utf8.RuneError && n == 1 {
			return badText(string(s[i:min(len(s), i+utf8.UTFMax)]))
		}
		i += n
	}
	return nil
}

func decodeRune[T string | []byte](s T) (rune, int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

// badText is the error for a byte sequence that is not UTF-8; s begins with it.
func badText(s string) error {
	n := sequenceLength(s[0])
	var hex strings.Builder
	for i := range min(n, len(s)) {
		fmt.Fprintf(&hex, " 0x%02x", s[i])
	}
	return pgerr.New(pgerrcode.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8":%s`, hex.String())
}

// sequenceLength is the length that the first byte of a UTF-8 sequence announces.
func sequenceLength(b byte) int {
	switch {
	case b&0xe0 == 0xc0:
		return 2
	case b&0xf0 == 0xe0:
		return 3
	case b&0xf8 == 0xf0:
		return 4
	default:
		return 1
	}
}
