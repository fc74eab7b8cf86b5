-- What of `pg_catalog` can be had again in another schema. Whatever is run of it is counted, also
-- where its transaction is rolled back.
CREATE SCHEMA evil;
CREATE SEQUENCE evil.ran;
GRANT ALL ON SCHEMA evil TO PUBLIC;
GRANT ALL ON SEQUENCE evil.ran TO PUBLIC;
CREATE VIEW evil.tiepoint_old AS SELECT pg_catalog.nextval('evil.ran') AS fid;
CREATE VIEW evil.tiepoint_new AS SELECT pg_catalog.nextval('evil.ran') AS fid;
DO $$
DECLARE
  body CONSTANT text := 'BEGIN PERFORM pg_catalog.nextval(''evil.ran''); RETURN%s; END';
  it record;
  made int := 0;
BEGIN
  FOR it IN
    SELECT proname, pg_get_function_identity_arguments(oid) AS given,
      pg_get_function_result(oid) AS result, CASE WHEN proretset THEN '' ELSE ' NULL' END AS what
    FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
    UNION ALL VALUES ('format', 'text, name, name', 'text', ' NULL'),
      ('json_build_array', 'json, json', 'json', ' NULL'),
      ('concat', 'text', 'text', ' NULL'), ('concat', 'uuid', 'text', ' NULL'),
      ('pg_typeof', 'text', 'regtype', ' NULL'), ('pg_typeof', 'int4', 'regtype', ' NULL'),
      ('pg_typeof', 'uuid', 'regtype', ' NULL')
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
        it.proname, it.given, it.result, format(body, it.what));
      made := made + 1;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  FOR it IN
    SELECT 'operator_' || oid AS name, oprname, oprleft::regtype AS left, oprright::regtype AS right,
      oprresult::regtype AS result
    FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b'
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION evil.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L',
        it.name, it.left, it.right, it.result, format(body, ' NULL'));
      EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = evil.%I, LEFTARG = %s, RIGHTARG = %s)',
        it.oprname, it.name, it.left, it.right);
      made := made + 1;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  ASSERT made > 2000, made;
  FOR it IN
    SELECT * FROM unnest(ARRAY['text', 'bool', 'int4', 'int8', 'name', 'uuid', 'regclass']) AS name
  LOOP
    EXECUTE format('CREATE DOMAIN evil.%I AS pg_catalog.%1$I
      CHECK (pg_catalog.nextval(''evil.ran'') IS NOT NULL)', it.name);
  END LOOP;
END
$$;
CREATE FUNCTION evil.collect(given text[], one text) RETURNS text[] LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_catalog.nextval(''evil.ran''); RETURN given; END';
CREATE AGGREGATE evil.array_agg(text) (SFUNC = evil.collect, STYPE = text[]);
-- by which texts that differ in case are the same; where the server was built without, there is none
DO $$
BEGIN
  CREATE COLLATION evil."C" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END
$$;
