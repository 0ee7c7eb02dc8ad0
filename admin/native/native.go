// Package native is Rowan's own API under /api/v2: what the dialects of others cannot say. It offers the functions of
// schema rowan, one operation each, with the arguments and the columns that SQL has: what is true of the one is true of
// the other.
//
// Answers are plain JSON: {"items": […]} for rows, with has_more where they were asked for by limit and offset, {"result": …}
// for a value, the object itself where a path names one. Failures are problem details (RFC 9457) with the SQLSTATE. It knows
// functions by name only; arguments, columns and privileges are SQL's. Package admin mounts it.
package native

import (
	"errors"
	"net/http"

	"github.com/jackc/pgerrcode"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/hooks"
	"github.com/rowandb/rowan/admin/web"
	"github.com/rowandb/rowan/pgerr"
)

// Prefix is where the API lives.
const Prefix = "/api/v2"

// Media is the type of failures.
const Media = "application/problem+json"

// Dialect serves the API.
type Dialect struct {
	native   api.Native
	branches api.Branches
	hooks    *hooks.Handlers
	auth     *auth.Authenticator
	log      *zap.Logger
}

// New makes the dialect.
func New(s api.Services, a *auth.Authenticator, log *zap.Logger) *Dialect {
	return &Dialect{s.Native, s.Branches, hooks.New(s.Webhooks), a, log}
}

// Authenticate implements web.Dialect.
func (d *Dialect) Authenticate(r *http.Request) (api.Principal, error) { return d.auth.Find(r) }

// OK implements web.Dialect.
func (d *Dialect) OK(c *web.Call, status int, data any) { web.WriteJSON(c.Writer, status, data) }

// problem is a failure, as RFC 9457 has it.
type problem struct {
	Type       string         `json:"type"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail"`
	Instance   string         `json:"instance"`
	Code       string         `json:"code"`
	SQLState   string         `json:"sqlstate,omitempty"`
	Hint       string         `json:"hint,omitempty"`
	MoreDetail string         `json:"sql_detail,omitempty"`
	Context    string         `json:"sql_context,omitempty"`
	Details    map[string]any `json:"details,omitempty"`
}

// Failure is the schema of failures.
func Failure() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"type": "object", "required": []any{"type", "title", "status", "detail", "instance", "code"}, "properties": map[string]any{
		"type": text, "title": text, "status": map[string]any{"type": "integer"}, "detail": text,
		"instance": map[string]any{"type": "string", "description": "the request's id"}, "code": text, "sqlstate": text, "hint": text, "sql_detail": text, "sql_context": text,
		"details": map[string]any{"type": "object"},
	}}
}

// Fail implements web.Dialect.
func (d *Dialect) Fail(w http.ResponseWriter, r *http.Request, _ *web.Call, err error) {
	p := problem{Type: "about:blank", Instance: web.ID(r)}
	var e *web.Error
	if errors.As(err, &e) {
		p.Status, p.Code, p.Detail, p.Details = e.Status, e.Code, e.Message, e.Details
	} else {
		s := pgerr.From(err)
		p.Status, p.Code = statusOf(s.Code)
		p.Detail, p.SQLState, p.Hint, p.MoreDetail = s.Message, s.Code, s.Hint, s.Detail
		if s.Parameter == 0 { // the statement is not the client's
			p.Context = s.Where
		}
	}
	p.Title = http.StatusText(p.Status)
	switch p.Status {
	case http.StatusInternalServerError:
		d.log.Error("HTTP request failed", zap.String("path", r.URL.Path), zap.String("request_id", p.Instance), zap.Error(err))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="rowan", Basic realm="rowan"`)
	}
	web.WriteMedia(w, Media, p.Status, p)
}

// statusOf finds the status of a SQLSTATE, and its word.
func statusOf(sqlstate string) (int, string) {
	switch sqlstate {
	case pgerrcode.InvalidCatalogName, pgerrcode.UndefinedObject, pgerrcode.UndefinedTable, pgerrcode.UndefinedColumn, pgerrcode.InvalidSchemaName:
		return http.StatusNotFound, "NOT_FOUND"
	case pgerrcode.DuplicateDatabase, pgerrcode.DuplicateObject, pgerrcode.DependentObjectsStillExist, pgerrcode.ObjectInUse,
		pgerrcode.ObjectNotInPrerequisiteState, pgerrcode.SerializationFailure, pgerrcode.DeadlockDetected:
		return http.StatusConflict, "CONFLICT"
	case pgerrcode.InsufficientPrivilege, pgerrcode.ReadOnlySQLTransaction:
		return http.StatusForbidden, "FORBIDDEN"
	case pgerrcode.InvalidPassword, pgerrcode.InvalidAuthorizationSpecification:
		return http.StatusUnauthorized, "UNAUTHORIZED"
	case pgerrcode.QueryCanceled:
		return http.StatusRequestTimeout, "TIMEOUT"
	case pgerrcode.AdminShutdown:
		return http.StatusServiceUnavailable, "UNAVAILABLE"
	case pgerrcode.ConfigurationLimitExceeded:
		return http.StatusRequestEntityTooLarge, "RESULT_TOO_LARGE"
	case pgerrcode.FeatureNotSupported:
		return http.StatusNotImplemented, "NOT_SUPPORTED"
	}
	switch {
	case pgerrcode.IsIntegrityConstraintViolation(sqlstate):
		return http.StatusConflict, "CONSTRAINT_VIOLATION"
	case pgerrcode.IsInternalError(sqlstate) || pgerrcode.IsSystemError(sqlstate) || pgerrcode.IsInsufficientResources(sqlstate):
		return http.StatusInternalServerError, "INTERNAL_ERROR"
	}
	return http.StatusBadRequest, "INVALID_REQUEST"
}
