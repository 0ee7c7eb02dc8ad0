package types

import (
	"strings"
	"testing"
)

// fuzzTypes are the built-in types, and types of users made of them.
func fuzzTypes() []Type {
	var all []Type
	for _, d := range Builtins() {
		all = append(all, Of(d))
	}
	mood := Of(&Def{OID: 20000, Name: "mood", Schema: "public", Kind: KindEnum, Class: ClassInt, Category: 'E', Labels: []Label{{Key: 10, Name: "sad"}, {Key: 15, Name: "ok"}, {Key: 20, Name: "happy"}}})
	pair := &Def{OID: 20002, Name: "pair", Schema: "public", Kind: KindComposite, Category: 'C',
		Fields: []Field{{"a", Of(Builtin(OIDInt4))}, {"b", Of(Builtin(OIDText))}, {"m", mood}, {"n", Of(BuiltinByName("_numeric"))}}}
	pairs := &Def{OID: 20004, Name: "_pair", Schema: "public", Category: 'A', Elem: pair}
	return append(all, mood, Of(pair), Of(pairs))
}

// FuzzParseText feeds arbitrary text to every input function: no panic, and what is accepted is shown, read again and sent
// as the same value.
func FuzzParseText(f *testing.F) {
	for _, s := range []string{"", "1", "{1,2}", `{"a":[1,null]}`, "2000-01-02 03:04:05+02", "1 day -2:03", "(1,2)", "[0:1]={1,2}",
		"Jan 8 1999 BC", "1e400", "\\xff", "10.0.0.1/8", "P1Y2M", "{{1},{2,3}}", "J2451187.5 PST", `(1,"a ""b""",ok,"{1.5,NULL}")`,
		`{"(1,x,sad,{})",NULL}`, "$1,234.56", "08:00:2b:01:02:03", "0x1p-3", "B101", "infinity", "allballs"} {
		f.Add(s)
	}
	format := DefaultFormat()
	all := fuzzTypes()
	f.Fuzz(func(t *testing.T, s string) {
		if CheckUTF8(s) != nil || strings.Count(s, "e") > 2 && len(s) > 100 {
			return
		}
		for _, typ := range all {
			v, err := ParseText(typ, s, format)
			if err != nil || !HasText(typ.Def) {
				continue
			}
			text := Text(typ, v, format)
			again, err := ParseText(typ, text, format)
			if err != nil {
				t.Errorf("%s: %q is shown as %q, which is not read: %v", typ.Name, s, text, err)
				continue
			}
			if back := Text(typ, again, format); back != text {
				t.Errorf("%s: %q is shown as %q, and that as %q", typ.Name, s, text, back)
			}
			if Hash(typ, v) != Hash(typ, again) {
				t.Errorf("%s: %q and %q have different hashes", typ.Name, s, text)
			}
			sent := AppendBinary(nil, typ, v)
			if got, err := ParseBinary(typ, sent); err == nil && Text(typ, got, format) != text {
				t.Errorf("%s: %q is sent as %x, which is %q", typ.Name, s, sent, Text(typ, got, format))
			}
		}
	})
}

// FuzzParseBinary feeds arbitrary bytes to every receive function: no panic, no more memory than the bytes account for, and
// what is accepted is shown, and sent as it is read again.
func FuzzParseBinary(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7})
	f.Add([]byte{0, 1, 0, 0, 0, 0, 0, 2, 0, 1})
	format := DefaultFormat()
	for _, c := range [][2]string{{"_text", `{a,NULL,"b c"}`}, {"numeric", "-12345.678"}, {"interval", "1 mon -2 days 03:04:05.6"}, {"timetz", "03:04:05+02"},
		{"inet", "10.0.0.1/8"}, {"jsonb", `{"a":[1,null]}`}, {"varbit", "10101"}, {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"macaddr8", "08:00:2b:01:02:03:04:05"},
		{"timestamptz", "2000-01-02 03:04:05+02"}, {"_int4", "[0:1][2:2]={{1},{2}}"}, {"int2vector", "1 2"}} {
		typ := Of(BuiltinByName(c[0]))
		v, err := ParseText(typ, c[1], format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(AppendBinary(nil, typ, v))
	}
	all := fuzzTypes()
	row, err := ParseText(all[len(all)-2], `(1,"a ""b""",ok,"{1.5,NULL}")`, format)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(AppendBinary(nil, all[len(all)-2], row))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range all {
			v, err := ParseBinary(typ, b)
			if err != nil || !HasText(typ.Def) {
				continue
			}
			if len(v.S) > 16*len(b)+64 && !strings.Contains(typ.Name, "numeric") { // 1e131071 is short in binary
				t.Errorf("%s: %d bytes become %d", typ.Name, len(b), len(v.S))
			}
			text := Text(typ, v, format)
			sent := AppendBinary(nil, typ, v)
			again, err := ParseBinary(typ, sent)
			if err != nil {
				t.Errorf("%s: %x is sent as %x, which is not received: %v", typ.Name, b, sent, err)
				continue
			}
			if got := Text(typ, again, format); got != text || Hash(typ, again) != Hash(typ, v) {
				t.Errorf("%s: %x is %q, sent as %x and received as %q", typ.Name, b, text, sent, got)
			}
		}
	})
}
