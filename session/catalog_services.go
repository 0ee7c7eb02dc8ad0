package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// catalogServices are the functions that look things up in the catalog. The first of several keys is pg_proc.prosrc.
var catalogServices = map[string]service{
	"pg_get_expr":                        getExpr,
	"pg_get_expr_ext":                    getExpr,
	"pg_get_constraintdef":               constraintDef,
	"pg_get_constraintdef_ext":           constraintDef,
	"pg_get_indexdef":                    indexDef,
	"pg_get_indexdef_ext":                indexDef,
	"pg_get_viewdef":                     viewDef,
	"pg_get_viewdef_ext":                 viewDef,
	"pg_get_viewdef_wrap":                viewDef,
	"pg_get_viewdef_name":                viewDef,
	"pg_get_viewdef_name_ext":            viewDef,
	"pg_get_userbyid":                    userByID,
	"format_type":                        formatType,
	"pg_table_is_visible":                visibleObject,
	"pg_type_is_visible":                 visibleObject,
	"pg_function_is_visible":             visibleObject,
	"pg_operator_is_visible":             alwaysVisible,
	"pg_opclass_is_visible":              alwaysVisible,
	"pg_opfamily_is_visible":             alwaysVisible,
	"pg_collation_is_visible":            alwaysVisible,
	"pg_conversion_is_visible":           alwaysVisible,
	"pg_ts_config_is_visible":            alwaysVisible,
	"pg_ts_dict_is_visible":              alwaysVisible,
	"pg_ts_parser_is_visible":            alwaysVisible,
	"pg_ts_template_is_visible":          alwaysVisible,
	"pg_statistics_obj_is_visible":       alwaysVisible,
	"pg_get_function_result":             functionResult,
	"pg_get_function_arguments":          functionArguments,
	"pg_get_function_identity_arguments": functionArguments,
	"obj_description":                    objDescription,
	"col_description":                    colDescription,
	"shobj_description":                  shobjDescription,
	"to_regclass":                        toReg(types.OIDRegclass),
	"to_regtype":                         toReg(types.OIDRegtype),
	"to_regproc":                         toReg(types.OIDRegproc),
	"to_regprocedure":                    toReg(types.OIDRegprocedure),
	"to_regnamespace":                    toReg(types.OIDRegnamespace),
	"to_regrole":                         toReg(types.OIDRegrole),
	"text_regclass": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		id, err := s.relationOID(ctx, a[0].S)
		return types.Int(int64(id)), err
	},
	"pg_relation_size":       relationSize,
	"pg_table_size":          relationSize,
	"pg_total_relation_size": relationSize,
	"pg_indexes_size":        func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Int(0), nil },
	"pg_database_size_oid":   databaseSize,
	"pg_database_size_name":  databaseSize,
	"pg_encoding_to_char": func(_ *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		return types.String(map[int64]string{6: "UTF8", 0: "SQL_ASCII"}[a[0].I]), nil
	},
	"PG_char_to_encoding": func(_ *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		if strings.EqualFold(a[0].S, "utf8") {
			return types.Int(6), nil
		}
		return types.Int(-1), nil
	},
	"pg_is_in_recovery":       func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(false), nil },
	"pg_is_wal_replay_paused": func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(false), nil },
	"pg_current_wal_lsn":      currentLSN,
	"pg_postmaster_start_time": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		return timestamp(s.engine.Started), nil
	},
	"pg_conf_load_time": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		return timestamp(s.engine.Started), nil
	},
	"pg_relation_is_publishable":      func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(true), nil },
	"row_security_active":             func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(false), nil },
	"pg_get_partkeydef":               nullService,
	"pg_get_ruledef":                  nullService,
	"pg_get_ruledef_ext":              nullService,
	"pg_get_triggerdef":               nullService,
	"pg_get_triggerdef_ext":           nullService,
	"pg_get_statisticsobjdef":         nullService,
	"pg_get_statisticsobjdef_columns": nullService,
	"pg_get_partition_constraintdef":  nullService,
	"pg_relation_filenode":            func(_ *Session, _ context.Context, a []types.Datum) (types.Datum, error) { return a[0], nil },
	"pg_tablespace_location":          func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.String(""), nil },
	"inet_client_addr":                nullService,
	"inet_client_port":                nullService,
	"inet_server_addr":                nullService,
	"inet_server_port":                nullService,
	"pg_my_temp_schema":               func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Int(0), nil },
	"pg_is_other_temp_schema":         func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(false), nil },
	"pg_column_is_updatable":          func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Bool(true), nil },
	"pg_relation_is_updatable":        func(*Session, context.Context, []types.Datum) (types.Datum, error) { return types.Int(28), nil },
}

