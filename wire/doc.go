// Package wire speaks PostgreSQL's protocol, version 3: it turns a client's messages into calls of a Session and the
// Session's results into messages.
//
// It does startup, TLS, SCRAM, simple and extended queries, COPY, cancel requests and the framing of errors. It knows
// nothing of SQL: statements, parameters, transactions and their status are the Session's. Result format codes and the
// encoding of rows are wire's own.
//
// One goroutine serves a connection, reading a message, handling it, reading the next. What that goroutine may do is one
// of a few states, and every change of state is a row of the table in states.go:
//
//	startup → authenticating → ready ⇄ extended batch → skipping until Sync → ready … → closed
//
// Invariants: every simple Query, FunctionCall and Sync is answered by exactly one ReadyForQuery, or the connection ends;
// after an error in an extended batch nothing is done until Sync; a panic ends only the connection on which it happened;
// output is flushed before the connection waits for input that the client sends only after having read it.
//
// Package server makes a Server and gives it an Opener; nothing else imports this package except its Session's maker.
package wire
