//! What becomes of every type of the server's: the table in `docs/postgis-types.md` is made here.
//!
//! `TIEPOINT_WRITE_DOCS=1 cargo test -p tiepoint-postgis --all-features types` writes it anew.
use std::fmt::Write as _;
use std::path::PathBuf;
use tiepoint_core::{
    Direction, Edit, Expr, ExprType, Feature, FieldType, Function, Query, Value, field,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{Server, TestSchema, server_or_skip};
use tiepoint_store::{Place, Store, TransactionOptions};

/// A type as it is declared, and two values of it, the second larger, in SQL.
const TYPES: &[(&str, &str, &str)] = &[
    ("boolean", "false", "true"),
    ("smallint", "-5", "32767"),
    ("integer", "-5", "2147483647"),
    ("bigint", "-5", "9007199254740993"),
    ("real", "0.1", "3.4e38"),
    ("double precision", "-0.0", "1.7976931348623157e308"),
    ("numeric", "1.50", "12345678901234567890.123456789"),
    ("numeric(9,2)", "1.50", "1234567.89"),
    ("text", "'Äpfel'", "'Zebra'"),
    ("varchar(20)", "'Äpfel'", "'Zebra'"),
    ("char(5)", "'abc'", "'abcde'"),
    ("name", "'abc'", "'abd'"),
    ("bytea", "'\\x00ff'", "'\\xff'"),
    ("date", "'2024-02-29'", "'9999-12-31'"),
    ("time", "'12:30:00.123456'", "'23:59:59'"),
    ("time(0)", "'12:30:00'", "'23:59:59'"),
    ("timetz", "'12:30:00+05:30'", "'23:59:59Z'"),
    ("timestamp", "'2024-02-29 12:30:00.123456'", "'9999-12-31'"),
    ("timestamptz", "'2024-02-29 12:30:00+05:30'", "'9999-12-31Z'"),
    ("interval", "'1 year 2 months -3 days 04:05:06.7'", "'2 years'"),
    ("json", r#"'{"b":1, "a":[1.10,null]}'"#, "'[2]'"),
    ("jsonb", r#"'{"b":1, "a":[1.10,null]}'"#, "'[2]'"),
    ("uuid", "'67e55044-10b1-426f-9247-bb680e5fe0c8'", "'f7e55044-10b1-426f-9247-bb680e5fe0c8'"),
    ("mood", "'sad'", "'happy'"),
    ("positive", "1", "2"),
    ("code", "'a'", "'b'"),
    ("integer[]", "'{1,NULL,3}'", "'{{4,5},{6,7}}'"),
    ("text[]", "'{a,\"b c\"}'", "'{z}'"),
    ("numeric[]", "'{1.50}'", "'{2}'"),
    ("timestamptz[]", "'{2024-02-29 12:30:00Z}'", "'{9999-12-31Z}'"),
    ("mood[]", "'{sad}'", "'{happy}'"),
    ("geometry(Point,4326)", "'SRID=4326;POINT(1 2)'", "'SRID=4326;POINT(3 4)'"),
    (
        "geometry(MultiPolygonZM,25832)",
        "'SRID=25832;MULTIPOLYGON ZM (((0 0 1 2,1 0 1 2,1 1 1 2,0 0 1 2)))'",
        "'SRID=25832;MULTIPOLYGON ZM EMPTY'",
    ),
    ("geometry", "'POINT(1 2)'", "'CIRCULARSTRING Z(0 0 1,1 1 1,2 0 1)'"),
    ("geography(Polygon,4326)", "'POLYGON((0 0,1 0,1 1,0 0))'", "'POLYGON((0 0,2 0,1 1,0 0))'"),
    ("geography", "'POINT(1 2)'", "'LINESTRING(1 2,3 4)'"),
    ("inet", "'10.0.0.1'", "'::1'"),
    ("cidr", "'10.0.0.0/8'", "'::1/128'"),
    ("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
    ("money", "1.5", "2"),
    ("bit(3)", "'101'", "'111'"),
    ("xml", "'<a/>'", "'<b/>'"),
    ("tsvector", "'a b'", "'c'"),
    ("int4range", "'[1,5)'", "'[2,5)'"),
    ("point", "'(1,2)'", "'(3,4)'"),
    ("oid", "1", "2"),
    ("pair", "'(1,a)'", "'(2,b)'"),
];

const OTHERS: &str = "CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
    CREATE DOMAIN code AS varchar(3) CHECK (VALUE ~ '^[a-z]+$');
    CREATE TYPE pair AS (a integer, b text);";

/// One line of the table.
struct Fate {
    becomes: String,
    read: &'static str,
    write: &'static str,
    filter: &'static str,
    order: &'static str,
}

/// The same rows as the server tells them, so that nothing of ours is in between.
fn told(place: &TestSchema) -> String {
    place.value("SELECT string_agg(v::text, ' | ' ORDER BY id) FROM t")
}

fn fate(server: &Server, ty: &str, small: &str, large: &str) -> Fate {
    let place = server.schema();
    place.execute(OTHERS);
    place.execute(&format!(
        "CREATE TABLE t (id serial PRIMARY KEY, v {ty}); INSERT INTO t (v) VALUES ({small}), ({large})"
    ));
    let store = PostgisStore::open(&place.url()).expect("opens");
    let layer = store.layer("t").expect("is a layer");
    let of = layer.schema().field("v").expect("is a field").clone();
    let rows: Vec<Feature> = store
        .read(&Query::layer("t"))
        .expect("reads")
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{ty}: {error}"));
    let values: Vec<Value> = rows.iter().map(|it| it.get("v").expect("is set").clone()).collect();
    let write = written(&store, &place, ty, &values);
    let in_words = of.generated;
    Fate {
        becomes: of.ty.to_string(),
        read: if in_words { "in the server's words" } else { "exactly" },
        write,
        filter: filtered(&store, &of.ty, &values[0]),
        order: ordered(&store),
    }
}

/// Writes the values that were read into new rows: the server must tell them just as the old ones.
fn written(store: &PostgisStore, place: &TestSchema, ty: &str, values: &[Value]) -> &'static str {
    let before = told(place);
    let layer = store.layer("t").expect("is there");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for value in values {
        let mut feature = Feature::new(layer.schema().clone());
        let set = feature.set("v", value.clone());
        let inserted = set.is_ok().then(|| transaction.write("t", Edit::Insert(feature)));
        match inserted {
            Some(Ok(_)) => {}
            Some(Err(refused)) => {
                let said = refused.to_string();
                assert!(said.contains('v'), "{ty}: {said}");
                return "refused";
            }
            None => return "refused",
        }
    }
    transaction.commit().expect("commits");
    let after = told(place);
    assert_eq!(after, format!("{before} | {before}"), "{ty}");
    "exactly"
}

fn filtered(store: &PostgisStore, ty: &FieldType, value: &Value) -> &'static str {
    let kind = ExprType::of_field(ty);
    let filter = match &kind {
        ExprType::Geometry(crs) => {
            let place =
                tiepoint_core::place(value.as_geometry().expect("is one").clone(), crs.clone());
            Expr::call(Function::BoxesMeet, [field("v"), place])
        }
        ExprType::Json => return "null alone, by the server",
        _ => Expr::call(Function::Le, [field("v"), Expr::Literal(value.clone())]),
    };
    let plan = store.explain(&Query::layer("t").filter(filter)).expect("answers");
    match (kind, plan.statement.is_some_and(|it| it.contains(" && "))) {
        (ExprType::Geometry(_), true) => "boxes by the server, exactly in memory",
        _ if plan.in_memory.is_empty() => "by the server",
        _ => "in memory",
    }
}

fn ordered(store: &PostgisStore) -> &'static str {
    let query = Query::layer("t").order_by(field("v"), Direction::Descending);
    match store.explain(&query).expect("answers").sorted {
        Place::Store => "by the server",
        _ => "in memory",
    }
}

fn document() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/postgis-types.md")
}

