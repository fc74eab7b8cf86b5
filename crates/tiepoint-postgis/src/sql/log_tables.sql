-- What changes are noted in, beside the other tables of ours. `log` is for the owner's eyes: whoever
-- reads a layer reads its entries through `changes`.
SELECT pg_catalog.pg_advisory_xact_lock(8387236776539059316);
-- One row: which log this is, on which server it was begun, and up to which transaction entries may
-- have been forgotten. What was begun before `horizon` had ended when `looked`
-- was some time ago, and whoever looks all the time knows that.
CREATE TABLE IF NOT EXISTS tiepoint.noting (
  id uuid NOT NULL, system text NOT NULL, floor xid8 NOT NULL DEFAULT '0',
  horizon xid8 NOT NULL DEFAULT '0', ahead xid8 NOT NULL DEFAULT '0',
  looked timestamptz NOT NULL DEFAULT '-infinity');
-- The layers, each with the number that its entries bear as long as its columns stay what they were,
-- and how many entries it wants to stay.
CREATE TABLE IF NOT EXISTS tiepoint.logged (
  log int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, layer pg_catalog.regclass NOT NULL UNIQUE,
  place text NOT NULL, shape text NOT NULL, key text NOT NULL, keep bigint NOT NULL);
-- Up to 1,000 rows of one statement: which, and what they said before. Kinds: i(nsert), u(pdate),
-- d(elete); n(ew log), s(hape of the layer), l(ost) tell of what is not known row by row.
CREATE TABLE IF NOT EXISTS tiepoint.log (
  seq bigint GENERATED ALWAYS AS IDENTITY, xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  log int NOT NULL, kind "char" NOT NULL, keys text[], before text[],
  rows int NOT NULL GENERATED ALWAYS AS (coalesce(cardinality(keys), 0)) STORED,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), who text NOT NULL DEFAULT session_user,
  handle text DEFAULT nullif(pg_catalog.current_setting('tiepoint.handle', true), ''));
-- A third of the time, where the server has it: before PostgreSQL 14 it knows no such setting.
DO $$
BEGIN
  EXECUTE 'ALTER TABLE tiepoint.log ALTER COLUMN before SET COMPRESSION lz4';
EXCEPTION WHEN syntax_error OR feature_not_supported OR invalid_parameter_value THEN
  NULL;
END
$$;
CREATE INDEX IF NOT EXISTS log_order ON tiepoint.log (xid, seq);
-- Those who come back by name to a schema's layers, and the transaction below which they know
-- everything.
CREATE TABLE IF NOT EXISTS tiepoint.watcher (
  home name, name text, checkpoint text NOT NULL, seen xid8 NOT NULL, PRIMARY KEY (home, name));

CREATE OR REPLACE VIEW tiepoint.changes WITH (security_barrier) AS
  SELECT e.* FROM tiepoint.log e
  WHERE e.log OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT l.log FROM tiepoint.logged l
    WHERE pg_catalog.has_table_privilege(l.layer::oid, 'SELECT')
      AND NOT pg_catalog.row_security_active(l.layer::oid)));

-- The columns of a table as entries know them.
CREATE OR REPLACE FUNCTION tiepoint.shape(layer oid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, pg_catalog.quote_ident(a.attname),
    n.nspname, t.typname, a.atttypmod), ', ' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
  WHERE a.attrelid OPERATOR(pg_catalog.=) layer AND a.attnum OPERATOR(pg_catalog.>) 0
    AND NOT a.attisdropped
$$;

-- Forgets the oldest entries, a few at a time, of transactions that everybody knows the end of.
-- Anybody may have it done; it waits for nobody.
CREATE OR REPLACE FUNCTION tiepoint.trim() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most CONSTANT int := 4096;
  last bigint := pg_sequence_last_value(pg_get_serial_sequence('tiepoint.log', 'seq'));
  state tiepoint.noting;
  keep CONSTANT bigint := (SELECT max(l.keep) FROM tiepoint.logged l);
  needed xid8;
  forgotten xid8;
BEGIN
  IF NOT pg_try_advisory_xact_lock(8387236776539059317) THEN
    RETURN;
  END IF;
  SELECT * INTO state FROM tiepoint.noting FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF state.looked < clock_timestamp() - interval '10 s' THEN
    state.horizon := state.ahead;
    UPDATE tiepoint.noting SET horizon = state.horizon,
      ahead = pg_snapshot_xmin(pg_current_snapshot()), looked = clock_timestamp();
  END IF;
  -- the oldest is looked at alone: most of the time that is all there is to do
  PERFORM FROM (SELECT e.seq FROM tiepoint.log e WHERE e.xid < state.horizon
    ORDER BY e.xid, e.seq LIMIT 1) e WHERE e.seq <= last - keep;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT w.seen INTO needed FROM tiepoint.watcher w ORDER BY w.seen LIMIT 1;
  WITH oldest AS (
    SELECT e.ctid AS place, e.seq, e.xid FROM tiepoint.log e WHERE e.xid < state.horizon
    ORDER BY e.xid, e.seq LIMIT most),
  gone AS (
    DELETE FROM tiepoint.log e WHERE e.ctid = ANY (ARRAY(
      SELECT e.ctid FROM oldest o JOIN tiepoint.log e ON e.ctid = o.place
      WHERE o.seq <= last - 10 * keep
        OR o.seq <= last - keep AND (needed IS NULL OR o.xid < needed)
      FOR UPDATE OF e SKIP LOCKED))
    RETURNING e.xid)
  SELECT gone.xid INTO forgotten FROM gone ORDER BY gone.xid DESC LIMIT 1;
  UPDATE tiepoint.noting SET floor = forgotten WHERE floor < forgotten;
END
$$;
REVOKE ALL ON tiepoint.log FROM PUBLIC;
GRANT SELECT ON tiepoint.noting, tiepoint.logged, tiepoint.watcher, tiepoint.changes TO PUBLIC;
