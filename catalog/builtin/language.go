package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed languages.tsv
var languagesFile string

//go:embed collations.tsv
var collationsFile string

//go:embed conversions.tsv
var conversionsFile string

// Language is a row of pg_language.
type Language struct {
	OID               types.OID
	Name              string
	IsPL, Trusted     bool
	Handler           types.OID
	Inline, Validator types.OID
	Comment           string
}

// Collation is a row of pg_collation; there are only those of code point order.
type Collation struct {
	OID           types.OID
	Name          string
	Provider      byte // d default, c libc
	Deterministic bool
	Encoding      int
	Collate, Type *string
	Comment       string
}

// Conversion is a row of pg_conversion.
type Conversion struct {
	OID      types.OID
	Name     string
	From, To int
	Proc     types.OID
	Default  bool
}

var languages = sync.OnceValue(func() []*Language {
	return table(languagesFile, func(r *reader, l *Language) {
		l.OID, l.Name, l.IsPL, l.Trusted = r.oid(), r.str(), r.bool(), r.bool()
		l.Handler, l.Inline, l.Validator, l.Comment = r.oid(), r.oid(), r.oid(), r.str()
	})
})

var collations = sync.OnceValue(func() []*Collation {
	return table(collationsFile, func(r *reader, c *Collation) {
		c.OID, c.Name, c.Provider, c.Deterministic = r.oid(), r.str(), r.byte(), r.bool()
		c.Encoding, c.Collate, c.Type, c.Comment = r.int(), r.opt(), r.opt(), r.str()
	})
})

var conversions = sync.OnceValue(func() []*Conversion {
	return table(conversionsFile, func(r *reader, c *Conversion) {
		c.OID, c.Name, c.From, c.To = r.oid(), r.str(), r.int(), r.int()
		c.Proc, c.Default = r.oid(), r.bool()
	})
})

// AllLanguages returns the rows of pg_language. This slice and those of the functions below are shared and must not be
// changed.
func AllLanguages() []*Language { return languages() }

// AllCollations returns the rows of pg_collation.
func AllCollations() []*Collation { return collations() }

// AllConversions returns the rows of pg_conversion.
func AllConversions() []*Conversion { return conversions() }
