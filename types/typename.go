package types

import (
	"fmt"

	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/numeric"
)

// sqlNames are the types that SQL names otherwise than pg_type does.
var sqlNames = map[OID]string{
	OIDBool: "boolean", OIDBpchar: "character", OIDFloat4: "real", OIDFloat8: "double precision", OIDInt4: "integer",
	OIDInt8: "bigint", OIDInt2: "smallint", OIDTime: "time without time zone", OIDTimetz: "time with time zone",
	OIDTimestamp: "timestamp without time zone", OIDTimestamptz: "timestamp with time zone", OIDVarbit: "bit varying",
	OIDVarchar: "character varying", OIDInterval: "interval", OIDNumeric: "numeric", OIDBit: "bit",
}

// TypeName returns the type's name as messages and casts show it: "character varying(255)", "numeric(10,2)[]". qualify
// spells the name of a type outside of pg_catalog, with its schema or without; nil means without.
func TypeName(t Type, qualify func(schema, name string) string) string {
	return formatType(t, qualify, false)
}

// FormatType is SQL's format_type with a modifier given: it tells character(1), which a missing modifier means in SQL,
// from bpchar, which has none.
func FormatType(t Type, qualify func(schema, name string) string) string {
	return formatType(t, qualify, true)
}

func formatType(t Type, qualify func(schema, name string) string, modGiven bool) string {
	if t.Def == nil {
		return "???"
	}
	if t.IsArray() && t.Kind != KindDomain && t.OID != OIDInt2Vector && t.OID != OIDOidVector {
		return formatType(Type{t.Elem, t.Mod}, qualify, modGiven) + "[]"
	}
	if t.Schema != "pg_catalog" && t.Schema != "" {
		if qualify != nil {
			return qualify(t.Schema, t.Name)
		}
		return QuoteIdent(t.Name)
	}
	name, ok := sqlNames[t.OID]
	if !ok {
		return QuoteIdent(t.Name) + plainMod(t)
	}
	if t.Mod < 0 {
		switch {
		case modGiven && t.OID == OIDBpchar:
			return "bpchar"
		case modGiven && t.OID == OIDBit:
			return "\"bit\""
		}
		return name
	}
	return withMod(t, name)
}

func plainMod(t Type) string {
	if t.Mod < 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", t.Mod)
}

func withMod(t Type, name string) string {
	switch t.OID {
	case OIDVarchar, OIDBpchar:
		if t.Mod < modHeader {
			return name
		}
		return fmt.Sprintf("%s(%d)", name, t.Mod-modHeader)
	case OIDBit, OIDVarbit:
		return fmt.Sprintf("%s(%d)", name, t.Mod)
	case OIDNumeric:
		p, s, ok := numeric.UnpackMod(t.Mod)
		if !ok {
			return name
		}
		return fmt.Sprintf("numeric(%d,%d)", p, s)
	case OIDTime, OIDTimestamp:
		return fmt.Sprintf("%s(%d) without time zone", name[:len(name)-len(" without time zone")], t.Mod)
	case OIDTimetz, OIDTimestamptz:
		return fmt.Sprintf("%s(%d) with time zone", name[:len(name)-len(" with time zone")], t.Mod)
	case OIDInterval:
		return name + intervalMod(t.Mod)
	}
	return name + plainMod(t)
}

// intervalMod shows the range and precision of an interval: " year to month", " second(3)", "(3)".
func intervalMod(mod int32) string {
	rng, precision := datetime.UnpackIntervalMod(mod)
	const d, h, m, s = datetime.RangeDay, datetime.RangeHour, datetime.RangeMinute, datetime.RangeSecond
	text := map[int]string{
		datetime.RangeYear: " year", datetime.RangeMonth: " month", d: " day", h: " hour", m: " minute", s: " second",
		datetime.RangeYear | datetime.RangeMonth: " year to month", d | h: " day to hour", d | h | m: " day to minute",
		d | h | m | s: " day to second", h | m: " hour to minute", h | m | s: " hour to second", m | s: " minute to second",
	}[rng]
	if precision >= 0 {
		text += fmt.Sprintf("(%d)", precision)
	}
	return text
}
