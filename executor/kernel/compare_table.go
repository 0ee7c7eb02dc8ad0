package kernel

import (
	"cmp"
	"maps"
)

// comparisons has the comparison functions of the types whose values are plain ints, floats and strings.
var comparisons = without(join(
	family(compareInts, "int2%", "int4%", "int8%", "int24%", "int42%", "int28%", "int82%", "int48%", "int84%", "oid%",
		"bool%", "char%", "date_%", "time_%", "timestamp_%", "cash_%", "enum_%"),
	family(func(o op) Kernel { return compareRows(o, cmpUnsigned) }, "xid8%", "pg_lsn_%"),
	larger(cmpUnsignedPair, "xid8_%", "pg_lsn_%"),
	family(compareFloats, "float4%", "float8%", "float48%", "float84%"),
	family(compareStrings, "text_%", "name%", "name%text", "text%name", "bytea%", "uuid_%", "text_pattern_%"),
	family(func(o op) Kernel { return compareWith(o, compareBpchar) }, "bpchar%", "bpchar_pattern_%"),
	map[string]Kernel{
		"texteq":    compareStrings(opEQ),
		"textne":    compareStrings(opNE),
		"xideq":     compareInts(opEQ),
		"xidneq":    compareInts(opNE),
		"cideq":     compareInts(opEQ),
		"btint2cmp": cmpKernel(cmpInt), "btint4cmp": cmpKernel(cmpInt), "btint8cmp": cmpKernel(cmpInt),
		"btint24cmp": cmpKernel(cmpInt), "btint42cmp": cmpKernel(cmpInt), "btint28cmp": cmpKernel(cmpInt),
		"btint82cmp": cmpKernel(cmpInt), "btint48cmp": cmpKernel(cmpInt), "btint84cmp": cmpKernel(cmpInt),
		"btoidcmp": cmpKernel(cmpInt), "btboolcmp": cmpKernel(cmpInt), "btcharcmp": cmpKernel(cmpInt),
		"xid8cmp": cmpKernel(cmpUnsignedPair), "date_cmp": cmpKernel(cmpInt), "time_cmp": cmpKernel(cmpInt),
		"timestamp_cmp": cmpKernel(cmpInt), "enum_cmp": cmpKernel(cmpInt), "cash_cmp": cmpKernel(cmpInt),
		"pg_lsn_cmp":  cmpKernel(cmpInt),
		"btfloat4cmp": cmpKernel(cmpFloat), "btfloat8cmp": cmpKernel(cmpFloat), "btfloat48cmp": cmpKernel(cmpFloat),
		"btfloat84cmp": cmpKernel(cmpFloat),
		"bttextcmp":    cmpKernel(cmpString), "bttext_pattern_cmp": cmpKernel(cmpString), "btnamecmp": cmpKernel(cmpString),
		"btnametextcmp": cmpKernel(cmpString), "bttextnamecmp": cmpKernel(cmpString), "byteacmp": cmpKernel(cmpString),
		"uuid_cmp":  cmpKernel(cmpString),
		"bpcharcmp": cmpKernel(cmpBpchar), "btbpchar_pattern_cmp": cmpKernel(cmpBpchar),
	},
	larger(cmpInt, "int2%", "int4%", "int8%", "oid%", "date_%", "time_%", "timestamp_%", "cash%", "enum_%"),
	larger(cmpFloat, "float4%", "float8%"),
	larger(cmpString, "text_%"),
	larger(cmpBpchar, "bpchar_%"),
), "text_eq", "text_ne", "text_pattern_eq", "text_pattern_ne", "bpchar_pattern_eq", "bpchar_pattern_ne")

// without takes out the names that a pattern makes and pg_proc does not have.
func without(table map[string]Kernel, names ...string) map[string]Kernel {
	for _, n := range names {
		delete(table, n)
	}
	return table
}

// larger makes the …larger and …smaller functions of the names with the form "int4%".
func larger(cmp func(a, b datum) int, pattern ...string) map[string]Kernel {
	m := map[string]Kernel{}
	for _, p := range pattern {
		before, _, _ := cut(p)
		m[before+"larger"], m[before+"smaller"] = pick(1, cmp), pick(-1, cmp)
	}
	return m
}

// join makes one table of several. A name in two of them is a mistake that the package's tests find by its count.
func join(tables ...map[string]Kernel) map[string]Kernel {
	all := map[string]Kernel{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// cmpUnsigned compares the types of 64 bits without sign, whose upper half is negative in a Datum.
func cmpUnsigned(_ *Env, a, b datum) int { return cmp.Compare(uint64(a.I), uint64(b.I)) }

func cmpUnsignedPair(a, b datum) int { return cmp.Compare(uint64(a.I), uint64(b.I)) }

// compareBpchar compares without regard to trailing spaces, as character(n) does.
func compareBpchar(a, b string) int { return cmp3(trimSpaces(a), trimSpaces(b)) }

func cmpBpchar(a, b datum) int { return compareBpchar(a.S, b.S) }

func trimSpaces(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}
