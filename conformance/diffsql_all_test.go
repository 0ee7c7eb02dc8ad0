package conformance

import "strings"

// shown are queries that show what a branch has as any client of PostgreSQL would read it, without what compares branches.
var shown = []string{
	`SELECT concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attstattarget,
		pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(a.attacl) x))
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.oid >= 16384 AND c.relkind IN ('r', 'v', 'c') AND a.attnum > 0 AND NOT a.attisdropped`,
	`SELECT concat_ws(' ', 'relation', relname, relkind, relowner::regrole, relreplident, reloptions, obj_description(oid, 'pg_class'), CASE WHEN relkind = 'v' THEN pg_get_viewdef(oid) END,
		(SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) x)) FROM pg_class WHERE oid >= 16384`,
	`SELECT concat_ws(' ', 'constraint', conrelid::regclass, format_type(contypid, -1), conname, convalidated, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')) FROM pg_constraint WHERE oid >= 16384`,
	`SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisclustered, indisvalid) FROM pg_index WHERE indexrelid >= 16384`,
	`SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgenabled, pg_get_triggerdef(oid), obj_description(oid, 'pg_trigger')) FROM pg_trigger WHERE NOT tgisinternal`,
	`SELECT concat_ws(' ', 'function', pg_get_functiondef(oid), proowner::regrole, obj_description(oid, 'pg_proc'), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(proacl, acldefault('f', proowner))) x))
		FROM pg_proc WHERE oid >= 16384`,
	`SELECT concat_ws(' ', 'type', format_type(oid, -1), typtype, typnotnull, typdefault, format_type(typbasetype, typtypmod), typowner::regrole, obj_description(oid, 'pg_type'),
		(SELECT string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(typacl, acldefault('T', typowner))) x))
		FROM pg_type t WHERE oid >= 16384 AND typelem = 0`,
	`SELECT concat_ws(' ', 'sequence', seqrelid::regclass, format_type(seqtypid, -1), seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle) FROM pg_sequence`,
	`SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, obj_description(oid, 'pg_namespace'), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) x)) FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public'`,
}

// all is everything that a branch has, line by line: its catalog and its rows.
func (d *diffWorld) all(branch string) string {
	d.must("SET rowan.branch = '" + branch + "'")
	var out []string
	for _, q := range shown {
		out = append(out, d.strings("SELECT x FROM ("+q+") q (x) ORDER BY x COLLATE \"C\"")...)
	}
	for _, t := range d.strings("SELECT oid::regclass::text FROM pg_class WHERE oid >= 16384 AND relkind = 'r' ORDER BY 1") {
		for _, row := range d.strings("SELECT to_jsonb(q)::text FROM " + t + " q ORDER BY 1") {
			out = append(out, t+" "+row)
		}
	}
	return strings.Join(out, "\n")
}
