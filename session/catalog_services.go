package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// catalogServices are the functions that look things up in the catalog, by pg_proc.prosrc.
var catalogServices = map[string]service{
	"pg_get_userbyid":              userByID,
	"format_type":                  formatType,
	"obj_description":              objDescription,
	"col_description":              colDescription,
	"shobj_description":            shobjDescription,
	"to_regclass":                  toReg(types.OIDRegclass),
	"to_regcollation":              toReg(types.OIDRegcollation),
	"to_regtype":                   toReg(types.OIDRegtype),
	"to_regproc":                   toReg(types.OIDRegproc),
	"to_regprocedure":              toReg(types.OIDRegprocedure),
	"to_regoper":                   toReg(types.OIDRegoper),
	"to_regoperator":               toReg(types.OIDRegoperator),
	"to_regnamespace":              toReg(types.OIDRegnamespace),
	"to_regrole":                   toReg(types.OIDRegrole),
	"text_regclass":                textRegclass,
	"pg_table_is_visible":          visibleObject,
	"pg_type_is_visible":           visibleObject,
	"pg_function_is_visible":       visibleObject,
	"pg_operator_is_visible":       alwaysVisible,
	"pg_opclass_is_visible":        alwaysVisible,
	"pg_opfamily_is_visible":       alwaysVisible,
	"pg_collation_is_visible":      alwaysVisible,
	"pg_conversion_is_visible":     alwaysVisible,
	"pg_ts_config_is_visible":      alwaysVisible,
	"pg_ts_dict_is_visible":        alwaysVisible,
	"pg_ts_parser_is_visible":      alwaysVisible,
	"pg_ts_template_is_visible":    alwaysVisible,
	"pg_statistics_obj_is_visible": alwaysVisible,
	"pg_relation_size":             relationSize,
	"pg_table_size":                relationSize,
	"pg_total_relation_size":       relationSize,
	"pg_indexes_size":              constant(types.Int(0)),
	"pg_database_size_oid":         databaseSize,
	"pg_database_size_name":        databaseSize,
	"pg_tablespace_size_oid":       databaseSize,
	"pg_tablespace_size_name":      databaseSize,
	"pg_tablespace_location":       constant(types.String("")),
	"pg_relation_filenode":         relationFile,
	"pg_relation_filepath":         nullService,
	"pg_filenode_relation":         nullService,
	"pg_relation_is_publishable":   constant(types.Bool(true)),
	"pg_column_is_updatable":       columnIsUpdatable,
	"pg_relation_is_updatable":     relationIsUpdatable,
	"pg_partition_root":            nullService,
	"pg_sequence_parameters":       sequenceParameters,
	"pg_describe_object":           describeObject,
	"pg_settings_get_flags":        settingFlags,
}

func nullService(*Session, context.Context, []types.Datum) (types.Datum, error) {
	return types.Null, nil
}

// constant is a function that says the same of everything.
func constant(d types.Datum) service {
	return func(*Session, context.Context, []types.Datum) (types.Datum, error) { return d, nil }
}

func alwaysVisible(*Session, context.Context, []types.Datum) (types.Datum, error) {
	return types.Bool(true), nil
}

func userByID(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	if r, ok := s.global().Object(catalog.OID(a[0].I)).(*catalog.Role); ok {
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

// textRegclass is the cast of text to regclass.
func textRegclass(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	id, err := s.relationOID(ctx, a[0].S)
	return types.Int(int64(id)), err
}

// relationFile is pg_relation_filenode: relations have no files of their own, their OIDs stand for them.
func relationFile(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	switch o, _ := snap.RelationByOID(catalog.OID(a[0].I)); o.(type) {
	case *catalog.Table, *catalog.Sequence:
		return a[0], nil
	}
	return types.Null, nil
}

// What can be done to a relation's rows, by the numbers of PostgreSQL's commands.
const (
	canUpdate = 1 << 2
	canInsert = 1 << 3
	canDelete = 1 << 4
)

// writable is what can be done to the rows of a relation. instead says that INSTEAD OF triggers count.
func (s *Session) writable(ctx context.Context, id catalog.OID, instead bool) (int64, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	o, _ := snap.RelationByOID(id)
	switch o := o.(type) {
	case *catalog.Table:
		if !o.Virtual {
			return canInsert | canUpdate | canDelete, nil
		}
	case *catalog.View:
		var can int64
		for event, bit := range map[catalog.TriggerEvent]int64{catalog.TriggerInsert: canInsert, catalog.TriggerUpdate: canUpdate, catalog.TriggerDelete: canDelete} {
			if instead && o.InsteadEvents()&event != 0 {
				can |= bit
			}
		}
		return can, nil
	}
	return 0, nil
}

// relationIsUpdatable is pg_relation_is_updatable.
func relationIsUpdatable(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	can, err := s.writable(ctx, catalog.OID(a[0].I), a[1].I != 0)
	return types.Int(can), err
}

// columnIsUpdatable is pg_column_is_updatable: rows that can be updated can be deleted too.
func columnIsUpdatable(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	can, err := s.writable(ctx, catalog.OID(a[0].I), a[2].I != 0)
	return types.Bool(can&(canUpdate|canDelete) == canUpdate|canDelete && a[1].I > 0), err
}

// sequenceParameters is pg_sequence_parameters: a record of what the sequence was made with.
func sequenceParameters(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	seq, err := s.sequence(ctx, noRef, catalog.OID(a[0].I))
	if err != nil {
		return types.Null, err
	}
	return record("pg_sequence_parameters", types.Int(seq.Start), types.Int(seq.Min), types.Int(seq.Max), types.Int(seq.Increment), types.Bool(seq.Cycle), types.Int(seq.Cache),
		types.Int(int64(seq.TypeOID))), nil
}

// settingFlags is pg_settings_get_flags: no setting of Rowan has any; NULL for one that does not exist.
func settingFlags(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	if _, err := s.value(a[0].S); err != nil {
		return types.Null, nil
	}
	return textArray(nil), nil
}
