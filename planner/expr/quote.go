package expr

import (
	"strings"

	"github.com/rowandb/rowan/types"
)

// QuoteIdent writes an identifier: in quotes only where it would otherwise be read differently.
func QuoteIdent(s string) string { return types.QuoteIdent(s) }

// quoteLiteral writes a string constant for standard_conforming_strings = on, whatever it holds.
func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// TypeName spells a type as format_type does. Types outside of pg_catalog and public are qualified.
func TypeName(t types.Type) string {
	return types.FormatType(t, func(schema, name string) string {
		if schema == "public" {
			return types.QuoteIdent(name)
		}
		return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
	})
}
