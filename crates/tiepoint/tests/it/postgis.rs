//! Imports into PostGIS, out of it and from one schema to another.
use tiepoint::{
    ErrorKind, ImportMode, ImportOptions, ImportReport, InvalidRule, LayerReport, OnError, Query,
    Source, Store, Value, import_into,
};
use tiepoint_postgis::testing::server_or_skip;

const OAK: &str = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90";

fn bring(
    url: &str,
    name: &str,
    text: &str,
    options: &ImportOptions,
) -> tiepoint::Result<LayerReport> {
    from(&Source::bytes(name, text.as_bytes()), url, options)
}

fn from(source: &Source, url: &str, options: &ImportOptions) -> tiepoint::Result<LayerReport> {
    let ImportReport { mut layers } = import_into(source, url, options, &())?;
    Ok(layers.pop().expect("there is a layer"))
}

fn column(store: &dyn Store, layer: &str, field: &str) -> Vec<Value> {
    let features = store.read(&Query::layer(layer).fields([field])).expect("the layer is there");
    features.map(|it| it.expect("can be read").get(field).cloned().expect("is set")).collect()
}

fn mode(mode: ImportMode) -> ImportOptions {
    ImportOptions { mode, ..ImportOptions::default() }
}

#[test]
fn a_document_becomes_a_layer_in_the_servers_own_types() {
    let Some(server) = server_or_skip("a_document_becomes_a_layer_in_the_servers_own_types") else {
        return;
    };
    let schema = server.schema();
    let text = "t,e,v\n2020-01-02T03:04:05+02:00,2020-01-02T03:04:05+02:00,-0.0\n\
                2020-01-02T03:04:05-01:00,2020-01-02T03:04:05,1.5\n";
    let report = bring(&schema.url(), "a.csv", text, &ImportOptions::default()).expect("imports");
    assert_eq!(report.inserted, 2);
    let notes = report.notes.join("; ");
    assert!(notes.contains("`t` keeps the moment, not the zone it was written in"), "{notes}");
    assert!(notes.contains("`e` is text in the layer"), "{notes}");
    assert!(!notes.contains("0.0"), "PostgreSQL has a minus zero: {notes}");
    assert_eq!(schema.value("SELECT t = '2020-01-02 01:04:05+00' FROM a ORDER BY fid"), "t");
    assert_eq!(schema.value("SELECT e FROM a ORDER BY fid"), "2020-01-02T03:04:05+02:00");
    assert_eq!(schema.value("SELECT v FROM a ORDER BY fid"), "-0");
    let again = bring(&schema.url(), "a.csv", text, &mode(ImportMode::Append)).expect("imports");
    assert!(again.notes.join("; ").contains("keeps the moment"), "{:?}", again.notes);
}

#[test]
fn names_beyond_63_bytes_are_cut_and_found_again() {
    let Some(server) = server_or_skip("names_beyond_63_bytes_are_cut_and_found_again") else {
        return;
    };
    let schema = server.schema();
    let (long, name) = ("ä".repeat(40), format!("{}.csv", "l".repeat(80)));
    let text = format!("object_id,{long}1,{long}2\n{OAK},x,y\n");
    let report = bring(&schema.url(), &name, &text, &ImportOptions::default()).expect("imports");
    assert_eq!((report.layer.len(), report.notes.len()), (63, 3), "{:?}", report.notes);
    let changed = text.replace(",y", ",z");
    let report = bring(&schema.url(), &name, &changed, &mode(ImportMode::Upsert)).expect("imports");
    assert_eq!(report.updated, 1);
}

