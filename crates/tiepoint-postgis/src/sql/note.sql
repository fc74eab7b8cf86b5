-- Notes what a statement did to a table. Columns go before variables, which are named by the block:
-- a table may have columns of any name. What may fail, as others have renamed a column since or have
-- taken our table away, is tried where nothing is written: it must not fail their statement, and a
-- transaction number of its own would be paid for by everybody.
#variable_conflict use_column
<<note>>
DECLARE
  few CONSTANT int := 1000;
  keys text[];
  before text[];
  added text[];
  kind "char" := lower(left(TG_OP, 1));
  may boolean := false;
  lost boolean := false;
  last bigint := 0;
BEGIN
  BEGIN
    may := has_table_privilege('tiepoint.log', 'INSERT');
    IF TG_OP = 'INSERT' THEN
      SELECT array_agg({KEY}) INTO note.keys
      FROM (SELECT * FROM tiepoint_new LIMIT 1001) AS "tiepoint rows";
    ELSIF TG_OP = 'DELETE' THEN
      SELECT array_agg({KEY}), array_agg({ROW}) INTO note.keys, note.before
      FROM (SELECT * FROM tiepoint_old LIMIT 1001) AS "tiepoint rows";
    ELSIF TG_OP = 'UPDATE' THEN
      SELECT array_agg({KEY}), array_agg({ROW}) INTO note.keys, note.before
      FROM (SELECT * FROM tiepoint_old LIMIT 1001) AS "tiepoint rows";
      -- keys hardly ever change; of a few rows that is seen without a plan for it
      SELECT array_agg({KEY}) INTO note.added
      FROM (SELECT * FROM tiepoint_new LIMIT 65) AS "tiepoint rows";
      IF note.keys IS NULL OR cardinality(note.added) < 65 AND note.added <@ note.keys THEN
        note.added := NULL;
      ELSE
        SELECT array_agg("tiepoint added"."tiepoint key") INTO note.added
        FROM (SELECT {KEY} AS "tiepoint key" FROM tiepoint_new
              EXCEPT SELECT {KEY} FROM tiepoint_old) AS "tiepoint added";
      END IF;
    ELSIF current_setting('transaction_isolation') <> 'read committed'
        OR row_security_active(TG_RELID) THEN
      lost := true;
    ELSE
      EXECUTE format({GONE}, TG_RELID::regclass);
    END IF;
  EXCEPTION WHEN OTHERS THEN
    lost := true;
  END;
  IF may IS NOT TRUE THEN
    RETURN NULL;
  ELSIF lost THEN
    INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
    RETURN NULL;
  ELSIF note.keys IS NULL AND TG_OP <> 'TRUNCATE' THEN
    RETURN NULL;
  ELSIF cardinality(note.keys) <= few THEN
    INSERT INTO tiepoint.log (log, kind, keys, before)
    VALUES ({LOG}, note.kind, note.keys, note.before) RETURNING seq INTO note.last;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO tiepoint.log (log, kind, keys)
    SELECT {LOG}, 'i', array_agg("tiepoint key") FROM (
      SELECT {KEY} AS "tiepoint key", (row_number() OVER () - 1) / few AS "tiepoint part"
      FROM tiepoint_new) AS "tiepoint rows"
    GROUP BY "tiepoint part";
  ELSE
    -- what so many rows said may be more than a value holds; a mark is nothing beside writing them
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format({NOTE_GONE}, TG_RELID::regclass);
      ELSE
        INSERT INTO tiepoint.log (log, kind, keys, before)
        SELECT {LOG}, note.kind, array_agg("tiepoint key"), array_agg("tiepoint row") FROM (
          SELECT {KEY} AS "tiepoint key", {ROW} AS "tiepoint row",
            (row_number() OVER () - 1) / few AS "tiepoint part"
          FROM tiepoint_old) AS "tiepoint rows"
        GROUP BY "tiepoint part";
      END IF;
    EXCEPTION WHEN OTHERS THEN
      INSERT INTO tiepoint.log (log, kind) VALUES ({LOG}, 'l');
    END;
  END IF;
  IF note.added IS NOT NULL THEN
    INSERT INTO tiepoint.log (log, kind, keys)
    SELECT {LOG}, 'i', array_agg(a.key) FROM unnest(note.added) WITH ORDINALITY AS a(key, at)
    GROUP BY (a.at - 1) / few;
  END IF;
  IF note.last % 256 = 0 AND current_setting('transaction_isolation') = 'read committed' THEN
    BEGIN
      PERFORM tiepoint.trim();
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END IF;
  RETURN NULL;
END
