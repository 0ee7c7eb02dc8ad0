package builtin

import (
	"testing"

	"github.com/rowandb/rowan/types"
)

func TestCounts(t *testing.T) {
	if n := len(AllProcs()); n < 3244 {
		t.Errorf("%d functions", n)
	}
	for name, n := range map[string]int{
		"operators": len(AllOperators()), "casts": len(AllCasts()), "aggregates": len(AllAggregates()),
		"types": len(AllTypes()), "opclasses": len(AllOpClasses()), "opfamilies": len(AllOpFamilies()),
		"amops": len(AllAmOps()), "amprocs": len(AllAmProcs()), "ams": len(AllAccessMethods()),
		"collations": len(AllCollations()), "languages": len(AllLanguages()), "conversions": len(AllConversions()),
		"ranges": len(AllRanges()),
	} {
		if n < 4 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestProc(t *testing.T) {
	p := ProcByOID(3305)
	if p == nil || p.Name != "jsonb_set" || len(p.Args) != 4 || p.ArgNames[3] != "create_if_missing" || p.NDefaults != 1 ||
		p.Defaults[0] != "true" || !p.Strict || p.Volatile != 'i' || p.Returns != types.OIDJSONB || p.Source != "jsonb_set" {
		t.Errorf("jsonb_set: %+v", p)
	}
	if p := ProcByOID(879); p.Source != "sql_lpad_879" || p.Language != 14 {
		t.Errorf("lpad: %+v", p)
	}
	if n := len(ProcsByName("abs")); n != 6 {
		t.Errorf("%d functions abs", n)
	}
}

// TestReferences follows every OID between the tables.
func TestReferences(t *testing.T) {
	for _, p := range AllProcs() {
		if p.NDefaults != len(p.Defaults) {
			t.Errorf("%s(%d): %d defaults, %d texts", p.Name, p.OID, p.NDefaults, len(p.Defaults))
		}
		if p.AllArgs != nil && len(p.AllArgs) != len(p.ArgModes) {
			t.Errorf("%s(%d): arguments and modes differ", p.Name, p.OID)
		}
		for _, a := range append(append([]types.OID{p.Returns}, p.Args...), p.AllArgs...) {
			if TypeByOID(a) == nil {
				t.Errorf("%s(%d): no type %d", p.Name, p.OID, a)
			}
		}
		if p.Kind == 'a' && AggregateFor(p.OID) == nil {
			t.Errorf("%s(%d): no aggregate", p.Name, p.OID)
		}
	}
	for _, o := range AllOperators() {
		if p := ProcByOID(o.Proc); p == nil && o.Proc != 0 {
			t.Errorf("operator %s(%d): no function %d", o.Name, o.OID, o.Proc)
		}
		if o.Negator != 0 && OperatorByOID(o.Negator) == nil || o.Commutator != 0 && OperatorByOID(o.Commutator) == nil {
			t.Errorf("operator %s(%d): no negator or commutator", o.Name, o.OID)
		}
	}
	for _, c := range AllCasts() {
		if (c.Method == 'f') != (ProcByOID(c.Proc) != nil) {
			t.Errorf("cast %d: function %d, method %c", c.OID, c.Proc, c.Method)
		}
	}
}

func TestRowan(t *testing.T) {
	p := ProcsByName("create_branch")[0]
	if p.Schema != schemaRowan || len(p.Args) < 6 || p.NDefaults != len(p.Args)-1 || p.Source != "rowan_create_branch" ||
		p.Defaults[3] != "false" || p.Args[5] != types.OIDInterval {
		t.Errorf("create_branch: %+v", p)
	}
	m := ProcsByName("merge")[0]
	if n := len(m.Args); !m.Set || string(m.ArgModes[n-1:n+1]) != "it" || m.ArgNames[len(m.ArgNames)-1] != "renumbered" {
		t.Errorf("merge: %+v", m)
	}
	for _, p := range AllProcs() {
		if p.Schema == schemaRowan && (p.OID < 8000 || p.OID > 8999) {
			t.Errorf("%s: OID %d", p.Name, p.OID)
		}
	}
}

func TestLookups(t *testing.T) {
	if c := CastFor(types.OIDInt4, types.OIDInt8); c == nil || c.Context != CastImplicit || c.Method != 'f' {
		t.Errorf("int4 to int8: %+v", c)
	}
	if o := OperatorFor("+", types.OIDInt4, types.OIDInt4); o == nil || ProcByOID(o.Proc).Source != "int4pl" {
		t.Errorf("int4 + int4: %+v", o)
	}
	if c := DefaultOpClass(403, types.OIDInt4); c == nil || c.Name != "int4_ops" {
		t.Errorf("btree class of int4: %+v", c)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		table(procsFile, readProc)
		table(operatorsFile, readOperator)
		table(typesFile, readType)
	}
}