#[test]
fn an_upsert_writes_what_differs_and_nothing_else() {
    let Some(server) = server_or_skip("an_upsert_writes_what_differs_and_nothing_else") else {
        return;
    };
    let schema = server.schema();
    let id = |n: u64| format!("0190a6f0-5c3e-7d21-9b6a-{n:012x}");
    let rows = |range: std::ops::Range<u64>, add: u64| {
        let row = |n| format!("{},{n},{},note {n}\n", id(n), n % 7 + add);
        format!("object_id,n,v,note\n{}", range.map(row).collect::<String>())
    };
    bring(&schema.url(), "a.csv", &rows(0..6_000, 0), &ImportOptions::default()).expect("imports");
    schema.execute("CREATE TABLE log (n int, old text)");
    schema.execute(
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO log VALUES (NEW.n, OLD.note); RETURN NEW; END $$",
    );
    schema.execute(&format!("ALTER FUNCTION noted() SET search_path = {}", schema.name()));
    schema.execute(
        "CREATE TRIGGER noted AFTER UPDATE OF v ON a FOR EACH ROW EXECUTE FUNCTION noted()",
    );
    let text = rows(0..3_000, 0) + rows(3_000..9_000, 1).split_once('\n').expect("a head").1;
    let report = bring(&schema.url(), "a.csv", &text, &mode(ImportMode::Upsert)).expect("imports");
    let counts = (report.inserted, report.updated, report.unchanged);
    assert_eq!(counts, (3_000, 3_000, 3_000));
    assert_eq!(schema.value("SELECT count(*) FROM log"), "3000");
    assert_eq!(schema.value("SELECT sum(v) FROM a WHERE n < 6000"), sum(0..6_000, 3_000));
    assert_eq!(schema.value("SELECT count(DISTINCT object_id) FROM a"), "9000");
}

/// Of what the rows say, so many of them from the first on one less.
fn sum(range: std::ops::Range<u64>, unchanged: u64) -> String {
    range.map(|n| n % 7 + u64::from(n >= unchanged)).sum::<u64>().to_string()
}

#[test]
fn what_the_server_refuses_is_told_by_feature_or_passed_over() {
    let Some(server) = server_or_skip("what_the_server_refuses_is_told_by_feature") else {
        return;
    };
    let schema = server.schema();
    schema.execute("CREATE TABLE a (fid serial PRIMARY KEY, n int CHECK (n < 4), m text)");
    let text = "n,m\n1,a\n2,b\n4,c\n3,d\n";
    let append = mode(ImportMode::Append);
    let error = bring(&schema.url(), "a.csv", text, &append).expect_err("4 is refused");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("feature 3 of the load"), "{error}");
    assert_eq!(schema.value("SELECT count(*) FROM a"), "0");
    let skip = ImportOptions { on_error: OnError::Skip { rejects: None }, ..append };
    let report = bring(&schema.url(), "a.csv", text, &skip).expect("imports");
    assert_eq!((report.inserted, report.rejected), (3, 1));
    assert!(report.first_rejects[0].starts_with("feature 3"), "{:?}", report.first_rejects);
}

#[test]
fn an_upsert_passes_over_what_is_refused_and_makes_the_rest() {
    let Some(server) = server_or_skip("an_upsert_passes_over_what_is_refused") else { return };
    let schema = server.schema();
    let id = |n: u64| format!("0190a6f0-5c3e-7d21-9b6a-{n:012x}");
    let rows = |values: [u64; 3]| {
        let rows = values.iter().enumerate().map(|(n, v)| format!("{},{v}\n", id(n as u64)));
        format!("object_id,v\n{}", rows.collect::<String>())
    };
    bring(&schema.url(), "a.csv", &rows([1, 2, 3]), &ImportOptions::default()).expect("imports");
    schema.execute("ALTER TABLE a ADD CHECK (v < 10)");
    let upsert = mode(ImportMode::Upsert);
    let error = bring(&schema.url(), "a.csv", &rows([5, 20, 6]), &upsert).expect_err("20 is not");
    assert!(error.to_string().contains(&id(1)), "names the object: {error}");
    let skip = ImportOptions { on_error: OnError::Skip { rejects: None }, ..upsert };
    let report = bring(&schema.url(), "a.csv", &rows([5, 20, 6]), &skip).expect("imports");
    assert_eq!((report.updated, report.rejected), (2, 1));
    assert_eq!(schema.value("SELECT string_agg(v::text, ',' ORDER BY fid) FROM a"), "5,2,6");
}

const BOW_TIES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"n":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}},
{"type":"Feature","properties":{"n":2},"geometry":{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}}]}"#;

fn invalid(invalid: InvalidRule) -> ImportOptions {
    ImportOptions { invalid, ..ImportOptions::default() }
}

