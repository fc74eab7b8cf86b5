//! Nothing that a user can name or say becomes SQL: it comes back exactly, or is refused in a
//! sentence, and what it aimed at is still there.
use crate::sessions::with;
use std::fmt::Write as _;
use std::sync::Arc;
use tiepoint_core::{
    Aggregate, Check, Direction, Domain, Edit, ErrorKind, Expr, ExprType, Feature, Fid, Field,
    FieldDefault, FieldType, Function, Identity, Ids, Index, Json, LayerDefinition, NativeFunction,
    PageMark, Query, Schema, Target, Value, field,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{Result, Store, Transaction, TransactionOptions, WriteMode, Written};

/// Texts that have become SQL elsewhere; `{}` stands for an attack on the canary.
const HOSTILE: &[&str] = &[
    "'{}",
    "\"{}",
    "\\'{}",
    "\\\"{}",
    "\\\\'{}",
    "''{}",
    "\"\"{}",
    "')){}",
    "\")){}",
    "$${}$$",
    "$a${}$a$",
    "$1{}",
    "*/{}/*",
    "\n{}",
    "\r\n{}",
    "’{}",
    "ʼ{}",
    "＇{}",
    "”{}",
    "\u{2028}{}",
    "'||(DELETE FROM canary RETURNING 'x')||'",
    "' OR 1=1 --",
    "\" OR 1=1 --",
    "U&'\\0027{}",
    "e'\\''{}",
    "x' UNION SELECT 1 --",
    "%I %L %s %% %1$I",
    "{0} {1} {NAME} {{}}",
    "${NAME} $1 :name ?",
    "\\",
    "\\\\",
    "\\x27",
    "\\027",
    "''",
    "'",
    "\"",
    "a.b",
    "\"a\".\"b\"",
    "public.canary",
    "canary",
    "CANARY",
    "-- ",
    "/*",
    ";",
    "select",
    "null",
    "NULL",
    "",
    " ",
    "\t",
    "a\0{}",
    "\0",
    "ctid",
    "oid",
    "*",
    "a,b",
    "a)b",
    "tiepoint_step",
    "😀'{}",
    "e\u{301}",
    "\u{feff}",
    "\u{202e}",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"{}",
];

const ATTACK: &str = "; DROP TABLE canary CASCADE; DELETE FROM canary; --";

fn hostile() -> impl Iterator<Item = String> {
    HOSTILE.iter().map(|text| text.replacen("{}", ATTACK, 1))
}

/// What a text is used as, and how. It gives an error, or has seen the text come back.
type Use = (&'static str, fn(&PostgisStore, &str) -> Result<()>);

const USES: &[Use] = &[
    ("a layer's name", layer_name),
    ("a layer's name that is not there", missing_layer),
    ("a field's name", field_name),
    ("a name of a computed value", computed_name),
    ("a column of ids", id_column),
    ("an index's name", index_name),
    ("a check's name", check_name),
    ("a default", default),
    ("a closed set of values and their labels", domain),
    ("titles and descriptions", descriptions),
    ("a text written row by row", |store, text| written(store, text, WriteMode::Rows)),
    ("a text written in bulk", |store, text| written(store, text, WriteMode::Bulk)),
    ("a text within JSON", json),
    ("a filter", filter),
    ("a pattern", pattern),
    ("a sort key and a page's mark", page_mark),
    ("a fid that is a text", text_fid),
    ("a fid of numbered rows", number_fid),
    ("a function of the server's", native_function),
    ("a function of a store", native_store),
    ("a book and its pages", book),
];

#[test]
fn nothing_that_a_user_says_becomes_sql() {
    let Some(server) = server_or_skip("nothing becomes SQL") else { return };
    let matters: fn(&String) -> bool = |text| text.contains(['\'', '\\']);
    for (strings, tried) in [("on", (|_| true) as fn(&String) -> bool), ("off", matters)] {
        let options = format!("options=-cstandard_conforming_strings%3D{strings}");
        let schema = server.schema();
        prepare(&schema);
        let store = PostgisStore::open(&with(&schema.url(), &options)).expect("opens");
        for (what, how) in USES {
            for text in hostile().filter(tried) {
                if let Err(refused) = how(&store, &text) {
                    let kind = refused.kind();
                    let is_clear = !matches!(
                        kind,
                        ErrorKind::Internal | ErrorKind::Corrupt | ErrorKind::Unavailable
                    );
                    assert!(is_clear, "{text:?} as {what}: {kind:?} {refused} {refused:?}");
                }
                let canaries = store.read(&Query::layer("canary")).map(Iterator::count);
                assert_eq!(canaries.ok(), Some(3), "{text:?} as {what}, {strings}");
            }
            assert_unharmed(&schema, &format!("{what}, {strings}"));
        }
        assert_eq!(store.connections().1, 0);
    }
}

fn prepare(schema: &TestSchema) {
    schema.execute("CREATE TABLE canary (id int PRIMARY KEY, name text)");
    schema.execute("INSERT INTO canary VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    schema.execute("CREATE TABLE texts (k text PRIMARY KEY, v text)");
    schema.execute("INSERT INTO texts VALUES ('kept', 'kept')");
}

fn assert_unharmed(schema: &TestSchema, after: &str) {
    let canary = "SELECT string_agg(id || name, ' ' ORDER BY id) FROM canary";
    assert_eq!(schema.value(canary), "1a 2b 3c", "{after}");
    assert_eq!(schema.value("SELECT v FROM texts WHERE k = 'kept'"), "kept", "{after}");
}

fn begin(store: &PostgisStore) -> Result<Box<dyn Transaction + '_>> {
    store.begin(TransactionOptions::default())
}

/// A layer with one text field, without identity.
fn layer(name: &str, field: Field) -> LayerDefinition {
    let schema = Schema::new(vec![field]).expect("one field");
    LayerDefinition { identity: Identity::None, ..LayerDefinition::new(name, schema) }
}

fn text_field(name: &str) -> Field {
    Field::new(name, FieldType::TEXT)
}

fn row(definition: &LayerDefinition, value: impl Into<Value>) -> Feature {
    Feature::with_values(Arc::clone(&definition.schema), vec![Some(value.into())])
}

fn only(transaction: &dyn Transaction, query: &Query) -> Result<Feature> {
    let mut features = transaction.read(query)?.collect::<Result<Vec<_>>>()?;
    assert_eq!(features.len(), 1, "{query:?}");
    Ok(features.remove(0))
}

/// Creates the layer with a row in a transaction, and reads that row; then all of it is undone.
fn tried(store: &PostgisStore, definition: &LayerDefinition) -> Result<Feature> {
    let mut transaction = begin(store)?;
    transaction.create_layer(definition)?;
    transaction.write(&definition.name, Edit::Insert(row(definition, "v")))?;
    only(transaction.as_ref(), &Query::layer(&definition.name))
}

fn layer_name(store: &PostgisStore, text: &str) -> Result<()> {
    let definition = layer(text, text_field("f"));
    let mut transaction = begin(store)?;
    let created = transaction.create_layer(&definition)?;
    assert_eq!(created.name(), text);
    transaction.write(text, Edit::Insert(row(&definition, "v")))?;
    transaction.commit()?;
    assert_eq!(store.layer(text)?.name(), text);
    assert!(store.layers()?.iter().any(|it| it.name() == text));
    assert_eq!((store.read(&Query::layer(text))?.count(), store.facts(text)?.count), (1, 1));
    store.explain(&Query::layer(text))?;
    let counted = store.aggregate(&Query::layer(text), &[Aggregate::Count])?;
    assert_eq!(counted, [Value::Int(1)]);
    let mut transaction = begin(store)?;
    let mut writer = transaction.writer(text, WriteMode::Bulk)?;
    writer.write(Edit::Insert(row(&definition, "w")))?;
    writer.finish()?;
    transaction.drop_layer(text)?;
    transaction.commit()?;
    assert_eq!(store.layer(text).expect_err("is gone").kind(), ErrorKind::NotFound);
    Ok(())
}

fn missing_layer(store: &PostgisStore, text: &str) -> Result<()> {
    if matches!(text, "canary" | "texts") {
        return Ok(());
    }
    let refused = store.read(&Query::layer(text)).expect_err("is not there");
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    assert_eq!(begin(store)?.drop_layer(text).expect_err("nor here").kind(), ErrorKind::NotFound);
    store.facts(text).map(drop)
}

fn field_name(store: &PostgisStore, text: &str) -> Result<()> {
    let definition = layer("t", Field { unique: true, ..text_field(text) });
    let indexed = LayerDefinition { indexes: vec![Index::on([text])], ..definition };
    assert_eq!(tried(store, &indexed)?.get(text), Some(&"v".into()));
    let mut transaction = begin(store)?;
    transaction.create_layer(&indexed)?;
    let Written::Inserted { fid, .. } = transaction.write("t", Edit::Insert(row(&indexed, "v")))?
    else {
        panic!("is inserted");
    };
    let update = row(&indexed, "w").with_fid(fid);
    assert_eq!(transaction.write("t", Edit::Update(update))?, Written::Updated);
    let query = Query::layer("t")
        .filter(field(text).eq("w").and(field(text).is_in(["w", "x"])))
        .fields([text])
        .order_by(field(text), Direction::Descending);
    assert_eq!(only(transaction.as_ref(), &query)?.get(text), Some(&"w".into()));
    Ok(())
}

fn computed_name(store: &PostgisStore, text: &str) -> Result<()> {
    let query = Query::layer("texts").compute(text, field("k").upper()).limit(1);
    let read = store.read(&query)?.next().expect("is there")?;
    assert_eq!(read.get(text), Some(&"KEPT".into()));
    Ok(())
}

fn id_column(store: &PostgisStore, text: &str) -> Result<()> {
    let identity = Identity::Column(text.to_owned());
    tried(store, &LayerDefinition { identity, ..layer("t", text_field("f")) }).map(drop)
}

fn index_name(store: &PostgisStore, text: &str) -> Result<()> {
    let index = Index { name: Some(text.to_owned()), ..Index::on(["f"]) };
    let definition = LayerDefinition { indexes: vec![index], ..layer("t", text_field("f")) };
    let mut transaction = begin(store)?;
    let created = transaction.create_layer(&definition)?;
    let names: Vec<_> = created.definition.indexes.iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, [Some(text.to_owned())]);
    Ok(())
}

fn check_name(store: &PostgisStore, text: &str) -> Result<()> {
    let (name, expression) = (Some(text.to_owned()), "f <> 'no'".to_owned());
    let checks = vec![Check { name: name.clone(), expression }];
    let mut transaction = begin(store)?;
    let definition = LayerDefinition { checks, ..layer("t", text_field("f")) };
    let created = transaction.create_layer(&definition)?;
    let names: Vec<_> = created.definition.checks.iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, [name]);
    let refused = transaction.write("t", Edit::Insert(row(&definition, "no")));
    assert_eq!(refused.expect_err("is checked").kind(), ErrorKind::Conflict);
    Ok(())
}

