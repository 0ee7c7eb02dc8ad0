package keys

import (
	"encoding/binary"

	"github.com/rowandb/rowan/types/jsonb"
	"github.com/rowandb/rowan/types/numeric"
)

// appendJSONB appends the kind, for containers the number of members, and then these: an order in which length comes before
// what is inside, as jsonb's is. An empty array is below all scalars where it is the whole value.
func appendJSONB(dst []byte, text string) []byte {
	v, err := jsonb.Parse(text)
	if err != nil { // not a jsonb that this server wrote
		return appendEscaped(append(dst, 0xff), text)
	}
	if v.Kind == jsonb.Array && len(v.Elems) == 0 {
		return append(dst, 0)
	}
	return appendJSONBValue(dst, v)
}

func appendJSONBValue(dst []byte, v jsonb.Value) []byte {
	dst = append(dst, byte(v.Kind)+1)
	switch v.Kind {
	case jsonb.String:
		return appendEscaped(dst, v.Str)
	case jsonb.Number:
		if n, err := numeric.Parse(v.Str); err == nil {
			return numeric.AppendKey(dst, n)
		}
	case jsonb.Bool:
		if v.Bool {
			return append(dst, 1)
		}
		return append(dst, 0)
	case jsonb.Array:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Elems)))
		for _, e := range v.Elems {
			dst = appendJSONBValue(dst, e)
		}
	case jsonb.Object:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Pairs)))
		for _, p := range v.Pairs {
			dst = appendJSONBValue(appendEscaped(dst, p.Key), p.Value)
		}
	}
	return dst
}
