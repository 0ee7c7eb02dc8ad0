package wire

import (
	"strconv"

	"github.com/rowandb/rowan/types"
)

// appendText appends the text form of a value that is not NULL.
func appendText(dst []byte, t types.Type, d types.Datum, f *types.Format) []byte {
	switch t.Class {
	case types.ClassInt:
		return strconv.AppendInt(dst, d.I, 10)
	case types.ClassFloat:
		return strconv.AppendFloat(dst, d.F(), 'g', -1, 64)
	}
	return append(dst, d.S...)
}

// appendBinary appends the binary form of a value that is not NULL.
func appendBinary(dst []byte, t types.Type, d types.Datum) []byte {
	if t.ID() == types.OIDBool {
		return append(dst, byte(d.I))
	}
	return append(dst, d.S...)
}
