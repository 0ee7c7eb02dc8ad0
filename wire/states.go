package wire

import "fmt"

// state says what a connection's goroutine does with the next message.
type state uint8

const (
	stStartup   state = iota // no StartupMessage accepted yet
	stAuth                   // proving who the user is, opening the session
	stReady                  // between statements
	stBatch                  // in an extended batch: after its first message, before Sync
	stSkipping               // an extended batch failed: all is ignored until Sync
	stCopyReady              // COPY FROM STDIN within a simple query
	stCopyBatch              // COPY FROM STDIN within an extended batch
	stClosed                 // no more messages are read
	stateCount
)

var stateNames = [stateCount]string{
	"startup", "authenticating", "ready", "batch", "skipping", "copy in (simple)", "copy in (batch)", "closed",
}

// String implements fmt.Stringer.
func (s state) String() string { return stateNames[s] }

// event is what may change the state.
type event uint8

const (
	evStartup       event = iota // a StartupMessage was accepted
	evAuthenticated              // the session is open
	evExtended                   // an extended message was handled
	evSync                       // Sync, or anything else that is answered by ReadyForQuery
	evFail                       // an error within an extended batch
	evCopyIn                     // the session began COPY FROM STDIN
	evCopyEnd                    // the statement with COPY FROM STDIN has ended, well or not
	evClose                      // Terminate, end of input, a fatal error
	eventCount
)

var eventNames = [eventCount]string{
	"startup", "authenticated", "extended", "sync", "fail", "copy in", "copy end", "close",
}

// String implements fmt.Stringer.
func (e event) String() string { return eventNames[e] }

// transition is one allowed change of state.
type transition struct {
	from  state
	event event
	to    state
	why   string
}

// transitions is the whole machine. Every state but closed also goes to closed on evClose.
var transitions = []transition{
	{stStartup, evStartup, stAuth, "the user and database are known; the password is next"},
	{stAuth, evAuthenticated, stReady, "AuthenticationOk, parameters and key data are sent; ReadyForQuery follows"},
	{stReady, evSync, stReady, "a simple query, or a Sync without a batch"},
	{stReady, evExtended, stBatch, "the first message of an extended batch"},
	{stReady, evFail, stSkipping, "the first message of an extended batch failed"},
	{stReady, evCopyIn, stCopyReady, "a simple query wants the client's data"},
	{stBatch, evExtended, stBatch, "one more message of the batch"},
	{stBatch, evSync, stReady, "the batch is committed, or a simple query ended it"},
	{stBatch, evFail, stSkipping, "the rest of the batch builds on what failed"},
	{stBatch, evCopyIn, stCopyBatch, "Execute wants the client's data"},
	{stSkipping, evSync, stReady, "the client knows of the error from here on"},
	{stCopyReady, evCopyEnd, stReady, "data that still comes after a failed COPY is ignored"},
	{stCopyBatch, evCopyEnd, stBatch, "an error is then one of the batch"},
}

// next is transitions as an array; closed (which has no transitions) stands for "not allowed".
var next = buildNext()

func buildNext() (n [stateCount][eventCount]state) {
	for s := range n {
		for e := range n[s] {
			n[s][e] = stClosed
		}
	}
	for _, t := range transitions {
		n[t.from][t.event] = t.to
	}
	return n
}

// step moves the connection to its next state. An event that the table does not allow closes the connection: it can
// only come from a fault in this package.
func (c *conn) step(e event) {
	to := next[c.state][e]
	if to == stClosed && e != evClose && c.state != stClosed {
		c.log.Error(fmt.Sprintf("wire: event %s in state %s", e, c.state))
	}
	c.state = to
}
