-- Variables are named by the block, and columns by the table: a table may have columns of any name.
<<guard>>
DECLARE
  given text;
  id text;
  made_of text;
  home oid;
  taken boolean := false;
BEGIN
  BEGIN
    given := NEW.{COLUMN}::text;
    IF TG_OP = 'UPDATE' THEN
      id := tiepoint.canonical(OLD.{COLUMN}::text);
    END IF;
    IF id IS NULL THEN
      id := tiepoint.canonical(given);
      IF id IS NOT NULL THEN
        home := coalesce(pg_partition_root(TG_RELID), TG_RELID);
        -- planned once as long as the table goes by this name; by any other it is found, slowly
        IF NOT tiepoint.claim(home, id) THEN
          taken := true;
        ELSIF home = to_regclass({PLACE}) THEN
          taken := EXISTS (SELECT FROM {TABLE} AS tied WHERE tied.{COLUMN} = guard.id::{TYPE});
        ELSE
          EXECUTE format('SELECT EXISTS (SELECT FROM %s AS tied WHERE tied.{COLUMN_IN_FORMAT} = $1::{TYPE})',
            home::regclass) INTO taken USING id;
        END IF;
        -- where somebody demands uniqueness, ON CONFLICT may be waiting for the very conflict
        taken := taken AND NOT EXISTS (
          SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
          WHERE i.indrelid = TG_RELID AND i.indisunique AND i.indpred IS NULL
            AND i.indnkeyatts = 1 AND a.attnum = i.indkey[0] AND a.attname = {NAME});
      END IF;
      IF id IS NULL OR taken THEN
        made_of := coalesce(id, nullif(btrim(given), ''));
        id := tiepoint.mint()::text;
      END IF;
    END IF;
    NEW.{COLUMN} := id;
  EXCEPTION WHEN OTHERS THEN
    RETURN NEW;
  END;
  -- not within the block: it would cost every copied row a transaction number of its own
  IF made_of IS NOT NULL AND has_table_privilege(to_regclass('tiepoint.origin'), 'INSERT') THEN
    INSERT INTO tiepoint.origin (id, made_of) VALUES (guard.id::uuid, guard.made_of);
  END IF;
  RETURN NEW;
END
