// Package webhook tells other systems by HTTP what happens to branches: created, deleted, merged, protected, changed data.
//
// Events are not sent when things happen but found afterwards: a webhook has a cursor for each branch, with the system
// change number up to which the branch's log has been read and what was known of the branch, and whatever is beyond the
// cursor is an event. Deliveries are queued and the cursor is moved on in one transaction, so that over any crash no event
// is lost and none is queued twice, and nothing is ever sent of a transaction that was rolled back. A queue that is full
// does not move the cursor: the log is the backlog.
//
// A delivery is signed as Standard Webhooks has it and tried until it is taken or given up. It may arrive more than once,
// with the same id. Addresses of private networks are refused when the connection is made, after names have been resolved.
//
// It knows no HTTP API: server registers hooks for package admin, and runs the Dispatcher.
package webhook
