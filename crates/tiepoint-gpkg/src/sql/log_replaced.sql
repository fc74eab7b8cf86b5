  INSERT INTO gpkg_tiepoint_log (layer, kind, at, fid, {INTO})
    SELECT {L}, {GONE}, {NOW}, {F}, {COLUMNS} FROM {T}
    WHERE (0{SHARED}) AND {F} <> OLD.{F};