fn default(store: &PostgisStore, text: &str) -> Result<()> {
    let default = Some(FieldDefault::Value(text.into()));
    let definition = layer("t", Field { default: default.clone(), ..text_field("f") });
    let mut transaction = begin(store)?;
    let created = transaction.create_layer(&definition)?;
    assert_eq!(created.schema().fields()[0].default, default);
    transaction.write("t", Edit::Insert(Feature::new(created.schema().clone())))?;
    let read = only(transaction.as_ref(), &Query::layer("t"))?;
    assert_eq!(read.get("f"), Some(&text.into()));
    Ok(())
}

fn domain(store: &PostgisStore, text: &str) -> Result<()> {
    let values = vec![(text.into(), Some(text.to_owned())), ("other".into(), None)];
    let domain = Some(Domain::OneOf(values));
    let definition = layer("t", Field { domain, ..text_field("f") });
    let mut transaction = begin(store)?;
    let created = transaction.create_layer(&definition)?;
    if let Some(Domain::OneOf(values)) = &created.schema().fields()[0].domain {
        assert_eq!(values[0].0, text.into());
        assert!(values[0].1.as_ref().is_none_or(|label| label == text));
    }
    transaction.write("t", Edit::Insert(row(&definition, text)))?;
    let read = only(transaction.as_ref(), &Query::layer("t"))?;
    assert_eq!(read.get("f"), Some(&text.into()));
    Ok(())
}

