package catalog_test

import (
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// TestDomainsOverDomains looks at types whose order in a catalog is another each time.
func TestDomainsOverDomains(t *testing.T) {
	objects := []catalog.Object{&catalog.Schema{Header: catalog.Header{OID: 20000, Name: "public"}}}
	base := types.OIDInt4
	for i := range catalog.OID(8) {
		objects = append(objects, &catalog.UserType{Header: catalog.Header{OID: 20001 + i, Name: string(rune('a' + i)), Schema: 20000}, Kind: types.KindDomain, Base: base})
		base = 20001 + i
	}
	want := types.Builtin(types.OIDInt4)
	for range 20 {
		s := catalog.NewSnapshot(nil, objects)
		for i := range catalog.OID(8) {
			if d := s.TypeByOID(20001 + i); d.Class != want.Class || d.Len != want.Len || d.ByVal != want.ByVal || d.Category != want.Category {
				t.Fatalf("domain %d over integer has class %d, length %d", i, d.Class, d.Len)
			}
		}
	}
}

// TestFieldsFollowRenames looks at a composite type after a type that a field has was renamed.
func TestFieldsFollowRenames(t *testing.T) {
	enum := &catalog.UserType{Header: catalog.Header{OID: 20001, Name: "mood", Schema: 20000}, Kind: types.KindEnum}
	row := &catalog.UserType{Header: catalog.Header{OID: 20002, Name: "pair", Schema: 20000}, Kind: types.KindComposite, Fields: []catalog.Column{{Name: "m", TypeOID: 20001, Mod: -1}}}
	before := catalog.NewSnapshot(nil, []catalog.Object{&catalog.Schema{Header: catalog.Header{OID: 20000, Name: "public"}}, enum, row})
	renamed := enum.Clone()
	renamed.Name = "feeling"
	after := before.Edit([]catalog.Object{renamed}, nil)
	for s, want := range map[*catalog.Snapshot]string{before: "mood", after: "feeling"} {
		if got := s.Object(20002).(*catalog.UserType).Fields[0].Type.Name; got != want {
			t.Errorf("the field's type is %s, not %s", got, want)
		}
	}
}
