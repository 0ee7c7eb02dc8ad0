-- Rewrites functions.tsv: what PostgreSQL 15 answers to calls of its functions with sampled arguments.
--   psql -X -q -d <empty database> -f generate.sql > functions.tsv
-- Each line: OID of the function, OID of the result's type, OIDs of the arguments' types, the arguments, the result. The lists
-- are parted by U+001F, NULL is \N; a result that begins with ! is an error: SQLSTATE and message. The rows of a
-- set-returning function are parted by U+001E.
\set QUIET on
SET client_min_messages = warning;
SET TimeZone = 'America/New_York';
SET extra_float_digits = 1;
CREATE TEMP TABLE val(typ regtype, v text);
INSERT INTO val SELECT t::regtype, unnest(v) FROM (VALUES
 ('bool', ARRAY['t','f']),
 ('int2', ARRAY['0','1','-1','7','-13','32767','-32768']),
 ('int4', ARRAY['0','1','-1','2','3','5','-4','42','100000','2147483647','-2147483648']),
 ('int8', ARRAY['0','1','-1','3','-17','1000000007','5000000000','9223372036854775807','-9223372036854775808']),
 ('oid', ARRAY['0','1','25','4294967295']),
 ('float4', ARRAY['0','1','-1.5','3.14159','1e30','-1e-30','NaN','Infinity','-Infinity','0.5','16777217']),
 ('float8', ARRAY['0','1','-1','0.5','-2.5','1.5','30','45','60','90','-135','3.141592653589793','1e300','1e-300','NaN','Infinity','-Infinity','123456.789','0.1','10','1e15','1234567890123']),
 ('numeric', ARRAY['0','1','-1','0.00','1.50','-2.5','3.14159265358979','123456789012345678901234567890.123456789','99999999.99','NaN','Infinity','-Infinity','0.0001','100','7','-0.5','10.0','2.5','1e-20','12']),
 ('text', ARRAY['','a','abc','ABC','Hello, World','hello world foo','äöü ß','日本語','  padded  ','a,b,,c','foo.bar','%a_','x''y"z\','1234567890','aaa','b','YYYY-MM-DD','o']),
 ('varchar', ARRAY['','abc','Zoë ']), ('bpchar', ARRAY['abc','abc  ','']), ('name', ARRAY['','abc','pg_class']), ('"char"', ARRAY['a','Z','']),
 ('bytea', ARRAY['\x','\x00ff10','\x616263','\xdeadbeef','a\\b','abcabc']),
 ('date', ARRAY['2000-01-01','2024-02-29','1999-12-31','0044-03-15 BC','infinity','-infinity','2023-07-04','1970-01-01','5874897-12-31']),
 ('time', ARRAY['00:00:00','12:34:56.789012','23:59:59.999999','24:00:00','01:02:03']),
 ('timetz', ARRAY['00:00:00+00','12:34:56.789-05','23:59:59.999999+14','01:02:03+05:30']),
 ('timestamp', ARRAY['2000-01-01 00:00:00','2024-02-29 12:34:56.789012','1999-12-31 23:59:59.999999','0044-03-15 10:00:00 BC','infinity','-infinity','2023-03-12 02:30:00','2023-11-05 01:30:00','1970-01-01 00:00:00','2021-01-03 05:06:07']),
 ('timestamptz', ARRAY['2000-01-01 00:00:00+00','2024-02-29 12:34:56.789012-05','1999-12-31 23:59:59.999999+00','infinity','-infinity','2023-03-12 07:30:00+00','2023-11-05 05:30:00+00','1970-01-01 00:00:00+00','0044-03-15 10:00:00+00 BC','2021-06-15 18:00:00+00']),
 ('interval', ARRAY['0','1 day','-1 day 02:03:04.5','1 year 2 mons 3 days 04:05:06.789','1 mon','-13 mons','100 hours','00:00:01','35 days 25:00:00','-00:00:00.000001']),
 ('uuid', ARRAY['00000000-0000-0000-0000-000000000000','a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11','ffffffff-ffff-ffff-ffff-ffffffffffff']),
 ('json', ARRAY['null','true','1.50','"str"','[]','{}','[1, "a", null, {"b": [2]}]','{"a": 1, "b": {"c": [1,2,{"d": "x"}]}, "n": null, "a": 2}','[[1,2],[3]]','{"k":"v\u00e9\n"}']),
 ('jsonb', ARRAY['null','true','1.50','"str"','[]','{}','[1, "a", null, {"b": [2]}]','{"a": 1, "b": {"c": [1,2,{"d": "x"}]}, "n": null}','[[1,2],[3]]','{"k":"v\u00e9\n"}','["a","b","a"]','{"a":{"b":[]}}','1','-7']),
 ('bit', ARRAY['1','0']), ('varbit', ARRAY['','1','0101','11110000111','0101101']),
 ('inet', ARRAY['192.168.1.5/24','10.0.0.1','::1','2001:db8::1/64']), ('cidr', ARRAY['192.168.1.0/24','10.0.0.0/8','2001:db8::/32']),
 ('macaddr', ARRAY['08:00:2b:01:02:03','ff:ff:ff:00:00:00']), ('macaddr8', ARRAY['08:00:2b:01:02:03:04:05','08:00:2b:ff:fe:01:02:03']),
 ('money', ARRAY['0','1.23','-1000.50','92233720368547758.07']), ('tid', ARRAY['(0,1)','(42,7)']), ('xid', ARRAY['0','3','4294967295']), ('xid8', ARRAY['0','3','18446744073709551615']), ('pg_lsn', ARRAY['0/0','16/B374D848']),
 ('oidvector', ARRAY['','1 2','25 1700']),
 ('int4[]', ARRAY['{}','{1}','{1,2,3}','{3,NULL,1}','{{1,2},{3,4}}','[0:1]={5,6}','{2,2}']), ('int2[]', ARRAY['{1,2}']), ('int8[]', ARRAY['{1,2,3}']),
 ('text[]', ARRAY['{}','{a}','{a,b,c}','{b,c}','{a,NULL,"x y"}','{{a,b},{c,d}}','{0}','{b,c,2,d}','{"k",v}']), ('numeric[]', ARRAY['{1.5,2}','{}']), ('float8[]', ARRAY['{0,0.5,1}','{1,2,5}']), ('jsonb[]', ARRAY['{1,"{}"}'])
) x(t, v);
-- special arguments that sampling would not find
CREATE TEMP TABLE special(fn text, args text[]);
INSERT INTO special VALUES
 ('date_part', ARRAY['millennium','century','decade','year','quarter','month','week','day','hour','minute','second','milliseconds','microseconds','dow','isodow','doy','isoyear','epoch','julian','timezone','timezone_hour','timezone_minute','nope']),
 ('extract', ARRAY['millennium','century','decade','year','quarter','month','week','day','hour','minute','second','milliseconds','microseconds','dow','isodow','doy','isoyear','epoch','julian','timezone','timezone_hour','timezone_minute','nope']),
 ('date_trunc', ARRAY['millennium','century','decade','year','quarter','month','week','day','hour','minute','second','milliseconds','microseconds','dow']),
 ('timezone', ARRAY['UTC','Europe/Berlin','EST','+05','nowhere']),
 ('encode', ARRAY['hex','base64','escape','nope']), ('decode', ARRAY['hex','base64','escape']),
 ('normalize', ARRAY['NFC','NFD','NFKC','NFKD','x']), ('is_normalized', ARRAY['NFC','NFD']),
 ('regexp_match', ARRAY['a','(b)(c)?','','[a-z]+','\d+','i','o','(.)\1','^.','w(?=o)','(?i)A','\mw','(','x*']),
 ('regexp_matches', ARRAY['a','(b)(c)?','','[a-z]+','\d+','g','gi','o','(.)\1','x*']),
 ('regexp_replace', ARRAY['a','(b)(c)?','','[a-z]+','\d+','g','gi','o','[\1\&]','\\','x*','(?=o)','(.)(.)','\2\1']),
 ('regexp_split_to_array', ARRAY['a',',','','\s+','i','o','x*']), ('regexp_split_to_table', ARRAY['a',',','','\s+','i','o']),
 ('regexp_count', ARRAY['a','o','','[a-z]+','i','l+']), ('regexp_instr', ARRAY['a','o','','([a-z])([a-z]+)','i','l+']), ('regexp_like', ARRAY['a','o','','[a-z]+','i','^h']), ('regexp_substr', ARRAY['a','o','','([a-z])([a-z]+)','i','l+']),
 ('textregexeq', ARRAY['a','^h.*d$','[[:upper:]]','\d','l{2}','(a|b)+','\Aabc\Z','','(?i)ABC','[^a-z]+','(.)\1','*','(']),
 ('texticregexeq', ARRAY['A','^H.*D$','[[:upper:]]','l{2}','Ä']), ('substring', ARRAY['a','o(.)','l+','#','%#"o_o#"%','(','[a-z]+?','(l+?)o']),
 ('like', ARRAY['%','a%','%o%','_b_','\%a\_','%l_o%','%c','abc','A%','日%','%語','_本_','a\','%\']), ('textlike', ARRAY['%','a%','%o%','_b_','\%a\_','%l_o%','%w%f%','%c','日%']), ('texticlike', ARRAY['A%','%O%','_B_','ÄÖÜ%','%HELLO%']),
 ('similar_to_escape', ARRAY['a%','(a|b)*','[^x]_','#%','#','\','a.b$','ab','x#"y#"z']), ('like_escape', ARRAY['#','a#%','\','','ab','50\%']),
 ('to_char', ARRAY['YYYY-MM-DD HH24:MI:SS.US','Day, DD Month YYYY','FMDay, FMDDth FMMonth','Dy Mon D DDD J','HH12:MI AM','Q WW IW IYYY ID IDDD','CC BC RM rm','"text" YY','TZ OF','SSSS MS','YYYYth','9999.99','FM9999.99','S0000','999,999.00','9.99EEEE','RN','PL99','99PR','$999','FM0999','MI999','9G999D99','0000','999th','V99','YYYY MONTH month Mon MON','FF3 FF6','fmHH fmMI']),
 ('to_date', ARRAY['2024-02-29','YYYY-MM-DD','29 Feb 2024','DD Mon YYYY','20240229','YYYYMMDD','2024-13-01','12/31/99','MM/DD/YY']),
 ('to_timestamp', ARRAY['2024-02-29 12:34:56','YYYY-MM-DD HH24:MI:SS','2024-02-29 01:02:03.456','YYYY-MM-DD HH:MI:SS.MS','05 Dec 2000','DD Mon YYYY']),
 ('to_number', ARRAY['1234.56','9999.99','12,345.6-','99G999D9S','99,999.9S','-0.5','S9.9','$12','L99']),
 ('jsonb_path_query', ARRAY['$','$.a','$[*]','$.b.c[*]','$.** ? (@ > 1)']), ('parse_ident', ARRAY['a.b','"A".b','a..b','1a','Foo.BAR']),
 ('unistr', ARRAY['\0041\+000042','\u00e9','\\','\zz']), ('quote_ident', ARRAY['select','Foo','foo','a b','x"y']), ('translate', ARRAY['abc','bc','X','lo']), ('split_part', ARRAY['a,b,c',',','b','a~@~b~@~c','~@~']), ('make_timestamptz', ARRAY['UTC','Europe/Berlin']),
 ('convert_from', ARRAY['UTF8','LATIN1','nope']), ('convert_to', ARRAY['UTF8','LATIN1','nope']), ('replace', ARRAY['a','o','XX','','l']), ('btrim', ARRAY[' ','a','xyz','ab']), ('ltrim', ARRAY[' ','a']), ('rtrim', ARRAY[' ','a','cb']), ('lpad', ARRAY['xy','']), ('rpad', ARRAY['xy','']), ('chr', ARRAY['65','228','0','1114112','55296']), ('array_to_string', ARRAY[',','*']), ('string_to_array', ARRAY['a,b,,c',',','','b']), ('string_to_table', ARRAY['a,b,,c',',','','b']), ('json_object_field', ARRAY['a','b','k','n']), ('jsonb_object_field', ARRAY['a','b','k','n']), ('json_object_field_text', ARRAY['a','b','k','n']), ('jsonb_object_field_text', ARRAY['a','b','k','n']), ('jsonb_exists', ARRAY['a','b','k','n','str']), ('pg_size_bytes', ARRAY['10 MB','1.5GB','x','12']);

CREATE FUNCTION pg_temp.show(v text) RETURNS text LANGUAGE sql AS
$$ SELECT coalesce(replace(replace(replace(replace(v, '\', '\\'), E'\n', '\n'), E'\t', '\t'), E'\r', '\r'), '\N') $$;

CREATE FUNCTION pg_temp.actual(t oid, variant regtype) RETURNS regtype LANGUAGE sql AS $$
 SELECT CASE WHEN t::regtype IN ('anyelement','anynonarray','anycompatible','anycompatiblenonarray') THEN variant
  WHEN t::regtype IN ('anyarray','anycompatiblearray') THEN (SELECT typarray::regtype FROM pg_type WHERE oid = variant) ELSE t::regtype END $$;

CREATE FUNCTION pg_temp.run(p pg_proc, variant regtype, per int) RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE types regtype[]; combos text; i int; call text; rec record; res text; rt oid; args text[];
BEGIN
  SELECT array_agg(pg_temp.actual(t, variant) ORDER BY o) INTO types FROM unnest(p.proargtypes) WITH ORDINALITY u(t, o);
  FOR i IN 1..coalesce(cardinality(types), 0) LOOP
    IF NOT EXISTS (SELECT FROM val WHERE typ = types[i]) THEN RETURN; END IF;
  END LOOP;
  combos := 'SELECT ARRAY[' || coalesce((SELECT string_agg('v'||g, ',') FROM generate_series(1, cardinality(types)) g), '') || ']::text[] AS a FROM (SELECT 1) one';
  FOR i IN 1..coalesce(cardinality(types), 0) LOOP
    combos := combos || format(' CROSS JOIN (SELECT v AS v%s FROM (SELECT v FROM val WHERE typ = %L::regtype %s %s) s %s) t%s', i, types[i],
      CASE WHEN types[i] = 'text'::regtype AND EXISTS (SELECT FROM special s WHERE s.fn IN (p.proname, p.prosrc)) THEN format('UNION SELECT unnest(args) FROM special WHERE fn IN (%L, %L) UNION ALL SELECT unnest(args) FROM special WHERE fn IN (%L, %L)', p.proname, p.prosrc, p.proname, p.prosrc) ELSE '' END,
      CASE WHEN NOT p.proisstrict THEN 'UNION ALL SELECT NULL' ELSE '' END,
      CASE WHEN cardinality(types) > 3 THEN format('ORDER BY md5(v || %L) LIMIT %s', i, floor(5000 ^ (1.0 / cardinality(types)))) ELSE '' END, i);
  END LOOP;
  combos := 'SELECT DISTINCT a, md5(a::text) AS m FROM (SELECT * FROM (' || combos || ') c ' || CASE WHEN cardinality(types) > 2 THEN 'ORDER BY random() LIMIT 3000' ELSE '' END || ') d ORDER BY m LIMIT ' || per;
  FOR rec IN EXECUTE combos LOOP
    args := rec.a;
    call := format('pg_catalog.%I(%s)', p.proname, coalesce((SELECT string_agg(CASE WHEN g = cardinality(types) AND p.provariadic <> 0 THEN 'VARIADIC ' ELSE '' END || format('%L::%s', args[g], CASE types[g] WHEN 'bpchar'::regtype THEN 'bpchar' ELSE types[g]::text END), ', ' ORDER BY g) FROM generate_series(1, cardinality(types)) g), ''));
    rt := p.prorettype;
    BEGIN
      IF p.proretset THEN
        EXECUTE 'SELECT string_agg(coalesce(format(''%s'', x), ''\N''), E''\x1e''), coalesce(max(pg_typeof(x)::oid::int8), 0)::oid FROM (SELECT ' || call || ' AS x LIMIT 50) y' INTO res, rt;
      ELSE
        EXECUTE 'SELECT CASE WHEN x IS NOT DISTINCT FROM NULL THEN NULL ELSE format(''%s'', x) END, pg_typeof(x)::oid FROM (SELECT ' || call || ' AS x) y' INTO res, rt;
      END IF;
      res := pg_temp.show(res);
    EXCEPTION WHEN OTHERS THEN res := '!' || SQLSTATE || ' ' || pg_temp.show(SQLERRM);
    END;
    RETURN NEXT p.oid || E'\t' || rt || E'\t' || coalesce((SELECT string_agg(t::oid::text, E'\x1f') FROM unnest(types) t), '') || E'\t' ||
      coalesce((SELECT string_agg(pg_temp.show(x), E'\x1f' ORDER BY o) FROM unnest(args) WITH ORDINALITY u(x, o)), '') || E'\t' || res;
  END LOOP;
END $f$;

\o /dev/null
SELECT setseed(0.42);
\o
\pset format unaligned
\pset tuples_only on
SELECT r FROM pg_proc p
  CROSS JOIN LATERAL (SELECT unnest(CASE WHEN EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t::regtype::text ~ '^any') THEN ARRAY['int4','text']::regtype[] ELSE ARRAY['int4']::regtype[] END) AS v) vars
  CROSS JOIN LATERAL pg_temp.run(p, v, CASE WHEN proname IN ('date_part','extract','date_trunc','to_char','regexp_match','regexp_replace','textregexeq','like','textlike','substring','timezone','age') THEN 60 WHEN cardinality(proargtypes) > 1 THEN 14 ELSE 25 END) r
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provolatile <> 'v' AND p.prolang IN (12, 14)
  AND p.proname !~ '^(pg_(?!size)|has_|current_|to_reg|now|inet_(client|server)|session_|ts_|lo_|txid|row_sec|obj_|col_|shobj|statement_|transaction_|version|hash|table_|schema_|database_|query_|get_current|RI_|.*_accum|.*_transfn|.*_combine|.*serialize|.*recv$|.*send$|.*_hash|.*hash_ext|float8_|int[248]_avg|int[248]_sum|interval_avg|numeric_|width_|in_range|format_type|mxid|amvalidate|bt(equal|var)|acl|to_ascii|plainto|phrase|websearch|to_ts|setweight|xml|xpath|cursor|getdatabase|oidvectortypes|money|.*_support$|.*typmod|lastval|currval|nextval|satisfies|is_ispell)'
  AND NOT (p.proname ~ '^(age)$' AND cardinality(proargtypes) = 1) AND p.prosrc !~ 'repeat'
  AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t::regtype::text ~ 'internal|cstring')
UNION ALL
SELECT r FROM pg_proc p CROSS JOIN LATERAL pg_temp.run(p, 'int4', 14) r
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.proname ~ '^(numeric_(?!avg|acc|sum|poly|std|var|ser|des|comb|sup|fast|hash|inc_)|width_bucket$|interval_(?!avg|accum|comb)|format$)' AND p.provolatile <> 'v'
  AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t::regtype::text ~ 'internal|cstring');