#[test]
fn invalid_geometries_are_repaired_where_that_is_asked() {
    let Some(server) = server_or_skip("invalid_geometries_are_repaired") else { return };
    let schema = server.schema();
    let url = schema.url();
    let report =
        bring(&url, "a.geojson", BOW_TIES, &invalid(InvalidRule::Repair)).expect("imports");
    assert_eq!((report.inserted, report.invalid, report.repaired), (2, 1, 1));
    assert!(report.first_invalid[0].contains("Self-intersection"), "{:?}", report.first_invalid);
    assert_eq!(schema.value("SELECT bool_and(ST_IsValid(geom)) FROM a"), "t");
    assert_eq!(schema.value("SELECT ST_Area(geom) FROM a WHERE n = 1"), "2");
}

#[test]
fn a_repair_that_does_not_fit_is_refused() {
    let Some(server) = server_or_skip("a_repair_that_does_not_fit_is_refused") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE a (fid serial PRIMARY KEY, n int, g geometry(Polygon, 4326))");
    let repair = ImportOptions { mode: ImportMode::Append, ..invalid(InvalidRule::Repair) };
    let error = bring(&schema.url(), "a.geojson", BOW_TIES, &repair).expect_err("not a polygon");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("MultiPolygon"), "{error}");
    let skip = ImportOptions { on_error: OnError::Skip { rejects: None }, ..repair };
    let report = bring(&schema.url(), "a.geojson", BOW_TIES, &skip).expect("imports");
    assert_eq!((report.inserted, report.rejected, report.repaired), (1, 1, 0));
}

#[test]
fn layers_go_from_schema_to_schema_but_not_into_themselves() {
    let Some(server) = server_or_skip("layers_go_from_schema_to_schema") else { return };
    let (here, there) = (server.schema(), server.schema());
    here.execute("CREATE TABLE a (gid serial PRIMARY KEY, name text NOT NULL, g geometry(PointZ, 3067), at timestamptz)");
    here.execute("INSERT INTO a (name, g, at) VALUES ('x', 'SRID=3067;POINT Z (1 2 3)', now())");
    let source = Source::parse(&format!("{}&layer=a", here.url())).expect("is a store");
    let report = from(&source, &there.url(), &ImportOptions::default()).expect("imports");
    assert_eq!((report.layer.as_str(), report.inserted), ("a", 1));
    let rows = format!("SELECT ST_AsEWKT(g) || at FROM {}.a", here.name());
    assert_eq!(there.value("SELECT ST_AsEWKT(g) || at FROM a"), there.value(&rows));
    for mode in [mode(ImportMode::Replace), mode(ImportMode::Append), mode(ImportMode::Upsert)] {
        let error = from(&source, &here.url(), &mode).expect_err("is the same layer");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    let both = format!("{}%2C{}", there.url(), here.name());
    let named =
        ImportOptions { layer: Some(format!("{}.a", here.name())), ..mode(ImportMode::Replace) };
    let error = from(&source, &both, &named).expect_err("is the same layer by another name");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(here.value("SELECT count(*) FROM a"), "1");
}

#[test]
fn a_layer_comes_back_from_a_geopackage_as_it_was() {
    let Some(server) = server_or_skip("a_layer_comes_back_from_a_geopackage") else { return };
    let (schema, folder) = (server.schema(), tempfile::tempdir().expect("a folder"));
    schema.execute("CREATE TABLE a (gid serial PRIMARY KEY, v numeric(8,2), j jsonb, d date, b bytea, g geometry(Polygon, 3067))");
    schema.execute(
        "INSERT INTO a (v, j, d, b, g) VALUES (1.25, '{\"k\": 1}', '2020-02-29', '\\x00ff', \
         'SRID=3067;POLYGON ((0 0, 1 0, 1 1, 0 0))')",
    );
    let file = folder.path().join("a.gpkg").display().to_string();
    let source = |text: &str| Source::parse(text).expect("is a store");
    from(&source(&schema.url()), &file, &ImportOptions::default()).expect("to the file");
    let named = ImportOptions { layer: Some("b".to_owned()), ..ImportOptions::default() };
    from(&source(&file), &schema.url(), &named).expect("and back");
    let store = tiepoint::open(&schema.url()).expect("opens");
    for field in ["v", "j", "d", "b", "g"] {
        assert_eq!(column(&*store, "a", field), column(&*store, "b", field), "{field}");
    }
}

#[test]
fn a_database_is_opened_and_never_created() {
    let Some(server) = server_or_skip("a_database_is_opened_and_never_created") else { return };
    let schema = server.schema();
    assert!(tiepoint::open_or_create(&schema.url()).is_ok());
    let error = tiepoint::create(&schema.url()).err().expect("is not made");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
