//! `spatial_ref_sys` and our `Crs`: who is who, and the rows that a layer needs.
use crate::error::Site;
use crate::geometry::LONLAT_SRID;
use crate::link::Link;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tiepoint_core::Crs;
use tiepoint_store::{Result, StoreError};

/// How rows are marked that say nothing but that coordinates are longitudes and latitudes.
const OURS: &str = "TIEPOINT";
/// The SRIDs that PostGIS leaves to users (`liblwgeom.h`, `SRID_USER_MAXIMUM`).
const FIRST_FREE: i32 = 910_000;
const LAST_FREE: i32 = 998_999;

/// The CRSs of one database, as far as they have been asked for.
#[derive(Debug, Default)]
pub(crate) struct Systems {
    known: Mutex<HashMap<i32, Crs>>,
}

impl Systems {
    /// The CRS that a SRID stands for here.
    pub(crate) fn crs(&self, link: &Link, site: &Site, srid: i32) -> Result<Crs> {
        if srid == 0 {
            return Ok(Crs::UndefinedCartesian);
        }
        if let Some(known) = self.known().get(&srid) {
            return Ok(known.clone());
        }
        let sql = "SELECT auth_name::text, auth_srid, srtext::text, proj4text::text \
                   FROM spatial_ref_sys WHERE srid = $1";
        let row = link.query_opt(sql, &[&srid]).map_err(site.failed("read its CRSs"))?;
        let Some(row) = row else {
            // a number that nobody defines means what EPSG means by it, or nothing
            return Ok(u32::try_from(srid).map_or(Crs::UndefinedCartesian, Crs::epsg));
        };
        let crs = defined(srid, row.get(0), row.get(1), row.get(2), row.get(3));
        self.known().insert(srid, crs.clone());
        Ok(crs)
    }

    /// The SRID of a CRS, defined here now if it was not yet.
    pub(crate) fn srid(link: &Link, site: &Site, crs: &Crs) -> Result<i32> {
        let failed = || site.failed("look up a CRS");
        match crs {
            Crs::UndefinedCartesian => return Ok(0),
            Crs::CRS84 | Crs::Epsg(LONLAT) => return Ok(LONLAT_SRID),
            _ => {}
        }
        let (authority, code, wkt, proj) = spelling(crs);
        let sql = "SELECT srid FROM spatial_ref_sys WHERE CASE WHEN $1::text IS NULL \
                   THEN auth_name IS NULL AND srtext IS NOT DISTINCT FROM $3 \
                     AND ($3 IS NOT NULL OR proj4text = $4) \
                   ELSE upper(auth_name) = $1 AND auth_srid = $2 END ORDER BY srid LIMIT 1";
        let found = link.query_opt(sql, &[&authority, &code, &wkt, &proj]).map_err(failed())?;
        if let Some(row) = found {
            return Ok(row.get(0));
        }
        if wkt.is_none() && proj.is_none() {
            let what = format!("keep geometries in {crs}, which nobody has defined here");
            let hint = "define it in spatial_ref_sys, or use a CRS with an EPSG code";
            return Err(site.unsupported(what, Some(hint)));
        }
        let sql = "WITH locked AS (SELECT pg_advisory_xact_lock(hashtext('tiepoint.srid'))) \
                   INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) \
                   SELECT coalesce(max(srid) + 1, $5), $1, $2, $3, $4 FROM locked \
                   LEFT JOIN spatial_ref_sys ON srid BETWEEN $5 AND $6 RETURNING srid";
        let row = link
            .query_one(sql, &[&authority, &code, &wkt, &proj, &FIRST_FREE, &LAST_FREE])
            .map_err(site.failed("define a CRS"))?;
        Ok(row.get(0))
    }

    /// The SRID that the first geometry of a column has, whose declaration says none; 0 where all
    /// are null.
    pub(crate) fn srid_in_use(
        link: &Link,
        site: &Site,
        (schema, table): (&str, &str),
        column: &str,
    ) -> Result<i32> {
        let [schema, table, column] = [schema, table, column].map(crate::spelling::quoted);
        let sql = format!(
            "SELECT ST_SRID({column}::geometry) FROM {schema}.{table} \
             WHERE {column} IS NOT NULL LIMIT 1"
        );
        let row = link.query_opt(&sql, &[]).map_err(site.failed("look which CRS it uses"))?;
        Ok(row.map_or(0, |row| row.get(0)))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<i32, Crs>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LONLAT: u32 = LONLAT_SRID.unsigned_abs();

/// Authority, code, WKT and PROJ string as columns of `spatial_ref_sys`.
type Spelling<'c> = (Option<String>, Option<i32>, Option<&'c str>, Option<&'c str>);

fn spelling(crs: &Crs) -> Spelling<'_> {
    match crs {
        Crs::UndefinedGeographic => {
            (Some(OURS.to_owned()), Some(0), None, Some("+proj=longlat +ellps=WGS84 +no_defs"))
        }
        Crs::Wkt(wkt) => (None, None, Some(wkt), None),
        Crs::Proj(proj) => (None, None, None, Some(proj)),
        _ => {
            let code = crs.authority_code();
            let number = code.as_ref().and_then(|(_, code)| code.parse().ok());
            (code.map(|(authority, _)| authority.to_owned()), number, crs.wkt(), crs.proj())
        }
    }
}

fn defined(
    srid: i32,
    authority: Option<&str>,
    code: Option<i32>,
    wkt: Option<&str>,
    proj: Option<&str>,
) -> Crs {
    let given =
        |text: Option<&str>| text.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    match (authority, code) {
        (Some(OURS), _) => Crs::UndefinedGeographic,
        (Some(authority), Some(code)) if !authority.trim().is_empty() => {
            Crs::from_authority(authority, &code.to_string())
        }
        _ => match (given(wkt), given(proj)) {
            (Some(wkt), _) => Crs::Wkt(wkt.into()),
            (None, Some(proj)) => Crs::Proj(proj.into()),
            (None, None) => Crs::from_authority("POSTGIS", &srid.to_string()),
        },
    }
}

/// What is wrong with a CRS for geographies.
pub(crate) fn refuse_planar(site: &Site, crs: &Crs) -> Result<(), StoreError> {
    if crs.is_lonlat() {
        return Ok(());
    }
    let what = format!("keep geodesic edges in {crs}, which is not longitude and latitude");
    Err(site.unsupported(what, Some("use planar edges, or a geographic CRS")))
}
