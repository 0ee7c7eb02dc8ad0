package types

import "slices"

// Relabelled reports whether values of two versions of a type are, or have in them, values of an enum whose labels have other keys in
// each: then they are the same when their texts are, and not to the bit.
func Relabelled(a, b *Def) bool {
	switch {
	case a == b || a == nil || b == nil:
		return false
	case a.Elem != nil && b.Elem != nil:
		return Relabelled(a.Elem, b.Elem)
	case a.Base != nil && b.Base != nil:
		return Relabelled(a.Base.Def, b.Base.Def)
	case a.Kind == KindEnum && b.Kind == KindEnum:
		return !slices.Equal(a.Labels, b.Labels)
	case len(a.Fields) == len(b.Fields):
		for i := range a.Fields {
			if Relabelled(a.Fields[i].Type.Def, b.Fields[i].Type.Def) {
				return true
			}
		}
	}
	return false
}