// catalogRows are set-returning functions of the catalog.
var catalogRows = map[string]rowService{
	"pg_get_keywords": func(_ *Session, _ context.Context, _ []types.Datum, _ func([]types.Datum) bool) error { return nil },
}

func nullService(*Session, context.Context, []types.Datum) (types.Datum, error) {
	return types.Null, nil
}

func alwaysVisible(*Session, context.Context, []types.Datum) (types.Datum, error) {
	return types.Bool(true), nil
}

// getExpr is pg_get_expr: descriptors keep expressions as the text that it shows.
func getExpr(_ *Session, _ context.Context, a []types.Datum) (types.Datum, error) { return a[0], nil }

func constraintDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	for _, o := range snap.Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			for _, c := range o.Constraints {
				if c.OID == id {
					return types.String(s.definitions(snap).Constraint(o, c)), nil
				}
			}
		case *catalog.UserType:
			for _, c := range o.Checks {
				if c.OID == id {
					return types.String(s.definitions(snap).Constraint(nil, c)), nil
				}
			}
		case *catalog.Schema, *catalog.View, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return types.Null, nil
}

func indexDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, ix := snap.RelationByOID(catalog.OID(a[0].I))
	t, ok := o.(*catalog.Table)
	if !ok || ix == nil {
		return types.Null, nil
	}
	n := s.definitions(snap)
	if len(a) == 3 && a[1].I > 0 {
		if i := int(a[1].I) - 1; i < len(ix.Columns) {
			return types.String(n.IndexColumn(t, ix, i, false)), nil
		} else if i -= len(ix.Columns); i < len(ix.Include) {
			return types.String(quoteIdent(t.ColumnByID(ix.Include[i]).Name)), nil
		}
		return types.Null, nil
	}
	return types.String(n.Index(t, ix, len(a) == 3 && a[2].B())), nil
}

func viewDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	if a[0].S != "" {
		if o, err = s.relation(ctx, a[0].S); err != nil {
			return types.Null, err
		}
	}
	if v, ok := o.(*catalog.View); ok {
		return types.String(pgcatalog.ViewDefinition(v)), nil
	}
	return types.Null, nil
}

func userByID(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	if r, ok := s.engine.Store.Global().Object(catalog.OID(a[0].I)).(*catalog.Role); ok {
		return types.String(r.Name), nil
	}
	return types.String("unknown (OID=" + types.Text(types.Of(types.Builtin(types.OIDInt8)), a[0], nil) + ")"), nil
}

