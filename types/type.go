// Package types is the SQL type system: type definitions, values, and their text, binary and key forms.
//
// It has no functions of SQL (those are in executor/kernel) and no catalog: a Def of a user's type is built by catalog
// and handed in. Invariant: one Def per OID and catalog version, so Types compare by OID and modifier. Each type's
// formats live in one file named like the type and enter by one row of the table in format.go.
package types

import "slices"

// OID is a PostgreSQL object id.
type OID = uint32

// Class says which field of a Datum, and which slice of a vector, holds the values of a type.
type Class uint8

// The classes of storage.
const (
	ClassString Class = iota
	ClassInt
	ClassFloat
)

// Kind is pg_type.typtype.
type Kind byte

// The kinds of types.
const (
	KindBase      Kind = 'b'
	KindComposite Kind = 'c'
	KindDomain    Kind = 'd'
	KindEnum      Kind = 'e'
	KindPseudo    Kind = 'p'
	KindRange     Kind = 'r'
)

// Def is a type's definition: the part of pg_type that the engine needs. Immutable.
type Def struct {
	OID       OID
	Name      string // as in pg_type: int4, _int4, bpchar
	Schema    string // pg_catalog, or the user's
	Class     Class
	Kind      Kind
	Category  byte // pg_type.typcategory
	Preferred bool // pg_type.typispreferred
	Len       int16
	ByVal     bool
	Align     byte
	Elem      *Def    // element type of an array, else nil
	Array     OID     // OID of the array type over this one, 0 if none
	Labels    []Label // of an enum, by Key ascending
	Fields    []Field // of a composite
	Base      *Type   // of a domain
}

// Label is one value of an enum. Key is what rows store: keys ascend in the order of the labels and never change.
type Label struct {
	Key  int64
	OID  OID
	Name string
	New  bool `json:"-"` // ALTER TYPE has added it in the transaction that looks at it, which may not use it yet
}

// Field is a field of a composite type or record.
type Field struct {
	Name string
	Type Type
}

// Type is a type with its modifier, such as varchar(10). The zero Type is "not known yet".
type Type struct {
	*Def
	Mod int32 // pg_attribute.atttypmod; -1: none
}

// Of makes a Type without modifier.
func Of(d *Def) Type { return Type{Def: d, Mod: -1} }

// WithMod returns t with the modifier m.
func (t Type) WithMod(m int32) Type { return Type{Def: t.Def, Mod: m} }

// Known reports whether t has been resolved.
func (t Type) Known() bool { return t.Def != nil }

// ID returns the type's OID, 0 for the zero Type.
func (t Type) ID() OID {
	if t.Def == nil {
		return 0
	}
	return t.OID
}

// Same reports whether t and u are the same type, whatever their modifiers.
func (t Type) Same(u Type) bool { return t.ID() == u.ID() }

// HoldsDomain reports whether a type is a domain, or has elements or fields of one.
func HoldsDomain(d *Def) bool {
	switch {
	case d == nil:
		return false
	case d.Kind == KindDomain:
		return true
	case d.Elem != nil:
		return HoldsDomain(d.Elem)
	}
	return slices.ContainsFunc(d.Fields, func(f Field) bool { return HoldsDomain(f.Type.Def) })
}

// IsArray reports whether t is an array type.
func (t Type) IsArray() bool {
	return t.Def != nil && t.Elem != nil && (t.Category == 'A' || t.OID == OIDRecordArray)
}
