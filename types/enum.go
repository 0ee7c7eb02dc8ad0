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
	return ParseEnum(d, s, func(d *Def) string { return TypeName(Of(d), nil) })
}

// ParseEnum finds the value with the label s; show names the type in errors.
func ParseEnum(d *Def, s string, show func(*Def) string) (Datum, error) {
	for i := range d.Labels {
		if d.Labels[i].Name == s {
			return LabelValue(d, &d.Labels[i], show)
		}
	}
	return Null, pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", show(d), s)
}

// LabelValue is the value that a label of d stands for, unless it may not be used yet.
func LabelValue(d *Def, l *Label, show func(*Def) string) (Datum, error) {
	if l.New {
		return Null, pgerr.New(pgerrcode.UnsafeNewEnumValueUsage, "unsafe use of new value \"%s\" of enum type %s", l.Name, show(d)).
			WithHint("New enum values must be committed before they can be used.")
	}
	return Int(l.Key), nil
}
