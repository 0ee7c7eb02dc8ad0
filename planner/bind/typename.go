package bind

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// typeName resolves a type as the grammar gives it, modifiers included.
func (b *binder) typeName(tn *pg.TypeName) (types.Type, error) {
	d, err := b.typeDef(tn)
	if err != nil {
		return types.Type{}, err
	}
	mod, err := b.typmod(d, tn)
	if err != nil {
		return types.Type{}, err
	}
	if len(tn.ArrayBounds) > 0 {
		a := b.arrayOf(d)
		if a == nil {
			return types.Type{}, pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", nameText(tn.Names)+"[]").At(int(tn.Location))
		}
		d = a
	}
	return types.Type{Def: d, Mod: mod}, nil
}

// typeDef finds the type that a name means, without array bounds and modifiers.
func (b *binder) typeDef(tn *pg.TypeName) (*types.Def, error) {
	if tn.TypeOid != 0 {
		return b.def(tn.TypeOid), nil
	}
	if tn.PctType {
		return b.percentType(tn)
	}
	names := stringList(tn.Names)
	d, err := b.lookupType(names, int(tn.Location))
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", typeNameText(tn)).At(int(tn.Location))
	}
	return d, nil
}

// typeNameText is the name as messages show it.
func typeNameText(tn *pg.TypeName) string {
	s := strings.Join(stringList(tn.Names), ".")
	for range tn.ArrayBounds {
		return s + "[]"
	}
	return s
}

// lookupType finds a type by its qualified or plain name; nil when there is none.
func (b *binder) lookupType(names []string, pos int) (*types.Def, error) {
	snap, err := b.snapshot(b.ref)
	if err != nil {
		return nil, err
	}
	schema, name, err := b.splitName(names, pos)
	if err != nil {
		return nil, err
	}
	if schema != "" {
		sc := snap.Schema(schema)
		if sc == nil {
			return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", schema).At(pos)
		}
		return snap.Type(sc.OID, name), nil
	}
	for _, p := range b.searchPath() {
		if sc := snap.Schema(p); sc != nil {
			if d := snap.Type(sc.OID, name); d != nil {
				return d, nil
			}
		}
	}
	return nil, nil
}

// splitName splits [database.][schema.]name.
func (b *binder) splitName(names []string, pos int) (schema, name string, err error) {
	switch len(names) {
	case 1:
		return "", names[0], nil
	case 2:
		return names[0], names[1], nil
	case 3:
		if names[0] != b.cat.Database() {
			return "", "", pgerr.New(pgerrcode.FeatureNotSupported, "cross-database references are not implemented: %s", strings.Join(names, ".")).At(pos)
		}
		return names[1], names[2], nil
	}
	return "", "", pgerr.New(pgerrcode.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(names, ".")).At(pos)
}

// percentType resolves table.column%TYPE.
func (b *binder) percentType(tn *pg.TypeName) (*types.Def, error) {
	names := stringList(tn.Names)
	if len(names) < 2 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "improper %%TYPE reference (too few dotted names): %s", strings.Join(names, ".")).At(int(tn.Location))
	}
	rv := &pg.RangeVar{Relname: names[len(names)-2], Location: tn.Location}
	if len(names) > 2 {
		rv.Schemaname = names[len(names)-3]
	}
	rel, err := b.findRelation(rv)
	if err != nil {
		return nil, err
	}
	col := names[len(names)-1]
	for _, c := range relationColumns(rel.object) {
		if c.Name == col {
			return c.Type.Def, nil
		}
	}
	return nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", col, rv.Relname).At(int(tn.Location))
}

// def returns a type's definition by OID, or nil.
func (b *binder) def(id types.OID) *types.Def {
	if d := types.Builtin(id); d != nil {
		return d
	}
	for _, s := range b.snaps {
		if d := s.TypeByOID(id); d != nil {
			return d
		}
	}
	if s, err := b.session(); err == nil {
		return s.TypeByOID(id)
	}
	return nil
}

// arrayOf returns the array type over d, or nil. An array's array is the array itself.
func (b *binder) arrayOf(d *types.Def) *types.Def {
	if isTrueArray(d) {
		return d
	}
	if d.OID == types.OIDRecord {
		return types.Builtin(types.OIDRecordArray)
	}
	if d.Array == 0 {
		return nil
	}
	return b.def(d.Array)
}

// isTrueArray tells arrays from int2vector and oidvector, which only look like them.
func isTrueArray(d *types.Def) bool {
	return d != nil && d.Elem != nil && d.Category == 'A' && d.OID != types.OIDInt2Vector && d.OID != types.OIDOidVector && d.Kind != types.KindDomain
}

