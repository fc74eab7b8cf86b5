//! Declared column types and what they mean: GeoPackage's own (OGC 12-128r19, table 1), the ones
//! that others write all the same, and those of ours that GeoPackage has no word for.
//!
//! A type without a word is stored as text and its name recorded in our side table: see
//! [`recorded`] and [`from_record`].
use tiepoint_core::{
    Edges, FieldType, GeometryKind, GeometryType, IntWidth, KindRule, OrdinateRule, RealWidth,
    ZoneRule,
};

/// What a column of this type is declared as; a second geometry is a plain blob to others.
pub(crate) fn declared(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "BOOLEAN".to_owned(),
        FieldType::Int(IntWidth::W8) => "TINYINT".to_owned(),
        FieldType::Int(IntWidth::W16) => "SMALLINT".to_owned(),
        FieldType::Int(IntWidth::W32) => "MEDIUMINT".to_owned(),
        FieldType::Int(IntWidth::W64) => "INTEGER".to_owned(),
        FieldType::Real(RealWidth::W32) => "FLOAT".to_owned(),
        FieldType::Real(RealWidth::W64) => "REAL".to_owned(),
        FieldType::Text { max_chars: Some(limit) } => format!("TEXT({limit})"),
        FieldType::Bytes { max_bytes: Some(limit) } => format!("BLOB({limit})"),
        FieldType::Bytes { max_bytes: None } | FieldType::Geometry(_) => "BLOB".to_owned(),
        FieldType::Date => "DATE".to_owned(),
        FieldType::DateTime(ZoneRule::Either | ZoneRule::With | ZoneRule::Utc) => {
            "DATETIME".to_owned()
        }
        FieldType::Text { max_chars: None }
        | FieldType::Decimal { .. }
        | FieldType::Time(_)
        | FieldType::DateTime(ZoneRule::Without)
        | FieldType::Json
        | FieldType::Uuid => "TEXT".to_owned(),
    }
}

/// What a declared type means, by GeoPackage's words or else by SQLite's rules of affinity
/// (sqlite.org/datatype3.html, section 3.1).
pub(crate) fn from_declared(declared: &str) -> FieldType {
    let upper = declared.trim().to_ascii_uppercase();
    let (word, limit) = match upper.split_once('(') {
        Some((word, rest)) => (word.trim(), rest.trim_end_matches(')').trim().parse().ok()),
        None => (upper.as_str(), None),
    };
    match word {
        "BOOLEAN" | "BOOL" => FieldType::Bool,
        "TINYINT" => FieldType::Int(IntWidth::W8),
        "SMALLINT" | "INT2" => FieldType::Int(IntWidth::W16),
        "MEDIUMINT" | "INT4" => FieldType::Int(IntWidth::W32),
        // others write full doubles, whatever table 1 says: only our own record tells of singles
        "FLOAT" => FieldType::REAL,
        "DATE" => FieldType::Date,
        "DATETIME" | "TIMESTAMP" => FieldType::DateTime(ZoneRule::Either),
        "BLOB" => FieldType::Bytes { max_bytes: limit },
        "" => FieldType::TEXT,
        other => by_affinity(other, limit),
    }
}

fn by_affinity(word: &str, limit: Option<u64>) -> FieldType {
    let has = |part| word.contains(part);
    if has("INT") {
        FieldType::INT
    } else if has("CHAR") || has("CLOB") || has("TEXT") || has("STRING") {
        FieldType::Text { max_chars: limit }
    } else if has("BLOB") {
        FieldType::Bytes { max_bytes: limit }
    } else if has("REAL") || has("FLOA") || has("DOUB") || has("NUM") || has("DEC") {
        FieldType::REAL
    } else {
        FieldType::TEXT
    }
}

/// The name under which our side table records a type that the declaration does not tell.
pub(crate) fn recorded(ty: &FieldType, srs_id: i32) -> String {
    let number = |it: &Option<u32>| it.map_or_else(|| "-".to_owned(), |it| it.to_string());
    match ty {
        FieldType::Decimal { precision, scale } => {
            format!("decimal {} {}", number(precision), number(scale))
        }
        FieldType::Time(zone) => format!("time {}", zone_word(*zone)),
        FieldType::DateTime(zone) => format!("datetime {}", zone_word(*zone)),
        FieldType::Json => "json".to_owned(),
        FieldType::Uuid => "uuid".to_owned(),
        FieldType::Geometry(ty) => {
            let (z, m) = (ordinate_code(ty.z), ordinate_code(ty.m));
            format!("geometry {} {z} {m} {srs_id}", kind_word(ty.kind))
        }
        other => format!("declared {}", declared(other)),
    }
}

