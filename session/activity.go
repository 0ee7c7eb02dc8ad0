package session

import (
	"strings"
	"sync"
	"time"
)

// activity is what pg_stat_activity shows: the sessions of the server and what they do.
type activity struct {
	mu      sync.Mutex
	entries map[*activityEntry]struct{}
}

// activityEntry is one session's row. mu guards what the session changes and others read.
type activityEntry struct {
	PID         uint32
	User        string
	Database    string
	DatabaseOID uint32
	RemoteAddr  string
	Started     time.Time

	mu          sync.Mutex
	application string
	query       string
	state       string
	queryAt     time.Time
	stateAt     time.Time
	txnAt       time.Time
	waitType    string // what it waits for beside locks
	wait        string
}

// waits notes what the session waits for; "": nothing.
func (e *activityEntry) waits(kind, event string) {
	e.mu.Lock()
	e.waitType, e.wait = kind, event
	e.mu.Unlock()
}

func newActivity() *activity { return &activity{entries: map[*activityEntry]struct{}{}} }

func (a *activity) add(s *Session) *activityEntry {
	app, _ := s.settings.get("application_name")
	e := &activityEntry{PID: s.opts.PID, User: s.opts.User, Database: s.database.Name, DatabaseOID: s.database.OID,
		RemoteAddr: s.opts.RemoteAddr, Started: time.Now(), state: "idle", application: app}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries[e] = struct{}{}
	return e
}

func (a *activity) remove(e *activityEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.entries, e)
}

// begin notes that a query runs.
func (e *activityEntry) begin(sql string) {
	e.mu.Lock()
	e.query, e.state, e.queryAt = sql, "active", time.Now()
	e.stateAt = e.queryAt
	if e.txnAt.IsZero() { // the statement begins one
		e.txnAt = e.queryAt
	}
	e.mu.Unlock()
}

// end notes that the session waits for its client.
func (e *activityEntry) end(s *Session) {
	state, txnAt := "idle", time.Time{}
	if s.txn != nil {
		txnAt = s.txn.started
		state = "idle in transaction"
		if s.txn.failed {
			state = "idle in transaction (aborted)"
		}
	}
	app, _ := s.settings.get("application_name")
	e.mu.Lock()
	e.state, e.stateAt, e.txnAt, e.application = state, time.Now(), txnAt, app
	e.mu.Unlock()
}

// queryStart is statement_timestamp().
func (e *activityEntry) queryStart() time.Time {
	if e == nil {
		return time.Now()
	}
	return e.queryAt
}

// namesSecret reports whether a statement seems to have a secret in it, which is not to stay in the log forever.
func namesSecret(text string) bool { return strings.Contains(strings.ToLower(text), "password") }

// maxSummary is how much of a statement's text the branch's log keeps, in bytes.
const maxSummary = 120

// summary is what the branch's log says of a transaction: the running statement's text, shortened, else the tag.
func (e *activityEntry) summary(tag string) string {
	text := strings.Join(strings.Fields(e.query), " ")
	if text == "" || namesSecret(text) {
		return tag
	}
	if len(text) > maxSummary {
		text = strings.ToValidUTF8(text[:maxSummary], "") + "…"
	}
	return text
}