// baseType reduces domains to what they are over.
func baseType(d *types.Def) *types.Def {
	for d != nil && d.Kind == types.KindDomain && d.Base != nil {
		d = d.Base.Def
	}
	return d
}

// baseTypeMod is baseType together with the modifier that the domain adds.
func baseTypeMod(t types.Type) types.Type {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}

func builtinType(id types.OID) types.Type { return types.Of(types.Builtin(id)) }

// Types that the grammar itself names.
var (
	typeBool      = builtinType(types.OIDBool)
	typeInt4      = builtinType(types.OIDInt4)
	typeInt8      = builtinType(types.OIDInt8)
	typeText      = builtinType(types.OIDText)
	typeName      = builtinType(types.OIDName)
	typeNumeric   = builtinType(types.OIDNumeric)
	typeFloat8    = builtinType(types.OIDFloat8)
	typeUnknown   = builtinType(types.OIDUnknown)
	typeOid       = builtinType(types.OIDOid)
	typeInterval  = builtinType(types.OIDInterval)
	typeRecord    = builtinType(types.OIDRecord)
	typeBytea     = builtinType(types.OIDBytea)
	typeTextArray = builtinType(types.OIDTextArray)
)

// stringList reads a list of String nodes.
func stringList(nodes []*pg.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.GetString_().GetSval()
	}
	return out
}

func nameText(nodes []*pg.Node) string { return strings.Join(stringList(nodes), ".") }

// quoteIdent quotes an identifier where SQL needs it.
func quoteIdent(s string) string {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '$') {
			continue
		}
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	if s == "" {
		return `""`
	}
	return s
}

// formatNames are the types whose name in SQL is not the one in pg_type.
var formatNames = map[types.OID]string{
	types.OIDBool: "boolean", types.OIDInt2: "smallint", types.OIDInt4: "integer", types.OIDInt8: "bigint",
	types.OIDFloat4: "real", types.OIDFloat8: "double precision", types.OIDBpchar: "character",
	types.OIDVarchar: "character varying", types.OIDTime: "time without time zone", types.OIDTimetz: "time with time zone",
	types.OIDTimestamp: "timestamp without time zone", types.OIDTimestamptz: "timestamp with time zone",
	types.OIDBit: "bit", types.OIDVarbit: "bit varying", types.OIDChar: `"char"`,
}

// formatType is the type's name as PostgreSQL's messages show it, without modifier. Types that the search path does not
// show are qualified.
func (b *binder) formatType(d *types.Def) string {
	if d == nil {
		return "???"
	}
	if isTrueArray(d) && d.OID != types.OIDRecordArray {
		return b.formatType(d.Elem) + "[]"
	}
	if n, ok := formatNames[d.OID]; ok {
		return n
	}
	if d.OID == types.OIDRecordArray {
		return "record[]"
	}
	name := quoteIdent(d.Name)
	if d.Schema != "pg_catalog" && d.OID != types.OIDRecord && !b.typeVisible(d) {
		return quoteIdent(d.Schema) + "." + name
	}
	return name
}

func (b *binder) typeVisible(d *types.Def) bool {
	found, err := b.lookupType([]string{d.Name}, -1)
	return err == nil && found != nil && found.OID == d.OID
}

// typeWithMod is formatType with the modifier.
func (b *binder) typeWithMod(t types.Type) string {
	if t.Mod < 0 {
		return b.formatType(t.Def)
	}
	if isTrueArray(t.Def) {
		return b.typeWithMod(types.Type{Def: t.Elem, Mod: t.Mod}) + "[]"
	}
	m := t.Mod
	switch t.OID {
	case types.OIDVarchar, types.OIDBpchar:
		return b.formatType(t.Def) + "(" + strconv.Itoa(int(m-4)) + ")"
	case types.OIDBit, types.OIDVarbit:
		return b.formatType(t.Def) + "(" + strconv.Itoa(int(m)) + ")"
	case types.OIDNumeric:
		return "numeric(" + strconv.Itoa(int((m-4)>>16&0xffff)) + "," + strconv.Itoa(int(numericScale(m))) + ")"
	case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
		word, rest, _ := strings.Cut(b.formatType(t.Def), " ")
		return word + "(" + strconv.Itoa(int(m)) + ") " + rest
	}
	return b.formatType(t.Def)
}

// numericScale reads the scale out of numeric's modifier: eleven bits with sign.
func numericScale(mod int32) int32 { return ((mod-4)&0x7ff ^ 1024) - 1024 }
