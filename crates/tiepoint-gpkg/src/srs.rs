//! `gpkg_spatial_ref_sys` and our `Crs`: who is who, and the rows that a layer needs.
use crate::error::Site;
use rusqlite::{Connection, Result, params};
use std::collections::HashMap;
use tiepoint_core::Crs;
use tiepoint_store::StoreError;

const UNDEFINED: &str = "undefined";
const CARTESIAN: i32 = -1;
const GEOGRAPHIC: i32 = 0;
const WGS84: i32 = 4326;

/// Every CRS that the file defines, by the file's own number for it.
pub(crate) fn read_all(connection: &Connection) -> Result<HashMap<i32, Crs>> {
    let wkt2 = has_wkt2(connection)?;
    let definition = if wkt2 { "definition_12_063" } else { "NULL" };
    let sql = format!(
        "SELECT srs_id, srs_name, organization, organization_coordsys_id, definition, {definition} \
         FROM gpkg_spatial_ref_sys"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        let definition = Definition { wkt1: text(4)?, wkt2: text(5)? };
        let id: i32 = row.get(0)?;
        Ok((id, crs(id, &text(1)?, &text(2)?, row.get(3)?, definition)))
    })?;
    rows.collect()
}

/// Whether the extension "WKT for coordinate reference systems" (annex F.10) added its column.
fn has_wkt2(connection: &Connection) -> Result<bool> {
    let sql =
        "SELECT 1 FROM pragma_table_info('gpkg_spatial_ref_sys') WHERE name = 'definition_12_063'";
    connection.prepare_cached(sql)?.exists([])
}

struct Definition {
    wkt1: String,
    wkt2: String,
}

impl Definition {
    /// The newer spelling where it is there, else the older.
    fn best(self) -> Option<String> {
        let defined = |wkt: &String| !wkt.is_empty() && !wkt.eq_ignore_ascii_case(UNDEFINED);
        Some(self.wkt2).filter(defined).or_else(|| Some(self.wkt1).filter(defined))
    }
}

fn crs(id: i32, name: &str, organization: &str, code: Option<i64>, definition: Definition) -> Crs {
    let code = code.unwrap_or(i64::from(id));
    match id {
        CARTESIAN => return Crs::UndefinedCartesian,
        GEOGRAPHIC => return Crs::UndefinedGeographic,
        _ => {}
    }
    if organization.eq_ignore_ascii_case("EPSG") && u32::try_from(code).is_ok() {
        return Crs::from_authority("EPSG", &code.to_string());
    }
    if organization.eq_ignore_ascii_case("OGC") && name.to_ascii_uppercase().contains("CRS84") {
        return Crs::CRS84;
    }
    match definition.best() {
        Some(wkt) => Crs::Wkt(wkt.into()),
        None => Crs::from_authority(organization, &code.to_string()),
    }
}

/// The file's number for `crs`, with the row that defines it: the one that is there, or a new one.
///
/// # Errors
///
/// `Unsupported` for a CRS that GeoPackage has no way to write down.
pub(crate) fn ensure(
    connection: &Connection,
    site: &Site,
    crs: &Crs,
) -> std::result::Result<i32, StoreError> {
    let reading = || site.failed("read its coordinate reference systems");
    match crs {
        Crs::UndefinedCartesian => return Ok(CARTESIAN),
        Crs::UndefinedGeographic => return Ok(GEOGRAPHIC),
        _ => {}
    }
    let wanted = if *crs == Crs::CRS84 { Crs::Epsg(4326) } else { crs.clone() };
    let known = read_all(connection).map_err(reading())?;
    let mut same: Vec<i32> =
        known.iter().filter(|(_, it)| **it == wanted).map(|(id, _)| *id).collect();
    same.sort_unstable();
    if let Some(id) = same.first() {
        return Ok(*id);
    }
    let row = new_row(site, &wanted, &known)?;
    insert(connection, &row).map_err(site.failed("define a coordinate reference system"))?;
    Ok(row.id)
}

struct Row {
    id: i32,
    name: String,
    organization: String,
    code: i32,
    definition: String,
}

fn new_row(
    site: &Site,
    crs: &Crs,
    known: &HashMap<i32, Crs>,
) -> std::result::Result<Row, StoreError> {
    let free = || (100_000..i32::MAX).find(|id| !known.contains_key(id)).unwrap_or(i32::MAX);
    let name = crs.name().map_or_else(|| crs.to_string(), str::to_owned);
    let definition = crs.wkt().unwrap_or(UNDEFINED).to_owned();
    if let Some((organization, code)) = crs.authority_code() {
        let number = code.parse().ok().filter(|code: &i32| *code > 0);
        let Some(code) = number else { return Err(unspeakable(site, crs)) };
        let id = if known.contains_key(&code) { free() } else { code };
        let organization = organization.to_owned();
        return Ok(Row { id, name, organization, code, definition });
    }
    if !matches!(crs, Crs::Wkt(_)) {
        return Err(unspeakable(site, crs));
    }
    let id = free();
    Ok(Row { id, name, organization: "NONE".to_owned(), code: id, definition })
}

fn unspeakable(site: &Site, crs: &Crs) -> StoreError {
    let hint = "name it by an authority's numeric code, or define it as WKT";
    site.unsupported(format!("write down the coordinate reference system {crs}"), Some(hint))
}

fn insert(connection: &Connection, row: &Row) -> Result<()> {
    connection.execute(
        "INSERT INTO gpkg_spatial_ref_sys \
         (srs_name, srs_id, organization, organization_coordsys_id, definition) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![row.name, row.id, row.organization, row.code, row.definition],
    )?;
    let wkt2 = "UPDATE gpkg_spatial_ref_sys SET definition_12_063 = 'undefined' WHERE srs_id = ?1 AND definition_12_063 IS NULL";
    if has_wkt2(connection)? {
        connection.execute(wkt2, [row.id])?;
    }
    Ok(())
}

/// The three rows that every GeoPackage has (requirement 11).
pub(crate) fn insert_required(connection: &Connection) -> Result<()> {
    let wgs84 = Crs::Epsg(4326);
    let definition = wgs84.wkt().unwrap_or(UNDEFINED);
    let sql = "INSERT INTO gpkg_spatial_ref_sys VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    for (name, id, organization, definition, description) in [
        (
            "Undefined Cartesian SRS",
            CARTESIAN,
            "NONE",
            UNDEFINED,
            "undefined Cartesian coordinate reference system",
        ),
        (
            "Undefined geographic SRS",
            GEOGRAPHIC,
            "NONE",
            UNDEFINED,
            "undefined geographic coordinate reference system",
        ),
        (
            "WGS 84 geodetic",
            WGS84,
            "EPSG",
            definition,
            "longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid",
        ),
    ] {
        connection.execute(sql, params![name, id, organization, id, definition, description])?;
    }
    Ok(())
}