fn descriptions(store: &PostgisStore, text: &str) -> Result<()> {
    let said = || Some(text.to_owned());
    let described = Field { title: said(), description: said(), ..text_field("f") };
    let definition =
        LayerDefinition { title: said(), description: said(), ..layer("t", described) };
    let mut transaction = begin(store)?;
    let created = transaction.create_layer(&definition)?;
    // to say nothing and to say nothing at all are one to the server
    let expected = said().filter(|text| !text.is_empty());
    let field = &created.schema().fields()[0];
    for kept in [&created.definition.description, &field.description] {
        assert_eq!(kept.clone().filter(|text| !text.is_empty()), expected);
    }
    for kept in [&created.definition.title, &field.title] {
        assert!(kept.is_none() || *kept == said(), "{kept:?} is not {text:?}");
    }
    Ok(())
}

fn written(store: &PostgisStore, text: &str, mode: WriteMode) -> Result<()> {
    let definition = layer("t", text_field("f"));
    let mut transaction = begin(store)?;
    transaction.create_layer(&definition)?;
    let mut writer = transaction.writer("t", mode)?;
    writer.write(Edit::Insert(row(&definition, text)))?;
    writer.finish()?;
    let read = only(transaction.as_ref(), &Query::layer("t"))?;
    assert_eq!(read.get("f"), Some(&text.into()));
    Ok(())
}

