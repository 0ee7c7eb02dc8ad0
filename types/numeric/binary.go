package numeric

import (
	"encoding/binary"
	"math/big"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Signs of the binary format.
const (
	wireNeg    = 0x4000
	wireNaN    = 0xc000
	wireInf    = 0xd000
	wireNegInf = 0xf000

	wireInfScale = 0x20 // what PostgreSQL sends as the scale of an infinity
)

// AppendBinary appends the payload of numeric_send: digits in base 10000 with weight, sign and scale.
func AppendBinary(dst []byte, a string) []byte {
	n := unpack(a)
	switch n.tag {
	case tagNaN:
		return appendWireHeader(dst, 0, 0, wireNaN, 0)
	case tagInf:
		return appendWireHeader(dst, 0, 0, wireInf, wireInfScale)
	case tagNegInf:
		return appendWireHeader(dst, 0, 0, wireNegInf, wireInfScale)
	}
	var digits []uint16
	var buf [16]uint16
	var weight int
	if n.big == nil {
		digits, weight = nbaseSmall(buf[:], absU(n.small), n.scale)
	} else {
		digits, weight = nbaseBig(n)
	}
	sign := 0
	if n.sign() < 0 {
		sign = wireNeg
	}
	dst = appendWireHeader(dst, len(digits), weight, sign, n.scale)
	for _, d := range digits {
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst
}

func appendWireHeader(dst []byte, ndigits, weight, sign, scale int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(ndigits))
	dst = binary.BigEndian.AppendUint16(dst, uint16(weight))
	dst = binary.BigEndian.AppendUint16(dst, uint16(sign))
	return binary.BigEndian.AppendUint16(dst, uint16(scale))
}

// nbaseSmall splits u × 10^-scale into base-10000 digits without zeros at the ends, in buf.
func nbaseSmall(buf []uint16, u uint64, scale int) ([]uint16, int) {
	if u == 0 {
		return nil, 0
	}
	groups := (scale + 3) / 4 // base-10000 digits after the point
	pad := groups*4 - scale   // zeros to add at the right
	i := len(buf)
	if pad > 0 {
		i--
		m := uint64(pow10[4-pad])
		buf[i] = uint16(u % m * uint64(pow10[pad]))
		u /= m
	}
	for u > 0 {
		i--
		buf[i] = uint16(u % 10000)
		u /= 10000
	}
	return trimDigits(buf[i:], len(buf)-i-groups-1)
}

func nbaseBig(n num) ([]uint16, int) {
	groups := (n.scale + 3) / 4
	text := new(big.Int).Abs(n.big).Append(nil, 10)
	for range groups*4 - n.scale {
		text = append(text, '0')
	}
	lead := (4 - len(text)%4) % 4
	count := (len(text) + lead) / 4
	digits := make([]uint16, count)
	for i, c := range text {
		k := (i + lead) / 4
		digits[k] = digits[k]*10 + uint16(c-'0')
	}
	return trimDigits(digits, count-groups-1)
}

// trimDigits drops zero digits at both ends; weight is that of the first digit.
func trimDigits(d []uint16, weight int) ([]uint16, int) {
	for len(d) > 0 && d[0] == 0 {
		d, weight = d[1:], weight-1
	}
	for len(d) > 0 && d[len(d)-1] == 0 {
		d = d[:len(d)-1]
	}
	if len(d) == 0 {
		weight = 0
	}
	return d, weight
}

func errBinary(what string) error {
	return pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid %s in external \"numeric\" value", what)
}

// ParseBinary reads the payload that numeric_recv takes, without type modifier.
func ParseBinary(b []byte) (string, error) {
	if len(b) < 8 {
		return "", pgerr.New(pgerrcode.ProtocolViolation, "insufficient data left in message")
	}
	ndigits := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := int(binary.BigEndian.Uint16(b[4:]))
	scale := int(binary.BigEndian.Uint16(b[6:]))
	switch sign {
	case wireNaN:
		return NaN, nil
	case wireInf:
		return Inf, nil
	case wireNegInf:
		return NegInf, nil
	case 0, wireNeg:
	default:
		return "", errBinary("sign")
	}
	if scale > MaxScale {
		return "", errBinary("scale")
	}
	if len(b) != 8+2*ndigits {
		return "", pgerr.New(pgerrcode.ProtocolViolation, "insufficient data left in message")
	}
	return fromNbase(b[8:], ndigits, weight, scale, sign == wireNeg)
}

func fromNbase(b []byte, ndigits, weight, scale int, negative bool) (string, error) {
	text := make([]byte, 0, 4*ndigits)
	for i := range ndigits {
		d := binary.BigEndian.Uint16(b[2*i:])
		if d > 9999 {
			return "", errBinary("digit")
		}
		text = append(text, byte('0'+d/1000), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
	}
	if len(text) == 0 {
		return pack(num{scale: scale}), nil
	}
	v, _ := new(big.Int).SetString(string(text), 10)
	if negative {
		v.Neg(v)
	}
	// The last digit stands for 10000^(weight-ndigits+1); digits beyond the scale are cut, as numeric_recv does.
	n := num{scale: 4 * (ndigits - 1 - weight), big: v}
	if n.scale < 0 {
		n = n.rescaleUp(-n.scale)
		n.scale = 0
	}
	n = trunc(fromBig(n.asBig(), n.scale), scale)
	return result(appendChecked(nil, n))
}
