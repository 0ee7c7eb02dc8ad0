package pgcatalog

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
)

// infoRoutines makes information_schema.routines: the built-in functions and those of users.
func infoRoutines(b *builder) error {
	for _, p := range builtin.AllProcs() {
		if p.Kind == 'f' || p.Kind == 'p' {
			b.infoRoutine(builtinRoutine(p), "internal", p.Source)
		}
	}
	for _, o := range b.Catalog.Objects() {
		if f, ok := o.(*catalog.Function); ok {
			b.infoRoutine(f, f.Language, f.Body)
		}
	}
	return nil
}

// builtinRoutine gives a built-in function the shape of a user's.
func builtinRoutine(p *builtin.Proc) *catalog.Function {
	f := &catalog.Function{Header: catalog.Header{OID: p.OID, Schema: p.Schema, Name: p.Name, Owner: catalog.Superuser}, Kind: p.Kind, Returns: p.Returns,
		Strict: p.Strict, Volatile: p.Volatile, ArgTypes: p.Args, ArgNames: p.ArgNames, ArgModes: p.ArgModes}
	if p.AllArgs != nil {
		f.ArgTypes = p.AllArgs
	}
	return f
}

func (b *builder) infoRoutine(f *catalog.Function, language, source string) {
	v := b.routineNames(f)
	v["routine_catalog"], v["routine_schema"], v["routine_name"] = b.database(), b.schema(f.Schema), f.Name
	v["routine_type"] = "FUNCTION"
	if f.Kind == 'p' {
		v["routine_type"] = "PROCEDURE"
	} else {
		b.infoRoutineType(v, f.Returns)
		v["type_udt_catalog"], v["dtd_identifier"], v["is_null_call"] = b.database(), "0", f.Strict
	}
	v["routine_body"], v["routine_definition"] = "EXTERNAL", source
	if language == "sql" {
		v["routine_body"] = "SQL"
	}
	v["external_language"], v["parameter_style"] = strings.ToUpper(language), "GENERAL"
	v["is_deterministic"], v["sql_data_access"] = f.Volatile == 'i', "MODIFIES"
	v["schema_level_routine"], v["max_dynamic_result_sets"] = true, 0
	v["security_type"] = "INVOKER"
	if f.Security {
		v["security_type"] = "DEFINER"
	}
	v["as_locator"], v["is_udt_dependent"] = false, false
	b.row(v)
}

// routineNames are the columns that tell which routine a row is about.
func (b *builder) routineNames(f *catalog.Function) map[string]any {
	return map[string]any{"specific_catalog": b.database(), "specific_schema": b.schema(f.Schema), "specific_name": f.Name + "_" + decimal(f.OID)}
}

// infoRoutineType fills in what a function returns; lengths are not told.
func (b *builder) infoRoutineType(v map[string]any, id catalog.OID) {
	d := b.Catalog.TypeByOID(id)
	if d == nil {
		return
	}
	switch {
	case d.Elem != nil && d.Category == 'A':
		v["data_type"] = "ARRAY"
	case d.Schema != "pg_catalog":
		v["data_type"] = "USER-DEFINED"
	default:
		v["data_type"] = b.names().FormatType(id, -1, false)
	}
	v["type_udt_schema"], v["type_udt_name"] = d.Schema, d.Name
}

// infoParameters makes information_schema.parameters.
func infoParameters(b *builder) error {
	for _, p := range builtin.AllProcs() {
		if p.Kind == 'f' || p.Kind == 'p' {
			b.infoParametersOf(builtinRoutine(p))
		}
	}
	for _, o := range b.Catalog.Objects() {
		if f, ok := o.(*catalog.Function); ok {
			b.infoParametersOf(f)
		}
	}
	return nil
}

var parameterModes = map[byte]string{'i': "IN", 'v': "IN", 'o': "OUT", 't': "OUT", 'b': "INOUT"}

func (b *builder) infoParametersOf(f *catalog.Function) {
	in, _ := inputs(f)
	given := 0
	for i, id := range f.ArgTypes {
		mode := byte('i')
		if i < len(f.ArgModes) {
			mode = f.ArgModes[i]
		}
		v := b.routineNames(f)
		b.infoRoutineType(v, id)
		v["udt_catalog"], v["udt_schema"], v["udt_name"] = b.database(), v["type_udt_schema"], v["type_udt_name"]
		v["ordinal_position"], v["parameter_mode"], v["is_result"], v["as_locator"] = i+1, parameterModes[mode], false, false
		if i < len(f.ArgNames) && f.ArgNames[i] != "" {
			v["parameter_name"] = f.ArgNames[i]
		}
		v["dtd_identifier"] = decimal(catalog.OID(i + 1))
		if mode != 'o' && mode != 't' {
			if k := given - (len(in) - len(f.Defaults)); k >= 0 && k < len(f.Defaults) {
				v["parameter_default"] = b.stored(f.Defaults[k], nil)
			}
			given++
		}
		b.row(v)
	}
}

// infoRoutinePrivileges makes information_schema.routine_privileges.
func infoRoutinePrivileges(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		f, ok := o.(*catalog.Function)
		if !ok {
			continue
		}
		for _, g := range catalog.ACLOf(f) {
			if !containsRune(g.Privileges, 'X') {
				continue
			}
			v := b.routineNames(f)
			v["grantor"], v["grantee"] = b.roleName(g.Grantor), "PUBLIC"
			if g.Grantee != 0 {
				v["grantee"] = b.roleName(g.Grantee)
			}
			v["routine_catalog"], v["routine_schema"], v["routine_name"] = b.database(), b.schema(f.Schema), f.Name
			v["privilege_type"], v["is_grantable"] = "EXECUTE", g.Grantee == f.Owner || containsRune(g.Grantable, 'X')
			b.row(v)
		}
	}
	return nil
}