fn json(store: &PostgisStore, text: &str) -> Result<()> {
    let definition = layer("t", Field::new("f", FieldType::Json));
    let value = serde_json::json!({ text: [text] }).to_string().parse::<Json>().expect("is JSON");
    let mut transaction = begin(store)?;
    transaction.create_layer(&definition)?;
    transaction.write("t", Edit::Insert(row(&definition, value.clone())))?;
    let read = only(transaction.as_ref(), &Query::layer("t"))?;
    assert_eq!(read.get("f"), Some(&value.into()));
    Ok(())
}

/// How many rows of `texts` a filter finds.
fn found(store: &PostgisStore, filter: Expr) -> Result<usize> {
    Ok(store.read(&Query::layer("texts").filter(filter))?.collect::<Result<Vec<_>>>()?.len())
}

fn filter(store: &PostgisStore, text: &str) -> Result<()> {
    for filter in [
        field("k").eq(text),
        field("k").is_in([text, "nothing"]),
        field("k").casei().eq(Expr::from(text).casei()),
        field("k").coalesce(text).eq(text),
        field("k").between(text, text),
    ] {
        assert_eq!(found(store, filter)?, 0);
    }
    assert_eq!(found(store, field("k").ne(text))?, 1);
    assert_eq!(found(store, Expr::from(text).eq(text))?, 1);
    Ok(())
}

fn pattern(store: &PostgisStore, text: &str) -> Result<()> {
    found(store, field("k").like(text))?;
    found(store, field("k").matches(text)).map(drop)
}

fn page_mark(store: &PostgisStore, text: &str) -> Result<()> {
    let query = Query::layer("texts").order_by(field("k"), Direction::Ascending);
    let mark = PageMark { keys: vec![text.into()], fid: Fid::Text(text.to_owned()) };
    let read = store.read(&query.after(mark))?.collect::<Result<Vec<_>>>()?;
    let comes_after = "kept" > text;
    assert_eq!(read.len(), usize::from(comes_after), "{text:?}");
    Ok(())
}

fn text_fid(store: &PostgisStore, text: &str) -> Result<()> {
    let fid = || Fid::Text(text.to_owned());
    let mut transaction = begin(store)?;
    let schema = transaction.layer("texts")?.schema().clone();
    let query = Query::layer("texts").ids(Ids::Fids(vec![fid()]));
    assert_eq!(transaction.read(&query)?.count(), 0);
    let target = Target::Fid(fid());
    assert_eq!(transaction.write("texts", Edit::Delete(target.clone()))?, Written::Missing);
    let new = Feature::with_values(schema, vec![Some(text.into()), Some("v".into())]);
    transaction.write("texts", Edit::Insert(new.clone()))?;
    let read = only(transaction.as_ref(), &query)?;
    assert_eq!((read.fid.as_ref(), read.get("k")), (Some(&fid()), Some(&text.into())));
    let update = Edit::Update(new.with_fid(fid()));
    assert_eq!(transaction.write("texts", update)?, Written::Updated);
    assert_eq!(transaction.write("texts", Edit::Delete(target))?, Written::Deleted);
    Ok(())
}

