package main

// userSchema leaves out what every database has.
const userSchema = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'rowan', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

// tableName is the qualified name of the relation c in the schema n.
const tableName = `format('%I.%I', n.nspname, c.relname)`

// insertable are the columns of c that take values.
const insertable = `(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')`

const dumpTables = `SELECT ` + tableName + `, ` + insertable + ` FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND ` + userSchema + ` AND ` + insertable + ` IS NOT NULL ORDER BY c.oid`

// columnList is what stands in the parentheses of a CREATE TABLE: columns and CHECK constraints. Defaults that need a
// sequence come later.
const columnList = `(SELECT string_agg(part, E',\n    ' ORDER BY k, num) FROM (
	SELECT 1 AS k, a.attnum::int AS num, format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
		|| coalesce((SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
			WHERE co.oid = a.attcollation AND a.attcollation <> (SELECT t.typcollation FROM pg_type t WHERE t.oid = a.atttypid)), '')
		|| CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED' ELSE '' END
		|| CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS part
	FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	UNION ALL SELECT 2, 0, format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k
	WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated) x)`

// dumpParts are the parts of a dump in the order in which they can be loaded.
var dumpParts = []dumpPart{
	statements(`SELECT format('CREATE SCHEMA %I', nspname) FROM pg_namespace n WHERE ` + userSchema + ` AND nspname <> 'public' ORDER BY oid`),
	{write: (*dump).early},
	statements(`SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', ` + tableName + `, a.attname, pg_get_expr(d.adbin, d.adrelid))
		FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum
		WHERE c.relkind = 'r' AND a.attgenerated = '' AND c.relpersistence <> 't' AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s)',
		` + tableName + `, a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, sn.nspname, sc.relname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
		CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
		JOIN pg_sequence s ON s.seqrelid = d.objid JOIN pg_class sc ON sc.oid = s.seqrelid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
		WHERE c.relkind = 'r' AND a.attidentity <> '' AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('ALTER SEQUENCE %s OWNED BY %I.%I.%I', ` + tableName + `, tn.nspname, t.relname, a.attname)
		FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
		WHERE d.deptype = 'a' AND d.refobjsubid > 0 AND ` + userSchema + ` ORDER BY c.oid`),
	{data: true, write: (*dump).rows},
	{data: true, write: (*dump).sequences},
	statements(constraintsOf("p") + ` UNION ALL ` + constraintsOf("u") + ` ORDER BY 2, 3`),
	statements(`SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND ` + userSchema + ` AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) ORDER BY i.indexrelid`),
	statements(constraintsOf("f") + ` ORDER BY 2, 3`),
	statements(constraintsOf("c") + ` AND NOT k.convalidated ORDER BY 2, 3`),
	statements(`SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS %s', ` + tableName + `, a.attname, a.attstattarget)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0 AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE %s', ` + tableName + `, a.attname,
			CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attstorage <> t.typstorage AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', ` + tableName + `, x.what)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (VALUES ('ENABLE', c.relrowsecurity), ('FORCE', c.relforcerowsecurity)) x(what, yes)
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND x.yes AND ` + userSchema + ` ORDER BY c.oid, x.what`),
	{write: (*dump).late},
	statements(`SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', ` + tableName + `, a.attname, pg_get_expr(d.adbin, d.adrelid))
		FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum WHERE c.relkind = 'v' AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('ALTER TABLE %s CLUSTER ON %I', ` + tableName + `, x.relname)
		FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE i.indisclustered AND ` + userSchema + ` ORDER BY c.oid`),
	statements(`SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', ` + tableName + `, CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
			ELSE (SELECT format('USING INDEX %I', x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.relreplident IN ('f', 'n', 'i') AND ` + userSchema + ` ORDER BY c.oid`),
	statements(`SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT t.tgisinternal AND c.relpersistence <> 't' AND ` + userSchema + ` ORDER BY c.oid, t.tgname`),
	statements(`SELECT format('ALTER TABLE %s %s TRIGGER %I', ` + tableName + `, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, t.tgname)
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT t.tgisinternal AND t.tgenabled <> 'O' AND c.relpersistence <> 't' AND ` + userSchema + ` ORDER BY c.oid, t.tgname`),
	statements(`SELECT format('COMMENT ON %s %s IS %L', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, ` + tableName + `, d.description)
		FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND c.relkind IN ('r', 'v', 'S', 'i') AND ` + userSchema + ` ORDER BY c.oid`),
	statements(`SELECT format('COMMENT ON COLUMN %s.%I IS %L', ` + tableName + `, a.attname, d.description)
		FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
		WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND c.relkind IN ('r', 'v', 'c') AND ` + userSchema + ` ORDER BY c.oid, a.attnum`),
	statements(`SELECT format('COMMENT ON SCHEMA %I IS %L', n.nspname, d.description) FROM pg_description d JOIN pg_namespace n ON n.oid = d.objoid
		WHERE d.classoid = 'pg_namespace'::regclass AND n.nspname <> 'public' AND ` + userSchema + ` ORDER BY n.oid`),
	statements(`SELECT format('COMMENT ON %s %I.%I IS %L', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname, d.description)
		FROM pg_description d JOIN pg_type t ON t.oid = d.objoid JOIN pg_namespace n ON n.oid = t.typnamespace
		WHERE d.classoid = 'pg_type'::regclass AND ` + userSchema + ` ORDER BY t.oid`),
	statements(`SELECT format('COMMENT ON %s %I.%I(%s) IS %L', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
			pg_get_function_identity_arguments(p.oid), d.description)
		FROM pg_description d JOIN pg_proc p ON p.oid = d.objoid JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE d.classoid = 'pg_proc'::regclass AND ` + userSchema + ` ORDER BY p.oid`),
	statements(`SELECT format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, ` + tableName + `, d.description)
		FROM pg_description d JOIN pg_trigger t ON t.oid = d.objoid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE d.classoid = 'pg_trigger'::regclass AND ` + userSchema + ` ORDER BY t.oid`),
	statements(`SELECT format('COMMENT ON CONSTRAINT %I ON DOMAIN %I.%I IS %L', k.conname, n.nspname, t.typname, d.description)
		FROM pg_description d JOIN pg_constraint k ON k.oid = d.objoid JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
		WHERE d.classoid = 'pg_constraint'::regclass AND ` + userSchema + ` ORDER BY k.oid`),
	statements(`SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, ` + tableName + `, d.description)
		FROM pg_description d JOIN pg_constraint k ON k.oid = d.objoid JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE d.classoid = 'pg_constraint'::regclass AND ` + userSchema + ` ORDER BY k.oid`),
}

// constraintsOf are the statements that add the constraints of a kind.
func constraintsOf(kind string) string {
	return `SELECT format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', ` + tableName + `, k.conname, pg_get_constraintdef(k.oid)), c.oid, k.oid
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE k.contype = '` + kind + `' AND c.relkind = 'r' AND ` + userSchema
}
