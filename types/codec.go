package types

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// codec is what one base type brings: its forms, its length coercion, its order and its hash. Types made of other types
// (arrays, records, enums, domains) have none: format.go and compare.go go on to their parts.
type codec struct {
	appendText   func(dst []byte, d Datum, f *Format) []byte
	parseText    func(mod int32, s string, f *Format) (Datum, error)
	appendBinary func(dst []byte, d Datum) []byte
	parseBinary  func(b []byte) (Datum, error)
	applyMod     func(mod int32, d Datum, explicit bool) (Datum, error) // nil: the type has no modifier
	compare      func(a, b Datum) int                                   // nil: the type has no order
	hash         func(d Datum) uint64                                   // nil: the type cannot be hashed
}

// codecs is indexed by OID: all built-in types have small ones.
var codecs = buildCodecs()

func buildCodecs() []*codec {
	t := make([]*codec, 6500)
	for id, c := range map[OID]*codec{
		OIDBool:        &boolCodec,
		OIDBytea:       &byteaCodec,
		OIDChar:        &charCodec,
		OIDName:        &nameCodec,
		OIDInt2:        intCodec(2, "smallint"),
		OIDInt4:        intCodec(4, "integer"),
		OIDInt8:        intCodec(8, "bigint"),
		OIDMoney:       &moneyCodec,
		OIDInt2Vector:  vectorCodec(OIDInt2),
		OIDOidVector:   vectorCodec(OIDOid),
		OIDOid:         oidCodec("oid"),
		OIDXid:         oidCodec("xid"),
		OIDCid:         oidCodec("cid"),
		OIDXid8:        &xid8Codec,
		OIDTid:         &tidCodec,
		OIDPgLSN:       &lsnCodec,
		OIDText:        &textCodec,
		OIDVarchar:     &varcharCodec,
		OIDBpchar:      &bpcharCodec,
		OIDUnknown:     &textCodec,
		OIDCstring:     &textCodec,
		OIDXML:         &textCodec,
		OIDNodeTree:    &textCodec,
		OIDJSONPath:    &jsonpathCodec,
		OIDRefcursor:   &textCodec,
		OIDACLItem:     &textCodec,
		OIDVoid:        &voidCodec,
		OIDTrigger:     &voidCodec,
		OIDFloat4:      &float4Codec,
		OIDFloat8:      &float8Codec,
		OIDNumeric:     &numericCodec,
		OIDUUID:        &uuidCodec,
		OIDJSON:        &jsonCodec,
		OIDJSONB:       &jsonbCodec,
		OIDDate:        &dateCodec,
		OIDTime:        &timeCodec,
		OIDTimetz:      &timetzCodec,
		OIDTimestamp:   &timestampCodec,
		OIDTimestamptz: &timestamptzCodec,
		OIDInterval:    &intervalCodec,
		OIDBit:         &bitCodec,
		OIDVarbit:      &varbitCodec,
		OIDInet:        inetCodec(false),
		OIDCidr:        inetCodec(true),
		OIDMacaddr:     macCodec(6, "macaddr"),
		OIDMacaddr8:    macCodec(8, "macaddr8"),
	} {
		t[id] = c
	}
	for _, id := range regTypes {
		t[id] = regCodec(id)
	}
	return t
}

// codecOf returns the codec of a base type, or nil.
func codecOf(d *Def) *codec {
	if d.OID < OID(len(codecs)) {
		return codecs[d.OID]
	}
	return nil
}

// errSyntax is the error of an input function that cannot read s.
func errSyntax(typeName, s string) error {
	return pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

func errRange(typeName, s string) error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, typeName)
}

// errNoInput is the error for types whose values cannot be read.
func errNoInput(t Type) error {
	if t.Kind == KindPseudo {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot accept a value of type %s", TypeName(t, nil))
	}
	return pgerr.Unsupported("type %s", TypeName(t, nil))
}

func errShort() error {
	return pgerr.New(pgerrcode.ProtocolViolation, "insufficient data left in message")
}

// needLen checks the length of a binary value of fixed size.
func needLen(b []byte, n int) error {
	switch {
	case len(b) < n:
		return errShort()
	case len(b) > n:
		return pgerr.New(pgerrcode.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return nil
}

// trimSpace cuts the white space that input functions skip.
func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
