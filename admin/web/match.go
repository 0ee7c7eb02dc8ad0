package web

import (
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

// methods lists those that the path has.
func (p *pattern) methods() (out []string) {
	for _, r := range p.routes {
		out = append(out, r.Method)
	}
	return out
}

// match finds the parameters' values in a path that is still escaped. Clients send names with slashes in them raw: a
// greedy parameter takes what the segments on its right leave.
func (p *pattern) match(escaped string) (values map[string]string, ok bool) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	extra := len(parts) - len(p.segments)
	if extra < 0 {
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
		raw := strings.Join(parts[i:min(i+n, len(parts))], "/")
		i += n
		if s.literal != "" {
			if raw != s.literal {
				return nil, false
			}
			continue
		}
		v, err := url.PathUnescape(raw)
		if err != nil || v == "" || !utf8.ValidString(v) {
			return nil, false
		}
		values[s.name] = v
	}
	return values, i == len(parts)
}
