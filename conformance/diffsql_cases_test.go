package conformance

import (
	"fmt"
	"strings"
	"testing"
)

// diffCase is something that a branch may do to what it was forked with. A COMMIT stands where values of enums are used that
// were not there before.
type diffCase struct{ name, setup, change string }

var diffCases = []diffCase{
	{"domain gains and loses constraints", `
		CREATE DOMAIN pos AS int CONSTRAINT above CHECK (VALUE > 0) CONSTRAINT odd CHECK (VALUE <> 13);
		CREATE DOMAIN mail AS text DEFAULT 'a@b' NOT NULL;
		CREATE TABLE t (id int PRIMARY KEY, p pos, m mail); INSERT INTO t VALUES (1, 1, 'x')`, `
		UPDATE t SET p = 5; ALTER DOMAIN pos ADD CONSTRAINT below CHECK (VALUE BETWEEN 4 AND 1000); ALTER DOMAIN pos RENAME CONSTRAINT above TO over;
		ALTER DOMAIN pos DROP CONSTRAINT odd; ALTER DOMAIN pos SET DEFAULT 7;
		ALTER DOMAIN mail DROP NOT NULL; ALTER DOMAIN mail SET DEFAULT 'c@d'`},
	{"enum gains labels that rows have", `
		CREATE TYPE mood AS ENUM ('a', 'c'); CREATE TABLE t (id int PRIMARY KEY, m mood, l mood[]); INSERT INTO t VALUES (1, 'a', '{a,c}'), (2, 'c', NULL)`, `
		ALTER TYPE mood ADD VALUE 'b' BEFORE 'c'; ALTER TYPE mood ADD VALUE 'd'; ALTER TYPE mood RENAME VALUE 'a' TO 'A'; COMMIT;
		UPDATE t SET m = 'b', l = '{b,d}' WHERE id = 1; INSERT INTO t VALUES (3, 'd', '{b}')`},
	{"enum is made anew with other labels", `
		CREATE TYPE mood AS ENUM ('a', 'b', 'c');
		CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a' NOT NULL, l mood[], CHECK (m <> 'c'), n text); CREATE INDEX ON t (m) WHERE m = 'a';
		CREATE INDEX ON t (n); CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text'; CREATE VIEW v AS SELECT id, m FROM t WHERE m = 'a';
		INSERT INTO t VALUES (1, 'a', '{a,b}', 'x'), (2, 'b', '{c,a}', 'y'), (3, 'a', NULL, 'z')`, `
		DROP VIEW v; DROP FUNCTION f; ALTER TABLE t DROP CONSTRAINT t_m_check; DROP INDEX t_m_idx; ALTER TABLE t ALTER m DROP DEFAULT; ALTER TYPE mood RENAME TO mood_old;
		UPDATE t SET m = 'a', l = '{a}' WHERE id = 2;
		CREATE TYPE mood AS ENUM ('z', 'a'); ALTER TABLE t ALTER m TYPE mood USING m::text::mood, ALTER l TYPE mood[] USING CASE WHEN id = 2 THEN l::text::mood[] END;
		DROP TYPE mood_old; ALTER TABLE t ALTER m SET DEFAULT 'a'; UPDATE t SET m = 'z' WHERE id = 3;
		CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text'; CREATE VIEW v AS SELECT id, m FROM t WHERE m = 'z'; COMMENT ON TYPE mood IS 'anew'`},
	{"composite type has other fields", `
		CREATE TYPE pt AS (x int, y int); CREATE TABLE t (id int PRIMARY KEY, p pt NOT NULL); INSERT INTO t VALUES (1, '(1,2)'), (2, '(3,4)')`, `
		ALTER TABLE t DROP p; DROP TYPE pt; CREATE TYPE pt AS (x int, y text, z int); ALTER TABLE t ADD p pt; UPDATE t SET p = ROW(id, 'q', 3); ALTER TABLE t ALTER p SET NOT NULL`},
	{"types over an enum that gains a label, of tables without a key", `
		CREATE TYPE e AS ENUM ('a', 'b'); CREATE DOMAIN d AS e; CREATE DOMAIN dl AS e[]; CREATE TYPE c AS (f e, n int);
		CREATE TABLE t (a int, b d, l dl, x c, y c[]); INSERT INTO t VALUES (1, 'a', '{a,b}', '(a,1)', '{"(b,2)"}'), (1, 'a', '{a,b}', '(a,1)', '{"(b,2)"}'), (2, 'b', '{}', NULL, '{}'), (3, NULL, NULL, '(,)', NULL);
		CREATE TABLE u (a int, b d NOT NULL, x c NOT NULL CHECK ((x).n > 0), g text GENERATED ALWAYS AS (a::text || 'x') STORED); INSERT INTO u VALUES (1, 'a', '(a,1)'), (2, 'b', '(b,3)');
		CREATE TABLE k (a int GENERATED ALWAYS AS IDENTITY, b d, x c); INSERT INTO k (b, x) VALUES ('a', '(a,1)'), ('a', '(a,1)'), ('b', NULL);
		CREATE TABLE m (a int); INSERT INTO m VALUES (1), (1), (2); ALTER TABLE m ADD b d DEFAULT 'b', ADD x c DEFAULT '(a,5)'`, `
		ALTER TYPE e ADD VALUE 'z' BEFORE 'a'; UPDATE t SET b = 'b' WHERE a = 2; DELETE FROM t WHERE a = 3; INSERT INTO t VALUES (4, 'a', '{b}', '(b,9)', '{}'), (1, 'a', '{a,b}', '(a,1)', '{"(b,2)"}');
		UPDATE u SET x = '(b,1)' WHERE a = 2; INSERT INTO k (b) VALUES ('a'); UPDATE m SET b = 'a' WHERE a = 2`},
	{"types over an enum that gains a label, of keys and of columns that rows are older than", `
		CREATE TYPE e AS ENUM ('a', 'b'); CREATE DOMAIN d AS e; CREATE TYPE c AS (f e, n int);
		CREATE TABLE t (b d PRIMARY KEY, v int, x c UNIQUE); INSERT INTO t VALUES ('a', 1, '(a,1)'), ('b', 2, '(b,1)');
		CREATE TABLE k (x c, n int, v int, PRIMARY KEY (n, x)); INSERT INTO k VALUES ('(a,1)', 1, 1), ('(b,1)', 1, 2);
		CREATE TABLE m (a int PRIMARY KEY); INSERT INTO m VALUES (1), (2), (3); ALTER TABLE m ADD b d DEFAULT 'b', ADD x c DEFAULT '(a,5)'`, `
		ALTER TYPE e ADD VALUE 'z' BEFORE 'a'; UPDATE t SET v = 5 WHERE v = 1; UPDATE k SET v = 5 WHERE v = 1; UPDATE m SET b = 'a' WHERE a = 2`},
	{"columns made anew stand behind others", `
		CREATE TABLE t (a int PRIMARY KEY, b text DEFAULT 'x' NOT NULL UNIQUE, c int); INSERT INTO t VALUES (1, 'p', 1), (2, 'q', 2), (3, '5', 3); CREATE INDEX ON t (b, c); CREATE VIEW v AS SELECT b, c FROM t; COMMENT ON COLUMN t.b IS 'it';
		CREATE TABLE u (a int, b text, c int, d text); INSERT INTO u VALUES (1, 'p', 1, 'z'), (1, 'p', 1, 'z'), (2, NULL, 2, 'y'), (3, '5', 3, NULL);
		CREATE TABLE n (a int PRIMARY KEY, s serial, i int GENERATED BY DEFAULT AS IDENTITY, c int); INSERT INTO n (a, c) VALUES (1, 1), (2, 2);
		CREATE TABLE k (a int, b int PRIMARY KEY, c int); INSERT INTO k VALUES (1, 10, 1), (2, 20, 2); CREATE TABLE r (b int REFERENCES k, w text); INSERT INTO r VALUES (10, 'x')`, `
		DROP VIEW v; ALTER TABLE t DROP b; ALTER TABLE t ADD b text DEFAULT 'x' NOT NULL; UPDATE t SET b = 'p' WHERE a = 1; UPDATE t SET b = 'q2' WHERE a = 2; ALTER TABLE t ADD UNIQUE (b); CREATE INDEX ON t (b, c); CREATE VIEW v AS SELECT b, c FROM t;
		ALTER TABLE u DROP b, DROP d; ALTER TABLE u ADD d text, ADD b text DEFAULT '5'; UPDATE u SET b = 'p' WHERE a = 1; UPDATE u SET b = NULL WHERE a = 2; UPDATE u SET d = 'z' WHERE c = 1;
		ALTER TABLE n DROP s, DROP i; ALTER TABLE n ADD i int GENERATED BY DEFAULT AS IDENTITY, ADD s bigserial; INSERT INTO n (a) VALUES (3);
		ALTER TABLE k DROP b CASCADE; ALTER TABLE k ADD b int; UPDATE k SET b = a * 10; UPDATE k SET b = 30 WHERE a = 2; ALTER TABLE k ADD PRIMARY KEY (b); ALTER TABLE r ADD FOREIGN KEY (b) REFERENCES k`},
	{"unused types change", `
		CREATE TYPE pt AS (x int, y int); CREATE TYPE k AS (a int); CREATE DOMAIN d AS int`, `
		ALTER TYPE pt ADD ATTRIBUTE z text; ALTER TYPE pt DROP ATTRIBUTE x; DROP TYPE k; CREATE TYPE k AS ENUM ('x'); DROP DOMAIN d; CREATE DOMAIN d AS text`},
	{"columns of generated columns change", `
		CREATE TABLE t (id int PRIMARY KEY, x int, g int GENERATED ALWAYS AS (x + 1) STORED, h text, CHECK (g < 100)); CREATE INDEX ti ON t ((x + 1)) WHERE g > 1; CREATE INDEX tg ON t (g);
		CREATE VIEW v AS SELECT g FROM t; INSERT INTO t (id, x) VALUES (1, 1), (2, 2)`, `
		DROP VIEW v; ALTER TABLE t DROP g; ALTER TABLE t ALTER x TYPE bigint; ALTER TABLE t ADD g bigint GENERATED ALWAYS AS (x + 1) STORED; ALTER TABLE t ADD CHECK (g < 100);
		CREATE INDEX tg ON t (g); CREATE VIEW v AS SELECT g FROM t; INSERT INTO t (id, x) VALUES (3, 30000000000 / 1000000000)`},
	{"columns stand in their order", `
		CREATE TABLE t (id int PRIMARY KEY, x int); INSERT INTO t VALUES (1, 0)`, `
		ALTER TABLE t ADD g int GENERATED ALWAYS AS (x + 1) STORED, ADD w text DEFAULT 'w' NOT NULL, ADD z int; UPDATE t SET x = 2; ALTER TABLE t ADD q int GENERATED ALWAYS AS (10 / x) STORED`},
	{"owners and privileges of new things", `
		CREATE TABLE old (a int); GRANT SELECT ON old TO ann`, `
		CREATE SCHEMA s AUTHORIZATION bob; CREATE TABLE s.t (a int, b int); ALTER TABLE s.t OWNER TO ann; GRANT SELECT ON s.t TO bob; GRANT UPDATE (a) ON s.t TO bob; REVOKE INSERT ON s.t FROM ann;
		CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION f() FROM public; CREATE TYPE e AS ENUM ('x'); GRANT USAGE ON TYPE e TO bob;
		ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ann; CREATE TABLE n (a int); CREATE VIEW v AS SELECT 1 AS a; REVOKE SELECT ON v FROM ann; CREATE VIEW w AS SELECT 1 AS a;
		ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM ann; ALTER TABLE old OWNER TO bob; GRANT UPDATE ON old TO ann WITH GRANT OPTION; REVOKE SELECT ON old FROM ann`},
	{"privileges on columns and functions", `
		CREATE TABLE t (a int, b int); GRANT UPDATE (a) ON t TO ann; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x')`, `
		REVOKE UPDATE (a) ON t FROM ann; GRANT UPDATE (b) ON t TO bob; REVOKE EXECUTE ON FUNCTION f() FROM public; GRANT USAGE ON TYPE e TO ann; REVOKE USAGE ON TYPE e FROM public`},
	{"comments on all there is", `
		CREATE SCHEMA "Odd One"; CREATE TABLE "Odd One"."T t" ("C c" int CONSTRAINT ck CHECK ("C c" > 0), u int UNIQUE); CREATE INDEX ix ON "Odd One"."T t" ("C c"); CREATE FUNCTION f(a "Odd One"."T t", b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE DOMAIN d AS int CONSTRAINT dc CHECK (VALUE > 0); CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end';
		CREATE TRIGGER tr AFTER INSERT ON "Odd One"."T t" FOR EACH ROW EXECUTE FUNCTION tf()`, `
		COMMENT ON SCHEMA "Odd One" IS 'a'; COMMENT ON TABLE "Odd One"."T t" IS 'b'; COMMENT ON COLUMN "Odd One"."T t"."C c" IS 'c'; COMMENT ON CONSTRAINT ck ON "Odd One"."T t" IS 'd';
		COMMENT ON INDEX "Odd One".ix IS 'e'; COMMENT ON INDEX "Odd One"."T t_u_key" IS 'e2'; COMMENT ON FUNCTION f("Odd One"."T t", int) IS 'f'; COMMENT ON DOMAIN d IS 'g'; COMMENT ON SEQUENCE s IS 'i'; COMMENT ON VIEW v IS 'it''s';
		COMMENT ON TRIGGER tr ON "Odd One"."T t" IS 'k'; COMMENT ON COLUMN v.a IS 'l'; COMMENT ON CONSTRAINT dc ON DOMAIN d IS 'm'`},
	{"storage of columns and tables", `
		CREATE TABLE t (id int PRIMARY KEY, a text, b int); CREATE INDEX i ON t (b)`, `
		ALTER TABLE t ALTER b SET STATISTICS 500, ALTER a SET STORAGE EXTERNAL, REPLICA IDENTITY FULL, SET (fillfactor = 70), CLUSTER ON i`},
	{"indexes and constraints are renamed, not made anew", `
		CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, CONSTRAINT ck CHECK (a > 0)); CREATE INDEX i ON t (a) WHERE a > 5; CREATE INDEX j ON t (a, id)`, `
		ALTER INDEX i RENAME TO i2; ALTER INDEX j RENAME TO i; ALTER INDEX i2 RENAME TO j; ALTER INDEX t_a_key RENAME TO k; ALTER INDEX t_pkey RENAME TO p; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME CONSTRAINT ck TO ck2`},
	{"functions return something else", `
		CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION k(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION r(a int) RETURNS void LANGUAGE sql AS 'SELECT'; CREATE VIEW v AS SELECT f(1) AS x`, `
		DROP VIEW v; DROP FUNCTION f(int); CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS 'SELECT ''x'''; ALTER FUNCTION f(text) RENAME TO f2; DROP FUNCTION g; CREATE FUNCTION g(b int) RETURNS int LANGUAGE sql AS 'SELECT $1';
		DROP FUNCTION k; CREATE FUNCTION k(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION r; CREATE PROCEDURE r(a int) LANGUAGE sql AS 'SELECT'; CREATE VIEW v AS SELECT f(1) AS x`},
	{"functions of new tables", `
		CREATE TABLE a (id int)`, `
		CREATE TABLE t (id int, n text); CREATE VIEW v AS SELECT id FROM t; CREATE FUNCTION rows() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t'; CREATE FUNCTION name(t) RETURNS text LANGUAGE sql AS 'SELECT $1.n';
		CREATE FUNCTION vs() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v'; CREATE FUNCTION d() RETURNS int LANGUAGE sql AS 'SELECT 7'; CREATE TABLE u (id int DEFAULT d()); CREATE VIEW w AS SELECT n FROM rows()`},
	{"columns change their types, rows stay", `
		CREATE TABLE t (id int PRIMARY KEY, a int, b text, c varchar(5), d float4, e char(5)); INSERT INTO t VALUES (1, 5, '7', 'abc', 0.1, 'x'), (2, 6, '8', 'de', 0.2, 'y');
		CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION tf()`, `
		DROP TRIGGER tr ON t; ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE int USING b::int, ALTER c TYPE text, ALTER d TYPE float8, ALTER e TYPE text; UPDATE t SET d = 0.1, e = 'x    ' WHERE id = 1;
		CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION tf()`},
	{"a dropped column gives its name to another", `
		CREATE TABLE t (id int PRIMARY KEY, a text, b int, g int GENERATED ALWAYS AS (b + 1) STORED); INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)`, `
		ALTER TABLE t DROP g, DROP b; ALTER TABLE t RENAME a TO b; ALTER TABLE t ADD a bool DEFAULT true; INSERT INTO t VALUES (3, 'z', false)`},
	{"identity columns and policies", `
		CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int GENERATED BY DEFAULT AS IDENTITY (START 5), n int); CREATE SEQUENCE s; INSERT INTO t (n) VALUES (1), (2)`, `
		ALTER TABLE t ALTER id SET GENERATED BY DEFAULT, ALTER a SET INCREMENT BY 3 SET CYCLE, ALTER n SET (merge_policy = 'sum'); SELECT rowan.set_sequence_policy('s', 'block', block => 50)`},
	{"a column with a merge policy gets a type that it is not for", `
		CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text[]); ALTER TABLE t ALTER a SET (merge_policy = 'sum'), ALTER b SET (merge_policy = 'sum'), ALTER c SET (merge_policy = 'union')`, `
		ALTER TABLE t ALTER a TYPE text, ALTER a RESET (merge_policy), ALTER b TYPE varchar(9), ALTER b SET (merge_policy = 'min'), ALTER c TYPE text, ALTER c SET (merge_policy = 'max'); INSERT INTO t VALUES (1, 'x')`},
	{"functions of the rows of views", `
		CREATE TABLE a (id int PRIMARY KEY, x int); CREATE VIEW v AS SELECT * FROM a; CREATE FUNCTION vs() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v'; CREATE VIEW w AS SELECT x FROM vs();
		CREATE VIEW z AS SELECT 1 AS one; CREATE FUNCTION zs() RETURNS SETOF z LANGUAGE sql AS 'SELECT * FROM z'`, `
		DROP VIEW w; DROP FUNCTION vs; DROP VIEW v; CREATE VIEW v AS SELECT x, id FROM a; CREATE FUNCTION vs() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v WHERE id > 0'; CREATE VIEW w AS SELECT id FROM vs();
		CREATE OR REPLACE VIEW z AS SELECT 1 AS one, 2 AS two`},
	{"names and rows pass from one to another", `
		CREATE TABLE sw (id int PRIMARY KEY, a text, b text); INSERT INTO sw VALUES (1, 'A', 'B'); CREATE TABLE n1 (id int PRIMARY KEY); CREATE TABLE n2 (id int PRIMARY KEY); INSERT INTO n1 VALUES (1); INSERT INTO n2 VALUES (2);
		CREATE TABLE c1 (id int PRIMARY KEY, r int); CREATE TABLE c2 (id int PRIMARY KEY, r int REFERENCES c1); ALTER TABLE c1 ADD FOREIGN KEY (r) REFERENCES c2; CREATE TABLE u (id int PRIMARY KEY, v int UNIQUE); INSERT INTO u VALUES (1, 1), (2, 2)`, `
		ALTER TABLE sw RENAME a TO c; ALTER TABLE sw RENAME b TO a; ALTER TABLE sw RENAME c TO b; INSERT INTO sw VALUES (2, 'a2', 'b2'); ALTER TABLE n1 RENAME TO n3; ALTER TABLE n2 RENAME TO n1; ALTER TABLE n3 RENAME TO n2; INSERT INTO n1 VALUES (9);
		INSERT INTO c1 VALUES (1, NULL); INSERT INTO c2 VALUES (1, 1); UPDATE c1 SET r = 1; UPDATE u SET v = v + 10; UPDATE u SET v = 13 - v`},
	{"rows of tables that refer to each other in a ring and to themselves", `
		CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, c int, a int NOT NULL REFERENCES a); CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE, up int REFERENCES c);
		ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c ON DELETE SET NULL; ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
		INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO c VALUES (1, 1, NULL), (2, 2, 1), (3, NULL, 2); INSERT INTO b VALUES (1, 1, 1), (2, 2, 2); UPDATE a SET b = 3 - id`, `
		UPDATE a SET b = NULL; UPDATE c SET up = NULL WHERE id = 3; DELETE FROM b WHERE id = 2; DELETE FROM a WHERE id = 2; INSERT INTO a VALUES (5, NULL); INSERT INTO c VALUES (5, 5, NULL), (4, 5, 5); INSERT INTO b VALUES (5, 5, 5); UPDATE a SET b = 5;
		UPDATE c SET up = 4 WHERE id = 3; UPDATE b SET c = 5; DELETE FROM c WHERE id = 1`},
	{"keys change with what refers to them", `
		CREATE TABLE a (id int PRIMARY KEY, code text UNIQUE); CREATE TABLE b (id int PRIMARY KEY, code text REFERENCES a (code) ON UPDATE CASCADE, a int REFERENCES a ON UPDATE CASCADE);
		INSERT INTO a VALUES (1, 'x'), (2, 'y'), (3, 'z'); INSERT INTO b VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3)`, `
		UPDATE a SET id = id + 10; UPDATE a SET code = code || code; DELETE FROM b WHERE id = 2; DELETE FROM a WHERE id = 12; INSERT INTO a VALUES (2, 'x'); INSERT INTO b VALUES (4, 'x', 2)`},
	{"views over views over columns that change", `
		CREATE TABLE t (id int PRIMARY KEY, a int, b text); INSERT INTO t VALUES (1, 1, 'x'); CREATE VIEW v AS SELECT id, a, b FROM t; CREATE VIEW w AS SELECT v.a + 1 AS n, u.b FROM v JOIN v u USING (id); CREATE VIEW x AS SELECT n FROM w;
		COMMENT ON VIEW w IS 'two'; COMMENT ON COLUMN x.n IS 'three'; GRANT SELECT ON x TO ann; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM x; END`, `
		DROP FUNCTION f; DROP VIEW x, w, v; ALTER TABLE t ALTER a TYPE numeric(8,2) USING a / 2.0; ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO tt;
		CREATE VIEW v AS SELECT id, a, c AS b FROM tt; CREATE VIEW w AS SELECT v.a + 1 AS n, u.b FROM v JOIN v u USING (id); CREATE VIEW x AS SELECT n FROM w;
		COMMENT ON VIEW w IS 'two'; GRANT SELECT ON x TO ann; CREATE FUNCTION f() RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM x; END`},
	{"types of types", `
		CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE DOMAIN dd AS d CHECK (VALUE < 100); CREATE TYPE pt AS (m mood, x dd, l d[]); CREATE DOMAIN ds AS int[] CHECK (cardinality(VALUE) < 4);
		CREATE TABLE t (id dd PRIMARY KEY, p pt, ps pt[], s ds, m mood[] DEFAULT '{a}'); INSERT INTO t VALUES (1, '(a,5,"{1,2}")', ARRAY[ROW('b', 7, '{3}')::pt, NULL], '{1,2}', '{a,b}'), (2, NULL, '{}', NULL, NULL)`, `
		ALTER TYPE mood ADD VALUE 'aa' AFTER 'a'; ALTER TYPE mood RENAME VALUE 'b' TO 'B'; ALTER TYPE mood RENAME TO feeling; ALTER DOMAIN d RENAME TO positive; ALTER DOMAIN dd ADD CONSTRAINT nine CHECK (VALUE <> 9) NOT VALID; CREATE SCHEMA s; ALTER TYPE pt SET SCHEMA s; COMMIT;
		UPDATE t SET p = ROW('aa', 6, NULL), s = '{7,8,9}' WHERE id = 1; INSERT INTO t VALUES (4, '(B,1,{})', NULL, '{}', '{aa,B}')`},
	{"values that are hard to write", `
		CREATE TABLE t (id int PRIMARY KEY, f float8, n numeric, ts timestamp, tz timestamptz, iv interval, b bytea, j jsonb, a text[], c "char", tm timetz, u uuid, bits bit varying, o oid)`, `
		INSERT INTO t VALUES (1, 'NaN', 'NaN', 'infinity', '-infinity', '-1 year 2 mons -3 days 04:05:06.7', '\x00ff5c27', '{"a": "\\ '' \" \u00e9"}', ARRAY['', NULL, 'NULL', '{', '"', '\', ' x '], 'x', '12:00:00+05:30', '00000000-0000-0000-0000-00000000000a', '101', 4000000000),
		(2, '-0', '-0.000', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999+00', '00:00:00', '', 'null', '[0:1]={a,b}', '', '00:00:00-12', NULL, '', 0), (3, 1e-320, 1e100, '0001-01-01 BC', NULL, 'P1Y', NULL, '[]', '{{1,2},{3,4}}', NULL, NULL, NULL, NULL, NULL),
		(-2147483648, '-Infinity', '0.10', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`},
	{"a key that a table gets, loses and widens", `
		CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1), (2, 2), (2, 3); CREATE TABLE u (a int PRIMARY KEY, b int NOT NULL, c text); INSERT INTO u VALUES (1, 5, 'x'), (2, 6, 'y'); CREATE TABLE w (a int PRIMARY KEY); INSERT INTO w VALUES (1), (2)`, `
		DELETE FROM t WHERE b = 3; ALTER TABLE t ADD PRIMARY KEY (a); INSERT INTO t VALUES (7, 7); ALTER TABLE u DROP CONSTRAINT u_pkey; ALTER TABLE u ADD PRIMARY KEY (b, a); INSERT INTO u VALUES (1, 6, 'z'); UPDATE u SET b = 9 WHERE c = 'x';
		ALTER TABLE w DROP CONSTRAINT w_pkey; INSERT INTO w VALUES (2), (2)`},
	{"sequences are altered, owned and let go", `
		CREATE SEQUENCE s; CREATE SEQUENCE q AS smallint MAXVALUE 100; CREATE TABLE t (id serial PRIMARY KEY, n int DEFAULT nextval('q')); ALTER SEQUENCE q OWNED BY t.n; INSERT INTO t DEFAULT VALUES`, `
		ALTER SEQUENCE s INCREMENT -2 MINVALUE -50 MAXVALUE 50 START 10 CACHE 5 CYCLE; ALTER SEQUENCE q OWNED BY NONE; ALTER SEQUENCE q RENAME TO r; ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_id_seq; COMMENT ON SEQUENCE r IS 'it'`},
	{"triggers that would change rows, and rules of deferral", `
		CREATE TABLE t (id int PRIMARY KEY, v int, seen int DEFAULT 0); CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, v int); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin insert into log (v) values (new.v); new.seen := new.seen + 1; return new; end';
		CREATE TRIGGER tr BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf(); INSERT INTO t VALUES (1, 1); CREATE TABLE k (id int PRIMARY KEY, t int CONSTRAINT fk REFERENCES t)`, `
		INSERT INTO t VALUES (2, 2), (3, 3); UPDATE t SET v = 5 WHERE id = 1; ALTER TABLE k DROP CONSTRAINT fk; ALTER TABLE k ADD CONSTRAINT fk FOREIGN KEY (t) REFERENCES t DEFERRABLE INITIALLY DEFERRED; INSERT INTO k VALUES (1, 3); DELETE FROM log WHERE v = 2;
		ALTER TRIGGER tr ON t RENAME TO tr2; ALTER TABLE t DISABLE TRIGGER tr2; INSERT INTO t VALUES (9, 9)`},
}

