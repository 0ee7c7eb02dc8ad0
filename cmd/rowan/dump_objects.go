package main

// dumpObjects are the types, functions, sequences, tables and views: the object's OID, what kind it is, and the statement
// that makes it. Defaults, keys and all else that can be added to a table later are left out here.
const dumpObjects = `
SELECT t.oid, 'type', format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
		(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ` + userSchema + `
UNION ALL SELECT t.oid, 'type', format('CREATE DOMAIN %I.%I AS %s%s%s%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
		coalesce(' DEFAULT ' || t.typdefault, ''), CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
		coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.oid) FROM pg_constraint k WHERE k.contypid = t.oid), ''))
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND ` + userSchema + `
UNION ALL SELECT t.oid, 'type', format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
		(SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
		FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class r ON r.oid = t.typrelid WHERE t.typtype = 'c' AND r.relkind = 'c' AND ` + userSchema + `
UNION ALL SELECT p.oid, 'function', pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE p.prokind IN ('f', 'p') AND ` + userSchema + `
UNION ALL SELECT c.oid, 'sequence', format('CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', ` + tableName + `, format_type(s.seqtypid, NULL),
		s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
	FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relpersistence <> 't' AND ` + userSchema + ` AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
UNION ALL SELECT c.oid, 'table', format(E'CREATE %sTABLE %s (\n    %s\n)%s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, ` + tableName + `, ` + columnList + `,
		coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''))
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND ` + userSchema + `
UNION ALL SELECT c.oid, 'view', format(E'CREATE VIEW %s%s AS\n%s', ` + tableName + `, coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid))
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND ` + userSchema + `
ORDER BY 1`

// dumpParents are the objects that parts of objects belong to: row types, types of arrays, rules, constraints, and the
// expressions of generated columns. Other defaults are set when all is there.
const dumpParents = `
SELECT t.oid, t.typrelid FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid WHERE c.relkind IN ('r', 'v')
UNION ALL SELECT t.oid, t.typelem FROM pg_type t WHERE t.typelem <> 0 AND t.typlen = -1
UNION ALL SELECT oid, ev_class FROM pg_rewrite
UNION ALL SELECT oid, CASE WHEN contypid <> 0 THEN contypid ELSE conrelid END FROM pg_constraint WHERE contype = 'c' AND convalidated
UNION ALL SELECT d.oid, d.adrelid FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated <> ''`

// dumpEdges are what needs what.
const dumpEdges = `SELECT DISTINCT objid, refobjid FROM pg_depend WHERE objid >= 16384 AND refobjid >= 16384 ORDER BY 1, 2`
