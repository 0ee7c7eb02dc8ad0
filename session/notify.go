package session

import (
	"maps"
	"slices"
	"sync"

	"github.com/rowandb/rowan/planner/command"
)

// notification is one NOTIFY.
type notification struct {
	PID              uint32
	Channel, Payload string
}

// notifier carries notifications between the sessions of a database.
type notifier struct {
	mu        sync.Mutex
	listeners map[*Session]*listener
}

// listener is what one session listens to, and what waits to be sent to its client.
type listener struct {
	database uint32
	channels map[string]bool
	pending  []notification
}

func newNotifier() *notifier { return &notifier{listeners: map[*Session]*listener{}} }

func (n *notifier) remove(s *Session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.listeners, s)
}

func (n *notifier) send(from *Session, notes []notification) {
	if len(notes) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for s, l := range n.listeners {
		before := len(l.pending)
		for _, note := range notes {
			if l.database == from.database.OID && l.channels[note.Channel] {
				l.pending = append(l.pending, note)
			}
		}
		if len(l.pending) > before && s.opts.Wake != nil {
			s.opts.Wake()
		}
	}
}

// notify keeps a notification to be sent at the commit, once each.
func (t *txn) notify(channel, payload string) {
	n := notification{t.session.opts.PID, channel, payload}
	if !slices.Contains(t.notices, n) {
		t.notices = append(t.notices, n)
	}
}

// listen runs LISTEN, UNLISTEN and NOTIFY, which all have their effect at the commit.
func (s *Session) listen(c *command.Listen) {
	if c.Notify {
		s.txn.notify(c.Channel, c.Payload)
		return
	}
	s.txn.listens = append(s.txn.listens, c)
}

// announce does what LISTEN, UNLISTEN and NOTIFY have said in a transaction that is committed.
func (s *Session) announce(t *txn) {
	for _, c := range t.listens {
		s.engine.notify.listen(s, c)
	}
	s.engine.notify.send(s, t.notices)
	t.listens, t.notices = nil, nil
}

func (n *notifier) listen(s *Session, c *command.Listen) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listeners[s]
	switch {
	case c.Off && c.Channel == "":
		delete(n.listeners, s)
	case c.Off:
		if l != nil {
			delete(l.channels, c.Channel)
		}
	case l == nil:
		n.listeners[s] = &listener{database: s.database.OID, channels: map[string]bool{c.Channel: true}}
	default:
		l.channels[c.Channel] = true
	}
}

// listening lists the channels that the session listens to, in order.
func (s *Session) listening() []string {
	n := s.engine.notify
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.listeners[s]; l != nil {
		return slices.Sorted(maps.Keys(l.channels))
	}
	return nil
}

// Notifications returns what has arrived for the session's client since the last call.
func (s *Session) Notifications() []notification {
	n := s.engine.notify
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listeners[s]
	if l == nil || len(l.pending) == 0 {
		return nil
	}
	out := l.pending
	l.pending = nil
	return out
}
