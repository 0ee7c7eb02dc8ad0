package server

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// greet tells who started the server how to use it.
func (s *Server) greet(pw string) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Rowan %s is ready (PostgreSQL %s protocol). Data: %s\n\n", Version, PostgreSQLVersion, s.dir.path)
	if s.engine.Created && s.cfg.Password == "" && s.cfg.Auth != AuthTrust {
		fmt.Fprintf(&b, "  The superuser postgres has been given a password. It is shown only now:\n\n      %s\n\n", pw)
	}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: reachable(s.PGAddr()), Path: "/postgres"}
	fmt.Fprintf(&b, "  SQL    psql '%s'\n", u.String())
	u.Path = "/postgres/dev"
	fmt.Fprintf(&b, "         psql '%s'   on the branch dev, after SELECT rowan.create_branch('dev')\n", u.String())
	if s.web != nil {
		fmt.Fprintf(&b, "  HTTP   %s://%s/\n", s.scheme(), reachable(s.HTTPAddr()))
	}
	fmt.Fprintf(&b, "  Stop   Ctrl-C\n\n")
	_, _ = fmt.Fprint(s.cfg.Out, b.String()) // a closed terminal is no reason not to serve
}

func (s *Server) scheme() string {
	if s.web.TLSConfig != nil {
		return "https"
	}
	return "http"
}

// reachable turns a listening address into one to connect to: the wildcard address is none.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
