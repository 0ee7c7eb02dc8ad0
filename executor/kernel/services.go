package kernel

import (
	"strings"

	"github.com/rowandb/rowan/catalog/builtin"
)

// forwarded are the functions that belong to the session, by what they are about. One generic kernel hands each to
// Services.Call under its source, or under its plain name for functions in language SQL.
const forwarded = `
nextval_oid currval_oid lastval setval_oid setval3_oid nextval_on currval_on setval_on setval3_on regclass_on
pg_sequence_last_value_on sequence_position_on pg_get_serial_sequence pg_sequence_last_value pg_sequence_parameters
sequence_position
to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype
text_regclass format_type
pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible
pg_get_constraintdef pg_get_constraintdef_ext pg_get_expr pg_get_expr_ext pg_get_function_arg_default
pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody
pg_get_functiondef pg_get_indexdef pg_get_indexdef_ext pg_get_partition_constraintdef pg_get_partkeydef
pg_get_replica_identity_index pg_get_ruledef pg_get_ruledef_ext pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_triggerdef_ext pg_get_userbyid pg_get_viewdef
pg_get_viewdef_ext pg_get_viewdef_name pg_get_viewdef_name_ext pg_get_viewdef_wrap pg_describe_object
pg_identify_object pg_index_column_has_property pg_index_has_property pg_indexam_has_property
pg_relation_filenode pg_relation_filepath pg_filenode_relation pg_relation_is_publishable pg_relation_is_updatable
pg_column_is_updatable pg_partition_root pg_settings_get_flags
sql_col_description_1216 sql_obj_description_1215 sql_obj_description_1348 sql_shobj_description_1993
pg_relation_size sql_pg_relation_size_2325 pg_table_size pg_indexes_size pg_total_relation_size
pg_database_size_name pg_database_size_oid pg_tablespace_size_name pg_tablespace_size_oid pg_tablespace_location
pg_has_role_id pg_has_role_id_id pg_has_role_id_name pg_has_role_name pg_has_role_name_id pg_has_role_name_name
has_parameter_privilege_id_name has_parameter_privilege_name has_parameter_privilege_name_name
has_column_privilege_id_attnum has_column_privilege_id_id_attnum has_column_privilege_id_id_name
has_column_privilege_id_name has_column_privilege_id_name_attnum has_column_privilege_id_name_name
has_column_privilege_name_attnum has_column_privilege_name_id_attnum has_column_privilege_name_id_name
has_column_privilege_name_name has_column_privilege_name_name_attnum has_column_privilege_name_name_name
row_security_active row_security_active_name acldefault_sql
pg_advisory_lock_int4 pg_advisory_lock_int8 pg_advisory_lock_shared_int4 pg_advisory_lock_shared_int8
pg_advisory_unlock_all pg_advisory_unlock_int4 pg_advisory_unlock_int8 pg_advisory_unlock_shared_int4
pg_advisory_unlock_shared_int8 pg_advisory_xact_lock_int4 pg_advisory_xact_lock_int8
pg_advisory_xact_lock_shared_int4 pg_advisory_xact_lock_shared_int8 pg_try_advisory_lock_int4
pg_try_advisory_lock_int8 pg_try_advisory_lock_shared_int4 pg_try_advisory_lock_shared_int8
pg_try_advisory_xact_lock_int4 pg_try_advisory_xact_lock_int8 pg_try_advisory_xact_lock_shared_int4
pg_try_advisory_xact_lock_shared_int8
pg_current_xact_id pg_current_xact_id_if_assigned pg_xact_status pg_current_snapshot pg_export_snapshot
pg_xact_commit_timestamp xid_age mxid_age
pg_cancel_backend pg_terminate_backend pg_blocking_pids pg_safe_snapshot_blocking_pids
pg_isolation_test_session_is_blocked pg_notify pg_reload_conf pg_my_temp_schema pg_is_other_temp_schema
pg_postmaster_start_time pg_conf_load_time current_query inet_client_addr inet_client_port inet_server_addr
inet_server_port pg_stat_clear_snapshot pg_stat_force_next_flush pg_trigger_depth
`

// forwardedSets are the set-returning ones.
const forwardedSets = `
aclexplode pg_listening_channels pg_lock_status pg_prepared_statement pg_cursor pg_partition_ancestors pg_partition_tree
pg_available_extensions pg_available_extension_versions pg_tablespace_databases show_all_settings
pg_stat_get_activity pg_prepared_xact
`

// privileges are the objects of the has_…_privilege families with six forms each.
const privileges = `any_column database foreign_data_wrapper function language schema sequence server table tablespace type`

// serviceFunctions makes the table of the functions above and of all of schema rowan.
func serviceFunctions() map[string]Kernel {
	m := map[string]Kernel{}
	for _, source := range strings.Fields(forwarded) {
		m[source] = forward(serviceName(source))
	}
	for _, object := range strings.Fields(privileges) {
		for _, form := range strings.Fields("id id_id id_name name name_id name_name") {
			source := "has_" + object + "_privilege_" + form
			m[source] = forward(source)
		}
	}
	for _, source := range strings.Fields(forwardedSets) {
		m[source] = forwardSet(source)
	}
	for _, p := range builtin.AllProcs() {
		if !builtin.IsRowan(p) {
			continue
		}
		if p.Set {
			m[p.Source] = forwardSet(p.Source)
		} else {
			m[p.Source] = forward(p.Source)
		}
	}
	return m
}

// Forwarded lists the functions that Services must know: those of Call and those of Rows. It is for tests.
func Forwarded() (rows, sets []string) {
	for source, k := range serviceFunctions() {
		if k.Set != nil {
			sets = append(sets, source)
		} else {
			rows = append(rows, serviceName(source))
		}
	}
	return rows, sets
}

// serviceName strips what the sources of functions in language SQL are marked with.
func serviceName(source string) string {
	name, ok := strings.CutPrefix(source, "sql_")
	if !ok {
		return source
	}
	return name[:strings.LastIndexByte(name, '_')]
}

func forward(name string) Kernel {
	return row(func(e *Env, a []datum) (datum, error) { return e.Session.Call(e.Ctx, name, a) })
}

func forwardSet(name string) Kernel {
	return set(func(e *Env, a []datum, yield func([]datum) bool) error { return e.Session.Rows(e.Ctx, name, a, yield) })
}
