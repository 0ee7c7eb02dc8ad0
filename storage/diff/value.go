package diff

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// pairing is a column that both sides have: where it stands, and how its values are compared.
type pairing struct {
	from, to int
	same     func(a, b types.Datum) bool // nil: to the bit
}

// pairOf pairs two columns. Values of one type are compared to the bit, but for enums whose labels have other keys on each side.
// Those of two types are the same only where a conversion between the types changes no bit.
func pairOf(i, j int, x, y *catalog.Column) pairing {
	p := pairing{from: i, to: j}
	a, b := x.Type, y.Type
	ea, eb := enumOf(a), enumOf(b)
	switch {
	case ea != nil && eb != nil && a.IsArray() == b.IsArray():
		if !slices.Equal(ea.Labels, eb.Labels) {
			p.same = func(d, e types.Datum) bool { return sameText(a, d, b, e) }
		}
	case x.TypeOID == y.TypeOID && types.Relabelled(a.Def, b.Def):
		p.same = func(d, e types.Datum) bool { return sameText(a, d, b, e) }
	case x.TypeOID != y.TypeOID && !(integer(x.TypeOID) && integer(y.TypeOID)) && !(text(x.TypeOID) && text(y.TypeOID)):
		p.same = func(d, e types.Datum) bool { return d.Null && e.Null }
	}
	return p
}

// enumOf is the enum of a type, of the elements of an array or of what a domain is over; nil where it is none.
func enumOf(t types.Type) *types.Def {
	d := t.Def
	for d != nil && (d.Elem != nil || d.Base != nil) {
		if d.Elem != nil {
			d = d.Elem
			continue
		}
		d = d.Base.Def
	}
	if d == nil || d.Kind != types.KindEnum {
		return nil
	}
	return d
}

func sameText(a types.Type, x types.Datum, b types.Type, y types.Datum) bool {
	if x.Null || y.Null {
		return x.Null && y.Null
	}
	f := types.DefaultFormat()
	return string(types.AppendText(nil, a, x, f)) == string(types.AppendText(nil, b, y, f))
}

func integer(id catalog.OID) bool {
	return id == types.OIDInt2 || id == types.OIDInt4 || id == types.OIDInt8
}

func text(id catalog.OID) bool { return id == types.OIDText || id == types.OIDVarchar }
