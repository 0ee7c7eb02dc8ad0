// Package helios is the dialect under /v1: the branch REST API of HeliosDB, as its specification has it and as its client
// libraries use it.
//
// It decodes, calls one method of package api and encodes; it knows no SQL. Invariants: "data" of an answer is exactly what
// the specification shows; what the client libraries read beside it stands at the top level (compat.go) and never replaces
// it. Package admin mounts it.
package helios

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/jackc/pgerrcode"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/hooks"
	"github.com/rowandb/rowan/admin/web"
	"github.com/rowandb/rowan/pgerr"
)

// Prefix is where the dialect lives.
const Prefix = "/v1"

// Dialect serves the API.
type Dialect struct {
	api.Services
	hooks *hooks.Handlers
	auth  *auth.Authenticator
	log   *zap.Logger
}

// New makes the dialect.
func New(s api.Services, a *auth.Authenticator, log *zap.Logger) *Dialect {
	return &Dialect{s, hooks.New(s.Webhooks), a, log}
}

// Authenticate implements web.Dialect.
func (d *Dialect) Authenticate(r *http.Request) (api.Principal, error) { return d.auth.Find(r) }

// OK implements web.Dialect: the specification's envelope, and what client libraries read beside it.
func (d *Dialect) OK(c *web.Call, status int, data any) {
	body, top, err := parts(data)
	if err != nil {
		d.Fail(c.Writer, c.Request, c, err)
		return
	}
	c.Writer.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.Writer.WriteHeader(status)
	out := writers.Get().(*bufio.Writer)
	defer writers.Put(out)
	out.Reset(c.Writer)
	_, _ = out.WriteString(`{"success":true,"data":{`) // an error stays with the writer until Flush
	body(&fields{w: out})
	_, _ = out.WriteString(`},"meta":`) // as above
	meta, _ := encode(meta{web.ID(c.Request), web.Elapsed(c.Request)})
	_, _ = out.Write(meta)        // as above
	top(&fields{w: out, n: 1})    // behind meta
	_, _ = out.WriteString("}\n") // as above
	_ = out.Flush()               // the client may have gone
}

// writers are for answers, large ones among them, which go out in pieces.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 16<<10) }}

type meta struct {
	ID      string `json:"request_id"`
	Elapsed int64  `json:"execution_time_ms"`
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// Fail implements web.Dialect.
func (d *Dialect) Fail(w http.ResponseWriter, r *http.Request, c *web.Call, err error) {
	var e *web.Error
	if !errors.As(err, &e) {
		e = translate(pgerr.From(err), tagOf(c))
	}
	switch e.Status {
	case http.StatusInternalServerError:
		d.log.Error("HTTP request failed", zap.String("path", r.URL.Path), zap.String("request_id", web.ID(r)), zap.Error(err))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="rowan", Basic realm="rowan"`)
	}
	details := e.Details
	if details == nil {
		details = map[string]any{}
	}
	shown := map[string]any{"code": e.Code, "message": e.Message, "details": details}
	body := maps.Clone(shown)
	body["success"], body["error"], body["meta"] = false, shown, map[string]any{"request_id": web.ID(r)}
	web.WriteJSON(w, e.Status, body)
}

// tagOf is the tag of a call's route; "" where the request reached none.
func tagOf(c *web.Call) string {
	if c == nil {
		return ""
	}
	return c.Route.Tag
}

// clauses are the fields and parameters that hold SQL.
var clauses = map[string]bool{"filter": true, "order_by": true, "columns": true, "type": true, "default": true}

// pointField is what the point of a request is called, as package api has it.
const pointField = "as_of"

// translate finds the dialect's code and status for a SQLSTATE, as it is meant in operations of a tag.
func translate(e *pgerr.Error, tag string) *web.Error {
	details := map[string]any{"sqlstate": e.Code}
	for name, v := range map[string]string{"detail": e.Detail, "hint": e.Hint, "table": e.Table, "column": e.Column, "constraint": e.Constraint} {
		if v != "" {
			details[name] = v
		}
	}
	switch {
	case clauses[e.Where] || e.Where == pointField:
		details["field"] = e.Where
	case e.Where != "":
		details["context"] = e.Where
	}
	if e.Position > 0 {
		details["position"] = e.Position
	}
	code, status := codeOf(e.Code, tag)
	if clauses[e.Where] && status == http.StatusNotFound { // what a clause speaks of, not what the path names
		code, status = codeOf(pgerrcode.SyntaxError, tag)
	}
	if code == "INVALID_SQL" && e.Where == pointField { // nothing is wrong with the statement
		code = "INVALID_REQUEST"
	}
	if code == "QUERY_TIMEOUT" && strings.Contains(e.Message, "user request") {
		code, status = "QUERY_CANCELED", http.StatusConflict
	}
	if code == "BRANCH_PROTECTED" && strings.Contains(e.Detail, "depends on") {
		code, status = "BRANCH_IN_USE", http.StatusConflict
	}
	return &web.Error{Code: code, Status: status, Message: e.Message, Details: details}
}

func codeOf(sqlstate, tag string) (code string, status int) {
	switch sqlstate {
	case pgerrcode.InvalidCatalogName:
		return "BRANCH_NOT_FOUND", http.StatusNotFound
	case pgerrcode.DuplicateDatabase:
		return "BRANCH_EXISTS", http.StatusConflict
	case pgerrcode.DuplicateTable:
		return "TABLE_EXISTS", http.StatusConflict
	case pgerrcode.DependentObjectsStillExist:
		if tag != tagBranches && tag != tagTime {
			return "DEPENDENT_OBJECTS", http.StatusConflict
		}
		return "BRANCH_PROTECTED", http.StatusForbidden
	case pgerrcode.InsufficientPrivilege, pgerrcode.ReadOnlySQLTransaction:
		return "FORBIDDEN", http.StatusForbidden
	case pgerrcode.InvalidPassword, pgerrcode.InvalidAuthorizationSpecification:
		return "UNAUTHORIZED", http.StatusUnauthorized
	case pgerrcode.QueryCanceled:
		return "QUERY_TIMEOUT", http.StatusRequestTimeout
	case pgerrcode.AdminShutdown:
		return "UNAVAILABLE", http.StatusServiceUnavailable
	case pgerrcode.SerializationFailure, pgerrcode.DeadlockDetected, pgerrcode.LockNotAvailable, pgerrcode.ObjectInUse: // MERGE_CONFLICT has conflicts
		return "CONFLICT", http.StatusConflict
	case pgerrcode.ConfigurationLimitExceeded:
		return "RESULT_TOO_LARGE", http.StatusRequestEntityTooLarge
	case pgerrcode.UndefinedTable:
		if tag != tagSQL {
			return "TABLE_NOT_FOUND", http.StatusNotFound
		}
	case pgerrcode.UndefinedObject:
		if tag != tagSQL {
			return "NOT_FOUND", http.StatusNotFound
		}
	case pgerrcode.FeatureNotSupported:
		return "NOT_SUPPORTED", http.StatusNotImplemented
	}
	switch {
	case pgerrcode.IsIntegrityConstraintViolation(sqlstate):
		return "CONSTRAINT_VIOLATION", http.StatusConflict
	case pgerrcode.IsInternalError(sqlstate) || pgerrcode.IsSystemError(sqlstate) || pgerrcode.IsInsufficientResources(sqlstate):
		return "INTERNAL_ERROR", http.StatusInternalServerError
	}
	if tag == tagSQL { // the client has written the statement
		return "INVALID_SQL", http.StatusBadRequest
	}
	return "INVALID_REQUEST", http.StatusBadRequest
}
