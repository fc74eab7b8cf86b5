CREATE TRIGGER {K_insert} AFTER INSERT ON {T}
WHEN NOT EXISTS (SELECT 1 FROM gpkg_tiepoint WHERE book = 'guard')
  AND (NEW.{C} IS NULL OR NEW.{C} = ''
    OR NEW.{C} NOT GLOB {FORM} AND {PLAIN} GLOB {FORM}
    OR EXISTS (SELECT 1 FROM {T} WHERE {C} = {PLAIN} AND {F} <> NEW.{F}))
BEGIN
  INSERT INTO gpkg_tiepoint (book, key, value) VALUES ('guard', X'', X'');
  UPDATE {T} SET {C} = CASE
      WHEN NEW.{C} IS NULL OR NEW.{C} = ''
        OR EXISTS (SELECT 1 FROM {T} WHERE {C} = {PLAIN} AND {F} <> NEW.{F})
      THEN {MINT} ELSE {PLAIN} END
    WHERE {F} = NEW.{F};
  INSERT INTO gpkg_tiepoint (book, key, value)
    SELECT 'origin', CAST({C} AS BLOB), CAST({PLAIN} AS BLOB) FROM {T}
    WHERE {F} = NEW.{F} AND NEW.{C} <> '' AND {C} <> {PLAIN};
  DELETE FROM gpkg_tiepoint WHERE book = 'guard';
END;
CREATE TRIGGER {K_undo} AFTER UPDATE OF {C} ON {T}
WHEN NEW.{C} IS NOT OLD.{C} AND OLD.{C} GLOB {FORM}
  AND NOT EXISTS (SELECT 1 FROM gpkg_tiepoint WHERE book = 'guard')
BEGIN
  INSERT INTO gpkg_tiepoint (book, key, value) VALUES ('guard', X'', X'');
  UPDATE {T} SET {C} = OLD.{C} WHERE {F} = NEW.{F};
  DELETE FROM gpkg_tiepoint WHERE book = 'guard';
END;
CREATE TRIGGER {K_adopt} AFTER UPDATE OF {C} ON {T}
WHEN COALESCE(OLD.{C}, '') NOT GLOB {FORM}
  AND NOT EXISTS (SELECT 1 FROM gpkg_tiepoint WHERE book = 'guard')
  AND (NEW.{C} IS NULL OR NEW.{C} = ''
    OR NEW.{C} NOT GLOB {FORM} AND {PLAIN} GLOB {FORM}
    OR EXISTS (SELECT 1 FROM {T} WHERE {C} = {PLAIN} AND {F} <> NEW.{F}))
BEGIN
  INSERT INTO gpkg_tiepoint (book, key, value) VALUES ('guard', X'', X'');
  UPDATE {T} SET {C} = CASE
      WHEN NEW.{C} IS NULL OR NEW.{C} = ''
        OR EXISTS (SELECT 1 FROM {T} WHERE {C} = {PLAIN} AND {F} <> NEW.{F})
      THEN {MINT} ELSE {PLAIN} END
    WHERE {F} = NEW.{F};
  INSERT INTO gpkg_tiepoint (book, key, value)
    SELECT 'origin', CAST({C} AS BLOB), CAST({PLAIN} AS BLOB) FROM {T}
    WHERE {F} = NEW.{F} AND NEW.{C} <> '' AND {C} <> {PLAIN};
  DELETE FROM gpkg_tiepoint WHERE book = 'guard';
END;