#[test]
fn the_documented_table_of_types_is_what_happens() {
    let Some(server) = server_or_skip("the_documented_table_of_types_is_what_happens") else {
        return;
    };
    let mut table = String::from(include_str!("types_head.md"));
    for (ty, small, large) in TYPES {
        let Fate { becomes, read, write, filter, order } = fate(server, ty, small, large);
        writeln!(table, "| `{ty}` | {becomes} | {read} | {write} | {filter} | {order} |")
            .expect("a string takes everything");
    }
    if std::env::var_os("TIEPOINT_WRITE_DOCS").is_some() {
        std::fs::write(document(), &table).expect("is written");
    }
    let documented = std::fs::read_to_string(document()).unwrap_or_default();
    assert_eq!(documented, table, "write it anew with TIEPOINT_WRITE_DOCS=1");
}

/// Values that the server has and we have not: an error that says which row and why, each.
#[test]
fn what_no_value_of_ours_is_is_refused_with_a_sentence() {
    let Some(server) = server_or_skip("what_no_value_of_ours_is") else { return };
    for (ty, value, reason) in [
        ("date", "'infinity'", "infinity"),
        ("timestamp", "'-infinity'", "infinity"),
        ("timestamptz", "'infinity'", "infinity"),
        ("timestamp", "'12000-01-01'", "-9999 to 9999"),
        ("numeric", "'NaN'", "NaN"),
        ("numeric", "'Infinity'", "infinity"),
        ("time", "'24:00:00'", "24:00"),
        ("integer[]", "'[2:3]={1,2}'", "start at 1"),
        ("float8[]", "'{NaN}'", "NaN"),
        ("geometry(Point)", "'POINT(NaN 5)'", "NaN"),
    ] {
        let place = server.schema();
        place.execute(&format!(
            "CREATE TABLE t (id serial PRIMARY KEY, v {ty}); INSERT INTO t (v) VALUES (NULL), ({value})"
        ));
        let store = PostgisStore::open(&place.url()).expect("opens");
        let rows: Vec<_> = store.read(&Query::layer("t")).expect("reads").collect();
        assert!(rows[0].is_ok(), "{ty} {value}: the others come");
        let error = rows[1].as_ref().expect_err(value).to_string();
        assert!(
            error.contains("row 2, field `v`") && error.contains(reason),
            "{ty} {value}: {error}"
        );
    }
}

