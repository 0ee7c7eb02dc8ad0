package types

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// oidCodec is the codec of the unsigned 32-bit types: oid, xid and cid.
func oidCodec(name string) *codec {
	return &codec{
		appendText: appendIntText,
		parseText: func(_ int32, s string, _ *Format) (Datum, error) {
			if name != "oid" {
				return Int(int64(parseC(s))), nil
			}
			return parseOID(s, name)
		},
		appendBinary: func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint32(dst, uint32(d.I)) },
		parseBinary:  parseOIDBinary,
		compare:      compareInt,
		hash:         hashInt,
	}
}

// parseOID reads an unsigned number, or a negative one that stands for its 32-bit complement, as PostgreSQL does.
func parseOID(s, name string) (Datum, error) {
	d, err := parseInt(s, math.MinInt32, math.MaxUint32, name)
	if err != nil {
		return Null, err
	}
	return Int(int64(uint32(d.I))), nil
}

// parseC reads what C's strtoul(s, NULL, 0) reads of s, as xid's input function does: it never fails.
func parseC(s string) uint32 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	base, digits := 10, "0123456789"
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x':
		s, base, digits = s[2:], 16, "0123456789abcdefABCDEF"
	case strings.HasPrefix(s, "0"):
		base, digits = 8, "01234567"
	}
	end := 0
	for end < len(s) && strings.IndexByte(digits, s[end]) >= 0 {
		end++
	}
	v, err := strconv.ParseUint(s[:end], base, 64)
	if err != nil && end > 0 {
		return math.MaxUint32
	}
	if negative {
		v = -v
	}
	return uint32(v)
}

func parseOIDBinary(b []byte) (Datum, error) {
	if err := needLen(b, 4); err != nil {
		return Null, err
	}
	return Int(int64(binary.BigEndian.Uint32(b))), nil
}

// regTypes are the types that are OIDs shown by name.
var regTypes = []OID{
	OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegoperator, OIDRegclass, OIDRegtype, OIDRegnamespace, OIDRegrole,
	OIDRegcollation, OIDRegconfig, OIDRegdictionary,
}

// regCodec is the codec of the reg type with OID id. A name is resolved by Format.Names; numbers and - always work.
func regCodec(id OID) *codec {
	return &codec{
		appendText: func(dst []byte, d Datum, f *Format) []byte {
			if d.I == 0 {
				if id == OIDRegoper || id == OIDRegoperator {
					return append(dst, '0')
				}
				return append(dst, '-')
			}
			if f != nil && f.Names != nil {
				if name, ok := f.Names.NameOf(id, OID(d.I)); ok {
					return append(dst, name...)
				}
			}
			return strconv.AppendInt(dst, d.I, 10)
		},
		parseText: func(_ int32, s string, f *Format) (Datum, error) { return parseReg(id, s, f) },
		appendBinary: func(dst []byte, d Datum) []byte {
			return binary.BigEndian.AppendUint32(dst, uint32(d.I))
		},
		parseBinary: parseOIDBinary,
		compare:     compareInt,
		hash:        hashInt,
	}
}

func parseReg(id OID, s string, f *Format) (Datum, error) {
	switch {
	case s == "-" || (id == OIDRegoper || id == OIDRegoperator) && s == "0":
		return Int(0), nil
	case s != "" && strings.Trim(s, "0123456789") == "":
		return parseOID(s, "oid")
	case f == nil || f.Names == nil:
		return Null, pgerr.New(pgerrcode.FeatureNotSupported, "names of type %s cannot be resolved here", builtinByOID[id].Name)
	}
	found, err := f.Names.Lookup(id, s)
	return Int(int64(found)), err
}

var xid8Codec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte { return strconv.AppendUint(dst, uint64(d.I), 10) },
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		v, err := strconv.ParseUint(trimSpace(s), 10, 64)
		if err != nil {
			return Null, errSyntax("xid8", s)
		}
		return Int(int64(v)), nil
	},
	appendBinary: func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(d.I)) },
	parseBinary:  parseUint64Binary,
	compare:      compareUint,
	hash:         hashInt,
}

func parseUint64Binary(b []byte) (Datum, error) {
	if err := needLen(b, 8); err != nil {
		return Null, err
	}
	return Int(int64(binary.BigEndian.Uint64(b))), nil
}

func compareUint(a, b Datum) int {
	switch {
	case uint64(a.I) < uint64(b.I):
		return -1
	case uint64(a.I) > uint64(b.I):
		return 1
	}
	return 0
}

// lsnCodec is pg_lsn: 16/B374D848.
var lsnCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		return fmt.Appendf(dst, "%X/%X", uint32(d.I>>32), uint32(d.I))
	},
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		hi, lo, ok := strings.Cut(s, "/")
		h, err1 := strconv.ParseUint(hi, 16, 32)
		l, err2 := strconv.ParseUint(lo, 16, 32)
		if !ok || err1 != nil || err2 != nil || len(hi) > 8 || len(lo) > 8 {
			return Null, errSyntax("pg_lsn", s)
		}
		return Int(int64(h<<32 | l)), nil
	},
	appendBinary: func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(d.I)) },
	parseBinary:  parseUint64Binary,
	compare:      compareUint,
	hash:         hashInt,
}

// tidCodec is tid: (block,offset), kept as block << 16 | offset.
var tidCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		return fmt.Appendf(dst, "(%d,%d)", uint32(d.I>>16), uint16(d.I))
	},
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		body, ok1 := strings.CutPrefix(trimSpace(s), "(")
		body, ok2 := strings.CutSuffix(body, ")")
		block, offset, ok3 := strings.Cut(body, ",")
		b, err1 := strconv.ParseUint(strings.TrimLeft(block, " "), 10, 32)
		o, err2 := strconv.ParseUint(strings.TrimLeft(offset, " "), 10, 16)
		if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil {
			return Null, errSyntax("tid", s)
		}
		return Int(int64(b<<16 | o)), nil
	},
	appendBinary: func(dst []byte, d Datum) []byte {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.I>>16))
		return binary.BigEndian.AppendUint16(dst, uint16(d.I))
	},
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 6); err != nil {
			return Null, err
		}
		return Int(int64(binary.BigEndian.Uint32(b))<<16 | int64(binary.BigEndian.Uint16(b[4:]))), nil
	},
	compare: compareInt,
	hash:    hashInt,
}
