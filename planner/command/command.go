// Package command is what statements without a relational plan ask for: session control, transactions, cursors, COPY,
// EXPLAIN, and the definition of schema objects. bind makes commands, fully resolved and free of pg_query; session runs
// those of session.go, executor/ddl those of ddl.go.
//
// Commands are plain data. Expressions that become part of the schema are kept as canonical SQL text.
package command

// Command is a statement that is not a query.
//
//sumtype:decl
type Command interface {
	// Tag is the command tag, such as CREATE TABLE, without row counts.
	Tag() string
	command()
}
