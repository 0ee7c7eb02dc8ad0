// Package web is what all dialects of the HTTP API share: a table of routes that says of each operation what it takes and
// gives, the matching of paths, strict decoding of parameters and bodies, and the middleware around a request.
//
// It knows no dialect: names of fields, error shapes, and who may do what are in the routes and in the Dialect that a Mux
// is given. Invariant: what a route declares is what is enforced, and the same declaration is what package openapi
// describes, so a document cannot promise what the server does not do. Callers: admin and its dialects.
package web