/// What a recorded name means, or `None` when a newer version of us wrote it. A geometry's CRS is
/// looked up by its `srs_id`.
pub(crate) fn from_record(
    name: &str,
    crs: impl FnOnce(i32) -> Option<tiepoint_core::Crs>,
) -> Option<(FieldType, Option<i32>)> {
    let mut words = name.split(' ');
    let kind = words.next()?;
    let mut next = || words.next();
    let ty = match kind {
        "decimal" => {
            let number =
                |word: &str| if word == "-" { Some(None) } else { word.parse().ok().map(Some) };
            FieldType::Decimal { precision: number(next()?)?, scale: number(next()?)? }
        }
        "time" => FieldType::Time(zone_from(next()?)?),
        "datetime" => FieldType::DateTime(zone_from(next()?)?),
        "json" => FieldType::Json,
        "uuid" => FieldType::Uuid,
        "geometry" => {
            let kind = kind_from(next()?)?;
            let (z, m) =
                (ordinate_from(next()?.parse().ok()?)?, ordinate_from(next()?.parse().ok()?)?);
            let srs_id = next()?.parse().ok()?;
            let ty = GeometryType { kind, z, m, crs: crs(srs_id)?, edges: Edges::Planar };
            return Some((FieldType::Geometry(ty), Some(srs_id)));
        }
        "declared" => match next()? {
            "FLOAT" => FieldType::Real(RealWidth::W32),
            word => from_declared(word),
        },
        _ => return None,
    };
    Some((ty, None))
}

/// The word of `gpkg_geometry_columns` for what a field allows.
pub(crate) fn kind_word(kind: KindRule) -> &'static str {
    match kind {
        KindRule::Any => "GEOMETRY",
        KindRule::Curve => "CURVE",
        KindRule::Surface => "SURFACE",
        KindRule::Only(kind) => kind.keyword(),
    }
}

/// The rule that a word of `gpkg_geometry_columns` names.
pub(crate) fn kind_from(word: &str) -> Option<KindRule> {
    match word.to_ascii_uppercase().as_str() {
        "GEOMETRY" => Some(KindRule::Any),
        "CURVE" => Some(KindRule::Curve),
        "SURFACE" => Some(KindRule::Surface),
        "GEOMCOLLECTION" => Some(KindRule::Only(GeometryKind::GeometryCollection)),
        word => word.parse().ok().map(KindRule::Only),
    }
}

/// Whether the kind needs a row `gpkg_geom_<kind>` in `gpkg_extensions` (OGC 12-128r19, annex J).
pub(crate) fn is_extension_kind(word: &str) -> bool {
    const CORE: [&str; 8] = [
        "GEOMETRY",
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
    ];
    !CORE.contains(&word)
}

/// 0 prohibited, 1 mandatory, 2 optional, as `gpkg_geometry_columns` codes it.
pub(crate) fn ordinate_code(rule: OrdinateRule) -> u8 {
    match rule {
        OrdinateRule::Prohibited => 0,
        OrdinateRule::Mandatory => 1,
        OrdinateRule::Optional => 2,
    }
}

/// The rule behind a code; nothing but 0, 1 and 2 is one.
pub(crate) fn ordinate_from(code: i64) -> Option<OrdinateRule> {
    match code {
        0 => Some(OrdinateRule::Prohibited),
        1 => Some(OrdinateRule::Mandatory),
        2 => Some(OrdinateRule::Optional),
        _ => None,
    }
}

fn zone_word(zone: ZoneRule) -> &'static str {
    match zone {
        ZoneRule::Without => "without",
        ZoneRule::With => "with",
        ZoneRule::Utc => "utc",
        ZoneRule::Either => "either",
    }
}

fn zone_from(word: &str) -> Option<ZoneRule> {
    match word {
        "without" => Some(ZoneRule::Without),
        "with" => Some(ZoneRule::With),
        "utc" => Some(ZoneRule::Utc),
        "either" => Some(ZoneRule::Either),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::Crs;

    #[test]
    fn declared_types_mean_what_others_mean() {
        for (declared, ty) in [
            ("BOOLEAN", FieldType::Bool),
            ("tinyint", FieldType::Int(IntWidth::W8)),
            ("MEDIUMINT", FieldType::Int(IntWidth::W32)),
            ("INTEGER", FieldType::INT),
            ("INT", FieldType::INT),
            ("BIGINT", FieldType::INT),
            ("FLOAT", FieldType::REAL),
            ("DOUBLE", FieldType::REAL),
            ("double precision", FieldType::REAL),
            ("NUMERIC(10,2)", FieldType::REAL),
            ("TEXT(20)", FieldType::Text { max_chars: Some(20) }),
            ("VARCHAR (36)", FieldType::Text { max_chars: Some(36) }),
            ("BLOB(3)", FieldType::Bytes { max_bytes: Some(3) }),
            ("DATETIME", FieldType::DateTime(ZoneRule::Either)),
            ("", FieldType::TEXT),
            ("no such type", FieldType::TEXT),
        ] {
            assert_eq!(from_declared(declared), ty, "{declared}");
        }
    }

    #[test]
    fn every_recorded_type_comes_back() {
        let shape = GeometryType {
            kind: KindRule::Only(GeometryKind::Tin),
            z: OrdinateRule::Mandatory,
            m: OrdinateRule::Optional,
            crs: Crs::epsg(25832),
            edges: Edges::Planar,
        };
        for ty in [
            FieldType::Decimal { precision: Some(10), scale: None },
            FieldType::Decimal { precision: None, scale: None },
            FieldType::Time(ZoneRule::With),
            FieldType::DateTime(ZoneRule::Without),
            FieldType::Json,
            FieldType::Uuid,
            FieldType::Real(RealWidth::W32),
            FieldType::Geometry(shape),
        ] {
            let crs = |srs_id| (srs_id == 25832).then(|| Crs::epsg(25832));
            let read = from_record(&recorded(&ty, 25832), crs).expect("our own record");
            assert_eq!(read.0, ty);
        }
        assert_eq!(from_record("quaternion 4", |_| None), None);
    }
}
