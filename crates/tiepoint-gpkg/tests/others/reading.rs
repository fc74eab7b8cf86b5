//! What others wrote, read by us: GDAL's files of every kind, QGIS's world map.
use crate::tools::{have, have_gdal, run};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tiepoint_core::{BBox, Crs, ErrorKind, GeometryKind, KindRule, Query, Value};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Repair, Store};

const WORLD_MAP: &str = "/usr/share/qgis/resources/data/world_map.gpkg";

/// A copy of QGIS's world map.
fn world_map() -> Option<(TempDir, PathBuf)> {
    if !have("QGIS's world map", "qgis-common", "test", &["-f", WORLD_MAP]) {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("world.gpkg");
    fs::copy(WORLD_MAP, &path).expect("copies");
    Some((folder, path))
}

#[test]
fn the_world_map_is_read_whole() {
    let Some((_folder, path)) = world_map() else { return };
    let store = GpkgStore::open(&path).expect("opens");
    let names: Vec<_> =
        store.layers().expect("lists").iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(names, ["countries", "disputed_borders", "layer_styles", "states_provinces"]);
    for (layer, count) in
        [("states_provinces", 4_556), ("countries", 240), ("disputed_borders", 46)]
    {
        assert_eq!(store.facts(layer).expect("reads").count, count);
        let read = store.read(&Query::layer(layer)).expect("reads");
        assert_eq!(
            read.filter(|it| it.as_ref().is_ok_and(tiepoint_core::Feature::is_spatial)).count()
                as u64,
            count
        );
    }
    let germany = BBox { min_x: 5.9, min_y: 47.3, max_x: 15.0, max_y: 55.1 };
    let found = store.read(&Query::layer("countries").within(germany)).expect("reads").count();
    assert!((5..60).contains(&found), "{found}");
    let broken: Vec<_> = store
        .check(Repair::No)
        .expect("checks")
        .into_iter()
        .filter(|it| it.kind == tiepoint_store::FindingKind::Geometry)
        .collect();
    assert_eq!(broken, []);
}

fn python(path: &Path, script: &str) {
    let header = "import sys\nfrom osgeo import gdal, ogr, osr\nogr.UseExceptions()\ngdal.UseExceptions()\n\
        s = osr.SpatialReference()\ns.ImportFromEPSG(4326)\n\
        ds = ogr.GetDriverByName('GPKG').CreateDataSource(sys.argv[1])\n";
    run(
        crate::tools::PYTHON,
        &["-c", &format!("{header}{script}\nds = None"), path.to_str().expect("plain")],
    );
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("theirs.gpkg");
    (folder, path)
}

#[test]
fn every_kind_that_gdal_writes_is_read_as_gdal_reads_it() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let shapes = [
        "POINT (1 2)",
        "POINT Z (1 2 3)",
        "POINT M (1 2 4)",
        "POINT ZM (1 2 3 4)",
        "LINESTRING (0 0,1 1)",
        "POLYGON ((0 0,1 0,1 1,0 0))",
        "MULTIPOINT ((1 2))",
        "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))",
        "GEOMETRYCOLLECTION (POINT (1 2))",
        "CIRCULARSTRING (0 0,1 1,2 0)",
        "COMPOUNDCURVE (CIRCULARSTRING (0 0,1 1,2 0),(2 0,3 0))",
        "CURVEPOLYGON ((0 0,1 0,1 1,0 0))",
        "MULTICURVE ((0 0,1 1))",
        "MULTISURFACE (((0 0,1 0,1 1,0 0)))",
        "POLYGON EMPTY",
        "POINT EMPTY",
        "POLYHEDRALSURFACE (((0 0,1 0,1 1,0 0)))",
        "TIN (((0 0,1 0,1 1,0 0)))",
        "TRIANGLE ((0 0,1 0,1 1,0 0))",
    ];
    let list = shapes.map(|it| format!("'{it}'")).join(",");
    python(
        &path,
        &format!(
            "l = ds.CreateLayer('shapes', s, ogr.wkbUnknown, ['FID=Row Number', 'GEOMETRY_NAME=the shape'])\n\
         l.CreateField(ogr.FieldDefn('wkb', ogr.OFTBinary))\n\
         for w in [{list}, None]:\n\
         \x20 f = ogr.Feature(l.GetLayerDefn())\n\
         \x20 if w:\n\
         \x20   g = ogr.CreateGeometryFromWkt(w)\n\
         \x20   f.SetGeometry(g)\n\
         \x20   f.SetFieldBinaryFromHexString('wkb', g.ExportToIsoWkb().hex())\n\
         \x20 l.CreateFeature(f)\n"
        ),
    );
    let store = GpkgStore::open(&path).expect("opens");
    let layer = store.layer("shapes").expect("is there");
    assert_eq!(
        (layer.fid_name.as_deref(), layer.geometry().map(|it| it.kind)),
        (Some("Row Number"), Some(KindRule::Any))
    );
    let read: Vec<_> =
        store.read(&Query::layer("shapes")).expect("reads").map(|it| it.expect("reads")).collect();
    assert_eq!(read.len(), shapes.len() + 1);
    for (feature, wkt) in read.iter().zip(shapes) {
        let Some(Value::Bytes(theirs)) = feature.get("wkb") else { panic!("{wkt} has bytes") };
        let theirs = tiepoint_core::Geometry::from_wkb(theirs).expect("GDAL's WKB is well-formed");
        assert_eq!(feature.geometry(), Some(&theirs), "{wkt}");
    }
    assert!(!read.last().expect("not empty").is_spatial(), "a null geometry");
}

