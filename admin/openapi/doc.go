// Package openapi describes the HTTP API: an OpenAPI 3.0 document made of the very routes that serve it, as JSON and YAML,
// and the pages that show it.
//
// It knows no dialect but by its routes and by what Section says of it. Invariant: parameters, bodies, answers and examples
// of the document are those of web.Route, so that what is promised is what is enforced; a test sends every example to a
// server and holds the answer against its schema. Package admin calls it once, when the router is made.
package openapi
