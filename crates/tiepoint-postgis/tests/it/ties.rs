//! What a tie does to a table that is there, and what an untie takes back.
use crate::identity::{BRACED, PLAIN, TREES, by, committed, ids, open, right, right_in, tie};
use tiepoint_core::{Field, FieldType, LayerDefinition, Schema, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{
    BadIds, Repair, Store, StoreError, TieOptions, TieReport, TransactionOptions,
};

#[test]
fn triggers_of_others_see_no_edit_when_a_layer_is_tied_and_stay_as_they_are() {
    let Some(server) = server_or_skip("triggers of others") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY, edits int NOT NULL DEFAULT 0);
         CREATE FUNCTION count_edits() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.edits := OLD.edits + 1; RETURN NEW; END $$;
         CREATE FUNCTION forget_id() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.object_id := NULL; RETURN NEW; END $$;
         CREATE TRIGGER edits BEFORE UPDATE ON trees FOR EACH ROW EXECUTE FUNCTION count_edits();
         CREATE TRIGGER always BEFORE UPDATE ON trees FOR EACH ROW EXECUTE FUNCTION count_edits();
         CREATE TRIGGER never BEFORE UPDATE ON trees FOR EACH ROW EXECUTE FUNCTION count_edits();
         ALTER TABLE trees ENABLE ALWAYS TRIGGER always; ALTER TABLE trees DISABLE TRIGGER never;
         INSERT INTO trees DEFAULT VALUES",
    );
    let enabled = "SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger \
                   WHERE tgrelid = 'trees'::regclass AND tgname NOT LIKE 'zz%'";
    let before = schema.value(enabled);
    let store = open(&schema);
    tie(&store, "object_id");
    assert_eq!(schema.value("SELECT edits FROM trees"), "0");
    assert_eq!(schema.value(enabled), before);
    schema.execute(
        "CREATE TRIGGER zaps BEFORE UPDATE ON trees FOR EACH ROW EXECUTE FUNCTION forget_id();
         UPDATE trees SET edits = 7",
    );
    right(&store, "a trigger that forgets ids");
}

#[test]
fn bad_ids_are_named_and_the_oldest_row_keeps_what_is_shared() {
    let Some(server) = server_or_skip("bad ids") else { return };
    let schema = server.schema();
    schema.execute(&format!(
        "CREATE TABLE trees (fid int PRIMARY KEY, uuid text);
         INSERT INTO trees VALUES (12, '{PLAIN}'), (7, '{BRACED}'), (3, 'oak'), (4, ''), (5, NULL)"
    ));
    let store = open(&schema);
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.tie(TREES, &by("uuid")).expect_err("two are bad");
    assert!(matches!(refused, StoreError::BadIds { .. }), "{refused:?}");
    let named = "1 no id at all (rows 3); 1 the id of an older row (rows 12)";
    assert!(refused.to_string().contains(named), "{refused}");
    let options = TieOptions { bad_ids: BadIds::Replace, ..by("uuid") };
    let report = transaction.tie(TREES, &options).expect("the transaction goes on");
    assert_eq!(report, TieReport { kept: 1, minted: 2, replaced: 2 });
    transaction.commit().expect("commits");
    assert_eq!(schema.value("SELECT uuid FROM trees WHERE fid = 7"), PLAIN);
    right(&store, "replaced");
    let origins = "SELECT string_agg(made_of, ',' ORDER BY t.fid) FROM tiepoint.origin o \
                   JOIN trees t ON t.uuid = o.id::text";
    assert_eq!(schema.value(origins), format!("oak,{PLAIN}"));
}

#[test]
fn columns_with_another_purpose_carry_no_ids() {
    let Some(server) = server_or_skip("other columns") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid uuid PRIMARY KEY, n int, geom geometry, short varchar(35),
           made text GENERATED ALWAYS AS (n::text) STORED, tags text[]);
         CREATE INDEX ON trees USING gist (geom); CREATE VIEW shown AS SELECT * FROM trees",
    );
    let store = open(&schema);
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for column in ["fid", "n", "geom", "short", "made", "tags", "ctid", "xmin", "", "a\0b"] {
        let refused = transaction.tie(TREES, &by(column)).expect_err(column);
        assert!(matches!(refused, StoreError::Invalid { .. }), "{column}: {refused:?}");
    }
    let refused = transaction.tie("shown", &by("object_id")).expect_err("is a view");
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    assert_eq!(transaction.tie(TREES, &by("object_id")).expect("goes on"), TieReport::default());
    let refused = transaction.tie(TREES, &by("tags")).expect_err("is tied already");
    assert!(refused.to_string().contains("untie it first"), "{refused}");
}

