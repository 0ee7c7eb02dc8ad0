package types

import "testing"

// BenchmarkAppendText shows that writing the common types allocates nothing.
func BenchmarkAppendText(b *testing.B) {
	f := DefaultFormat()
	for _, c := range benchValues {
		typ := Of(BuiltinByName(c[0]))
		d, err := ParseText(typ, c[1], f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c[0], func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendText(buf[:0], typ, d, f)
			}
		})
	}
}

// BenchmarkAppendBinary is the same for the binary forms.
func BenchmarkAppendBinary(b *testing.B) {
	f := DefaultFormat()
	for _, c := range benchValues {
		typ := Of(BuiltinByName(c[0]))
		d, _ := ParseText(typ, c[1], f)
		b.Run(c[0], func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendBinary(buf[:0], typ, d)
			}
		})
	}
}

// BenchmarkParseText shows what reading costs.
func BenchmarkParseText(b *testing.B) {
	f := DefaultFormat()
	for _, c := range benchValues {
		typ := Of(BuiltinByName(c[0]))
		b.Run(c[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseText(typ, c[1], f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompareHash shows what sorting and grouping cost a value.
func BenchmarkCompareHash(b *testing.B) {
	f := DefaultFormat()
	for _, c := range benchValues {
		typ := Of(BuiltinByName(c[0]))
		d, _ := ParseText(typ, c[1], f)
		b.Run("compare/"+c[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Compare(typ, d, d)
			}
		})
		b.Run("hash/"+c[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Hash(typ, d)
			}
		})
	}
}

var benchValues = [][2]string{
	{"int4", "123456"}, {"int8", "-1234567890123"}, {"float8", "3.14159"}, {"bool", "t"}, {"text", "hello, world"},
	{"numeric", "12345.67"}, {"date", "2024-05-06"}, {"timestamp", "2024-05-06 07:08:09.123"},
	{"timestamptz", "2024-05-06 07:08:09.123+00"}, {"interval", "3 days 04:05:06"},
	{"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"jsonb", `{"a": 1, "b": [1, 2, 3]}`}, {"_int4", "{1,2,3,4,5}"},
	{"bytea", "\\xdeadbeef"},
}
