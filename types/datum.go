package types

import (
	"math"
	"strings"
)

// Datum is one value. Which field holds it is said by the Class of its type; see Def.Class.
//
//	ClassInt    I   bool (0 or 1), int2, int4, int8, oid and its kin (regclass, …), "char", xid; date (days since
//	                2000-01-01), time (microseconds since midnight), timestamp and timestamptz (microseconds since
//	                2000-01-01 UTC; MinInt64 and MaxInt64 are -infinity and infinity, MinInt32/MaxInt32 for date),
//	                enums (the label's sort key, Label.Key), tid (block << 16 | offset), money (cents), xid8 and
//	                pg_lsn (the bits of the unsigned number)
//	ClassFloat  F   float4 (as the float64 of its float32), float8
//	ClassString S   everything else, in the form that the type's file documents: text and its kin as their UTF-8 bytes,
//	                bytea raw, uuid 16 bytes, numeric packed (package numeric), interval packed (datetime.Interval),
//	                timetz 12 bytes (PackTimetz), json as its text, jsonb as its canonical text (package jsonb), bit
//	                strings as text of 0 and 1, inet packed (PackInet), arrays packed (Array), records (PackRecord)
//
// A Datum taken from a batch borrows its string from the batch and holds as long as the batch does; Clone to keep it.
type Datum struct {
	Null bool
	I    int64
	S    string
}

// Null is the NULL of every type.
var Null = Datum{Null: true}

// Int makes a ClassInt datum.
func Int(i int64) Datum { return Datum{I: i} }

// Bool makes a boolean datum.
func Bool(b bool) Datum {
	if b {
		return Datum{I: 1}
	}
	return Datum{}
}

// Float makes a ClassFloat datum.
func Float(f float64) Datum { return Datum{I: int64(math.Float64bits(f))} }

// String makes a ClassString datum.
func String(s string) Datum { return Datum{S: s} }

// F returns the value of a ClassFloat datum.
func (d Datum) F() float64 { return math.Float64frombits(uint64(d.I)) }

// B returns the value of a boolean datum; NULL is false.
func (d Datum) B() bool { return !d.Null && d.I != 0 }

// Clone returns d with memory of its own.
func (d Datum) Clone() Datum {
	d.S = strings.Clone(d.S)
	return d
}