// TestDiffSQLCases turns a copy of the fork into the changed branch, and back: nothing may be left over, columns stand in the same order.
func TestDiffSQLCases(t *testing.T) {
	conn := diffConn(t)
	if _, err := conn.Exec(t.Context(), "CREATE ROLE ann; CREATE ROLE bob"); err != nil {
		t.Fatal(err)
	}
	for i, c := range diffCases {
		t.Run(c.name, func(t *testing.T) {
			from, to, copied := fmt.Sprintf("f%d", i), fmt.Sprintf("t%d", i), fmt.Sprintf("c%d", i)
			d := &diffWorld{fail: t, conn: conn}
			d.must("SELECT rowan.create_branch('" + from + "', source => 'main')")
			d.must("SET rowan.branch = " + from)
			defer d.must("SET rowan.branch = main")
			d.must(c.setup)
			d.must("SELECT rowan.create_branch('" + to + "'); SELECT rowan.create_branch('" + copied + "')")
			d.must("SET rowan.branch = " + to)
			d.must(c.change)
			d.turn(copied, to)
			d.sameColumns(copied, to)
			d.turn(copied, from)
		})
	}
}

// sameColumns compares the order of columns.
func (d *diffWorld) sameColumns(a, b string) {
	of := func(branch string) string {
		d.must("SET rowan.branch = " + branch)
		return strings.Join(d.strings("SELECT table_name || ': ' || string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'rowan') GROUP BY table_schema, table_name ORDER BY 1"), "\n")
	}
	if x, y := of(a), of(b); x != y {
		d.fail.Fatalf("columns of %s:\n%s\nof %s:\n%s", a, x, b, y)
	}
}

