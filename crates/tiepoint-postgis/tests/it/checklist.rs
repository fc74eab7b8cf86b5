//! What guides to other mappers promise and do not keep, row by row of the checklist: what is not
//! in `indexes.rs` (1.18 to 1.22), `pool.rs`, `transactions.rs` (1.11, 1.12, 1.15 to 1.17),
//! `asynchronous.rs` (2.2), `failures.rs` (2.19) and `checks.rs` (2.22). 2.4 is about Python, 2.21
//! is kept by every export to GeoJSON.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use tiepoint_core::{
    Crs, Dims, Edit, ErrorKind, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType,
    GeometryWriter, KindRule, LayerDefinition, Query, Schema, Value, field, place,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{Store, TransactionOptions, WriteMode};

fn points() -> LayerDefinition {
    let ty = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let fields =
        vec![Field::new("geom", FieldType::Geometry(ty)), Field::new("name", FieldType::TEXT)];
    LayerDefinition::new("points", Schema::new(fields).expect("distinct names"))
}

fn point(x: f64, y: f64) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::Point, Dims::Xy);
    writer.position(&[x, y]);
    writer.end();
    writer.finish().expect("a point")
}

fn load(store: &dyn Store, features: impl IntoIterator<Item = Feature>) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let mut writer = transaction.writer("points", WriteMode::Bulk).expect("opens");
    for feature in features {
        writer.write(Edit::Insert(feature)).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
}

fn created(store: &dyn Store) -> Arc<Schema> {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let layer = transaction.create_layer(&points()).expect("is created");
    transaction.commit().expect("commits");
    layer.schema().clone()
}

/// 1.13, 2.6: a value is what it will be when it is read back, as soon as it is set.
#[test]
fn values_are_canonical_as_soon_as_they_are_set() {
    let Some(server) = server_or_skip("values_are_canonical") else { return };
    let here = server.schema();
    let store = PostgisStore::open(&here.url()).expect("opens");
    let mut feature = Feature::new(created(&store));
    feature
        .set("geom", Geometry::from_wkt("point( 1.10   2 )").expect("a point").into())
        .expect("fits");
    let before = feature.values().to_vec();
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.write("points", Edit::Insert(feature.clone())).expect("is written");
    transaction.commit().expect("commits");
    assert_eq!(feature.values(), before);
    let read =
        store.read(&Query::layer("points")).expect("reads").next().expect("one").expect("reads");
    assert_eq!(read.get("geom"), feature.get("geom"));
}

/// 1.14: many changes are a few statements, not one for each row.
#[test]
fn ten_thousand_changes_are_a_few_statements() {
    let Some(server) = server_or_skip("changes in bulk") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE points (fid serial PRIMARY KEY, name text);
         INSERT INTO points (name) SELECT 'before' FROM generate_series(1, 10000);
         CREATE TABLE statements (n serial);
         CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN INSERT INTO statements DEFAULT VALUES; RETURN NULL; END$$;
         CREATE TRIGGER counts AFTER UPDATE ON points EXECUTE FUNCTION count_statement()",
    );
    schema
        .execute(&format!("ALTER FUNCTION count_statement() SET search_path = {}", schema.name()));
    let store = PostgisStore::open(&schema.url()).expect("opens");
    let rows: Vec<Feature> =
        store.read(&Query::layer("points")).expect("reads").map(|it| it.expect("reads")).collect();
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let mut writer = transaction.writer("points", WriteMode::Changes).expect("opens");
    for mut row in rows {
        row.set("name", "after".into()).expect("fits");
        writer.write(Edit::Update(row)).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
    assert_eq!(schema.value("SELECT count(*) FROM points WHERE name = 'after'"), "10000");
    let statements: u32 =
        schema.value("SELECT count(*) FROM statements").parse().expect("a number");
    assert!((1..=20).contains(&statements), "{statements} statements for 10,000 rows");
}