#[test]
fn tables_without_geometry_and_views_are_read() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    python(
        &path,
        "l = ds.CreateLayer('sorted \"out\"', None, ogr.wkbNone)\n\
         l.CreateField(ogr.FieldDefn('select', ogr.OFTString))\n\
         f = ogr.Feature(l.GetLayerDefn())\nf.SetField('select', 'ünï')\nl.CreateFeature(f)\n\
         p = ds.CreateLayer('points', s, ogr.wkbPoint)\n\
         g = ogr.Feature(p.GetLayerDefn())\ng.SetGeometry(ogr.CreateGeometryFromWkt('POINT (1 2)'))\np.CreateFeature(g)\n\
         ds.ExecuteSQL('CREATE VIEW seen AS SELECT fid AS OGC_FID, geom FROM points')\n\
         ds.ExecuteSQL(\"INSERT INTO gpkg_contents(table_name, identifier, data_type, srs_id) VALUES ('seen', 'seen', 'features', 4326)\")\n\
         ds.ExecuteSQL(\"INSERT INTO gpkg_geometry_columns VALUES ('seen', 'geom', 'POINT', 4326, 0, 0)\")\n",
    );
    let store = GpkgStore::open(&path).expect("opens");
    let row = store
        .read(&Query::layer("sorted \"out\""))
        .expect("reads")
        .next()
        .expect("one")
        .expect("reads");
    assert_eq!((row.get("select"), row.is_spatial()), (Some(&"ünï".into()), false));
    let view = store.layer("seen").expect("is there");
    assert!(view.read_only.is_some(), "views are read-only");
    assert_eq!(
        view.geometry().map(|it| (it.kind, &it.crs)),
        Some((KindRule::Only(GeometryKind::Point), &Crs::epsg(4326)))
    );
    let row =
        store.read(&Query::layer("seen")).expect("reads").next().expect("one").expect("reads");
    assert!(row.is_spatial());
}

#[test]
fn a_spatialite_file_in_disguise_is_refused_with_its_name() {
    if !have_gdal() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (real, posing) = (folder.path().join("real.sqlite"), folder.path().join("posing.gpkg"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cities.geojson");
    run(
        "ogr2ogr",
        &["-f", "SQLite", "-dsco", "SPATIALITE=NO", real.to_str().expect("plain"), source],
    );
    fs::rename(&real, &posing).expect("renames");
    let refused = GpkgStore::open(&posing).and_then(|store| store.layers());
    let refused = refused.expect_err("is no GeoPackage");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
}

#[test]
fn a_spatialite_blob_in_a_geopackage_is_corrupt_and_named() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    python(
        &path,
        "p = ds.CreateLayer('points', s, ogr.wkbPoint, ['SPATIAL_INDEX=NO'])\n\
         ds.ExecuteSQL(\"INSERT INTO points(geom) VALUES (x'0001E6100000000000000000F03F0000000000000040000000000000F03F00000000000000407C01000000000000000000F03F0000000000000040FE')\")\n",
    );
    let store = GpkgStore::open(&path).expect("opens");
    let refused = store.read(&Query::layer("points")).expect("opens").next().expect("one row");
    let refused = refused.expect_err("is SpatiaLite's");
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    assert!(refused.to_string().contains("SpatiaLite"), "{refused}");
}
