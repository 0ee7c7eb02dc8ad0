package web

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/rowandb/rowan/admin/api"
)

// Dialect is what differs between the APIs: how requests prove who they are, and the shapes of answers.
type Dialect interface {
	// Authenticate finds out who asks.
	Authenticate(r *http.Request) (api.Principal, error)
	// OK answers with the result of a route.
	OK(c *Call, status int, data any)
	// Fail answers with a failure; c is nil where the request reached no route.
	Fail(w http.ResponseWriter, r *http.Request, c *Call, err error)
}

// Limiter takes a request's token; what it says of the limit goes into the headers.
type Limiter interface {
	Take(w http.ResponseWriter, p api.Principal, class Class) error
}

// Mux serves the routes of one dialect below a prefix.
type Mux struct {
	prefix   string
	patterns []pattern
	dialect  Dialect
	limits   Limiter
}

// NewMux makes a Mux; limits may be nil.
func NewMux(prefix string, routes []Route, d Dialect, limits Limiter) *Mux {
	return &Mux{prefix: prefix, patterns: patterns(routes), dialect: d, limits: limits}
}

// ServeHTTP implements http.Handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := m.find(w, r)
	if c == nil || !c.Route.Public {
		w.Header().Set("Cache-Control", "no-store")
	}
	if err == nil {
		err = m.admit(c)
	}
	var data any
	if err == nil {
		data, err = m.run(c)
	}
	if err == errAnswered || err == nil && data == Done {
		return
	}
	giveTime(w)
	if err != nil {
		addHeader(w, err)
		m.dialect.Fail(w, r, c, err)
		return
	}
	m.dialect.OK(c, c.Route.ok(), data)
}

// addHeader writes what an error says of the header.
func addHeader(w http.ResponseWriter, err error) {
	var e *Error
	if errors.As(err, &e) {
		maps.Copy(w.Header(), e.Header)
	}
}

// errAnswered says that a request needs no more than it has got.
var errAnswered = errors.New("answered")

type done struct{}

// Done is the result of a handler that has written its answer itself.
var Done any = done{}

// find finds the route of a request.
func (m *Mux) find(w http.ResponseWriter, r *http.Request) (*Call, error) {
	path := split(strings.TrimPrefix(r.URL.EscapedPath(), m.prefix))
	for i := range m.patterns {
		p := &m.patterns[i]
		values, ok := p.match(path)
		if !ok {
			continue
		}
		for _, route := range p.routes {
			if route.Method == r.Method || route.Method == http.MethodGet && r.Method == http.MethodHead {
				return &Call{Request: r, Writer: w, Route: route, path: values}, nil
			}
		}
		w.Header().Set("Allow", strings.Join(p.methods(), ", "))
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") == "" {
			w.WriteHeader(http.StatusNoContent)
			return nil, errAnswered
		}
		return nil, &Error{Code: "METHOD_NOT_ALLOWED", Status: http.StatusMethodNotAllowed, Message: r.Method + " is not allowed on " + r.URL.Path}
	}
	return nil, Missing("NOT_FOUND", "no such path: %s", r.URL.Path)
}

// admit decides whether a request may go on: who asks, how far the credentials reach, how many there have been.
func (m *Mux) admit(c *Call) (err error) {
	if c.Route.Public {
		return nil
	}
	if c.Principal, err = m.dialect.Authenticate(c.Request); err != nil {
		return err
	}
	if !c.Principal.May(string(c.Route.Scope)) {
		return Forbidden("these credentials lack the scope %q", c.Route.Scope)
	}
	if m.limits != nil {
		return m.limits.Take(c.Writer, c.Principal, c.Route.Class)
	}
	return nil
}

func (m *Mux) run(c *Call) (any, error) {
	if err := c.readQuery(); err != nil {
		return nil, err
	}
	limit := cmp.Or(c.Route.MaxBody, maxBody)
	if c.ContentLength > limit {
		return nil, TooLarge(limit)
	}
	c.Body = http.MaxBytesReader(c.Writer, c.Body, limit)
	in, err := c.readBody()
	if err != nil {
		return nil, err
	}
	return c.Route.Handler.run(c, in)
}