/// 1.23: what the server can decide does not come to us to be decided.
#[test]
fn attributes_are_decided_by_the_server() {
    let Some(server) = server_or_skip("attributes_are_decided_by_the_server") else { return };
    let here = server.schema();
    let store = PostgisStore::open(&here.url()).expect("opens");
    let schema = created(&store);
    load(
        &store,
        (0..500_i32).map(|number| {
            let values = vec![
                Some(point(f64::from(number % 90), 1.0).into()),
                Some(format!("n{number}").into()),
            ];
            Feature::with_values(schema.clone(), values)
        }),
    );
    let plan =
        store.explain(&Query::layer("points").filter(field("name").eq("n7"))).expect("answers");
    assert!(plan.in_memory.is_empty() && plan.returned == 1, "{plan}");
    let count = store.aggregate(
        &Query::layer("points").filter(field("name").ne("n7")),
        &[tiepoint_core::Aggregate::Count],
    );
    assert_eq!(count.expect("counts"), [499.into()]);
}

/// 2.1, 2.3: what is there is asked when connecting; nothing else has to be registered.
#[test]
fn the_server_says_what_it_is() {
    let Some(server) = server_or_skip("the_server_says_what_it_is") else { return };
    let here = server.schema();
    let store = PostgisStore::open(&here.url()).expect("opens");
    let versions = store.versions().expect("asks");
    let told = here.value("SELECT current_setting('server_version_num')");
    assert_eq!(versions.postgresql.to_string(), told);
    let postgis = versions.postgis.expect("is installed");
    assert!(here.value("SELECT postgis_lib_version()").starts_with(&postgis), "{postgis}");
}

/// Everything that one side says to the other.
type Heard = Arc<Mutex<Vec<u8>>>;

/// Passes bytes on between a client and the server, and keeps those of the client.
fn tap(to: std::net::SocketAddr) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("is bound").port();
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(to).expect("connects");
            let (from_client, to_server) =
                (client.try_clone().expect("clones"), server.try_clone().expect("clones"));
            let kept = Arc::clone(&kept);
            thread::spawn(move || pass_on(from_client, to_server, Some(&kept)));
            thread::spawn(move || pass_on(server, client, None));
        }
    });
    (port, heard)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, kept: Option<&Heard>) {
    let mut buffer = [0; 8_192];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if let Some(kept) = kept {
            kept.lock().expect("no panic").extend(&buffer[..count]);
        }
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|it| it == part)
}

/// 2.5, 2.8: geometries travel as bytes, never as text or hexadecimal digits.
#[test]
fn geometries_travel_in_binary() {
    let Some(server) = server_or_skip("geometries_travel_in_binary") else { return };
    let Some(tcp) = server.tcp_url() else { return };
    let here = server.schema();
    let address =
        tcp.split('@').nth(1).and_then(|it| it.split(['/', '?']).next()).expect("host and port");
    let (port, heard) = tap(address.replace("localhost", "127.0.0.1").parse().expect("an address"));
    let tapped = tcp.replace(address, &format!("127.0.0.1:{port}"));
    let sign = if tapped.contains('?') { '&' } else { '?' };
    let url = format!("{tapped}{sign}schema={}&sslmode=disable", here.name());
    let store = PostgisStore::open(&url).expect("opens");
    let schema = created(&store);
    let odd = 0.123_456_789_012_345_67_f64;
    for (mode, x) in [(WriteMode::Rows, odd), (WriteMode::Bulk, odd * 2.0)] {
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        let mut writer = transaction.writer("points", mode).expect("opens");
        let values = vec![Some(point(x, 1.0).into()), None];
        writer
            .write(Edit::Insert(Feature::with_values(schema.clone(), values)))
            .expect("is written");
        writer.finish().expect("finishes");
        transaction.commit().expect("commits");
        let heard = heard.lock().expect("no panic");
        assert!(contains(&heard, &x.to_le_bytes()), "{mode:?}: its bytes");
        let digits = format!("{:016X}", u64::from_le_bytes(x.to_be_bytes()));
        assert!(!contains(&heard.to_ascii_uppercase(), digits.as_bytes()), "{mode:?}: in digits");
        assert!(
            !contains(&heard, b"POINT(0.") && !contains(&heard, b"ST_GeomFrom"),
            "{mode:?}: as text"
        );
    }
}

