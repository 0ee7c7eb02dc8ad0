package catalog

// RowLock is the strength of a row lock, as in SELECT … FOR.
type RowLock uint8

// The strengths, weakest first. NoRowLock means none.
const (
	NoRowLock RowLock = iota
	ForKeyShare
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait says what to do when a lock is held by another transaction.
type LockWait uint8

// The ways.
const (
	Wait LockWait = iota
	NoWait
	SkipLocked
)

// TableLock is a mode of LOCK TABLE, weakest first; which modes conflict is PostgreSQL's table.
type TableLock uint8

// The modes.
const (
	AccessShare TableLock = iota + 1
	RowShare
	RowExclusive
	ShareUpdateExclusive
	Share
	ShareRowExclusive
	Exclusive
	AccessExclusive
)