func formatType(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	if a[0].Null {
		return types.Null, nil
	}
	if a[0].I == 0 {
		return types.String("-"), nil
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	return types.String(s.definitions(snap).FormatType(catalog.OID(a[0].I), int32(a[1].I), !a[1].Null)), nil
}

// visibleObject serves pg_table_is_visible and those for types and functions.
func visibleObject(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	if o, ix := snap.RelationByOID(id); o != nil {
		name := o.Head().Name
		if ix != nil {
			name = ix.Name
		}
		return types.Bool(s.visible(snap, o.Head().Schema, name)), nil
	}
	if o := snap.Object(id); o != nil {
		return types.Bool(s.visible(snap, o.Head().Schema, o.Head().Name)), nil
	}
	if p := builtin.ProcByOID(id); p != nil {
		return types.Bool(p.Schema == catalog.PgCatalog), nil
	}
	if d := snap.TypeByOID(id); d != nil {
		sc := snap.Schema(d.Schema)
		return types.Bool(sc != nil && s.visible(snap, sc.OID, d.Name)), nil
	}
	if t := builtin.TypeByOID(id); t != nil {
		return types.Bool(t.Schema == catalog.PgCatalog), nil
	}
	return types.Null, nil
}

// signature is what the pg_get_function_… functions show, of built-in and users' functions alike.
func (s *Session) signature(ctx context.Context, id catalog.OID) (*builtin.Proc, *pgcatalog.Names, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	n := s.definitions(snap)
	if p := builtin.ProcByOID(id); p != nil {
		return p, n, nil
	}
	f, ok := snap.Object(id).(*catalog.Function)
	if !ok {
		return nil, n, nil
	}
	p := &builtin.Proc{Kind: f.Kind, Returns: f.Returns, Set: f.ReturnsSet, ArgNames: f.ArgNames, ArgModes: f.ArgModes, AllArgs: f.ArgTypes, Args: f.ArgTypes,
		Defaults: f.Defaults, NDefaults: len(f.Defaults)}
	return p, n, nil
}

var modeWords = map[byte]string{'o': "OUT ", 'b': "INOUT ", 'v': "VARIADIC "}

func functionArguments(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	p, n, err := s.signature(ctx, catalog.OID(a[0].I))
	if p == nil || err != nil {
		return types.Null, err
	}
	list := p.AllArgs
	if list == nil {
		list = p.Args
	}
	var out []string
	inputs := 0
	for i, t := range list {
		mode := byte('i')
		if i < len(p.ArgModes) {
			mode = p.ArgModes[i]
		}
		if mode == 't' {
			continue
		}
		arg := modeWords[mode]
		if i < len(p.ArgNames) && p.ArgNames[i] != "" {
			arg += quoteIdent(p.ArgNames[i]) + " "
		}
		arg += n.FormatType(t, -1, false)
		if mode != 'o' {
			inputs++
			if k := inputs - 1 - (len(p.Args) - len(p.Defaults)); k >= 0 && k < len(p.Defaults) {
				arg += " DEFAULT " + p.Defaults[k]
			}
		}
		out = append(out, arg)
	}
	return types.String(strings.Join(out, ", ")), nil
}

func functionResult(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	p, n, err := s.signature(ctx, catalog.OID(a[0].I))
	if p == nil || err != nil || p.Kind == 'p' {
		return types.Null, err
	}
	var cols []string
	for i, m := range p.ArgModes {
		if m == 't' {
			cols = append(cols, quoteIdent(p.ArgNames[i])+" "+n.FormatType(p.AllArgs[i], -1, false))
		}
	}
	if cols != nil {
		return types.String("TABLE(" + strings.Join(cols, ", ") + ")"), nil
	}
	name := n.FormatType(p.Returns, -1, false)
	if p.Set {
		name = "SETOF " + name
	}
	return types.String(name), nil
}

// objDescription is obj_description(oid[, catalog]).
func objDescription(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	if o := snap.Object(id); o != nil {
		return orNull(o.Head().Comment), nil
	}
	if sc := snap.Schema(snap.SchemaName(id)); sc != nil {
		return orNull(sc.Comment), nil
	}
	if o, ix := snap.RelationByOID(id); ix != nil {
		return orNull(ix.Comment), nil
	} else if o != nil {
		return orNull(o.Head().Comment), nil
	}
	if p := builtin.ProcByOID(id); p != nil {
		return orNull(p.Comment), nil
	}
	if t := builtin.TypeByOID(id); t != nil {
		return orNull(t.Comment), nil
	}
	return s.constraintComment(snap, id), nil
}

func (s *Session) constraintComment(snap *catalog.Snapshot, id catalog.OID) types.Datum {
	for _, o := range snap.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			for _, c := range t.Constraints {
				if c.OID == id {
					return orNull(c.Comment)
				}
			}
		}
	}
	return types.Null
}

func colDescription(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	switch o := o.(type) {
	case *catalog.Table:
		for _, c := range o.Columns {
			if c.Num > 0 && int64(c.Num) == a[1].I {
				return orNull(c.Comment), nil
			}
		}
	case *catalog.View:
		if i := int(a[1].I) - 1; i >= 0 && i < len(o.Columns) {
			return orNull(o.Columns[i].Comment), nil
		}
	}
	return types.Null, nil
}

func shobjDescription(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	if o := s.engine.Store.Global().Object(catalog.OID(a[0].I)); o != nil {
		return orNull(o.Head().Comment), nil
	}
	return types.Null, nil
}

// toReg is to_regclass and its kin: NULL instead of an error for what is not there.
func toReg(reg types.OID) service {
	return func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		id, err := regNames{s}.Lookup(reg, a[0].S)
		if err != nil {
			switch pgerr.Code(err) {
			case pgerrcode.UndefinedTable, pgerrcode.UndefinedObject, pgerrcode.UndefinedFunction, pgerrcode.InvalidSchemaName, pgerrcode.AmbiguousFunction:
				return types.Null, nil
			}
			return types.Null, err
		}
		return types.Int(int64(id)), nil
	}
}

// relationSize estimates a table's size from its rows; storage shares files between all tables.
func relationSize(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	t, ok := o.(*catalog.Table)
	if !ok || t.Virtual {
		return types.Int(0), nil
	}
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return types.Null, err
	}
	return types.Int(s.txn.RowEstimate(v, t) * rowBytes), nil
}

// rowBytes is what a row is taken to need where only the number of rows is known.
const rowBytes = 64

func databaseSize(s *Session, ctx context.Context, _ []types.Datum) (types.Datum, error) {
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return types.Null, err
	}
	var rows int64
	for _, o := range v.Catalog().Objects() {
		if t, ok := o.(*catalog.Table); ok {
			rows += s.txn.RowEstimate(v, t)
		}
	}
	return types.Int(rows * rowBytes), nil
}

func currentLSN(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	scn, _ := s.engine.Store.Now()
	return types.Int(int64(scn)), nil
}
