CREATE TRIGGER {K_update} BEFORE UPDATE OF {C} ON {T}
WHEN NEW.{F} IS OLD.{F} AND ({ANY}{DIFFERS})
BEGIN
{REPLACED}  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, mask, {INTO})
    SELECT {L}, {UPDATE}, {NOW}, OLD.{F}, {MASK}, {OLD} WHERE {ANY};
END;
