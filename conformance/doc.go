// Package conformance holds black-box tests: stock clients against a running server, with expectations taken from a real
// PostgreSQL 15.
//
// A file of testdata is a conversation: `sql` blocks with what came back. `go test ./conformance -run TestSQL -rewrite`
// writes the answers of PostgreSQL into the files under testdata/postgres (it starts one), and Rowan's own into those
// under testdata/rowan, which are about what PostgreSQL does not have. The package imports server and clients only, never
// an inner package.
package conformance
