package types

import "time"

// Format is the part of a session's settings that text forms depend on. It is read by one goroutine.
type Format struct {
	DateStyle   DateStyle
	DateOrder   DateOrder
	Interval    IntervalStyle
	Location    *time.Location // TimeZone
	ExtraDigits int            // extra_float_digits
	ByteaEscape bool           // bytea_output = escape
	Now         time.Time      // the transaction's start, for 'now', 'today' in input
}

// DateStyle is the output half of DateStyle.
type DateStyle uint8

// The date styles.
const (
	DateISO DateStyle = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the input half of DateStyle.
type DateOrder uint8

// The orders of day, month and year.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IntervalStyle is the setting of that name.
type IntervalStyle uint8

// The interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQL
	IntervalISO
)

// DefaultFormat is the format of a fresh session: ISO, MDY, UTC.
func DefaultFormat() *Format {
	return &Format{Location: time.UTC, ExtraDigits: 1}
}

// Encoded is a value as a client sent it: not decoded, for that takes its type, which may not be known yet.
type Encoded struct {
	Null   bool
	Binary bool
	Value  []byte // holds during the call that it is given to
}
