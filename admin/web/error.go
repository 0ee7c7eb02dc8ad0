package web

import (
	"fmt"
	"net/http"
)

// Error is a failure that is no SQL error: of the request's form, of its credentials, of its rate. Code is in capitals, as
// the dialects have it.
type Error struct {
	Code    string
	Status  int
	Message string
	Details map[string]any
	Header  http.Header // that the answer has, too
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Invalid says that a field or parameter ("": none in particular) is not as it must be.
func Invalid(field, format string, args ...any) *Error {
	e := &Error{Code: "INVALID_REQUEST", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
	if field != "" {
		e.Details = map[string]any{"field": field}
	}
	return e
}

// Forbidden says that the credentials do not reach as far as that.
func Forbidden(format string, args ...any) *Error {
	return &Error{Code: "FORBIDDEN", Status: http.StatusForbidden, Message: fmt.Sprintf(format, args...)}
}

// Unauthorized says that there are no credentials, or none that are good.
func Unauthorized(format string, args ...any) *Error {
	return &Error{Code: "UNAUTHORIZED", Status: http.StatusUnauthorized, Message: fmt.Sprintf(format, args...)}
}

// Missing says that something the path names is not there.
func Missing(code, format string, args ...any) *Error {
	return &Error{Code: code, Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}
