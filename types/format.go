package types

import (
	"time"

	"github.com/rowandb/rowan/types/datetime"
)

// Format is the part of a session's settings that text forms depend on. It is read by one goroutine.
type Format struct {
	DateStyle   DateStyle
	DateOrder   DateOrder
	Interval    IntervalStyle
	Location    *time.Location // TimeZone
	ExtraDigits int            // extra_float_digits
	ByteaEscape bool           // bytea_output = escape
	Now         time.Time      // the transaction's start, for 'now', 'today' in input
	Names       Names          // for the reg types; nil: they show and read numbers only
}

// Names resolves the names that the reg types (regclass, regtype, regproc, …) show and read. The session has it.
type Names interface {
	// NameOf returns what the output function of the reg type shows for an OID; ok is false for an unknown one.
	NameOf(reg, id OID) (name string, ok bool)
	// Lookup returns the OID that the input function of the reg type finds for a name.
	Lookup(reg OID, name string) (OID, error)
}

// The settings of dates and intervals.
type (
	DateStyle     = datetime.Style
	DateOrder     = datetime.Order
	IntervalStyle = datetime.IntervalStyle
)

// The date styles.
const (
	DateISO      = datetime.ISO
	DateSQL      = datetime.SQL
	DatePostgres = datetime.Postgres
	DateGerman   = datetime.German
)

// The orders of day, month and year.
const (
	OrderMDY = datetime.MDY
	OrderDMY = datetime.DMY
	OrderYMD = datetime.YMD
)

// The interval styles.
const (
	IntervalPostgres        = datetime.IntervalPostgres
	IntervalPostgresVerbose = datetime.IntervalVerbose
	IntervalSQL             = datetime.IntervalSQL
	IntervalISO             = datetime.IntervalISO
)

// DefaultFormat is the format of a fresh session: ISO, MDY, UTC.
func DefaultFormat() *Format {
	return &Format{Location: time.UTC, ExtraDigits: 1}
}

// AppendText appends what d's output function gives. d must not be NULL, and its type must have a text form (HasText).
func AppendText(dst []byte, t Type, d Datum, f *Format) []byte {
	if c := codecOf(t.Def); c != nil {
		return c.appendText(dst, d, f)
	}
	switch {
	case t.Elem != nil:
		return appendArray(dst, t, d.S, f)
	case t.Kind == KindEnum:
		return append(dst, EnumLabel(t.Def, d.I)...)
	case t.Kind == KindDomain:
		return AppendText(dst, *t.Base, d, f)
	case isRecord(t):
		return appendRecord(dst, t, d.S, f)
	}
	return append(dst, d.S...)
}

// Text is AppendText to a string of its own.
func Text(t Type, d Datum, f *Format) string {
	if c := codecOf(t.Def); c == &textCodec {
		return d.S
	}
	var buf [64]byte
	return string(AppendText(buf[:0], t, d, f))
}

// ParseText reads s as the type's input function with t.Mod does. The datum may borrow from s.
func ParseText(t Type, s string, f *Format) (Datum, error) {
	if c := codecOf(t.Def); c != nil {
		d, err := c.parseText(t.Mod, s, f)
		if err != nil || t.Mod < 0 || c.applyMod == nil {
			return d, err
		}
		return c.applyMod(t.Mod, d, false)
	}
	switch {
	case t.Elem != nil:
		return parseArray(t, s, f)
	case t.Kind == KindEnum:
		return parseEnum(t.Def, s)
	case t.Kind == KindDomain:
		return ParseText(*t.Base, s, f)
	case isRecord(t):
		return parseRecord(t, s, f)
	}
	return Null, errNoInput(t)
}

// AppendBinary appends what d's send function gives: the payload without its length. d must not be NULL.
func AppendBinary(dst []byte, t Type, d Datum) []byte {
	if c := codecOf(t.Def); c != nil {
		return c.appendBinary(dst, d)
	}
	switch {
	case t.Elem != nil:
		return appendArrayBinary(dst, t, d.S)
	case t.Kind == KindEnum:
		return append(dst, EnumLabel(t.Def, d.I)...)
	case t.Kind == KindDomain:
		return AppendBinary(dst, *t.Base, d)
	case isRecord(t):
		return appendRecordBinary(dst, t, d.S)
	}
	return append(dst, d.S...)
}

// ParseBinary reads the payload b as the type's receive function with t.Mod does. The datum does not borrow from b.
func ParseBinary(t Type, b []byte) (Datum, error) {
	if c := codecOf(t.Def); c != nil {
		d, err := c.parseBinary(b)
		if err != nil || t.Mod < 0 || c.applyMod == nil {
			return d, err
		}
		return c.applyMod(t.Mod, d, false)
	}
	switch {
	case t.Elem != nil:
		return parseArrayBinary(t, b)
	case t.Kind == KindEnum:
		return parseEnum(t.Def, string(b))
	case t.Kind == KindDomain:
		return ParseBinary(*t.Base, b)
	case isRecord(t):
		return parseRecordBinary(t, b)
	}
	return Null, errNoInput(t)
}

// ApplyMod coerces d, of t's type, to t.Mod: the length of a string, the scale of a numeric, the precision of a time. An
// explicit cast cuts a string that is too long where an assignment fails.
func ApplyMod(t Type, d Datum, explicit bool) (Datum, error) {
	if d.Null || t.Mod < 0 {
		return d, nil
	}
	if c := codecOf(t.Def); c != nil {
		if c.applyMod == nil {
			return d, nil
		}
		return c.applyMod(t.Mod, d, explicit)
	}
	if t.Elem != nil {
		return mapArray(t, d, func(e Datum) (Datum, error) { return ApplyMod(Type{t.Elem, t.Mod}, e, explicit) })
	}
	return d, nil
}

// HasText reports whether values of the type can be read and shown.
func HasText(d *Def) bool {
	switch {
	case d == nil:
		return false
	case codecOf(d) != nil:
		return true
	case d.Elem != nil:
		return HasText(d.Elem)
	}
	return d.Kind == KindEnum || d.Kind == KindDomain || d.Kind == KindComposite || d.OID == OIDRecord
}
