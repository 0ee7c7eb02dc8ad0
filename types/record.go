package types

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// A record is packed as its number of fields (2 bytes) and, for each field, its type's OID (4 bytes), a byte that is 0
// for NULL, 1 for a number and 2 for a string, and then 8 bytes or a length of 4 bytes and the bytes; little-endian.
const (
	fieldNull = iota
	fieldNumber
	fieldString
)

func isRecord(t Type) bool { return t.Kind == KindComposite || t.OID == OIDRecord }

// RecordField is a field of an unpacked record. Its Type has no definition when it belongs to a user and the record's
// own type does not list its fields.
type RecordField struct {
	Type  Type
	Value Datum
}

// PackRecord packs a row.
func PackRecord(fields []RecordField) string {
	b := binary.LittleEndian.AppendUint16(make([]byte, 0, 16*len(fields)+2), uint16(len(fields)))
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint32(b, f.Type.ID())
		switch {
		case f.Value.Null:
			b = append(b, fieldNull)
		case f.Type.Def != nil && f.Type.Class != ClassString:
			b = binary.LittleEndian.AppendUint64(append(b, fieldNumber), uint64(f.Value.I))
		default:
			b = binary.LittleEndian.AppendUint32(append(b, fieldString), uint32(len(f.Value.S)))
			b = append(b, f.Value.S...)
		}
	}
	return bytesString(b)
}

// UnpackRecord unpacks a row of type t; the values borrow from s.
func UnpackRecord(t Type, s string) []RecordField {
	if len(s) < 2 {
		return nil
	}
	n := int(s[0]) | int(s[1])<<8
	fields := make([]RecordField, 0, n)
	at := 2
	for i := range n {
		if at+5 > len(s) {
			return nil
		}
		f := RecordField{Type: fieldType(t, i, le32(s, at))}
		kind := s[at+4]
		at += 5
		switch kind {
		case fieldNull:
			f.Value = Null
		case fieldNumber:
			f.Value = Int(int64(le64(s, at)))
			at += 8
		default:
			size := int(le32(s, at))
			at += 4
			if size > len(s)-at {
				return nil
			}
			f.Value = String(s[at : at+size])
			at += size
		}
		fields = append(fields, f)
	}
	return fields
}

// fieldType finds the type of field i: the record type's own if it agrees with what was packed, else a built-in one.
func fieldType(t Type, i int, id OID) Type {
	if t.Def != nil && i < len(t.Fields) && t.Fields[i].Type.ID() == id {
		return t.Fields[i].Type
	}
	if d := Builtin(id); d != nil {
		return Of(d)
	}
	return Type{Mod: -1}
}