/// 2.7: nonsense is refused where it is set, saying what is wrong.
#[test]
fn nonsense_is_refused_at_once() {
    let mut feature = Feature::new(points().schema);
    for nonsense in [Value::from("POINT(1 2)"), Value::Int(1), Value::Bytes(vec![1, 1])] {
        let refused = feature.set("geom", nonsense).expect_err("is no geometry").to_string();
        assert!(refused.contains("field `geom`: expected Point XY, EPSG:4326"), "{refused}");
    }
    let line = Geometry::from_wkt("LINESTRING(0 0, 1 1)").expect("a line");
    assert!(feature.set("geom", line.into()).is_err());
    assert_eq!(feature.get("geom"), None, "it is as it was");
}

/// 2.8: random doubles come back bit for bit; `TIEPOINT_LONG` asks for a million.
#[test]
fn a_million_random_doubles_come_back_bit_for_bit() {
    let Some(server) = server_or_skip("a_million_random_doubles") else { return };
    let here = server.schema();
    let store = PostgisStore::open(&here.url()).expect("opens");
    let schema = created(&store);
    let count = if std::env::var_os("TIEPOINT_LONG").is_some() { 500_000 } else { 20_000 };
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut any_double = move || loop {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let number = f64::from_bits(state);
        if number.is_finite() {
            return number;
        }
    };
    let all: Vec<Geometry> = (0..count).map(|_| point(any_double(), any_double())).collect();
    load(
        &store,
        all.iter()
            .map(|it| Feature::with_values(schema.clone(), vec![Some(it.clone().into()), None])),
    );
    let mut read = store.read(&Query::layer("points")).expect("reads");
    for geometry in &all {
        let row = read.next().expect("as many").expect("reads");
        assert_eq!(row.geometry(), Some(geometry));
    }
    assert!(read.next().is_none());
}

/// 2.20: two CRSs are never mixed, and a SRID that nobody defined is not adopted in silence.
#[test]
fn reference_systems_are_never_mixed() {
    let Some(server) = server_or_skip("reference_systems_are_never_mixed") else { return };
    let here = server.schema();
    here.execute(
        "CREATE TABLE mixed (id serial PRIMARY KEY, geom geometry);
         INSERT INTO mixed (geom) VALUES ('SRID=4326;POINT(1 2)'), ('SRID=3857;POINT(3 4)')",
    );
    let store = PostgisStore::open(&here.url()).expect("opens");
    created(&store);
    let elsewhere = place(point(1.0, 2.0), Crs::epsg(3857));
    let query = Query::layer("points").filter(field("geom").intersects(elsewhere));
    let refused = store.read(&query).map(drop).expect_err("two CRSs").to_string();
    assert!(refused.contains("EPSG:3857") && refused.contains("EPSG:4326"), "{refused}");
    let rows: Vec<_> = store.read(&Query::layer("mixed")).expect("reads").collect();
    let odd = rows[1].as_ref().expect_err("of another CRS").to_string();
    assert!(rows[0].is_ok() && odd.contains("row 2") && odd.contains("3857"), "{odd}");
    let nowhere = Crs::from_authority("NOBODY", "123456");
    let ty = GeometryType::xy(KindRule::Any, nowhere);
    let schema = Schema::new(vec![Field::new("geom", FieldType::Geometry(ty))]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.create_layer(&LayerDefinition::new("nowhere", schema));
    let refused = refused.expect_err("nobody defines it");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.to_string().contains("NOBODY:123456"), "{refused}");
}
