-- Rewrites aggregates.tsv: what PostgreSQL 15 answers for its aggregates over sampled rows.
--   psql -X -q -d <empty database> -f generate_aggregates.sql > aggregates.tsv
-- Each line: OID of the aggregate, OIDs of the result's and the arguments' types, the rows (parted by U+001E, columns by U+001F,
-- NULL \N), the result; one that begins with ! is an error.
\set QUIET on
SET client_min_messages = warning;
SET TimeZone = 'America/New_York';
SET extra_float_digits = 1;
CREATE TEMP TABLE val(typ regtype, v text, n serial);
INSERT INTO val(typ, v) SELECT t::regtype, unnest(v) FROM (VALUES
 ('bool', ARRAY['t','f','t']), ('int2', ARRAY['7','-13','7',NULL,'32767']), ('int4', ARRAY['3','5',NULL,'-4','2147483647','2147483647','3']),
 ('int8', ARRAY['1','9223372036854775807','9223372036854775807',NULL,'-17']), ('oid', ARRAY['25','1','4294967295']),
 ('float4', ARRAY['1.5','2.25',NULL,'-3.1','1e10']), ('float8', ARRAY['1','2.5',NULL,'-7.25','0.1','100','2.5','1e-5']),
 ('numeric', ARRAY['1.50','2','3.14159265358979','-0.001','123456789012345678901234567890.5',NULL,'2']),
 ('text', ARRAY['b','a',NULL,'abc','','Zoë','a']), ('bpchar', ARRAY['b','a','c']), ('bytea', ARRAY['\x00','\xff','abc']),
 ('date', ARRAY['2024-01-01','1999-12-31',NULL,'2030-06-15']), ('time', ARRAY['01:02:03','23:59:59.5']), ('timetz', ARRAY['12:00+00','12:00-05','01:02:03+05:30']),
 ('timestamp', ARRAY['2024-01-01 01:02:03.456','infinity','1970-01-01']), ('timestamptz', ARRAY['2024-01-01 01:02:03+00','1970-01-01 00:00+05']),
 ('interval', ARRAY['1 day','02:03:04.5',NULL,'-1 mon','1 year 2 mons']), ('uuid', ARRAY['00000000-0000-0000-0000-000000000001']),
 ('json', ARRAY['{"a":1}','[1]',NULL]), ('jsonb', ARRAY['{"b": 2, "a":1}','"x"','null']), ('int4[]', ARRAY['{1,2}','{3,4}','{1,2}']), ('text[]', ARRAY['{a,b}','{"c d",NULL}']),
 ('money', ARRAY['1.23','-5']), ('tid', ARRAY['(0,1)','(42,7)']), ('inet', ARRAY['10.0.0.1','192.168.0.1/24']), ('xid8', ARRAY['3','18446744073709551615']), ('pg_lsn', ARRAY['0/1','FFFFFFFF/0']), ('bit', ARRAY['1'])
) x(t, v);
CREATE FUNCTION pg_temp.show(v text) RETURNS text LANGUAGE sql AS
$$ SELECT coalesce(replace(replace(replace(replace(v, '\', '\\'), E'\n', '\n'), E'\t', '\t'), E'\r', '\r'), '\N') $$;
CREATE FUNCTION pg_temp.run(p pg_proc, a pg_aggregate, t1 regtype, t2 regtype, rows int) RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE src text; call text; res text; rt oid; data text; typs text;
BEGIN
  IF a.aggkind = 'o' AND a.aggnumdirectargs = 1 THEN
    src := format('(SELECT CASE %L WHEN ''float8[]'' THEN ''{0,0.3,0.5,1}'' ELSE ''0.4'' END AS v1, v AS v2, n FROM val WHERE typ = %L::regtype AND v IS NOT NULL LIMIT %s) s', t1, t2, rows);
    call := format('%I((CASE %L WHEN ''float8[]'' THEN ''{0,0.3,0.5,1}'' ELSE ''0.4'' END)::%s) WITHIN GROUP (ORDER BY v2::%s)', p.proname, t1, t1, t2);
  ELSIF a.aggkind = 'o' THEN
    src := format('(SELECT v AS v1, NULL AS v2, n FROM val WHERE typ = %L::regtype LIMIT %s) s', t1, rows);
    call := format('%I() WITHIN GROUP (ORDER BY v1::%s)', p.proname, t1);
  ELSIF p.pronargs = 2 THEN
    src := format('(SELECT x.v AS v1, y.v AS v2, x.n FROM (SELECT *, row_number() OVER (ORDER BY n) AS r FROM val WHERE typ = %L::regtype %s) x JOIN (SELECT *, row_number() OVER (ORDER BY n DESC) AS r FROM val WHERE typ = %L::regtype) y USING (r) LIMIT %s) s', t1, CASE WHEN p.proname ~ 'object' THEN 'AND v IS NOT NULL' ELSE '' END, t2, rows);
    call := format('%I(v1::%s, v2::%s ORDER BY n)', p.proname, t1, t2);
  ELSIF p.pronargs = 1 THEN
    src := format('(SELECT v AS v1, NULL AS v2, n FROM val WHERE typ = %L::regtype LIMIT %s) s', t1, rows);
    call := format('%I(v1::%s ORDER BY n)', p.proname, t1);
  ELSE RETURN; END IF;
  typs := t1::oid || CASE WHEN p.pronargs = 2 THEN E'\x1f' || t2::oid ELSE '' END;
  EXECUTE format('SELECT string_agg(pg_temp.show(v1) || %s, E''\x1e'' ORDER BY %s) FROM %s', CASE WHEN p.pronargs = 2 THEN 'E''\x1f'' || pg_temp.show(v2)' ELSE '''''' END,
    CASE WHEN a.aggkind = 'o' THEN CASE WHEN p.pronargs = 2 THEN 'v2::' || t2 ELSE 'v1::' || t1 END ELSE 'n' END, src) INTO data;
  rt := 0;
  BEGIN
    EXECUTE 'SELECT CASE WHEN x IS NOT DISTINCT FROM NULL THEN NULL ELSE format(''%s'', x) END, pg_typeof(x)::oid FROM (SELECT ' || call || ' AS x FROM ' || src || ') y' INTO res, rt;
    res := pg_temp.show(res);
  EXCEPTION WHEN OTHERS THEN res := '!' || SQLSTATE || ' ' || pg_temp.show(SQLERRM);
  END;
  RETURN NEXT p.oid || E'\t' || rt || E'\t' || typs || E'\t' || coalesce(data, '') || E'\t' || res;
END $f$;
CREATE FUNCTION pg_temp.choices(t oid) RETURNS SETOF regtype LANGUAGE sql AS $$
 SELECT DISTINCT typ FROM val WHERE CASE WHEN t = 0 THEN typ = 'int4'::regtype WHEN t IN (2276, 2283, 2776) THEN typ NOT IN ('int4[]'::regtype,'text[]'::regtype)
   WHEN t = 2277 THEN typ IN ('int4[]'::regtype,'text[]'::regtype) ELSE typ = t END
 UNION SELECT 'float8[]'::regtype WHERE t = 1022 $$;
\pset format unaligned
\pset tuples_only on
SELECT r FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid, pg_temp.choices(CASE WHEN pronargs > 0 THEN proargtypes[0] ELSE 0 END) t1, pg_temp.choices(CASE WHEN pronargs > 1 THEN proargtypes[1] ELSE 0 END) t2, (VALUES (0), (1), (3), (100)) n(k), pg_temp.run(p, a, t1, t2, k) r
WHERE a.aggkind IN ('n','o') AND pronargs > 0 AND (a.aggkind = 'n' OR 'json'::regtype NOT IN (t1, t2)) AND p.proname !~ '^(range|xml)' AND (p.proname !~ 'object_agg' OR t1 IN ('text'::regtype,'int4'::regtype,'bool'::regtype));
