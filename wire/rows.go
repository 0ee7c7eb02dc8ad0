package wire

import (
	"encoding/binary"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// maxRow is the largest DataRow, PostgreSQL's limit for any value.
const maxRow = 1<<30 - 1

// rowDescription sends the fields of a result.
func (c *conn) rowDescription(columns []vector.Field, formats []int16) {
	start := c.out.begin('T')
	c.out.int16(int16(len(columns)))
	for i := range columns {
		f := &columns[i]
		oid, size, mod := typeOnWire(f.Type)
		c.out.cstring(clean(f.Name))
		c.out.int32(int32(f.TableOID))
		c.out.int16(f.Attribute)
		c.out.int32(int32(oid))
		c.out.int16(size)
		c.out.int32(mod)
		c.out.int16(formatOf(formats, i))
	}
	c.out.end(start)
}

// typeOnWire is a type as RowDescription has it: a domain shows as the type below it, an unresolved type as text.
func typeOnWire(t types.Type) (oid types.OID, size int16, mod int32) {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		if t.Base.Mod == -1 {
			t = t.Base.WithMod(t.Mod)
			continue
		}
		t = *t.Base
	}
	if t.Def == nil || t.OID == types.OIDUnknown {
		return types.OIDText, -1, -1
	}
	return t.OID, t.Len, t.Mod
}

// encoding says how a column's values are written. The common types have their own; the rest go through package types.
type encoding uint8

const (
	encText       encoding = iota // types.AppendText
	encBinary                     // types.AppendBinary
	encVerbatim                   // the string's bytes are the text form and the binary one
	encTextInt                    // decimal
	encTextBool                   // t or f
	encBinaryBool                 // one byte
	encBinaryInt2                 // big-endian
	encBinaryInt4
	encBinaryInt8
)

// column is one column of a batch that is being sent.
type column struct {
	enc encoding
	vec *vector.Vector
}

// encodingOf chooses the encoding for a type. Domains are written by package types.
func encodingOf(t types.Type, binary bool) encoding {
	switch t.ID() {
	case types.OIDText, types.OIDVarchar, types.OIDUnknown, 0:
		return encVerbatim
	case types.OIDInt4:
		return either(binary, encBinaryInt4, encTextInt)
	case types.OIDInt8:
		return either(binary, encBinaryInt8, encTextInt)
	case types.OIDInt2:
		return either(binary, encBinaryInt2, encTextInt)
	case types.OIDBool:
		return either(binary, encBinaryBool, encTextBool)
	default:
		return either(binary, encBinary, encText)
	}
}

func either(binary bool, b, t encoding) encoding {
	if binary {
		return b
	}
	return t
}

// hasBinary reports whether the type has a binary form for clients.
func hasBinary(t types.Type) bool {
	return t.ID() != types.OIDACLItem && t.ID() != types.OIDACLItemArray
}

// Rows implements vector.Sink: it writes a DataRow for each live row straight from the vectors.
func (s *sink) Rows(b *vector.Batch) error {
	s.columns = s.columns[:0]
	for i, v := range b.Cols {
		binary := !s.simple && formatOf(s.formats, i) == 1
		if binary && !hasBinary(v.Type) {
			return pgerr.New(pgerrcode.UndefinedFunction, "no binary output function available for type %s", v.Type.Name)
		}
		s.columns = append(s.columns, column{encodingOf(v.Type, binary), v})
	}
	o, f := &s.c.out, s.c.sess.Format()
	for k := range b.Live() {
		buf, err := appendRow(o.buf, s.columns, b.Row(k), f)
		if err != nil {
			return err
		}
		o.buf = buf
		if len(buf) >= flushAt {
			if err := s.c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendRow appends row i as a DataRow.
func appendRow(dst []byte, columns []column, i int, f *types.Format) ([]byte, error) {
	start := len(dst)
	n := uint16(len(columns))
	dst = append(dst, 'D', 0, 0, 0, 0, byte(n>>8), byte(n))
	for j := range columns {
		dst = columns[j].append(dst, i, f)
	}
	size := len(dst) - start - 1
	if size > maxRow {
		return dst[:start], pgerr.New(pgerrcode.ProgramLimitExceeded, "out of memory").
			WithDetail("Cannot send a row of %d bytes; the largest is %d.", size, maxRow)
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(size))
	return dst, nil
}

// append appends row i's value with its length; NULL is the length -1.
func (c *column) append(dst []byte, i int, f *types.Format) []byte {
	if c.vec.IsNull(i) {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	if c.vec.Const {
		i = 0
	}
	switch c.enc {
	case encVerbatim:
		s := c.vec.Str[i]
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
		return append(dst, s...)
	case encTextBool:
		return append(dst, 0, 0, 0, 1, "ft"[c.vec.Int[i]&1])
	case encBinaryBool:
		return append(dst, 0, 0, 0, 1, byte(c.vec.Int[i]))
	case encBinaryInt2:
		dst = append(dst, 0, 0, 0, 2)
		return binary.BigEndian.AppendUint16(dst, uint16(c.vec.Int[i]))
	case encBinaryInt4:
		dst = append(dst, 0, 0, 0, 4)
		return binary.BigEndian.AppendUint32(dst, uint32(c.vec.Int[i]))
	case encBinaryInt8:
		dst = append(dst, 0, 0, 0, 8)
		return binary.BigEndian.AppendUint64(dst, uint64(c.vec.Int[i]))
	}
	return c.appendSized(dst, i, f)
}

// appendSized appends a value whose length is known only afterwards.
func (c *column) appendSized(dst []byte, i int, f *types.Format) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch c.enc {
	case encTextInt:
		dst = strconv.AppendInt(dst, c.vec.Int[i], 10)
	case encBinary:
		dst = types.AppendBinary(dst, c.vec.Type, c.vec.Datum(i))
	default:
		dst = types.AppendText(dst, c.vec.Type, c.vec.Datum(i), f)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}
