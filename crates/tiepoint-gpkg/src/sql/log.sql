CREATE TABLE gpkg_tiepoint_log (
  seq INTEGER PRIMARY KEY,
  layer INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  at INTEGER NOT NULL,
  fid INTEGER,
  upto INTEGER,
  mask INTEGER,
  id
);
CREATE TRIGGER gpkg_tiepoint_log_trim AFTER INSERT ON gpkg_tiepoint_log
WHEN NEW.seq % 1024 = 0
BEGIN
  DELETE FROM gpkg_tiepoint_log WHERE seq <= max(
    NEW.seq - 10 * {KEEP},
    min(NEW.seq - {KEEP}, COALESCE(
      (SELECT min(CAST(value AS INTEGER)) FROM gpkg_tiepoint WHERE book = 'watcher'),
      NEW.seq)));
END;
