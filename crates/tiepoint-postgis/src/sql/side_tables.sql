-- What is ours in a database, all of it in a schema of its own. Names are written out: a session's
-- search path is its own business. `place` is what a table was called when it was last noted, so
-- that one that was made anew can be told from one that is gone.
SELECT pg_catalog.pg_advisory_xact_lock(8387236776539059316);
CREATE SCHEMA IF NOT EXISTS tiepoint;
CREATE TABLE IF NOT EXISTS tiepoint.layer (
  layer pg_catalog.regclass PRIMARY KEY, title text, id_column name,
  added boolean NOT NULL DEFAULT false, place text, key_field name, namespace uuid);
CREATE TABLE IF NOT EXISTS tiepoint.field (
  layer pg_catalog.regclass, field name, title text, domain jsonb, PRIMARY KEY (layer, field));
CREATE TABLE IF NOT EXISTS tiepoint.book (
  home name, book text COLLATE "C", key bytea, value bytea NOT NULL, PRIMARY KEY (home, book, key));
CREATE TABLE IF NOT EXISTS tiepoint.origin (id uuid PRIMARY KEY, made_of text NOT NULL);

-- A UUID of version 7 (RFC 9562, section 5.7): a random one of version 4, the time written over it.
CREATE OR REPLACE FUNCTION tiepoint.mint() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT pg_catalog.encode(pg_catalog.set_bit(pg_catalog.set_bit(
    pg_catalog.overlay(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), pg_catalog.substring(
      pg_catalog.int8send((pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())
        OPERATOR(pg_catalog.*) 1000.0::pg_catalog.float8)::pg_catalog.int8), 3), 1, 6),
    52, 1), 53, 1), 'hex')::pg_catalog.uuid
$$;

-- An id in its one spelling; null for what is no id.
CREATE OR REPLACE FUNCTION tiepoint.canonical(given text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN given COLLATE pg_catalog."C" OPERATOR(pg_catalog.=) '00000000-0000-0000-0000-000000000000'
    THEN NULL
    WHEN given COLLATE pg_catalog."C" OPERATOR(pg_catalog.~)
      '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    THEN given
    WHEN given COLLATE pg_catalog."C" OPERATOR(pg_catalog.~*)
      '^\s*(\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\s*$'
    THEN nullif(pg_catalog.regexp_replace(given COLLATE pg_catalog."C", '^\s*(urn:uuid:)?|\s+$', '',
      'gi')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)::text
  END
$$;

-- Sees to it that nobody else brings the same id to a table until this transaction ends; false where
-- somebody else has it in hand. The first few are locked one by one, so that people who edit do not
-- wait for each other; whoever brings many waits for the table, as the server has not that many
-- locks. Where two would wait for each other for ever, one goes on and only looks at what the other
-- has locked: a write is never refused for this.
CREATE OR REPLACE FUNCTION tiepoint.claim(home oid, id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  setting text := 'tiepoint.claims_' OPERATOR(pg_catalog.||) home::text;
  claims int := coalesce(nullif(pg_catalog.current_setting(setting, true), ''), '0');
  few CONSTANT int := 64;
  has_table CONSTANT int := 65;
  has_given_up CONSTANT int := 66;
  -- so many ids are locked even then
  most CONSTANT int := 1066;
BEGIN
  IF claims OPERATOR(pg_catalog.=) has_table THEN
    RETURN true;
  ELSIF claims OPERATOR(pg_catalog.>=) has_given_up AND claims OPERATOR(pg_catalog.<) most THEN
    PERFORM pg_catalog.set_config(setting, (claims OPERATOR(pg_catalog.+) 1)::text, true);
    RETURN pg_catalog.pg_try_advisory_xact_lock(
      pg_catalog.hashtextextended(id, home::bigint));
  ELSIF claims OPERATOR(pg_catalog.>=) most THEN
    RETURN pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(id, home::bigint))
      AND pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended(id, home::bigint));
  END IF;
  BEGIN
    IF claims OPERATOR(pg_catalog.=) few THEN
      PERFORM pg_catalog.pg_advisory_xact_lock(1953064814, home::int);
    ELSE
      PERFORM pg_catalog.pg_advisory_xact_lock_shared(1953064814, home::int);
      PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(id, home::bigint));
    END IF;
    claims := claims OPERATOR(pg_catalog.+) 1;
  EXCEPTION WHEN deadlock_detected OR lock_not_available THEN
    claims := has_given_up;
  END;
  PERFORM pg_catalog.set_config(setting, claims::text, true);
  IF claims OPERATOR(pg_catalog.=) has_given_up THEN
    RETURN tiepoint.claim(home, id);
  END IF;
  RETURN true;
END
$$;
GRANT USAGE ON SCHEMA tiepoint TO PUBLIC;
GRANT SELECT ON tiepoint.layer, tiepoint.field, tiepoint.book, tiepoint.origin TO PUBLIC;
