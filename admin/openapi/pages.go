package openapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/rowandb/rowan/admin/web"
)

//go:embed ui
var files embed.FS

// Pages serves a document and the pages that show it.
type Pages struct{ json, yaml []byte }

// NewPages encodes the document.
func NewPages(doc map[string]any) (*Pages, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	var plain any
	if err := json.Unmarshal(b.Bytes(), &plain); err != nil {
		return nil, err
	}
	y, err := YAML(plain)
	return &Pages{b.Bytes(), y}, err
}

// Routes are where a dialect shows the document: below its prefix. get returns the Pages, which are made of the routes
// themselves and so later: when somebody wants them.
func Routes(get func() (*Pages, error)) []web.Route {
	page := func(route web.Route, serve func(*Pages, *web.Call) error) web.Route {
		route.Method, route.Tag, route.Public = http.MethodGet, "Documentation", true
		route.Handler = web.Plain(func(c *web.Call) (any, error) {
			p, err := get()
			if err == nil {
				err = serve(p, c)
			}
			return web.Done, err
		})
		return route
	}
	return []web.Route{
		page(web.Route{Path: "/openapi.json", Name: "openapiJSON", Summary: "This document as JSON", Media: []string{"application/json"}, Examples: []web.Example{{}}},
			func(p *Pages, c *web.Call) error { return send(c, "application/json", p.json) }),
		page(web.Route{Path: "/openapi.yaml", Name: "openapiYAML", Summary: "This document as YAML", Media: []string{"application/yaml"}, Examples: []web.Example{{}}},
			func(p *Pages, c *web.Call) error { return send(c, "application/yaml", p.yaml) }),
		page(web.Route{Path: "/docs", Name: "docs", Summary: "Swagger UI", Media: []string{"text/html"}, Examples: []web.Example{{}}},
			func(_ *Pages, c *web.Call) error { return sendFile(c, "swagger.html") }),
		page(web.Route{Path: "/redoc", Name: "redoc", Summary: "ReDoc", Media: []string{"text/html"}, Examples: []web.Example{{}}},
			func(_ *Pages, c *web.Call) error { return sendFile(c, "redoc.html") }),
		page(web.Route{Path: "/ui/{file}", Name: "docsFile", Summary: "Files of the pages", Media: []string{"*/*"}, Hidden: true},
			func(_ *Pages, c *web.Call) error { return sendFile(c, c.Path("file")) }),
	}
}

// policy lets the pages load nothing from elsewhere. They set styles themselves, and ReDoc searches in a worker.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"

func send(c *web.Call, media string, body []byte) error {
	h := c.Writer.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = c.Writer.Write(body) // the client may have gone
	return nil
}

// sendFile sends a file of the pages; the large ones are kept compressed.
func sendFile(c *web.Call, name string) error {
	c.Writer.Header().Set("Content-Security-Policy", policy)
	media, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	if media == "" || strings.ContainsAny(name, `/\`) {
		return web.Missing("NOT_FOUND", "no such file: %s", name)
	}
	if plain, err := files.ReadFile("ui/" + name); err == nil {
		return send(c, media, plain)
	}
	packed, err := files.ReadFile("ui/" + name + ".gz")
	if err != nil {
		return web.Missing("NOT_FOUND", "no such file: %s", name)
	}
	h := c.Writer.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, max-age=86400")
	if strings.Contains(c.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		return send(c, media, packed)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		return err
	}
	return send(c, media, plain)
}
