package types

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// An inet or cidr is kept as family (4 or 6), prefix length and the address's 4 or 16 bytes.

const (
	inetFamily4 = 2 // of the binary format
	inetFamily6 = 3
)

// PackInet packs an address with its prefix.
func PackInet(p netip.Prefix) string {
	b := append(make([]byte, 0, 18), 4, byte(p.Bits()))
	if p.Addr().Is6() {
		b[0] = 6
	}
	return string(append(b, p.Addr().AsSlice()...))
}

// UnpackInet is the inverse of PackInet.
func UnpackInet(s string) netip.Prefix {
	if len(s) < 2 {
		return netip.Prefix{}
	}
	a, _ := netip.AddrFromSlice([]byte(s[2:]))
	return netip.PrefixFrom(a, int(s[1]))
}

func inetCodec(cidr bool) *codec {
	return &codec{
		appendText: func(dst []byte, d Datum, _ *Format) []byte {
			p := UnpackInet(d.S)
			dst = p.Addr().AppendTo(dst)
			if cidr || p.Bits() != p.Addr().BitLen() {
				dst = strconv.AppendInt(append(dst, '/'), int64(p.Bits()), 10)
			}
			return dst
		},
		parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseInet(s, cidr) },
		appendBinary: func(dst []byte, d Datum) []byte { return appendInetBinary(dst, d.S, cidr) },
		parseBinary:  parseInetBinary,
		compare:      func(a, b Datum) int { return compareInet(UnpackInet(a.S), UnpackInet(b.S)) },
		hash:         hashString,
	}
}

func parseInet(s string, cidr bool) (Datum, error) {
	name := "inet"
	if cidr {
		name = "cidr"
	}
	text, bits, hasBits := strings.Cut(s, "/")
	if !strings.Contains(text, ":") && (cidr || hasBits) {
		text, bits, hasBits = widenIPv4(text, bits, hasBits)
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return Null, errSyntax(name, s)
	}
	n := a.BitLen()
	if hasBits {
		if n, err = strconv.Atoi(bits); err != nil || n < 0 || n > a.BitLen() || bits[0] == '+' {
			return Null, errSyntax(name, s)
		}
	}
	p := netip.PrefixFrom(a, n)
	if cidr && p.Masked().Addr() != a {
		return Null, pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).
			WithDetail("Value has bits set to right of mask.")
	}
	return String(PackInet(p)), nil
}

// widenIPv4 completes an address that leaves out bytes at its end; without a prefix length, that of its class or of the
// bytes given counts.
func widenIPv4(text, bits string, hasBits bool) (string, string, bool) {
	given := strings.Count(text, ".") + 1
	first, _, _ := strings.Cut(text, ".")
	for n := given; n < 4; n++ {
		text += ".0"
	}
	if hasBits || given == 4 {
		return text, bits, hasBits
	}
	class := 8
	switch b, _ := strconv.Atoi(first); {
	case b >= 240:
		class = 32
	case b >= 224:
		class = 4
	case b >= 192:
		class = 24
	case b >= 128:
		class = 16
	}
	return text, strconv.Itoa(max(class, 8*given)), true
}

// compareInet orders by family, common bits of the network, prefix length, then the whole address.
func compareInet(a, b netip.Prefix) int {
	if x, y := a.Addr().BitLen(), b.Addr().BitLen(); x != y {
		return x - y
	}
	common := min(a.Bits(), b.Bits())
	if c := netip.PrefixFrom(a.Addr(), common).Masked().Addr().Compare(
		netip.PrefixFrom(b.Addr(), common).Masked().Addr()); c != 0 {
		return c
	}
	if a.Bits() != b.Bits() {
		return a.Bits() - b.Bits()
	}
	return a.Addr().Compare(b.Addr())
}

func appendInetBinary(dst []byte, s string, cidr bool) []byte {
	family, isCidr := byte(inetFamily4), byte(0)
	if s[0] == 6 {
		family = inetFamily6
	}
	if cidr {
		isCidr = 1
	}
	return append(append(dst, family, s[1], isCidr, byte(len(s)-2)), s[2:]...)
}

func parseInetBinary(b []byte) (Datum, error) {
	if len(b) < 4 {
		return Null, errShort()
	}
	size := map[byte]int{inetFamily4: 4, inetFamily6: 16}[b[0]]
	if size == 0 || int(b[3]) != size || len(b) != 4+size || int(b[1]) > 8*size {
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid address family in external \"inet\" value")
	}
	a, _ := netip.AddrFromSlice(b[4:])
	return String(PackInet(netip.PrefixFrom(a, int(b[1])))), nil
}

// macCodec is the codec of macaddr (6 bytes) and macaddr8.
func macCodec(size int, name string) *codec {
	return &codec{
		appendText: func(dst []byte, d Datum, _ *Format) []byte {
			for i := range len(d.S) {
				if i > 0 {
					dst = append(dst, ':')
				}
				dst = appendHex(dst, d.S[i:i+1])
			}
			return dst
		},
		parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseMac(s, size, name) },
		appendBinary: textCodec.appendBinary,
		parseBinary: func(b []byte) (Datum, error) {
			if err := needLen(b, size); err != nil {
				return Null, err
			}
			return String(string(b)), nil
		},
		compare: compareString,
		hash:    hashString,
	}
}