fn number_fid(store: &PostgisStore, text: &str) -> Result<()> {
    let query = Query::layer("canary").ids(Ids::Fids(vec![Fid::Text(text.to_owned())]));
    assert_eq!(store.read(&query)?.count(), 0);
    let target = Target::Fid(Fid::Text(text.to_owned()));
    let deleted = begin(store)?.write("canary", Edit::Delete(target))?;
    assert_eq!(deleted, Written::Missing);
    Ok(())
}

fn native(store: &str, name: &str) -> Expr {
    let (store, name) = (store.to_owned(), name.to_owned());
    let function = NativeFunction { store, name, ty: ExprType::Text };
    Expr::call(Function::Native(function), [field("k")])
}

fn native_function(store: &PostgisStore, text: &str) -> Result<()> {
    assert_eq!(found(store, native("postgis", "upper").eq("KEPT"))?, 1, "that is how it is called");
    found(store, native("postgis", text).eq("KEPT")).map(drop)
}

fn native_store(store: &PostgisStore, text: &str) -> Result<()> {
    found(store, native(text, "upper").eq("KEPT")).map(drop)
}

fn book(store: &PostgisStore, text: &str) -> Result<()> {
    let mut transaction = begin(store)?;
    let mut book = transaction.book(text)?;
    book.put(text.as_bytes(), text.as_bytes())?;
    let kept = book.get(text.as_bytes())?;
    assert!(kept.is_none_or(|kept| kept == text.as_bytes()));
    book.range(text.as_bytes(), 3)?;
    book.remove(text.as_bytes()).map(drop)
}

#[test]
fn no_part_of_an_address_becomes_sql() {
    let Some(server) = server_or_skip("addresses do not become SQL") else { return };
    let schema = server.schema();
    prepare(&schema);
    let plain = server.url();
    for text in hostile() {
        for parameter in ["schema", "application_name", "statement_timeout", "options"] {
            let url = with(&plain, &format!("{parameter}={}", percent_encoded(&text)));
            let outcome = PostgisStore::open(&url).and_then(|store| {
                let layers = store.layers()?;
                let mut transaction = begin(&store)?;
                transaction.create_layer(&layer("of_a_test", text_field("f")))?;
                Ok(layers)
            });
            if let Err(refused) = outcome {
                let kind = refused.kind();
                assert_ne!(kind, ErrorKind::Internal, "{text:?} as {parameter}: {refused:?}");
            }
            assert_unharmed(&schema, &format!("{text:?} as {parameter}"));
        }
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}").expect("a string takes everything");
    }
    encoded
}

#[test]
fn a_schema_may_have_any_name() {
    let Some(server) = server_or_skip("schemas of any name") else { return };
    let database = server.database();
    let usable = |text: &String| !text.is_empty() && !text.contains('\0') && text.len() < 64;
    let is_one_name = |text: &String| !text.contains(',') && text.trim() == text;
    for text in hostile().filter(usable).filter(is_one_name) {
        database.execute(&format!("CREATE SCHEMA \"{}\"", text.replace('"', "\"\"")));
        let url = with(&database.url(), &format!("schema={}", percent_encoded(&text)));
        let Ok(store) = PostgisStore::open(&url) else { continue };
        let mut transaction = begin(&store).expect("begins");
        let definition = layer("t", text_field("f"));
        transaction.create_layer(&definition).expect("is created");
        transaction.write("t", Edit::Insert(row(&definition, "v"))).expect("is written");
        transaction.commit().expect("commits");
        let layers = store.layers().expect("lists");
        assert_eq!(layers.iter().map(|it| it.name()).collect::<Vec<_>>(), ["t"], "{text:?}");
        assert_eq!(store.read(&Query::layer("t")).expect("reads").count(), 1);
    }
}
