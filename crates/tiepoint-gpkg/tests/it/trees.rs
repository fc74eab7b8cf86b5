//! A layer of trees, and what every test does with it.
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tiepoint_core::{
    BBox, Crs, Edit, Feature, Fid, Field, FieldType, Geometry, GeometryKind, GeometryType,
    Identity, KindRule, LayerDefinition, ObjectId, Query, Schema,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Result, Store, Transaction, TransactionOptions, WriteMode};

/// The layer's name.
pub(crate) const TREES: &str = "trees";

/// A folder of its own and the path of a file in it.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("park.gpkg");
    (folder, path)
}

pub(crate) fn definition(identity: Identity) -> LayerDefinition {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let schema = Schema::new(vec![
        Field::new("geom", FieldType::Geometry(points)),
        Field::new("name", FieldType::TEXT),
        Field::new("height", FieldType::REAL),
    ]);
    LayerDefinition { identity, ..LayerDefinition::new(TREES, schema.expect("distinct names")) }
}

/// Tree `number`, at (number mod 100, number div 100 mod 90).
pub(crate) fn tree(number: i32) -> Feature {
    let wkt = format!("POINT({} {})", number % 100, number / 100 % 90);
    let geometry = Geometry::from_wkt(&wkt).expect("a point");
    let name = format!("tree {number}");
    let values = vec![Some(geometry.into()), Some(name.into()), Some(f64::from(number).into())];
    Feature::with_values(definition(Identity::None).schema, values)
}

pub(crate) fn begin(store: &GpkgStore) -> Box<dyn Transaction + '_> {
    store.begin(TransactionOptions::default()).expect("a transaction opens")
}

pub(crate) fn committed<T>(store: &GpkgStore, work: impl FnOnce(&mut dyn Transaction) -> T) -> T {
    let mut transaction = begin(store);
    let result = work(transaction.as_mut());
    transaction.commit().expect("commits");
    result
}

/// Inserts the trees of these numbers.
pub(crate) fn insert(
    transaction: &mut dyn Transaction,
    numbers: std::ops::Range<i32>,
    mode: WriteMode,
) -> Result<()> {
    let mut writer = transaction.writer(TREES, mode)?;
    for number in numbers {
        writer.write(Edit::Insert(tree(number)))?;
    }
    writer.finish()
}

/// A new file with so many trees.
pub(crate) fn planted(path: &Path, identity: Identity, count: i32) -> GpkgStore {
    let store = GpkgStore::create(path).expect("is new");
    committed(&store, |transaction| {
        transaction.create_layer(&definition(identity)).expect("is created");
        insert(transaction, 0..count, WriteMode::Bulk).expect("is written");
    });
    store
}

pub(crate) fn all(store: &GpkgStore) -> Vec<Feature> {
    let features = store.read(&Query::layer(TREES)).expect("reads");
    features.collect::<Result<_>>().expect("every row reads")
}

pub(crate) fn names(store: &GpkgStore) -> Vec<String> {
    let name = |it: &Feature| it.get("name").and_then(|it| it.as_text()).unwrap_or("-").to_owned();
    all(store).iter().map(name).collect()
}

pub(crate) fn ids(store: &GpkgStore) -> Vec<Option<ObjectId>> {
    all(store).into_iter().map(|it| it.id).collect()
}

pub(crate) fn fids(store: &GpkgStore) -> Vec<Fid> {
    all(store).into_iter().filter_map(|it| it.fid).collect()
}

pub(crate) fn within(store: &GpkgStore, min: (f64, f64), max: (f64, f64)) -> usize {
    let bbox = BBox { min_x: min.0, min_y: min.1, max_x: max.0, max_y: max.1 };
    store.read(&Query::layer(TREES).within(bbox)).expect("reads").count()
}

/// The file as another program has it: SQLite with the functions that the standard triggers call.
pub(crate) fn other_program(path: &Path) -> Connection {
    use rusqlite::functions::FunctionFlags;
    let connection = Connection::open(path).expect("opens");
    for (name, at) in [("ST_MinX", 13), ("ST_MaxX", 13), ("ST_MinY", 21), ("ST_MaxY", 21)] {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        let number = move |context: &rusqlite::functions::Context<'_>| {
            let blob: Vec<u8> = context.get(0)?;
            let bytes = blob.get(at..).and_then(|rest| rest.first_chunk());
            Ok(bytes.map(|bytes| f64::from_le_bytes(*bytes)))
        };
        connection.create_scalar_function(name, 1, flags, number).expect("registers");
    }
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let is_empty = |context: &rusqlite::functions::Context<'_>| {
        Ok(context.get::<Vec<u8>>(0)?.get(3).is_some_and(|flags| flags & 16 != 0))
    };
    connection.create_scalar_function("ST_IsEmpty", 1, flags, is_empty).expect("registers");
    connection
}

/// Notes that a test could not be tried, past the test harness; fails where that is not allowed.
pub(crate) fn skip(what: &str) {
    use std::io::Write as _;
    assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {what}");
    writeln!(std::io::stdout(), "SKIPPED: {what}").expect("stdout takes a line");
}