#[test]
fn a_table_without_a_key_is_keyed_by_its_ids() {
    let Some(server) = server_or_skip("tables without a key") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE trees (name text); INSERT INTO trees VALUES ('a'), ('a'), ('b')");
    let store = open(&schema);
    assert!(store.layer(TREES).expect("is there").read_only.is_some());
    assert_eq!(tie(&store, "object_id").minted, 3);
    right(&store, "without a key");
    assert!(store.layer(TREES).expect("is there").read_only.is_none());
    schema.execute("INSERT INTO trees SELECT * FROM trees");
    right(&store, "copied");
}

#[test]
fn an_untied_database_has_nothing_of_ours() {
    let Some(server) = server_or_skip("untying") else { return };
    let database = server.database();
    database.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY, name text);
         INSERT INTO trees (name) VALUES ('a'), ('b')",
    );
    let store = PostgisStore::open(&database.url()).expect("opens");
    let ours = || {
        database.value(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'tiepoint')
               + (SELECT count(*) FROM pg_class WHERE relname ~ 'tiepoint')
               + (SELECT count(*) FROM pg_trigger WHERE tgname ~ 'tiepoint')
               + (SELECT count(*) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
                  WHERE l.lanname = 'plpgsql' AND p.proname ~ 'guard')",
        )
    };
    store.check(Repair::No).expect("checks");
    ids(&store, TREES);
    assert_eq!(ours(), "0", "reading made something");
    for layer in [Some(TREES), None] {
        tie(&store, "object_id");
        assert_ne!(ours(), "0");
        committed(&store, |it| it.untie(layer).expect("unties"));
        assert_eq!(ours(), "0");
        assert_eq!(
            database.value("SELECT string_agg(t::text, ',' ORDER BY fid) FROM trees t"),
            "(1,a),(2,b)"
        );
    }
    committed(&store, |it| {
        it.tie(TREES, &TieOptions::default()).expect("ties");
        it.book("log").expect("opens").put(b"a", b"b").expect("writes");
        it.untie(Some(TREES)).expect("unties");
    });
    assert_ne!(ours(), "0", "a book is still in it");
    database.execute("CREATE TABLE tiepoint.theirs ()");
    committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!(database.value("SELECT to_regclass('tiepoint.theirs') IS NOT NULL"), "t");
    database.execute("DROP TABLE tiepoint.theirs");
    committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!(ours(), "0");
}

#[test]
fn what_others_built_on_the_ids_is_named_when_they_are_to_go() {
    let Some(server) = server_or_skip("views on ids") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE trees (fid serial PRIMARY KEY); INSERT INTO trees DEFAULT VALUES");
    let store = open(&schema);
    tie(&store, "object_id");
    schema.execute("CREATE VIEW theirs AS SELECT object_id FROM trees");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.untie(Some(TREES)).expect_err("is needed");
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
    assert!(refused.to_string().contains("theirs"), "{refused}");
    drop(transaction);
    right_in(&store, TREES);
    let report = committed(&store, |it| it.untie(None));
    assert!(report.is_err());
}

#[test]
fn titles_and_closed_sets_come_back() {
    let Some(server) = server_or_skip("titles") else { return };
    let schema = server.schema();
    let store = open(&schema);
    let mut kind = Field::new("kind", FieldType::INT);
    kind.title = Some("What it is".to_owned());
    let labelled = vec![(Value::Int(1), Some("oak".to_owned())), (Value::Int(2), None)];
    kind.domain = Some(tiepoint_core::Domain::OneOf(labelled));
    let fields = Schema::new(vec![kind]).expect("distinct names");
    let mut definition = LayerDefinition::new("kinds", fields);
    definition.title = Some("Kinds".to_owned());
    committed(&store, |it| it.create_layer(&definition).map(drop).expect("is created"));
    let read = open(&schema).layer("kinds").expect("is there");
    assert_eq!(read.definition.title, definition.title);
    assert_eq!(read.schema().field("kind"), definition.schema.field("kind"));
}

#[test]
fn a_table_that_others_inherit_from_is_not_tied_behind_their_back() {
    let Some(server) = server_or_skip("a_table_that_others_inherit_from") else { return };
    let place = server.schema();
    place.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY); CREATE TABLE oaks (n int) INHERITS (trees)",
    );
    let store = open(&place);
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.tie(TREES, &by("object_id")).expect_err("would go unguarded");
    assert!(refused.to_string().contains("oaks` inherits"), "{refused}");
}
