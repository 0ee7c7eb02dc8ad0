-- One of each kind of thing that a dump must bring over, made in an order that is not that of their OIDs.
CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'the app';
CREATE SCHEMA "Odd Name";
CREATE TYPE app.color AS ENUM ('red', 'green', 'it''s');
ALTER TYPE app.color ADD VALUE 'blue' BEFORE 'green';
CREATE TYPE app.addr AS (street text, no int); CREATE TYPE app.late AS ENUM ('x'); ALTER TYPE app.addr ADD ATTRIBUTE c app.color; ALTER TYPE app.addr ADD ATTRIBUTE d app.late;
CREATE DOMAIN app.pos AS numeric(10,2) DEFAULT 1 NOT NULL CHECK (VALUE > 0) CONSTRAINT small CHECK (VALUE < 1e6);
COMMENT ON DOMAIN app.pos IS 'positive';
COMMENT ON TYPE app.addr IS 'address'; COMMENT ON COLUMN app.addr.street IS 'the street';
CREATE SEQUENCE app.s1 AS smallint INCREMENT 5 MINVALUE -100 MAXVALUE 1000 START 10 CACHE 7 CYCLE;
CREATE SEQUENCE app.s2 INCREMENT -1; SELECT nextval('app.s2'), nextval('app.s2');
SELECT setval('app.s1', 500, false);
CREATE FUNCTION app.twice(int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN $1 * 2;
CREATE FUNCTION app.body() RETURNS SETOF int LANGUAGE sql STABLE COST 5 BEGIN ATOMIC SELECT 1 AS a; SELECT CASE WHEN true THEN 2 END AS b; END;
CREATE FUNCTION app.rows(n int DEFAULT 3, VARIADIC xs text[] DEFAULT '{}') RETURNS SETOF app.addr LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '8MB' ROWS 10 AS $f$
BEGIN
  FOR i IN 1..n LOOP RETURN NEXT ROW('s' || i, i, 'blue', 'x')::app.addr; END LOOP;
END $f$;
CREATE FUNCTION app.tab() RETURNS TABLE (x int, y text) LANGUAGE sql AS 'SELECT 1, ''a''';
CREATE PROCEDURE app.proc(INOUT a int) LANGUAGE plpgsql AS $$BEGIN a := a + 1; END$$;
COMMENT ON FUNCTION app.twice(int) IS 'doubles'; COMMENT ON PROCEDURE app.proc(int) IS 'incs';
CREATE TABLE app.parent (
  id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10) PRIMARY KEY,
  name varchar(20) NOT NULL DEFAULT 'n' || app.twice(2)::text,
  col app.color DEFAULT 'red', ad app.addr, p app.pos,
  total numeric GENERATED ALWAYS AS (p * 2) STORED,
  tags text[] DEFAULT ARRAY['a','b'], j jsonb, ts timestamptz DEFAULT now(), b bytea, iv interval, u uuid, ch char(3), bits bit varying(9), d double precision, r real, dt date, "Quoted ""col" int,
  UNIQUE (name, col), CONSTRAINT chk CHECK (length(name) < 20 AND p IS NOT NULL), CONSTRAINT nn UNIQUE (ch) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE app.parent IS E'multi\nline ''quoted'''; COMMENT ON COLUMN app.parent.name IS 'nm'; COMMENT ON CONSTRAINT chk ON app.parent IS 'c';
INSERT INTO app.parent (name, col, ad, p, j, ts, b, iv, u, ch, bits, d, r, dt, "Quoted ""col") VALUES ('a', 'blue', ROW('st "x", y', 1, 'it''s', 'x'), 5.5, '{"a": [1, null]}', '2020-01-01 00:00+02', '\x00ff', '1 year 2 mons 3 days 04:05:06.7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ab', B'101', 0.1, 1e30, 'infinity', 1),
 (E'tab\tnl\n\\', NULL, NULL, 7, 'null', '-infinity', NULL, NULL, NULL, NULL, NULL, 'NaN', '-Infinity', '0044-03-15 BC', NULL);
CREATE TABLE app.child (id serial, pid bigint REFERENCES app.parent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE, n int DEFAULT nextval('app.s2'), PRIMARY KEY (id, n)) WITH (fillfactor = 70);
INSERT INTO app.child (pid) VALUES (100), (110), (NULL);
ALTER TABLE app.child ADD COLUMN late int DEFAULT 5; ALTER TABLE app.child ADD COLUMN gone int; ALTER TABLE app.child DROP COLUMN gone;
ALTER TABLE app.child ADD CONSTRAINT nv CHECK (late > 5) NOT VALID;
ALTER TABLE app.child ADD CONSTRAINT fnv FOREIGN KEY (late) REFERENCES app.parent NOT VALID;
CREATE INDEX i1 ON app.child (late DESC NULLS LAST, pid) INCLUDE (n) WHERE late IS NOT NULL; COMMENT ON INDEX app.i1 IS 'idx';
CREATE UNIQUE INDEX i2 ON app.parent (lower(name), (p + 1));
CREATE INDEX i3 ON app.parent USING hash (name); CREATE INDEX i4 ON app.parent USING gin (tags);
ALTER TABLE app.parent CLUSTER ON i2; ALTER TABLE app.parent REPLICA IDENTITY FULL; ALTER TABLE app.parent ALTER j SET STATISTICS 50; ALTER TABLE app.parent ALTER name SET STORAGE EXTERNAL;
ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY;
CREATE UNLOGGED TABLE "Odd Name"."T-1" (a int, LIKE app.child INCLUDING ALL);
CREATE VIEW app.v1 AS SELECT p.id, c.n, app.twice(c.late) AS tw FROM app.parent p JOIN app.child c ON c.pid = p.id WHERE p.col = 'blue';
CREATE VIEW app.a_uses_v1 (x, y) WITH (security_barrier) AS SELECT id, tw FROM app.v1 UNION ALL SELECT 1, 2; COMMENT ON VIEW app.v1 IS 'vw'; COMMENT ON COLUMN app.v1.tw IS 'twc';
ALTER VIEW app.v1 ALTER COLUMN n SET DEFAULT 5;
CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF TG_ARGV[0] = 'x' THEN NEW.name := upper(NEW.name); END IF; RETURN NEW; END$$;
CREATE TRIGGER t1 BEFORE INSERT OR UPDATE OF name ON app.parent FOR EACH ROW WHEN (NEW.name <> 'q') EXECUTE FUNCTION app.trg('x', 'it''s'); COMMENT ON TRIGGER t1 ON app.parent IS 'trig';
CREATE FUNCTION app.trg2() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER t2 AFTER UPDATE ON app.child REFERENCING NEW TABLE AS nw FOR EACH STATEMENT EXECUTE FUNCTION app.trg2();
CREATE CONSTRAINT TRIGGER t3 AFTER DELETE ON app.child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.trg2();
CREATE TRIGGER t4 INSTEAD OF INSERT ON app.v1 FOR EACH ROW EXECUTE FUNCTION app.trg2();
ALTER TABLE app.child DISABLE TRIGGER t2; ALTER TABLE app.child ENABLE ALWAYS TRIGGER t3;
CREATE TABLE public.circ_a (id int PRIMARY KEY, b int); CREATE TABLE public.circ_b (id int PRIMARY KEY, a int REFERENCES circ_a); ALTER TABLE circ_a ADD FOREIGN KEY (b) REFERENCES circ_b;
INSERT INTO circ_a VALUES (1, NULL); INSERT INTO circ_b VALUES (1, 1); UPDATE circ_a SET b = 1;
CREATE TABLE allgen (a int GENERATED BY DEFAULT AS IDENTITY, b int GENERATED ALWAYS AS (1) STORED); INSERT INTO allgen DEFAULT VALUES;
CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self); INSERT INTO self VALUES (1, NULL), (2, 1);
CREATE FUNCTION usesview() RETURNS SETOF app.v1 LANGUAGE sql AS 'SELECT * FROM app.v1';
CREATE VIEW usesfn AS SELECT * FROM usesview();
CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE FUNCTION late_check(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
ALTER TABLE t ADD CHECK (late_check(v));
ALTER TABLE t ADD w int GENERATED ALWAYS AS (app.twice(v)) STORED;
INSERT INTO t VALUES (1, 1);