/// Values of ours that the server would bend.
#[test]
fn what_the_server_would_bend_is_refused_with_a_sentence() {
    let Some(server) = server_or_skip("what_the_server_would_bend") else { return };
    let time = |text: &str| Value::DateTime(text.parse().expect("a time"));
    for (ty, value) in [
        ("text", Value::from("a\0b")),
        ("char(5)", Value::from("abc")),
        ("timestamp", time("2024-01-01T00:00:00.123456789")),
        ("timestamp(0)", time("2024-01-01T00:00:00.5")),
        ("numeric", Value::Decimal("-0.0".parse().expect("a decimal"))),
        ("numeric(4,1)", Value::Decimal("1.25".parse().expect("a decimal"))),
        ("smallint", Value::Int(40_000)),
        ("interval", Value::from("P12M")),
        ("integer[]", Value::Json("[1.5]".parse().expect("is JSON"))),
        ("integer[]", Value::Json("[[1],[2,3]]".parse().expect("is JSON"))),
        ("inet", Value::from("10.0.0.1")),
    ] {
        let place = server.schema();
        place.execute(&format!("CREATE TABLE t (id serial PRIMARY KEY, v {ty})"));
        let store = PostgisStore::open(&place.url()).expect("opens");
        let layer = store.layer("t").expect("is there");
        let feature = Feature::with_values(layer.schema().clone(), vec![None, Some(value.clone())]);
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        let refused = transaction.write("t", Edit::Insert(feature)).expect_err(ty);
        assert!(refused.to_string().contains("field `v`"), "{ty} {value:?}: {refused}");
        // the transaction goes on
        assert_eq!(transaction.read(&Query::layer("t")).expect("reads").count(), 0);
    }
}
