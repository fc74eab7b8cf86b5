CREATE TRIGGER {K_insert} AFTER INSERT ON {T}
BEGIN
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid) VALUES ({L}, {INSERT}, {NOW}, NEW.{F});
END;
CREATE TRIGGER {K_replace} BEFORE INSERT ON {T}
WHEN EXISTS (SELECT 1 FROM {T} WHERE {F} = NEW.{F}{SHARED})
BEGIN
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, {INTO})
    SELECT {L}, {GONE}, {NOW}, {F}, {COLUMNS} FROM {T} WHERE {F} = NEW.{F}{SHARED};
END;
CREATE TRIGGER {K_displace} BEFORE UPDATE ON {T}
WHEN NEW.{F} IS NOT OLD.{F}
BEGIN
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, {INTO})
    SELECT {L}, {GONE}, {NOW}, {F}, {COLUMNS} FROM {T}
    WHERE ({F} = NEW.{F}{SHARED}) AND {F} <> OLD.{F};
END;
CREATE TRIGGER {K_move} AFTER UPDATE ON {T}
WHEN NEW.{F} IS NOT OLD.{F}
BEGIN
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, upto, {INTO})
    VALUES ({L}, {MOVED}, {NOW}, OLD.{F}, NEW.{F}, {OLD});
END;
CREATE TRIGGER {K_delete} BEFORE DELETE ON {T}
BEGIN
  /* types: {TYPES} */
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, {INTO})
    VALUES ({L}, {GONE}, {NOW}, OLD.{F}, {OLD});
END;
