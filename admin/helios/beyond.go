package helios

import (
	"net/http"

	"github.com/rowandb/rowan/admin/web"
)

// beyond are paths that client libraries know and the specification does not: they are answered with 501 in the dialect's
// own shape, so that the libraries say what is the matter.
func (d *Dialect) beyond() (out []web.Route) {
	for _, path := range []string{"/nl/{rest...}", "/vectors/{rest...}", "/agents/{rest...}", "/chat/{rest...}"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			out = append(out, web.Route{Method: method, Path: path, Name: "beyond", Tag: tagSQL, Class: web.Reads, Hidden: true,
				Handler: web.Plain(func(c *web.Call) (any, error) {
					return nil, &web.Error{Code: "NOT_SUPPORTED", Status: http.StatusNotImplemented, Message: c.URL.Path + " is not supported"}
				})})
		}
	}
	return out
}
