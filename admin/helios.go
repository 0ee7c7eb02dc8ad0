package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgerrcode"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/pgerr"
)

// helios is the dialect under /v1: HeliosDB's branch API.
type helios struct {
	Services
	log *zap.Logger
}

func newHelios(s Services, log *zap.Logger) *helios { return &helios{s, log} }

func (h *helios) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(h.authenticate)
	r.Get("/branches", h.list)
	r.Post("/branches", h.create)
	// Branch names may contain slashes, and clients send them raw: what follows the name is told from the right.
	r.HandleFunc("/branches/*", h.branch)
	r.NotFound(func(w http.ResponseWriter, req *http.Request) {
		h.fail(w, req, heliosError{"NOT_FOUND", http.StatusNotFound, "no such path: " + req.URL.Path, nil})
	})
	r.MethodNotAllowed(h.methodNotAllowed)
	return r
}

// methodNotAllowed answers with the methods that the path has, as HTTP wants it.
func (h *helios) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", strings.Join(allowed(r.URL.EscapedPath()), ", "))
	h.fail(w, r, heliosError{"METHOD_NOT_ALLOWED", http.StatusMethodNotAllowed, r.Method + " is not allowed on " + r.URL.Path, nil})
}

// action is what can be done with a branch: by method and what follows the name.
type action struct {
	method, suffix string
	run            func(h *helios, w http.ResponseWriter, r *http.Request, branch string)
}

var heliosActions = []action{
	{http.MethodPost, "/merge", (*helios).merge},
	{http.MethodPost, "/query", (*helios).query},
	{http.MethodPost, "/execute", (*helios).execute},
	{http.MethodGet, "", (*helios).get},
	{http.MethodDelete, "", (*helios).drop},
}

// allowed lists the methods of a path.
func allowed(path string) (methods []string) {
	name, ofBranch := strings.CutPrefix(path, "/v1/branches/")
	if !ofBranch {
		return []string{http.MethodGet, http.MethodPost}
	}
	for _, a := range heliosActions {
		if a.suffix == "" && methods != nil {
			break
		}
		if before, ok := strings.CutSuffix(name, a.suffix); ok && before != "" {
			methods = append(methods, a.method)
		}
	}
	return methods
}

// branch finds the action. A suffix that is part of a branch's name ("feature/query") is taken as the action: such
// branches are addressed by id, or with the slash as %2F.
func (h *helios) branch(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/v1/branches/")
	known := false
	for _, a := range heliosActions {
		name, ok := strings.CutSuffix(path, a.suffix)
		if !ok || name == "" {
			continue
		}
		if a.suffix == "" && known {
			break
		}
		known = known || a.suffix != ""
		if a.method != r.Method {
			continue
		}
		branch, err := url.PathUnescape(name)
		if err != nil {
			h.fail(w, r, invalid("malformed branch name in path: %s", name))
			return
		}
		a.run(h, w, r, branch)
		return
	}
	h.methodNotAllowed(w, r)
}

// authenticate finds out who asks.
func (h *helios) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role, password, given := credentials(r)
		switch {
		case role != "":
			if h.Auth.Anonymous() == "" && !h.Auth.Password(r.Context(), role, password) {
				h.unauthorized(w, r, "invalid role or password")
				return
			}
		case given && h.Auth.Anonymous() == "":
			h.unauthorized(w, r, "invalid token or API key")
			return
		default:
			if role = h.Auth.Anonymous(); role == "" {
				h.unauthorized(w, r, "credentials are missing: send a role and its password with HTTP Basic authentication")
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyPrincipal, Principal{Role: role})))
	})
}

func (h *helios) unauthorized(w http.ResponseWriter, r *http.Request, message string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="rowan"`)
	h.fail(w, r, heliosError{"UNAUTHORIZED", http.StatusUnauthorized, message, nil})
}

// heliosError is an error in the dialect's words.
type heliosError struct {
	code    string
	status  int
	message string
	details map[string]any
}

// Error implements error.
func (e heliosError) Error() string { return e.message }

func invalid(format string, args ...any) heliosError {
	return heliosError{"INVALID_REQUEST", http.StatusBadRequest, pgerr.New("", format, args...).Message, nil}
}

// ok answers with the dialect's envelope.
func (h *helios) ok(w http.ResponseWriter, r *http.Request, status int, data any) {
	writeJSON(w, status, map[string]any{"success": true, "data": data, "meta": map[string]any{"request_id": idOf(r), "execution_time_ms": elapsed(r)}})
}

// fail answers with an error of any kind.
func (h *helios) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.answer(w, r, err, "INVALID_REQUEST")
}

// failSQL answers with the error of a statement that the client wrote.
func (h *helios) failSQL(w http.ResponseWriter, r *http.Request, err error) {
	h.answer(w, r, err, "INVALID_SQL")
}

// answer answers with an error; ordinary is the code of those that have none of their own.
func (h *helios) answer(w http.ResponseWriter, r *http.Request, err error, ordinary string) {
	var e heliosError
	if !errors.As(err, &e) {
		e = translate(pgerr.From(err), ordinary)
	}
	if e.status == http.StatusInternalServerError {
		h.log.Error("HTTP request failed", zap.String("path", r.URL.Path), zap.String("request_id", idOf(r)), zap.Error(err))
	}
	writeJSON(w, e.status, failure(r, e))
}

func failure(r *http.Request, e heliosError) map[string]any {
	details := e.details
	if details == nil {
		details = map[string]any{}
	}
	return map[string]any{"success": false, "error": map[string]any{"code": e.code, "message": e.message, "details": details}, "meta": map[string]any{"request_id": idOf(r)}}
}

// translate finds the dialect's code and status for a SQLSTATE.
func translate(e *pgerr.Error, ordinary string) heliosError {
	details := map[string]any{"sqlstate": e.Code}
	for name, v := range map[string]string{"detail": e.Detail, "hint": e.Hint, "table": e.Table, "column": e.Column, "constraint": e.Constraint} {
		if v != "" {
			details[name] = v
		}
	}
	if e.Position > 0 {
		details["position"] = e.Position
	}
	code, status := heliosCode(e.Code)
	if code == "" {
		code, status = ordinary, http.StatusBadRequest
	}
	return heliosError{code, status, e.Message, details}
}

// heliosCode returns "" for what is the request's fault in no particular way.
func heliosCode(sqlstate string) (code string, status int) {
	switch sqlstate {
	case pgerrcode.InvalidCatalogName:
		return "BRANCH_NOT_FOUND", http.StatusNotFound
	case pgerrcode.DuplicateDatabase:
		return "BRANCH_EXISTS", http.StatusConflict
	case pgerrcode.DependentObjectsStillExist:
		return "BRANCH_PROTECTED", http.StatusForbidden
	case pgerrcode.InsufficientPrivilege, pgerrcode.ReadOnlySQLTransaction:
		return "FORBIDDEN", http.StatusForbidden
	case pgerrcode.InvalidPassword, pgerrcode.InvalidAuthorizationSpecification:
		return "UNAUTHORIZED", http.StatusUnauthorized
	case pgerrcode.QueryCanceled:
		return "QUERY_TIMEOUT", http.StatusRequestTimeout
	case pgerrcode.SerializationFailure, pgerrcode.DeadlockDetected:
		return "MERGE_CONFLICT", http.StatusConflict
	}
	if pgerrcode.IsInternalError(sqlstate) || pgerrcode.IsSystemError(sqlstate) || pgerrcode.IsInsufficientResources(sqlstate) {
		return "INTERNAL_ERROR", http.StatusInternalServerError
	}
	return "", 0
}
