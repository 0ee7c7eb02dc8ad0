package expr

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types"
)

// sqlNames has the types that the grammar spells with words of its own.
var sqlNames = map[types.OID]string{
	types.OIDBit: "bit", types.OIDBool: "boolean", types.OIDBpchar: "character", types.OIDChar: `"char"`,
	types.OIDFloat4: "real", types.OIDFloat8: "double precision", types.OIDInt2: "smallint", types.OIDInt4: "integer",
	types.OIDInt8: "bigint", types.OIDNumeric: "numeric", types.OIDInterval: "interval", types.OIDVarbit: "bit varying",
	types.OIDVarchar: "character varying",
}

// TypeName spells a type as format_type does. Types outside of pg_catalog and public are qualified.
func TypeName(t types.Type) string {
	if t.Def == nil {
		return "unknown"
	}
	if t.IsArray() {
		return TypeName(types.Type{Def: t.Elem, Mod: t.Mod}) + "[]"
	}
	mod := t.Mod
	switch id := t.ID(); id {
	case types.OIDBpchar:
		if mod < 0 {
			return "bpchar" // plain "character" would be character(1)
		}
		return "character" + lengthMod(mod-4)
	case types.OIDVarchar:
		return "character varying" + lengthMod(mod-4)
	case types.OIDBit, types.OIDVarbit:
		if mod < 0 && id == types.OIDBit {
			return `"bit"`
		}
		return sqlNames[id] + lengthMod(mod)
	case types.OIDNumeric:
		return "numeric" + numericMod(mod)
	case types.OIDInterval:
		return "interval" + intervalMod(mod)
	case types.OIDTime:
		return "time" + lengthMod(mod) + " without time zone"
	case types.OIDTimetz:
		return "time" + lengthMod(mod) + " with time zone"
	case types.OIDTimestamp:
		return "timestamp" + lengthMod(mod) + " without time zone"
	case types.OIDTimestamptz:
		return "timestamp" + lengthMod(mod) + " with time zone"
	default:
		if n, ok := sqlNames[id]; ok {
			return n
		}
	}
	return qualified(t.Def)
}

func qualified(d *types.Def) string {
	if d.Schema == "" || d.Schema == "pg_catalog" || d.Schema == "public" {
		return QuoteIdent(d.Name)
	}
	return QuoteIdent(d.Schema) + "." + QuoteIdent(d.Name)
}

func lengthMod(n int32) string {
	if n < 0 {
		return ""
	}
	return "(" + strconv.Itoa(int(n)) + ")"
}

func numericMod(m int32) string {
	if m < 4 {
		return ""
	}
	m -= 4
	scale := int(m&0x7ff^1024) - 1024 // eleven bits, signed
	return "(" + strconv.Itoa(int(m>>16&0xffff)) + "," + strconv.Itoa(scale) + ")"
}

// intervalFields maps the bits of an interval's modifier (its upper half) to words.
var intervalFields = map[int32]string{
	1 << 2: "year", 1 << 1: "month", 1 << 3: "day", 1 << 10: "hour", 1 << 11: "minute", 1 << 12: "second",
	1<<2 | 1<<1: "year to month", 1<<3 | 1<<10: "day to hour", 1<<3 | 1<<10 | 1<<11: "day to minute",
	1<<3 | 1<<10 | 1<<11 | 1<<12: "day to second", 1<<10 | 1<<11: "hour to minute",
	1<<10 | 1<<11 | 1<<12: "hour to second", 1<<11 | 1<<12: "minute to second",
}

func intervalMod(m int32) string {
	if m < 0 {
		return ""
	}
	var b strings.Builder
	if f := intervalFields[m>>16&0x7fff]; f != "" {
		b.WriteString(" " + f)
	}
	if p := m & 0xffff; p != 0xffff {
		b.WriteString(lengthMod(p))
	}
	return b.String()
}
