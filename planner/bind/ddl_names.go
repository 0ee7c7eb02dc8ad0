package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// target resolves where a new relation goes.
func (b *definer) target(r *pg.RangeVar) (command.Target, error) {
	names := []string{r.Relname}
	if r.Schemaname != "" {
		names = []string{r.Schemaname, r.Relname}
	}
	if r.Catalogname != "" {
		names = append([]string{r.Catalogname}, names...)
	}
	temp := r.Relpersistence == "t"
	if r.Schemaname == "pg_temp" {
		temp, names = true, names[len(names)-1:]
	}
	if temp && len(names) > 1 {
		return command.Target{}, pgerr.New(pgerrcode.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema").At(int(r.Location))
	}
	if temp {
		return command.Target{Name: clipName(r.Relname), Temp: true}, nil
	}
	t, err := b.newName(names)
	if err != nil && r.Schemaname != "" {
		err = pgerr.From(err).At(int(r.Location))
	}
	t.At = int(r.Location)
	return t, err
}

// newName resolves where a new object of any kind goes.
func (b *definer) newName(names []string) (command.Target, error) {
	schema, name, err := b.splitName(names, -1)
	if err != nil {
		return command.Target{}, err
	}
	t := command.Target{Name: clipName(name)}
	if schema != "" {
		if t.Schema, err = b.schema(schema); err != nil && schema == "pg_temp" { // it is made when it is first needed
			t.Temp, err = true, nil
		}
		return t, err
	}
	snap, err := b.session()
	if err != nil {
		return t, err
	}
	first := true // pg_catalog there is implicit
	for _, p := range b.searchPath() {
		if strings.HasPrefix(p, "pg_temp") {
			continue
		}
		implicit := first && p == "pg_catalog"
		if first = false; implicit {
			continue
		}
		if sc := snap.Schema(p); sc != nil {
			t.Schema = sc.OID
			return t, nil
		}
	}
	return t, pgerr.New(pgerrcode.InvalidSchemaName, "no schema has been selected to create in")
}

// clipName cuts a name to what the catalogs hold.
func clipName(s string) string {
	const most = 63
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// schema finds a schema by name.
func (b *definer) schema(name string) (catalog.OID, error) {
	snap, err := b.session()
	if err != nil {
		return 0, err
	}
	if sc := snap.Schema(name); sc != nil {
		return sc.OID, nil
	}
	return 0, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", name)
}

// lookup finds a relation by its parts; nil when there is none, and then whether it was the schema that is missing.
func (b *definer) lookup(names []string) (o catalog.Object, ix *catalog.Index, noSchema string, err error) {
	schema, name, err := b.splitName(names, -1)
	if err != nil {
		return nil, nil, "", err
	}
	snap, err := b.session()
	if err != nil {
		return nil, nil, "", err
	}
	if schema != "" {
		sc := snap.Schema(schema)
		if sc == nil {
			return nil, nil, schema, nil
		}
		o, ix = snap.Relation(sc.OID, name)
		return o, ix, "", nil
	}
	for _, p := range b.searchPath() {
		if sc := snap.Schema(p); sc != nil {
			if o, ix = snap.Relation(sc.OID, name); o != nil {
				return o, ix, "", nil
			}
		}
	}
	return nil, nil, "", nil
}

// rangeNames are the parts of a relation's name.
func rangeNames(r *pg.RangeVar) []string {
	var out []string
	if r.Catalogname != "" {
		out = append(out, r.Catalogname)
	}
	if r.Schemaname != "" {
		out = append(out, r.Schemaname)
	}
	return append(out, r.Relname)
}

// relation finds a relation that must be there.
func (b *definer) relation(r *pg.RangeVar) (catalog.Object, *catalog.Index, error) {
	names := rangeNames(r)
	o, ix, noSchema, err := b.lookup(names)
	if err != nil {
		return nil, nil, err
	}
	if o != nil {
		return o, ix, nil
	}
	if noSchema != "" {
		return nil, nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", noSchema)
	}
	return nil, nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", strings.Join(names, "."))
}

// baseTable finds a table that must be there and be a table of the user's.
func (b *definer) baseTable(r *pg.RangeVar) (*catalog.Table, error) {
	o, ix, err := b.relation(r)
	if err != nil {
		return nil, err
	}
	t, ok := o.(*catalog.Table)
	if !ok || ix != nil {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", r.Relname)
	}
	return t, b.notSystem(t)
}

// notSystem refuses relations of pg_catalog.
func (b *definer) notSystem(t *catalog.Table) error {
	if t.Virtual {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", t.Name)
	}
	return nil
}

// skipNotice is the NOTICE of IF EXISTS.
func skipNotice(format string, args ...any) *pgerr.Error {
	n := pgerr.New(pgerrcode.SuccessfulCompletion, format, args...)
	n.Severity = "NOTICE"
	return n
}

// userDefined finds a user's type by name; builtin says that the name means a type of the system.
func (b *definer) userDefined(names []string) (u *catalog.UserType, builtin bool, err error) {
	d, err := b.lookupType(names, -1)
	if err != nil || d == nil {
		return nil, false, err
	}
	snap, err := b.session()
	if err != nil {
		return nil, false, err
	}
	u, ok := snap.Object(d.OID).(*catalog.UserType)
	return u, !ok, nil
}

// mustType is userDefined for a type that must be there.
func (b *definer) mustType(names []string) (*catalog.UserType, error) {
	u, system, err := b.userDefined(names)
	switch {
	case err != nil:
		return nil, err
	case system:
		return nil, pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of type %s", strings.Join(names, "."))
	case u == nil:
		return nil, pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", strings.Join(names, "."))
	}
	return u, nil
}

// function finds the user's function that a name and argument types mean; nil when there is none. Several without
// argument types are 42725.
func (b *definer) userFunction(o *pg.ObjectWithArgs, word string) (*catalog.Function, error) {
	snap, err := b.session()
	if err != nil {
		return nil, err
	}
	schema, name, err := b.splitName(stringList(o.Objname), -1)
	if err != nil {
		return nil, err
	}
	var args []types.OID
	for _, a := range o.Objargs {
		t, err := b.typeName(a.GetTypeName())
		if err != nil {
			return nil, err
		}
		args = append(args, t.ID())
	}
	path := b.searchPath()
	if schema != "" {
		path = []string{schema}
	}
	var found []*catalog.Function
	for _, p := range path {
		sc := snap.Schema(p)
		if sc == nil {
			continue
		}
		for _, f := range snap.Functions(sc.OID, name) {
			if o.ArgsUnspecified && (word == "routine" || (f.Kind == 'p') == (word == "procedure")) || !o.ArgsUnspecified && sameArguments(f, args) {
				found = append(found, f)
			}
		}
	}
	if len(found) > 1 && o.ArgsUnspecified {
		return nil, pgerr.New(pgerrcode.AmbiguousFunction, "%s name \"%s\" is not unique", word, strings.Join(stringList(o.Objname), ".")).
			WithHint("Specify the argument list to select the %s unambiguously.", word)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], b.kindFits(found[0], word)
}

// sameArguments reports whether these are a function's input arguments or, of a procedure, all of them.
func sameArguments(f *catalog.Function, args []types.OID) bool {
	return sameInputs(f, args) || f.Kind == 'p' && slices.Equal(f.ArgTypes, args)
}

func sameInputs(f *catalog.Function, args []types.OID) bool {
	n := 0
	for i, id := range f.ArgTypes {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			continue
		}
		if n >= len(args) || args[n] != id {
			return false
		}
		n++
	}
	return n == len(args)
}

// functionText is name(argument types), as messages have it.
func (b *definer) functionText(o *pg.ObjectWithArgs) string {
	name := strings.Join(stringList(o.Objname), ".")
	if o.ArgsUnspecified {
		return name
	}
	var args []string
	for _, a := range o.Objargs {
		if t, err := b.typeName(a.GetTypeName()); err == nil {
			args = append(args, b.formatType(t.Def))
		} else {
			args = append(args, typeNameText(a.GetTypeName()))
		}
	}
	return name + "(" + strings.Join(args, ",") + ")"
}

// roleName resolves a role specification to a name; "" is PUBLIC.
func (b *definer) roleName(r *pg.RoleSpec) (string, error) {
	if r == nil {
		return b.cat.User(), nil
	}
	switch r.Roletype {
	case pg.RoleSpecType_ROLESPEC_CURRENT_USER, pg.RoleSpecType_ROLESPEC_SESSION_USER, pg.RoleSpecType_ROLESPEC_CURRENT_ROLE:
		return b.cat.User(), nil
	case pg.RoleSpecType_ROLESPEC_PUBLIC:
		return "", nil
	}
	if r.Rolename == "none" || r.Rolename == "public" {
		return "", pgerr.New(pgerrcode.ReservedName, "role name \"%s\" is reserved", r.Rolename).At(int(r.Location))
	}
	return r.Rolename, nil
}

func (b *definer) roleNames(nodes []*pg.Node) ([]string, error) {
	var out []string
	for _, n := range nodes {
		name, err := b.roleName(n.GetRoleSpec())
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// objectWord is the word for a kind of object in tags and messages, in capitals.
func objectWord(t pg.ObjectType) string {
	s := strings.TrimPrefix(t.String(), "OBJECT_")
	switch t {
	case pg.ObjectType_OBJECT_MATVIEW:
		return "MATERIALIZED VIEW"
	case pg.ObjectType_OBJECT_FOREIGN_SERVER:
		return "SERVER"
	case pg.ObjectType_OBJECT_FDW:
		return "FOREIGN DATA WRAPPER"
	case pg.ObjectType_OBJECT_STATISTIC_EXT:
		return "STATISTICS"
	case pg.ObjectType_OBJECT_OPCLASS:
		return "OPERATOR CLASS"
	case pg.ObjectType_OBJECT_OPFAMILY:
		return "OPERATOR FAMILY"
	case pg.ObjectType_OBJECT_TSCONFIGURATION:
		return "TEXT SEARCH CONFIGURATION"
	case pg.ObjectType_OBJECT_TSDICTIONARY:
		return "TEXT SEARCH DICTIONARY"
	case pg.ObjectType_OBJECT_TSPARSER:
		return "TEXT SEARCH PARSER"
	case pg.ObjectType_OBJECT_TSTEMPLATE:
		return "TEXT SEARCH TEMPLATE"
	case pg.ObjectType_OBJECT_TABCONSTRAINT, pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return "CONSTRAINT"
	}
	return strings.ReplaceAll(s, "_", " ")
}

func noExtension(name string) error {
	return pgerr.New(pgerrcode.UndefinedObject, "extension \"%s\" does not exist", name)
}
