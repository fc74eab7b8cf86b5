-- Notes what a statement did to a table. Columns go before variables, which are named by their
-- blocks: a table may have columns of any name.
--
-- This runs as the owner of the log, with the `search_path` and settings of whoever writes, as to
-- set others for each statement would cost as much as all the rest. So nothing here, nor in what is
-- filled in, may be looked up by that path: every function, operator, type, collation and table is
-- named with its schema, and no form of SQL is used that looks for an operator of its own (IN,
-- BETWEEN, CASE x WHEN, NULLIF, IS DISTINCT FROM).
--
-- What may fail, as others have renamed a column since or have taken our table away, is tried where
-- nothing is written: it must not fail their statement, and a transaction number of its own would be
-- paid for by everybody. Every expression here is made ready once in each transaction, which costs
-- more than it does, so that what happens to a few rows is said by few of them.
#variable_conflict use_column
<<note>>
DECLARE
  keys pg_catalog.text[];
  before pg_catalog.text[];
  is_plain pg_catalog.bool;
BEGIN
  BEGIN
    {FAST}
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  IF note.is_plain THEN
    INSERT INTO tiepoint.log (log, kind, keys, before)
    VALUES ({LOG}, {KIND}, note.keys, note.before);
    RETURN NULL;
  ELSIF FOUND AND note.keys IS NULL THEN
    -- there were no rows
    RETURN NULL;
  END IF;
  <<rest>>
  DECLARE
    few CONSTANT pg_catalog.int4 := 1000;
    may pg_catalog.bool := false;
    lost pg_catalog.bool := false;
    added pg_catalog.text[];
    datestyle CONSTANT pg_catalog.text := pg_catalog.current_setting('datestyle');
    intervalstyle CONSTANT pg_catalog.text := pg_catalog.current_setting('intervalstyle');
    digits CONSTANT pg_catalog.text := pg_catalog.current_setting('extra_float_digits');
  BEGIN
    PERFORM pg_catalog.set_config('datestyle', 'ISO', true),
      pg_catalog.set_config('intervalstyle', 'postgres', true),
      pg_catalog.set_config('extra_float_digits', '1', true);
    BEGIN
      may := pg_catalog.has_table_privilege('tiepoint.log', 'INSERT');
      IF TG_OP OPERATOR(pg_catalog.=) 'TRUNCATE' THEN
        lost := pg_catalog.current_setting('transaction_isolation')
            OPERATOR(pg_catalog.<>) 'read committed'
          OR pg_catalog.row_security_active(TG_RELID);
        EXECUTE pg_catalog.format({GONE}, TG_TABLE_SCHEMA, TG_TABLE_NAME);
      ELSIF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        PERFORM {KEY} FROM tiepoint_new LIMIT 1;
      ELSE
        PERFORM {KEY}, {ROW} FROM tiepoint_old LIMIT 1;
      END IF;
      IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
        SELECT pg_catalog.array_agg("tiepoint added"."tiepoint key") INTO rest.added
        FROM (SELECT {KEY} AS "tiepoint key" FROM tiepoint_new
              EXCEPT SELECT {KEY} FROM tiepoint_old) AS "tiepoint added";
      END IF;
    EXCEPTION WHEN OTHERS THEN
      lost := true;
    END;
    IF may IS NOT TRUE THEN
      NULL;
    ELSIF lost THEN
      INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
      INSERT INTO tiepoint.log (log, kind, keys)
      SELECT {LOG}, 'i', pg_catalog.array_agg("tiepoint key") FROM (
        SELECT {KEY} AS "tiepoint key", (pg_catalog.row_number() OVER ()
          OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) rest.few AS "tiepoint part"
        FROM tiepoint_new) AS "tiepoint rows"
      GROUP BY "tiepoint part";
    ELSE
      -- what rows said may be more than a value holds; a mark is nothing beside writing so many
      BEGIN
        IF TG_OP OPERATOR(pg_catalog.=) 'TRUNCATE' THEN
          EXECUTE pg_catalog.format({NOTE_GONE}, TG_TABLE_SCHEMA, TG_TABLE_NAME);
        ELSE
          INSERT INTO tiepoint.log (log, kind, keys, before)
          SELECT {LOG}, {KIND}, pg_catalog.array_agg("tiepoint key"),
            pg_catalog.array_agg("tiepoint row") FROM (
            SELECT {KEY} AS "tiepoint key", {ROW} AS "tiepoint row", (pg_catalog.row_number() OVER ()
              OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) rest.few AS "tiepoint part"
            FROM tiepoint_old) AS "tiepoint rows"
          GROUP BY "tiepoint part";
        END IF;
      EXCEPTION WHEN OTHERS THEN
        INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
      END;
    END IF;
    IF may AND rest.added IS NOT NULL THEN
      INSERT INTO tiepoint.log (log, kind, keys)
      SELECT {LOG}, 'i', pg_catalog.array_agg(a.key)
      FROM pg_catalog.unnest(rest.added) WITH ORDINALITY AS a(key, at)
      GROUP BY (a.at OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) rest.few;
    END IF;
    PERFORM pg_catalog.set_config('datestyle', rest.datestyle, true),
      pg_catalog.set_config('intervalstyle', rest.intervalstyle, true),
      pg_catalog.set_config('extra_float_digits', rest.digits, true);
    IF may AND pg_catalog.current_setting('transaction_isolation')
      OPERATOR(pg_catalog.=) 'read committed' THEN
      BEGIN
        PERFORM tiepoint.trim();
      EXCEPTION WHEN OTHERS THEN
        NULL;
      END;
    END IF;
  END;
  RETURN NULL;
END
