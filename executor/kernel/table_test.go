package kernel

import (
	"testing"

	"github.com/rowandb/rowan/catalog/builtin"
)

// TestKeys checks that every kernel and aggregate is one of pg_proc's.
func TestKeys(t *testing.T) {
	sources, names := map[string]bool{}, map[string]bool{}
	for _, p := range builtin.AllProcs() {
		sources[p.Source] = true
		if p.Kind == 'a' {
			names[p.Name] = true
		}
	}
	for _, p := range builtin.InnerProcs() {
		sources[p.Source] = true
	}
	for key := range kernels() {
		if !sources[key] {
			t.Errorf("no function has the source %s", key)
		}
	}
	for key := range aggregates {
		if !names[key] {
			t.Errorf("no aggregate is named %s", key)
		}
	}
	for key := range windowFunctions {
		if !sources[key] {
			t.Errorf("no window function has the source %s", key)
		}
	}
}

// TestOneTable checks that no key stands in two tables, where one would hide the other.
func TestOneTable(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range tables {
		for key := range table {
			if seen[key] {
				t.Errorf("%s is in two tables", key)
			}
			seen[key] = true
		}
	}
}

// TestSupported checks that what is reported as supported has code.
func TestSupported(t *testing.T) {
	n := 0
	for _, p := range builtin.AllProcs() {
		if !Supported(p) {
			continue
		}
		n++
		if p.Kind != 'f' {
			continue
		}
		k, ok := Lookup(p.Source)
		if !ok || k.Row == nil && k.Vec == nil && k.Set == nil && k.Bind == nil {
			t.Errorf("%s(%d) has no code", p.Name, p.OID)
		}
		if k.Bind == nil && p.Set != (k.Set != nil) {
			t.Errorf("%s(%d): set-returning in one place only", p.Name, p.OID)
		}
	}
	t.Logf("%d functions supported", n)
}
