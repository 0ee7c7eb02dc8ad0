package kv

// Error is an error of an engine that callers tell apart. It has the SQLSTATE that clients get when nobody knows better.
type Error struct{ state, text string }

// The errors. ErrUnknown says that a write may have happened or not, wholly; after the others of Apply nothing of it did.
var (
	ErrUnknown  = &Error{"08007", "the outcome of a write is not known"}
	ErrTooBig   = &Error{"54000", "a write exceeds what the storage takes at a time"}
	ErrKeyLimit = &Error{"54000", "a key exceeds the length that the storage takes"}
	ErrClosed   = &Error{"57P01", "the storage is closed"}
	// ErrFull: there is no space on the disk. Later writes may succeed.
	ErrFull = &Error{"53100", "no space left on the device"}
	// ErrFailed: an earlier write has failed in a way that leaves no trust in later ones.
	ErrFailed = &Error{"58030", "the storage has failed and takes no more writes"}
	// ErrCorrupt: what was read is not what was written.
	ErrCorrupt = &Error{"XX001", "stored data is damaged"}
)

// Error implements error.
func (e *Error) Error() string { return e.text }

// SQLState is the SQLSTATE.
func (e *Error) SQLState() string { return e.state }
