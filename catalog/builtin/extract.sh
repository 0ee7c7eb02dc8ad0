#!/bin/sh
# Rewrites the .tsv files of this folder from the catalogs of a PostgreSQL 15 that psql reaches (PGHOST, PGPORT, PGUSER).
# The rows are facts; rowan.tsv is written by hand. Columns are in the order in which load.go reads them.
# The source of a function in language SQL is not its prosrc (which is the same for many) but sql_<name>_<oid>.
set -eu
cd "$(dirname "$0")"
db=rowan_extract
createdb -T template0 $db
trap 'dropdb $db' EXIT
out() { psql -X -q -d $db -v ON_ERROR_STOP=1 -c "COPY ($2) TO STDOUT" >"$1.tsv"; }
ns="CASE nspname WHEN 'information_schema' THEN 13000 ELSE n.oid::int END"

out procs "SELECT p.oid, $ns, proname, proargtypes, array_to_string(proargnames, ',', ''),
  array_to_string(proargmodes, ''), array_to_string(proallargtypes, ' '), prorettype::oid, proretset, prokind, proisstrict,
  provolatile, provariadic, pronargdefaults,
  (SELECT string_agg(d, '|' ORDER BY i) FROM generate_series(1, 64) i, pg_get_function_arg_default(p.oid, i) d WHERE d IS NOT NULL),
  CASE prolang WHEN 14 THEN 'sql_' || proname || '_' || p.oid ELSE prosrc END, proleakproof, proparallel,
  prolang, procost, prorows, prosupport::oid, obj_description(p.oid, 'pg_proc')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace ORDER BY p.oid"
out operators "SELECT oid, oprname, oprkind, oprleft, oprright, oprresult, oprcom, oprnegate, oprcode::oid, oprcanmerge,
  oprcanhash, oprrest::oid, oprjoin::oid, obj_description(oid, 'pg_operator') FROM pg_operator ORDER BY oid"
out casts "SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod FROM pg_cast ORDER BY oid"
out aggregates "SELECT aggfnoid::oid, aggkind, aggnumdirectargs, aggsortop, aggtranstype, agginitval, aggtransfn::oid,
  aggfinalfn::oid, aggcombinefn::oid, aggserialfn::oid, aggdeserialfn::oid, aggmtransfn::oid, aggminvtransfn::oid,
  aggmfinalfn::oid, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggtransspace, aggmtranstype,
  aggmtransspace, aggminitval FROM pg_aggregate ORDER BY aggfnoid::oid"
out types "SELECT t.oid, typname, $ns, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim,
  typrelid, typsubscript::oid, typelem, typarray, typinput::oid, typoutput::oid, typreceive::oid, typsend::oid,
  typmodin::oid, typmodout::oid, typanalyze::oid, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims,
  typcollation, typdefault, obj_description(t.oid, 'pg_type')
  FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace ORDER BY t.oid"
out ranges "SELECT rngtypid, rngsubtype, rngmultitypid, rngcollation, rngsubopc, rngcanonical::oid, rngsubdiff::oid
  FROM pg_range ORDER BY 1"
out opclasses "SELECT oid, opcmethod, opcname, opcfamily, opcintype, opcdefault, opckeytype FROM pg_opclass ORDER BY oid"
out opfamilies "SELECT oid, opfmethod, opfname FROM pg_opfamily ORDER BY oid"
out amops "SELECT oid, amopfamily, amoplefttype, amoprighttype, amopstrategy, amoppurpose, amopopr, amopmethod,
  amopsortfamily FROM pg_amop ORDER BY oid"
out amprocs "SELECT oid, amprocfamily, amproclefttype, amprocrighttype, amprocnum, amproc::oid FROM pg_amproc ORDER BY oid"
out ams "SELECT oid, amname, amhandler::oid, amtype, obj_description(oid, 'pg_am') FROM pg_am ORDER BY oid"
out collations "SELECT oid, collname, collprovider, collisdeterministic, collencoding, collcollate, collctype,
  obj_description(oid, 'pg_collation') FROM pg_collation WHERE collprovider <> 'i' ORDER BY oid"
out languages "SELECT oid, lanname, lanispl, lanpltrusted, lanplcallfoid, laninline, lanvalidator,
  obj_description(oid, 'pg_language') FROM pg_language ORDER BY oid"
out conversions "SELECT oid, conname, conforencoding, contoencoding, conproc::oid, condefault FROM pg_conversion ORDER BY oid"
