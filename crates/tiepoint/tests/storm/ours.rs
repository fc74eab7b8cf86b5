//! Another process of ours that writes.
use crate::layers::{self, ALL};
use crate::random::Random;
use std::sync::Arc;
use tiepoint::core::Edit;
use tiepoint::store::{Result, WriteMode};
use tiepoint::{ChangeTarget, Feature, Query, Store, Transaction, TransactionOptions};

/// The store at a place.
pub(crate) fn opened(place: &str) -> Arc<dyn Store> {
    let start = std::time::Instant::now();
    loop {
        match tiepoint::open(place) {
            Ok(store) => return store.into(),
            Err(error) => assert!(start.elapsed().as_secs() < 30, "{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The work of a child: transactions without end, some of them rolled back.
pub(crate) fn write_for_ever(place: &str, seed: u64) {
    let (store, mut random) = (opened(place), Random::new(seed));
    loop {
        // others may hold the file, clash with us or end the server
        let _ = transaction(&*store, &mut random);
    }
}

fn transaction(store: &dyn Store, random: &mut Random) -> Result<()> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    for _ in 0..=random.below(4) {
        write(&mut *transaction, random)?;
    }
    if random.below(4) == 0 {
        let mark = transaction.savepoint()?;
        write(&mut *transaction, random)?;
        transaction.rollback_to(mark)?;
        write(&mut *transaction, random)?;
    }
    std::thread::sleep(std::time::Duration::from_millis(random.below(5)));
    match random.below(5) {
        0 => transaction.rollback(),
        _ => transaction.commit(),
    }
}

fn write(transaction: &mut dyn Transaction, random: &mut Random) -> Result<()> {
    let layer = ALL[usize::try_from(random.below(3)).expect("is small")];
    match random.below(10) {
        0 => load(transaction, layer, random),
        1..=3 => transaction.write(layer, Edit::Insert(layers::feature(layer, random))).map(drop),
        4..=7 => {
            let Some(there) = any(transaction, layer, random)? else { return Ok(()) };
            let mut patch = Feature::new(there.schema().clone());
            (patch.id, patch.fid) = (there.id, there.fid.clone());
            let fields = there.schema().fields();
            let field = &fields[usize::try_from(random.below(fields.len() as u64)).expect("small")];
            patch.set(&field.name, layers::value(&field.name, random)).expect("fits");
            transaction.write(layer, Edit::Update(patch)).map(drop)
        }
        _ => {
            let Some(there) = any(transaction, layer, random)? else { return Ok(()) };
            let target = ChangeTarget::of(&there).expect("is known");
            transaction.write(layer, Edit::Delete(target)).map(drop)
        }
    }
}

/// Many at once, as an import does it.
fn load(transaction: &mut dyn Transaction, layer: &str, random: &mut Random) -> Result<()> {
    let mut writer = transaction.writer(layer, WriteMode::Bulk)?;
    for _ in 0..random.below(40) {
        // unique codes may be taken
        let _ = writer.write(Edit::Insert(layers::feature(layer, random)));
    }
    writer.finish()
}

fn any(transaction: &dyn Transaction, layer: &str, random: &mut Random) -> Result<Option<Feature>> {
    let skip = usize::try_from(random.below(50)).expect("is small");
    transaction.read(&Query::layer(layer))?.nth(skip).transpose()
}
