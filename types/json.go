package types

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/jsonb"
)

// jsonCodec keeps json as it was written. The type has no order.
var jsonCodec = codec{
	appendText: appendString,
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		return String(s), jsonb.Validate(s)
	},
	appendBinary: textCodec.appendBinary,
	parseBinary: func(b []byte) (Datum, error) {
		d, err := parseTextBinary(b)
		if err != nil {
			return Null, err
		}
		return d, jsonb.Validate(d.S)
	},
}

// jsonbCodec keeps jsonb as its canonical text.
var jsonbCodec = codec{
	appendText: appendString,
	parseText:  parseJSONB,
	appendBinary: func(dst []byte, d Datum) []byte {
		return append(append(dst, jsonbVersion), d.S...)
	},
	parseBinary: func(b []byte) (Datum, error) { return parseVersioned(b, "jsonb", parseJSONB) },
	compare:     func(a, b Datum) int { return jsonb.CompareText(a.S, b.S) },
	hash:        func(d Datum) uint64 { return jsonb.HashText(d.S) },
}

// jsonbVersion leads the binary forms of jsonb and jsonpath.
const jsonbVersion = 1

func parseJSONB(_ int32, s string, _ *Format) (Datum, error) {
	c, err := jsonb.Canonical(s)
	return String(c), err
}

func parseVersioned(b []byte, name string, parse func(int32, string, *Format) (Datum, error)) (Datum, error) {
	if len(b) == 0 {
		return Null, errShort()
	}
	if b[0] != jsonbVersion {
		return Null, pgerr.New(pgerrcode.InternalError, "unsupported %s version number %d", name, b[0])
	}
	d, err := parseTextBinary(b[1:])
	if err != nil {
		return Null, err
	}
	return parse(-1, d.S, nil)
}

// jsonpathCodec keeps a path as its text.
var jsonpathCodec = codec{
	appendText:   appendString,
	parseText:    textCodec.parseText,
	appendBinary: jsonbCodec.appendBinary,
	parseBinary:  func(b []byte) (Datum, error) { return parseVersioned(b, "jsonpath", textCodec.parseText) },
}
