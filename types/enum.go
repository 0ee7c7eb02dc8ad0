package types

import (
	"sort"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// EnumLabel returns the label with the key, "" for none.
func EnumLabel(d *Def, key int64) string {
	i := sort.Search(len(d.Labels), func(i int) bool { return d.Labels[i].Key >= key })
	if i < len(d.Labels) && d.Labels[i].Key == key {
		return d.Labels[i].Name
	}
	return ""
}

func parseEnum(d *Def, s string) (Datum, error) {
	for i := range d.Labels {
		if d.Labels[i].Name == s {
			return Int(d.Labels[i].Key), nil
		}
	}
	return Null, pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"",
		TypeName(Of(d), nil), s)
}
