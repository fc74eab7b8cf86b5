CREATE TRIGGER {K_update} BEFORE UPDATE OF {C} ON {T}
WHEN NEW.{F} IS OLD.{F} AND ({ANY})
BEGIN
  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, mask, {INTO})
    VALUES ({L}, {UPDATE}, {NOW}, OLD.{F}, {MASK}, {OLD});
END;