func appendRecord(dst []byte, t Type, s string, f *Format) []byte {
	begin := len(dst)
	dst = append(dst, '(')
	for i, x := range UnpackRecord(t, s) {
		if len(dst)-begin > maxText {
			return dst
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		if x.Value.Null {
			continue
		}
		start := len(dst)
		if x.Type.Def != nil {
			dst = AppendText(dst, x.Type, x.Value, f)
		} else {
			dst = append(dst, x.Value.S...)
		}
		dst = quoteField(dst, start)
	}
	return append(dst, ')')
}

// quoteField quotes the text from start on if a record needs it quoted; quotes and backslashes are doubled.
func quoteField(dst []byte, start int) []byte {
	quote := len(dst) == start
	for _, c := range dst[start:] {
		if c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || isSpace(c) {
			quote = true
			break
		}
	}
	if !quote {
		return dst
	}
	return quoteText(dst, start, true)
}

func errRecord(s, detail string) error {
	return pgerr.New(pgerrcode.InvalidTextRepresentation, "malformed record literal: \"%s\"", s).WithDetail("%s", detail)
}

func parseRecord(t Type, s string, f *Format) (Datum, error) {
	if t.OID == OIDRecord && len(t.Fields) == 0 {
		return Null, pgerr.New(pgerrcode.FeatureNotSupported, "input of anonymous composite types is not implemented")
	}
	texts, err := splitRecord(s)
	if err != nil {
		return Null, err
	}
	if len(t.Fields) == 0 && len(texts) == 1 && texts[0] == nil {
		texts = nil
	}
	switch {
	case len(texts) < len(t.Fields):
		return Null, errRecord(s, "Too few columns.")
	case len(texts) > len(t.Fields):
		return Null, errRecord(s, "Too many columns.")
	}
	fields := make([]RecordField, len(texts))
	for i, x := range texts {
		fields[i] = RecordField{Type: t.Fields[i].Type, Value: Null}
		if x == nil {
			continue
		}
		if fields[i].Value, err = ParseText(t.Fields[i].Type, *x, f); err != nil {
			return Null, err
		}
	}
	return String(PackRecord(fields)), nil
}

// splitRecord cuts (a,b,…) into the texts of its fields; nil is NULL.
func splitRecord(s string) ([]*string, error) {
	body := strings.TrimLeft(s, " \t\n\r\v\f")
	if body == "" || body[0] != '(' {
		return nil, errRecord(s, "Missing left parenthesis.")
	}
	var fields []*string
	for pos := 1; ; pos++ {
		text, end, null := recordField(body, pos)
		if end >= len(body) {
			return nil, errRecord(s, "Unexpected end of input.")
		}
		if null {
			fields = append(fields, nil)
		} else {
			fields = append(fields, &text)
		}
		pos = end
		if body[pos] == ')' {
			if trimSpace(body[pos+1:]) != "" {
				return nil, errRecord(s, "Junk after right parenthesis.")
			}
			return fields, nil
		}
	}
}

// recordField reads a field up to the comma or parenthesis at end.
func recordField(s string, pos int) (text string, end int, null bool) {
	var out []byte
	start, quoted := pos, false
	for ; pos < len(s); pos++ {
		c := s[pos]
		switch {
		case c == '\\' && pos+1 < len(s):
			pos++
			out = append(out, s[pos])
		case c == '"' && quoted && pos+1 < len(s) && s[pos+1] == '"':
			pos++
			out = append(out, '"')
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return string(out), pos, pos == start
		default:
			out = append(out, c)
		}
	}
	return "", pos, false
}

func appendRecordBinary(dst []byte, t Type, s string) []byte {
	fields := UnpackRecord(t, s)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(fields)))
	for i, f := range fields {
		id := f.Type.ID()
		if i < len(t.Fields) {
			id = t.Fields[i].Type.ID()
		}
		dst = binary.BigEndian.AppendUint32(dst, id)
		if f.Type.Def == nil {
			f.Type = Of(Builtin(OIDText))
		}
		dst = appendSized(dst, f.Type, f.Value)
	}
	return dst
}

func parseRecordBinary(t Type, b []byte) (Datum, error) {
	if len(b) < 4 {
		return Null, errShort()
	}
	if t.OID == OIDRecord && len(t.Fields) == 0 {
		return Null, pgerr.New(pgerrcode.FeatureNotSupported, "input of anonymous composite types is not implemented")
	}
	n := int(binary.BigEndian.Uint32(b))
	if n != len(t.Fields) {
		return Null, pgerr.New(pgerrcode.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(t.Fields))
	}
	b = b[4:]
	fields := make([]RecordField, n)
	for i := range fields {
		if len(b) < 4 {
			return Null, errShort()
		}
		ft := t.Fields[i].Type
		if id := binary.BigEndian.Uint32(b); id != ft.ID() {
			return Null, pgerr.New(pgerrcode.DatatypeMismatch,
				"binary data has type %d (%s) instead of expected %d (%s) in record column %d",
				id, nameOfOID(id), ft.ID(), TypeName(ft, nil), i+1)
		}
		var err error
		fields[i].Type = ft
		if fields[i].Value, b, err = parseSized(ft, b[4:]); err != nil {
			return Null, err
		}
	}
	if len(b) > 0 {
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return String(PackRecord(fields)), nil
}
