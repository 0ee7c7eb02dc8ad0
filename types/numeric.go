package types

import "github.com/rowandb/rowan/types/numeric"

// numericCodec keeps a numeric packed as package numeric documents.
var numericCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte { return numeric.AppendText(dst, d.S) },
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		v, err := numeric.Parse(s)
		return String(v), err
	},
	appendBinary: func(dst []byte, d Datum) []byte { return numeric.AppendBinary(dst, d.S) },
	parseBinary: func(b []byte) (Datum, error) {
		v, err := numeric.ParseBinary(b)
		return String(v), err
	},
	applyMod: func(mod int32, d Datum, _ bool) (Datum, error) {
		v, err := numeric.Coerce(d.S, mod)
		return String(v), err
	},
	compare: func(a, b Datum) int { return numeric.Compare(a.S, b.S) },
	hash:    func(d Datum) uint64 { return numeric.Hash(d.S) },
}
