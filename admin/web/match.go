package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// pattern is the routes of one path.
type pattern struct {
	segments []segment
	routes   []*Route
}

// patterns groups routes by path, the most specific first: more literal segments, then more segments.
func patterns(routes []Route) (out []pattern) {
	for i := range routes {
		r := &routes[i]
		k := slices.IndexFunc(out, func(p pattern) bool { return p.routes[0].Path == r.Path })
		if k < 0 {
			k = len(out)
			out = append(out, pattern{segments: segments(r.Path)})
		}
		out[k].routes = append(out[k].routes, r)
	}
	slices.SortStableFunc(out, func(a, b pattern) int {
		if d := b.literals() - a.literals(); d != 0 {
			return d
		}
		return len(b.segments) - len(a.segments)
	})
	return out
}

func (p *pattern) literals() (n int) {
	for _, s := range p.segments {
		if s.literal != "" {
			n++
		}
	}
	return n
}

// methods lists those that the path has, and that every path has.
func (p *pattern) methods() (out []string) {
	for _, r := range p.routes {
		out = append(out, r.Method)
		if r.Method == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	return append(out, http.MethodOptions)
}

// split parts a path that is still escaped into what match takes.
func split(escaped string) []string { return strings.Split(strings.Trim(escaped, "/"), "/") }

// fits reports whether a path has the pattern's literals where they must be.
func (p *pattern) fits(parts []string) bool {
	extra := len(parts) - len(p.segments)
	i := 0
	for _, s := range p.segments {
		switch {
		case i >= len(parts) || s.literal != "" && parts[i] != s.literal:
			return false
		case s.greedy:
			i += extra
			extra = 0
		}
		i++
	}
	return i == len(parts)
}

// match finds the parameters' values in a path. Clients send names with slashes in them raw: a greedy parameter takes what
// the segments on its right leave.
func (p *pattern) match(parts []string) (values map[string]string, ok bool) {
	extra := len(parts) - len(p.segments)
	if extra < 0 || !p.fits(parts) {
		return nil, false
	}
	values = map[string]string{}
	i := 0
	for _, s := range p.segments {
		n := 1
		if s.greedy {
			n += extra
			extra = 0
		}
		raw := strings.Join(parts[i:i+n], "/")
		i += n
		if s.literal != "" {
			continue
		}
		v, err := url.PathUnescape(raw)
		if err != nil || v == "" || !utf8.ValidString(v) {
			return nil, false
		}
		values[s.name] = v
	}
	return values, true
}
