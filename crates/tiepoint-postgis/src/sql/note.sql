-- Notes what a statement did to a table. Columns go before variables, which are named by their
-- blocks: a table may have columns of any name.
--
-- What may fail, as others have renamed a column since or have taken our table away, is tried where
-- nothing is written: it must not fail their statement, and a transaction number of its own would be
-- paid for by everybody. Every expression here is made ready once in each transaction, which costs
-- more than it does, so that what happens to a few rows is said by few of them.
#variable_conflict use_column
<<note>>
DECLARE
  keys text[];
  before text[];
  is_plain boolean;
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
  END IF;
  <<rest>>
  DECLARE
    few CONSTANT int := 1000;
    may boolean := false;
    lost boolean := false;
    added text[];
  BEGIN
    BEGIN
      may := has_table_privilege('tiepoint.log', 'INSERT');
      IF TG_OP = 'TRUNCATE' THEN
        lost := current_setting('transaction_isolation') <> 'read committed'
          OR row_security_active(TG_RELID);
        EXECUTE format({GONE}, TG_RELID::regclass);
      ELSIF TG_OP = 'INSERT' THEN
        PERFORM {KEY} FROM tiepoint_new LIMIT 1;
      ELSE
        PERFORM {KEY}, {ROW} FROM tiepoint_old LIMIT 1;
      END IF;
      IF TG_OP = 'UPDATE' THEN
        SELECT array_agg("tiepoint added"."tiepoint key") INTO rest.added
        FROM (SELECT {KEY} AS "tiepoint key" FROM tiepoint_new
              EXCEPT SELECT {KEY} FROM tiepoint_old) AS "tiepoint added";
      END IF;
    EXCEPTION WHEN OTHERS THEN
      lost := true;
    END;
    IF may IS NOT TRUE THEN
      RETURN NULL;
    ELSIF lost THEN
      INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
    ELSIF TG_OP = 'INSERT' THEN
      INSERT INTO tiepoint.log (log, kind, keys)
      SELECT {LOG}, 'i', array_agg("tiepoint key") FROM (
        SELECT {KEY} AS "tiepoint key", (row_number() OVER () - 1) / few AS "tiepoint part"
        FROM tiepoint_new) AS "tiepoint rows"
      GROUP BY "tiepoint part";
    ELSE
      -- what rows said may be more than a value holds; a mark is nothing beside writing so many
      BEGIN
        IF TG_OP = 'TRUNCATE' THEN
          EXECUTE format({NOTE_GONE}, TG_RELID::regclass);
        ELSE
          INSERT INTO tiepoint.log (log, kind, keys, before)
          SELECT {LOG}, {KIND}, array_agg("tiepoint key"), array_agg("tiepoint row") FROM (
            SELECT {KEY} AS "tiepoint key", {ROW} AS "tiepoint row",
              (row_number() OVER () - 1) / few AS "tiepoint part"
            FROM tiepoint_old) AS "tiepoint rows"
          GROUP BY "tiepoint part";
        END IF;
      EXCEPTION WHEN OTHERS THEN
        INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
      END;
    END IF;
    IF rest.added IS NOT NULL THEN
      INSERT INTO tiepoint.log (log, kind, keys)
      SELECT {LOG}, 'i', array_agg(a.key) FROM unnest(rest.added) WITH ORDINALITY AS a(key, at)
      GROUP BY (a.at - 1) / few;
    END IF;
    IF current_setting('transaction_isolation') = 'read committed' THEN
      BEGIN
        PERFORM tiepoint.trim();
      EXCEPTION WHEN OTHERS THEN
        NULL;
      END;
    END IF;
  END;
  RETURN NULL;
END
