package types

// Encoded is a value as a client sent it: not decoded, for that takes its type, which may not be known yet.
type Encoded struct {
	Null   bool
	Binary bool
	Value  []byte // holds during the call that it is given to
}
