package session

import (
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// IdleTimeout returns how long the client may be silent as of now (0: for ever), and the error that ends it then.
func (s *Session) IdleTimeout() (time.Duration, *pgerr.Error) {
	if s.TxnStatus() != 'I' {
		return s.settings.duration("idle_in_transaction_session_timeout"), errIdleInTransaction
	}
	return s.settings.duration("idle_session_timeout"), errIdleSession
}

var (
	errIdleInTransaction = pgerr.New(pgerrcode.IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout").Fatal()
	errIdleSession       = pgerr.New(pgerrcode.IdleSessionTimeout, "terminating connection due to idle-session timeout").Fatal()
)

// Deliver passes the notifications that have come for the client since the last call.
func (s *Session) Deliver(send func(pid uint32, channel, payload string)) {
	for _, n := range s.Notifications() {
		send(n.PID, n.Channel, n.Payload)
	}
}
