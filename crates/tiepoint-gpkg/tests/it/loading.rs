//! Loading many rows, whatever was there before and whatever comes between.
use crate::trees::{
    TREES, all, begin, committed, definition, fids, folder, ids, insert, names, other_program,
    planted, tree, within,
};
use tiepoint_core::{Edit, ErrorKind, Feature, Fid, Identity, ObjectId, Target, Value};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Repair, Store, StoreError, WriteMode};

fn sound(store: &GpkgStore) {
    assert_eq!(store.check(Repair::No).expect("checks"), []);
}

#[test]
fn a_layer_grows_by_any_number_at_any_size() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 0);
    let mut planted = 0;
    for more in [1, 51, 200, 1, 5_000, 20, 700, 0] {
        committed(&store, |it| {
            insert(it, planted..planted + more, WriteMode::Bulk).expect("writes");
        });
        planted += more;
        sound(&store);
    }
    let in_box = |number: &i32| {
        (10..=20).contains(&(number % 100)) && (5..=9).contains(&(number / 100 % 90))
    };
    assert_eq!(within(&store, (10.0, 5.0), (20.0, 9.0)), (0..planted).filter(in_box).count());
    let sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'trees'";
    let count: i32 = other_program(&path).query_row(sql, [], |row| row.get(0)).expect("reads");
    assert_eq!(count, planted);
}

#[test]
fn changes_among_a_load_are_made_good_too() {
    for before in [0, 300] {
        let (_folder, path) = folder();
        let store = planted(&path, Identity::column(), before);
        committed(&store, |transaction| {
            let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
            for number in before..before + 200 {
                writer.write(Edit::Insert(tree(number))).expect("is written");
            }
            let far = Feature::with_values(
                tree(0).schema().clone(),
                vec![tree(8_999).values()[0].clone(), None, None],
            );
            writer.write(Edit::Update(far.with_fid(Fid::Int(7)))).expect("is moved");
            writer.write(Edit::Delete(Target::Fid(Fid::Int(8)))).expect("is deleted");
            writer.finish().expect("finishes");
        });
        sound(&store);
        assert_eq!(within(&store, (99.0, 89.0), (99.0, 89.0)), 1);
        assert_eq!(all(&store).len(), usize::try_from(before).expect("positive") + 199);
    }
}

#[test]
fn loads_mix_with_savepoints() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 10);
    committed(&store, |transaction| {
        insert(transaction, 10..20, WriteMode::Bulk).expect("is written");
        let mark = transaction.savepoint().expect("marks");
        insert(transaction, 20..4_000, WriteMode::Bulk).expect("is written");
        transaction.drop_layer(TREES).expect("is dropped");
        transaction.rollback_to(mark).expect("goes back");
        insert(transaction, 30..40, WriteMode::Rows).expect("is written");
    });
    sound(&store);
    assert_eq!(all(&store).len(), 30);
    assert_eq!(names(&store).last().map(String::as_str), Some("tree 39"));
}

#[test]
fn a_load_broken_off_can_only_be_rolled_back() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 10);
    let mut transaction = begin(&store);
    let mark = transaction.savepoint().expect("marks");
    let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
    writer.write(Edit::Insert(tree(10))).expect("is written");
    drop(writer);
    let refused = transaction.writer(TREES, WriteMode::Rows).err().expect("is broken off");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    transaction.rollback_to(mark).expect("goes back to before it");
    insert(transaction.as_mut(), 10..12, WriteMode::Rows).expect("is written");
    transaction.commit().expect("commits");
    sound(&store);
    assert_eq!(all(&store).len(), 12);
}

#[test]
fn a_refused_row_leaves_the_load_fit_to_go_on() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    let taken = ids(&store)[0];
    committed(&store, |transaction| {
        let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
        let id = writer.write(Edit::Insert(tree(3).with_id(taken))).expect_err("is taken");
        assert!(matches!(id, StoreError::DuplicateId { .. }), "{id:?}");
        let fid = writer.write(Edit::Insert(tree(3).with_fid(Fid::Int(1)))).expect_err("is taken");
        assert!(matches!(fid, StoreError::DuplicateFid { .. }), "{fid:?}");
        writer.write(Edit::Insert(tree(3).with_fid(Fid::Int(-5)))).expect("is free");
        writer.write(Edit::Insert(tree(4).with_fid(Fid::Int(1 << 60)))).expect("is free");
        writer.finish().expect("finishes");
    });
    sound(&store);
    assert_eq!(fids(&store).first(), Some(&Fid::Int(-5)));
    assert_eq!(all(&store).len(), 5);
}

#[test]
fn ids_brought_along_in_any_order_are_compared() {
    let (_folder, path) = folder();
    let mut brought: Vec<_> = (0..500).map(|_| ObjectId::mint()).collect();
    brought.reverse();
    for shared in [false, true] {
        let store = GpkgStore::open_or_create(&path).expect("opens");
        let mut transaction = begin(&store);
        transaction.create_layer(&definition(Identity::column())).expect("is created");
        let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
        for (number, id) in (0..).zip(&brought) {
            writer.write(Edit::Insert(tree(number).with_id(*id))).expect("is written");
        }
        if shared {
            writer.write(Edit::Insert(tree(500).with_id(brought[77]))).expect("is found later");
        }
        let outcome = writer.finish();
        match outcome {
            Ok(()) => assert!(!shared),
            Err(refused) => {
                assert!(shared);
                let same =
                    matches!(refused, StoreError::DuplicateId { id, .. } if id == brought[77]);
                assert!(same, "{refused:?}");
            }
        }
    }
}

#[test]
fn numbers_that_sqlite_would_change_are_refused() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 0);
    for number in [f64::NAN, -0.0] {
        let mut odd = tree(0);
        odd.set("height", Value::Real(number)).expect("is a real number");
        let refused = begin(&store).write(TREES, Edit::Insert(odd)).expect_err("would change");
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains("`height`"), "{refused}");
    }
}

#[test]
fn gdal_s_count_and_the_extent_follow_every_way_of_writing() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 250);
    let recorded = || {
        let sql = "SELECT feature_count, min_x, min_y, max_x, max_y FROM gpkg_contents \
                   JOIN gpkg_ogr_contents USING (table_name)";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]))
        };
        let read: (i64, [Option<f64>; 4]) =
            other_program(&path).query_row(sql, [], read).expect("reads");
        read
    };
    let bounds = |it: [f64; 4]| it.map(Some);
    assert_eq!(recorded(), (250, bounds([0.0, 0.0, 99.0, 2.0])));
    committed(&store, |it| insert(it, 350..351, WriteMode::Rows).expect("is written"));
    assert_eq!(recorded(), (251, bounds([0.0, 0.0, 99.0, 3.0])));
    let delete = |fids: std::ops::RangeInclusive<i64>| {
        committed(&store, |transaction| {
            for fid in fids {
                let target = Target::Fid(Fid::Int(fid));
                transaction.write(TREES, Edit::Delete(target)).expect("is deleted");
            }
        });
    };
    delete(251..=251);
    delete(100..=100);
    delete(200..=200);
    assert_eq!(recorded(), (248, bounds([0.0, 0.0, 98.0, 2.0])));
    delete(1..=250);
    assert_eq!(recorded(), (0, [None; 4]));
    sound(&store);
}
