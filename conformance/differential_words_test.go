package conformance

import "strings"

// sqlTypes are the types that expressions are made of, with literals for each. The first is the simplest.
var sqlTypes = map[string][]string{
	"int4":        {"1", "0", "2", "3", "-7", "42", "NULL::int4", "2147483647", "'5'", "10"},
	"int8":        {"1::int8", "0::int8", "-3::int8", "9223372036854775807", "NULL::int8", "'12'::int8", "100000000000"},
	"int2":        {"1::int2", "'-2'::int2", "32767::int2", "NULL::int2", "7::int2"},
	"float8":      {"1.5::float8", "0::float8", "-2.25::float8", "'NaN'::float8", "'Infinity'::float8", "1e20::float8", "NULL::float8", "'-0'::float8"},
	"float4":      {"1.5::float4", "0.1::float4", "-3::float4", "NULL::float4", "1e10::float4"},
	"numeric":     {"1.5", "0.00", "-2.25", "100.0", "12345678901234567890.123", "NULL::numeric", "'NaN'::numeric", "0.1", "7::numeric"},
	"bool":        {"true", "false", "NULL::bool", "'t'::bool"},
	"text":        {"'a'::text", "''::text", "'Abc'::text", "'b c'::text", "'42'::text", "NULL::text", "'äöü€'::text", "'a%b_c'::text", "'  x '::text", "'foo,bar,baz'::text"},
	"varchar":     {"'a'::varchar", "'Xyz'::varchar", "NULL::varchar"},
	"bpchar":      {"'a'::bpchar", "'Xyz  '::bpchar", "NULL::bpchar"},
	"date":        {"'2024-02-29'::date", "'2000-01-01'::date", "'1999-12-31'::date", "NULL::date", "'infinity'::date", "'0044-03-15 BC'::date"},
	"timestamp":   {"'2024-02-29 12:34:56'::timestamp", "'2000-01-01 00:00:00.123456'::timestamp", "NULL::timestamp", "'-infinity'::timestamp"},
	"timestamptz": {"'2024-02-29 12:34:56+02'::timestamptz", "'2000-01-01 00:00:00Z'::timestamptz", "NULL::timestamptz", "'1969-07-20 20:17:40 America/New_York'::timestamptz"},
	"time":        {"'12:34:56'::time", "'00:00'::time", "'23:59:59.999999'::time", "NULL::time"},
	"interval":    {"'1 day'::interval", "'1 mon -2 days 03:04:05.6'::interval", "'-1 year'::interval", "'00:00:00'::interval", "NULL::interval", "'36:00'::interval", "interval '10' minute"},
	"json":        {`'{"a": 1, "b": [true, null, "x"]}'::json`, `'[1, 2.50, {"c": "d"}]'::json`, `'null'::json`, "NULL::json"},
	"jsonb":       {`'{"a": 1, "b": [true, null, "x"]}'::jsonb`, `'[1, 2.50, {"c": "d"}]'::jsonb`, `'null'::jsonb`, "NULL::jsonb", `'"str"'::jsonb`, `'{"a": {"b": {"c": 5}}}'::jsonb`, "'12.30'::jsonb"},
	"uuid":        {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'00000000-0000-0000-0000-000000000000'::uuid", "NULL::uuid"},
	"bytea":       {`'\x00ff'::bytea`, `''::bytea`, `'abc'::bytea`, "NULL::bytea"},
	"mood":        {"'ok'::mood", "'sad'::mood", "'happy'::mood", "NULL::mood"},
	"_int4":       {"'{1,2,3}'::int[]", "'{}'::int[]", "ARRAY[3,NULL,1]", "NULL::int[]", "'{{1,2},{3,4}}'::int[]", "'[0:1]={7,8}'::int[]"},
	"_text":       {`'{a,b}'::text[]`, `'{}'::text[]`, `ARRAY['x',NULL,'y z']`, "NULL::text[]", `'{"a,b","c\"d",NULL,"NULL",""}'::text[]`},
	"_numeric":    {"'{1.5,2}'::numeric[]", "NULL::numeric[]"},
	"_mood":       {"'{ok,sad}'::mood[]", "NULL::mood[]"},
}

// ordered are the types whose values can be compared.
var ordered = strings.Fields("int4 int8 int2 float8 float4 numeric bool text varchar bpchar date timestamp timestamptz time interval jsonb uuid bytea mood _int4 _text _numeric _mood")

// allTypes is every type, in a fixed order.
var allTypes = append(append([]string(nil), ordered...), "json")

// words are the forms of expressions: `type | form`, with the types of operands in braces. A capital letter is any type that can
// be ordered, the same everywhere in the form.
var words = parseWords(`
T | coalesce({T}, {T})
T | nullif({T}, {T})
T | CASE WHEN {bool} THEN {T} ELSE {T} END
T | CASE WHEN {bool} THEN {T} WHEN {bool} THEN {T} END
T | CASE {U} WHEN {U} THEN {T} ELSE {T} END
T | greatest({T}, {T})
T | least({T}, {T}, {T})
T | ({T})
bool | {T} = {T}
bool | {T} <> {T}
bool | {T} < {T}
bool | {T} >= {T}
bool | {T} IS NULL
bool | {T} IS NOT NULL
bool | {T} IS DISTINCT FROM {T}
bool | {T} IS NOT DISTINCT FROM {T}
bool | {T} BETWEEN {T} AND {T}
bool | {T} NOT BETWEEN SYMMETRIC {T} AND {T}
bool | {T} IN ({T}, {T})
bool | {T} NOT IN ({T}, {T}, {T})
bool | {T} = ANY (ARRAY[{T}, {T}])
bool | {T} < ALL (ARRAY[{T}, {T}])
bool | ({T}, {U}) = ({T}, {U})
bool | ({T}, {U}) < ({T}, {U})
bool | ({T}, {U}) IS NOT DISTINCT FROM ({T}, {U})
bool | ({T}, {U}) IN (({T}, {U}), ({T}, {U}))
bool | ROW({T}, {U}) IS NULL
bool | {bool} AND {bool}
bool | {bool} OR {bool}
bool | NOT {bool}
bool | {bool} IS TRUE
bool | {bool} IS NOT FALSE
bool | {bool} IS UNKNOWN
bool | {int4}::bool
bool | {text} LIKE {text}
bool | {text} ILIKE 'a%'
bool | {text} NOT LIKE '%b%'
bool | {text} ~ '^[a-c]+'
bool | {text} ~* 'B'
bool | {text} !~ '\d'
bool | {text} SIMILAR TO '(a|b)%'
bool | starts_with({text}, {text})
bool | {text} ^@ 'a'
bool | {int4} = {int8}
bool | {int4} < {numeric}
bool | {int8} > {float8}
bool | {numeric} >= {float8}
bool | {date} < {timestamp}
bool | {timestamp} > {timestamptz}
bool | {varchar} = {text}
bool | {bpchar} = {text}
bool | {jsonb} @> {jsonb}
bool | {jsonb} <@ {jsonb}
bool | {jsonb} ? 'a'
bool | {jsonb} ?| ARRAY['a', 'c']
bool | {jsonb} ?& {_text}
bool | {jsonb} @? '$.a'
bool | {jsonb} @@ '$.a == 1'
bool | jsonb_path_exists({jsonb}, '$.b[*] ? (@ == "x")')
bool | {_int4} @> {_int4}
bool | {_text} <@ {_text}
bool | {_int4} && {_int4}
bool | {int4} = ANY ({_int4})
bool | {text} <> ALL ({_text})
bool | ({date}, {date}) OVERLAPS ({date}, {date})
bool | ({timestamp}, {interval}) OVERLAPS ({timestamp}, {interval})
bool | isfinite({date})
bool | {text} IS NORMALIZED
bool | {json} IS NULL
bool | pg_typeof({T}) = pg_typeof({U})
int4 | {int4} + {int4}
int4 | {int4} - {int4}
int4 | {int4} * {int4}
int4 | {int4} / {int4}
int4 | {int4} % {int4}
int4 | - {int4}
int4 | abs({int4})
int4 | mod({int4}, {int4})
int4 | gcd({int4}, {int4})
int4 | {int4} & {int4}
int4 | {int4} | {int4}
int4 | {int4} # {int4}
int4 | ~ {int4}
int4 | {int4} << 2
int4 | {int4} >> 1
int4 | {int2} + {int4}
int4 | {int2} * {int4}
int4 | length({text})
int4 | char_length({bpchar})
int4 | octet_length({text})
int4 | octet_length({bytea})
int4 | bit_length({text})
int4 | position({text} IN {text})
int4 | strpos({text}, 'b')
int4 | ascii({text})
int4 | {numeric}::int4
int4 | {float8}::int4
int4 | {int8}::int4
int4 | {bool}::int4
int4 | {date} - {date}
int4 | cardinality({_int4})
int4 | array_length({_int4}, 1)
int4 | array_ndims({_int4})
int4 | array_lower({_int4}, 1)
int4 | array_position({_text}, {text})
int4 | ({_int4})[1]
int4 | ({_int4})[{int4}]
int4 | ({jsonb} -> 'a')::int4
int4 | jsonb_array_length({jsonb})
int4 | sign({int4})::int4
int4 | width_bucket({numeric}, 0, 10, 5)
int4 | num_nulls({T}, {U})
int4 | num_nonnulls({T}, NULL, {U})
int4 | regexp_count({text}, 'a')
int4 | regexp_instr({text}, '[a-z]')
int4 | get_byte('\x0102'::bytea, 1)
int4 | factorial(5)::int4
int4 | scale({numeric})
int4 | min_scale({numeric})
int4 | date_part('year', {date})::int4
int8 | {int8} + {int8}
int8 | {int8} - {int4}
int8 | {int8} * {int8}
int8 | {int8} / {int8}
int8 | {int8} % {int4}
int8 | {int4}::int8
int8 | {numeric}::int8
int8 | {float8}::int8
int8 | lcm({int8}, 4)
int8 | abs({int8})
int8 | {int8} << 3
int8 | bit_count({bytea})
int2 | {int2} + {int2}
int2 | {int2} / {int2}
int2 | {int4}::int2
int2 | - {int2}
float8 | {float8} + {float8}
float8 | {float8} - {float8}
float8 | {float8} * {float8}
float8 | {float8} / {float8}
float8 | {float8} + {int4}
float8 | {float4} * {float8}
float8 | {int4}::float8
float8 | {numeric}::float8
float8 | abs({float8})
float8 | floor({float8})
float8 | ceil({float8})
float8 | round({float8})
float8 | trunc({float8})
float8 | sign({float8})
float8 | sqrt(abs({float8}))
float8 | sqrt({float8})
float8 | {interval} = {interval} AND true
float8 | date_part('month', {timestamp})
float8 | date_part('epoch', {interval})
float8 | power({float8}, 2)
float4 | {float4} + {float4}
float4 | {float4} / {float4}
float4 | {float8}::float4
float4 | {int4}::float4
numeric | {numeric} + {numeric}
numeric | {numeric} - {numeric}
numeric | {numeric} * {numeric}
numeric | {numeric} / {numeric}
numeric | {numeric} % {numeric}
numeric | {numeric} + {int4}
numeric | {int8} * {numeric}
numeric | - {numeric}
numeric | abs({numeric})
numeric | round({numeric})
numeric | round({numeric}, 1)
numeric | round({numeric}, {int4})
numeric | trunc({numeric}, 1)
numeric | ceil({numeric})
numeric | floor({numeric})
numeric | sign({numeric})
numeric | div({numeric}, {numeric})
numeric | mod({numeric}, {numeric})
numeric | power({numeric}, 2)
numeric | sqrt(abs({numeric}))
numeric | ln(abs({numeric}) + 1)
numeric | exp(1.5)
numeric | log(2.0, 8.0)
numeric | trim_scale({numeric})
numeric | {numeric}::numeric(10,2)
numeric | {int4}::numeric
numeric | {float8}::numeric
numeric | {numeric}::numeric(4,1)
numeric | extract(year FROM {date})
numeric | extract(epoch FROM {timestamp})
numeric | extract(dow FROM {timestamptz})
numeric | extract(second FROM {time})
numeric | extract(month FROM {interval})
numeric | extract(isoyear FROM {date})
numeric | extract(julian FROM {timestamp})
numeric | ({jsonb} -> 'a')::numeric
numeric | to_number('12,345.6', '99G999D9')
text | {text} || {text}
text | {text} || {int4}
text | {numeric} || {text}
text | concat({text}, {int4}, {bool})
text | concat_ws('-', {text}, {T}, {U})
text | upper({text})
text | lower({text})
text | initcap({text})
text | substr({text}, {int4})
text | substring({text} FROM 2 FOR 2)
text | substring({text} FROM '[a-z]+')
text | substring({text} SIMILAR '%#"b#"%' ESCAPE '#')
text | left({text}, 2)
text | right({text}, {int4})
text | lpad({text}, 5, 'xy')
text | rpad({text}, 4)
text | trim({text})
text | trim(BOTH 'a' FROM {text})
text | ltrim({text}, 'ab')
text | rtrim({text})
text | btrim({text}, 'x ')
text | replace({text}, 'a', {text})
text | translate({text}, 'abc', 'xy')
text | reverse({text})
text | repeat({text}, 2)
text | split_part({text}, ',', 2)
text | split_part({text}, ',', -1)
text | overlay({text} PLACING 'ZZ' FROM 2)
text | md5({text})
text | quote_literal({text})
text | quote_ident({text})
text | quote_nullable({text})
text | chr(65)
text | to_hex({int4})
text | regexp_replace({text}, '[a-b]', 'X', 'g')
text | regexp_replace({text}, '(.)(.)', '\2\1')
text | regexp_substr({text}, '[a-z]+')
text | format('%s and %I and %L', {text}, {text}, {text})
text | format('%2$s %1$-5s|', {int4}, {T})
text | encode({bytea}, 'hex')
text | encode({bytea}, 'base64')
text | encode({bytea}, 'escape')
text | {T}::text
text | {json}::text
text | to_char({int4}, '9999')
text | to_char({numeric}, 'FM999,999.00')
text | to_char({numeric}, 'S990.9')
text | to_char({timestamp}, 'YYYY-MM-DD HH24:MI:SS.US')
text | to_char({timestamp}, 'Day, DD Mon IYYY-IW Q DDD J')
text | to_char({date}, 'FMMonth FMDDth')
text | to_char({interval}, 'DD HH24:MI:SS')
text | to_char({timestamptz}, 'YYYY-MM-DD"T"HH24:MI:SSOF')
text | {jsonb} ->> 'a'
text | {json} ->> 'b'
text | {jsonb} #>> '{b,0}'
text | jsonb_typeof({jsonb})
text | json_typeof({json})
text | jsonb_pretty({jsonb})
text | array_to_string({_text}, ',', '*')
text | array_to_string({_int4}, '-')
text | ({_text})[2]
text | array_dims({_int4})
text | pg_typeof({T})::text
text | {varchar} || {bpchar}
text | {text} COLLATE "C"
text | normalize({text}, NFC)
text | string_to_array({text}, ',')::text
text | date_trunc('month', {date})::text
text | unistr('\0041')
varchar | {text}::varchar(3)
varchar | {int4}::varchar
bpchar | {text}::char(4)
date | {date} + {int4}
date | {date} - 1
date | {timestamp}::date
date | {timestamptz}::date
date | {text}::date
date | make_date(2024, {int4}, 3)
date | to_date('2024-03-05', 'YYYY-MM-DD')
timestamp | {timestamp} + {interval}
timestamp | {timestamp} - {interval}
timestamp | {date} + {interval}
timestamp | {date} + {time}
timestamp | {date}::timestamp
timestamp | {timestamptz}::timestamp
timestamp | {timestamptz} AT TIME ZONE 'Europe/Berlin'
timestamp | date_trunc('hour', {timestamp})
timestamp | date_trunc('week', {timestamp})
timestamp | date_bin('15 minutes', {timestamp}, '2001-01-01')
timestamp | make_timestamp(2024, 2, 3, 4, 5, 6.5)
timestamp | {timestamp}::timestamp(0)
timestamptz | {timestamptz} + {interval}
timestamptz | {timestamp}::timestamptz
timestamptz | {timestamp} AT TIME ZONE 'America/New_York'
timestamptz | date_trunc('day', {timestamptz}, 'Asia/Tokyo')
timestamptz | to_timestamp({int4})
timestamptz | to_timestamp('05 Dec 2000', 'DD Mon YYYY')
timestamptz | {date}::timestamptz
time | {time} + {interval}
time | {timestamp}::time
time | make_time(8, 15, 23.5)
interval | {interval} + {interval}
interval | {interval} - {interval}
interval | {interval} * {int4}
interval | {interval} / 2
interval | {float8} * {interval}
interval | - {interval}
interval | {timestamp} - {timestamp}
interval | {timestamptz} - {timestamptz}
interval | {time} - {time}
interval | age({timestamp}, {timestamp})
interval | age({date}, {date})
interval | justify_hours({interval})
interval | justify_days({interval})
interval | justify_interval({interval})
interval | make_interval(days => {int4}, hours => 3)
interval | {text}::interval
interval | date_trunc('hour', {interval})
json | {jsonb}::json
json | {json} -> 'b'
json | to_json({T})
json | json_build_object('k', {T}, 'l', {U})
json | json_build_array({T}, {U}, NULL)
json | row_to_json(ROW({T}, {U}))
json | array_to_json({_int4})
json | json_strip_nulls({json})
json | json_object({_text})
jsonb | {jsonb} || {jsonb}
jsonb | {jsonb} -> 'a'
jsonb | {jsonb} -> 0
jsonb | {jsonb} -> -1
jsonb | {jsonb} #> '{a,b}'
jsonb | {jsonb} - 'a'
jsonb | {jsonb} - {int4}
jsonb | {jsonb} #- '{b,1}'
jsonb | {json}::jsonb
jsonb | to_jsonb({T})
jsonb | jsonb_build_object('k', {T}, {text}, {U})
jsonb | jsonb_build_array({T}, {U})
jsonb | jsonb_set({jsonb}, '{a}', {jsonb})
jsonb | jsonb_set({jsonb}, '{b,0}', '"new"', false)
jsonb | jsonb_insert({jsonb}, '{b,1}', '9')
jsonb | jsonb_strip_nulls({jsonb})
jsonb | jsonb_path_query_first({jsonb}, '$.b[1 to last]')
jsonb | jsonb_path_query_array({jsonb}, '$.**.c')
jsonb | ({jsonb})['b'][0]
uuid | {text}::uuid
bytea | {bytea} || {bytea}
bytea | {text}::bytea
bytea | decode('abcd', 'hex')
bytea | substring({bytea} FROM 2)
bytea | sha256({bytea})
bytea | convert_to({text}, 'UTF8')
bytea | set_byte('\x0102'::bytea, 0, 5)
mood | {text}::mood
mood | enum_first({mood})
mood | ({_mood})[1]
_int4 | {_int4} || {_int4}
_int4 | {_int4} || {int4}
_int4 | array_append({_int4}, {int4})
_int4 | array_prepend({int4}, {_int4})
_int4 | array_cat({_int4}, {_int4})
_int4 | array_remove({_int4}, {int4})
_int4 | array_replace({_int4}, 1, {int4})
_int4 | array_positions({_int4}, 1)
_int4 | ({_int4})[1:2]
_int4 | ({_int4})[:2]
_int4 | ARRAY[{int4}, {int4}]
_int4 | array_fill({int4}, ARRAY[2])
_int4 | trim_array({_int4}, 1)
_int4 | {text}::int[]
_text | string_to_array({text}, ',')
_text | string_to_array({text}, NULL)
_text | string_to_array({text}, 'b', '')
_text | ARRAY[{text}, {text}]
_text | {_int4}::text[]
_text | regexp_split_to_array({text}, '[ ,]')
_text | regexp_match({text}, '(.)(b?)')
_text | {_text} || {text}
_numeric | {_int4}::numeric[]
_numeric | ARRAY[{numeric}, {int4}]
_mood | ARRAY[{mood}]
_mood | enum_range({mood})
`)

// aggregates are the forms of aggregate calls, written likewise.
var aggregates = parseWords(`
int8 | count(*)
int8 | count({T})
int8 | count(DISTINCT {T})
int8 | sum({int4})
int8 | sum(DISTINCT {int2})
numeric | sum({int8})
numeric | sum({numeric})
numeric | avg({int4})
numeric | avg(DISTINCT {numeric})
numeric | stddev({int4})
numeric | var_pop({numeric})
interval | sum({interval})
interval | avg({interval})
T | min({T:minmax})
T | max({T:minmax})
bool | bool_and({bool})
bool | bool_or({bool})
bool | every({bool})
int4 | bit_and({int4})
int4 | bit_or({int4})
int4 | bit_xor({int4})
text | string_agg({text}, ',' ORDER BY 1)
text | string_agg(DISTINCT {text=1}, ',' ORDER BY {text=1} DESC NULLS LAST)
_int4 | array_agg({int4=1} ORDER BY {int4=1})
_int4 | array_agg(DISTINCT {int4})
_text | array_agg({text=1} ORDER BY {text=1} DESC)
jsonb | jsonb_agg({T=1} ORDER BY {T=1})
json | json_agg({T=1} ORDER BY {T=1})
jsonb | jsonb_object_agg(coalesce({text=1}, 'none'), {int4=2} ORDER BY {text=1}, {int4=2})
int4 | percentile_disc(0.5) WITHIN GROUP (ORDER BY {int4})
float8 | percentile_cont(0.25) WITHIN GROUP (ORDER BY {int4})
text | mode() WITHIN GROUP (ORDER BY {text})
int8 | rank(2) WITHIN GROUP (ORDER BY {int4})
int8 | regr_count({float8}, {float8})
`)

type word struct {
	typ  string
	form string
}

func parseWords(text string) (out []word) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		typ, form, _ := strings.Cut(line, " | ")
		out = append(out, word{typ, form})
	}
	return out
}
