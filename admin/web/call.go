package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rowandb/rowan/admin/api"
)

// Call is one request to one route, checked: parameters have the types and values that the route declares.
type Call struct {
	*http.Request
	Writer    http.ResponseWriter
	Route     *Route
	Principal api.Principal
	path      map[string]string
	query     map[string]string
}

// Path returns a parameter of the path.
func (c *Call) Path(name string) string { return c.path[name] }

// Text returns a parameter of the query, or its default.
func (c *Call) Text(name string) string { return c.query[name] }

// Int returns an integer parameter of the query, or its default.
func (c *Call) Int(name string) int {
	n, _ := strconv.Atoi(c.query[name])
	return n
}

// Bool returns a boolean parameter of the query, or its default.
func (c *Call) Bool(name string) bool {
	b, _ := strconv.ParseBool(c.query[name])
	return b
}

// readQuery checks the query's parameters. Those that the route does not declare are ignored, as HTTP servers do.
func (c *Call) readQuery() error {
	c.query = map[string]string{}
	given, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil { // what cannot be read must not be as if it were not there
		return Invalid("", "the query string is malformed: %s; a semicolon is written %%3B", err)
	}
	for i := range c.Route.Query {
		p := &c.Route.Query[i]
		if len(given[p.Name]) > 1 { // which is meant, nobody can say
			return Invalid(p.Name, "%s is given more than once", p.Name)
		}
		v := given.Get(p.Name)
		if v == "" {
			if p.Required {
				return Invalid(p.Name, "%s is missing", p.Name)
			}
			v = p.Default
		}
		if !utf8.ValidString(v) {
			return Invalid(p.Name, "%s is not UTF-8", p.Name)
		}
		if v != "" {
			if err := p.check(v); err != nil {
				return err
			}
		}
		c.query[p.Name] = v
	}
	return nil
}

func (p *Param) check(v string) error {
	switch p.Type {
	case "integer":
		n, err := strconv.Atoi(v)
		if err != nil {
			return Invalid(p.Name, "%s must be a number, not %q", p.Name, v)
		}
		if n < p.Min {
			return Invalid(p.Name, "%s must be at least %d, not %d", p.Name, p.Min, n)
		}
		if p.Max > 0 && n > p.Max {
			return Invalid(p.Name, "%s must be at most %d, not %d", p.Name, p.Max, n)
		}
	case "boolean":
		if _, err := strconv.ParseBool(v); err != nil {
			return Invalid(p.Name, "%s must be true or false, not %q", p.Name, v)
		}
	}
	if len(p.Enum) > 0 && !slices.Contains(p.Enum, v) {
		return Invalid(p.Name, "%s must be one of %s, not %q", p.Name, strings.Join(p.Enum, ", "), v)
	}
	return nil
}