// TestDiffSQLSequences makes sequences that go on where they are on the other branch: rows inserted next do not collide.
func TestDiffSQLSequences(t *testing.T) {
	conn := diffConn(t)
	d := &diffWorld{fail: t, conn: conn}
	d.must("CREATE TABLE old (n int); INSERT INTO old VALUES (1), (2)")
	d.must("SELECT rowan.create_branch('to'); SELECT rowan.create_branch('copy'); SET rowan.branch = 'to'")
	d.must(`ALTER TABLE old ADD id int GENERATED ALWAYS AS IDENTITY; CREATE TABLE "Se r" ("I d" serial PRIMARY KEY, v int); CREATE TABLE i (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v int);
		INSERT INTO "Se r" (v) VALUES (1), (2), (3); INSERT INTO i (v) VALUES (1), (2); CREATE SEQUENCE s; SELECT nextval('s'); CREATE SEQUENCE unused`)
	d.turn("copy", "to")
	d.must("SET rowan.branch = 'copy'")
	d.must(`INSERT INTO old VALUES (3); INSERT INTO "Se r" (v) VALUES (9); INSERT INTO i (v) VALUES (9)`)
	got := strings.Join(d.strings(`SELECT concat_ws(' ', (SELECT max(id) FROM old), (SELECT max("I d") FROM "Se r"), (SELECT max(id) FROM i), nextval('s'), nextval('unused'))`), "")
	if got != "3 4 3 2 1" {
		t.Errorf("next values are %s, not 3 4 3 2 1", got)
	}
}
