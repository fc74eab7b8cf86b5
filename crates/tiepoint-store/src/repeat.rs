//! Transactions that are repeated when another one came in between.
use crate::{ReadControl, Result, Store, Transaction, TransactionOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

/// The longest that the first pause can be; each next one can be twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(4);
/// However often it is repeated, no pause is longer.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long a pause lasts at most before it is asked whether to go on.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Runs `work` in a transaction and commits it, from its beginning again where another transaction
/// came in between, up to so many times in all.
///
/// With [`Isolation::RepeatableRead`](crate::Isolation::RepeatableRead) or
/// [`Serializable`](crate::Isolation::Serializable), what was read still holds when what was made
/// of it is written: nothing is lost, but the store may say no
/// ([`StoreError::is_worth_repeating`](crate::StoreError::is_worth_repeating)), and this is the
/// answer to that. Below them a number that is read, raised and written back can lose what others
/// added meanwhile, and nothing says so.
///
/// `work` may run several times: of what it does, only what it does to the transaction is undone.
/// Between two runs it sleeps for a random while, up to twice as long each time and half a second
/// at most, so that those who were in each other's way do not meet again.
///
/// # Errors
///
/// The first error that is not worth repeating, and after so many attempts the last that was.
/// Nothing is stored then.
///
/// ```
/// use std::num::NonZero;
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema, Value};
/// use tiepoint_store::{Isolation, MemoryStore, Store, TransactionOptions, repeating};
///
/// let store = MemoryStore::new();
/// let schema = Schema::new(vec![Field::new("visits", FieldType::INT)])?;
/// let isolation = Some(Isolation::Serializable);
/// let options = TransactionOptions { isolation, ..TransactionOptions::default() };
/// let attempts = NonZero::new(10).ok_or("is not zero")?;
/// repeating(&store, options, attempts, |transaction| {
///     let layer = transaction.create_layer(&LayerDefinition::new("places", schema.clone()))?;
///     let park = Feature::with_values(layer.schema().clone(), vec![Some(Value::Int(0))]);
///     transaction.write("places", Edit::Insert(park))
/// })?;
///
/// repeating(&store, options, attempts, |transaction| {
///     let places = transaction.read(&Query::layer("places"))?.collect::<Result<Vec<_>, _>>()?;
///     for mut place in places {
///         let Some(Value::Int(visits)) = place.get("visits") else { continue };
///         let visits = visits + 1;
///         place.set("visits", visits.into()).expect("is a whole number still");
///         transaction.write("places", Edit::Update(place))?;
///     }
///     Ok(())
/// })?;
/// let park = store.read(&Query::layer("places"))?.next().ok_or("is there")??;
/// assert_eq!(park.get("visits"), Some(&1.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repeating<T>(
    store: &dyn Store,
    options: TransactionOptions,
    attempts: NonZero<u32>,
    work: impl FnMut(&mut dyn Transaction) -> Result<T>,
) -> Result<T> {
    repeating_until(store, options, attempts, &ReadControl::default(), work)
}

/// The same, until the control says stop: then nothing is stored, unless the last commit has begun.
pub(crate) fn repeating_until<T>(
    store: &dyn Store,
    options: TransactionOptions,
    attempts: NonZero<u32>,
    control: &ReadControl,
    mut work: impl FnMut(&mut dyn Transaction) -> Result<T>,
) -> Result<T> {
    let mut longest = FIRST_PAUSE;
    for _ in 1..attempts.get() {
        match once(store, options, control, &mut work) {
            Err(error) if error.is_worth_repeating() => pause(random_part(longest), control)?,
            outcome => return outcome,
        }
        longest = (longest * 2).min(LONGEST_PAUSE);
    }
    once(store, options, control, work)
}

/// Runs it in a transaction and commits, unless the control has said stop by then.
pub(crate) fn once<T>(
    store: &dyn Store,
    options: TransactionOptions,
    control: &ReadControl,
    work: impl FnOnce(&mut dyn Transaction) -> Result<T>,
) -> Result<T> {
    control.check()?;
    let mut transaction = store.begin(options)?;
    let done = work(transaction.as_mut())?;
    control.check()?;
    transaction.commit()?;
    Ok(done)
}

pub(crate) fn pause(duration: Duration, control: &ReadControl) -> Result<()> {
    let ends = Instant::now() + duration;
    loop {
        control.check()?;
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(BETWEEN_LOOKS));
    }
}

/// Some part of it; a hasher's seed is random enough to keep threads apart.
pub(crate) fn random_part(longest: Duration) -> Duration {
    let thousandth = RandomState::new().build_hasher().finish() % 1_000;
    longest.mul_f64(f64::from(u32::try_from(thousandth).unwrap_or_default() + 1) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryStore, StoreError};
    use tiepoint_core::{ErrorKind, Field, FieldType, LayerDefinition, Schema};

    fn conflict() -> StoreError {
        StoreError::TransactionConflict { store: "a store".into(), reason: "others".into() }
    }

    /// Fails so often as if others came in between, and counts how often it was run.
    fn run(failures: u32, attempts: u32) -> (Result<()>, u32, MemoryStore) {
        let (store, mut runs) = (MemoryStore::new(), 0);
        let schema = Schema::new(vec![Field::new("a", FieldType::INT)]).unwrap();
        let attempts = NonZero::new(attempts).unwrap();
        let outcome = repeating(&store, TransactionOptions::default(), attempts, |transaction| {
            runs += 1;
            transaction.create_layer(&LayerDefinition::new("trees", schema.clone()))?;
            if runs <= failures { Err(conflict()) } else { Ok(()) }
        });
        (outcome, runs, store)
    }

    #[test]
    fn it_is_repeated_until_nobody_comes_in_between() {
        let (outcome, runs, store) = run(3, 10);
        outcome.unwrap();
        assert_eq!((runs, store.layers().unwrap().len()), (4, 1));
    }

    #[test]
    fn it_is_not_repeated_for_ever_and_leaves_nothing() {
        let (outcome, runs, store) = run(9, 3);
        assert!(outcome.unwrap_err().is_worth_repeating());
        assert_eq!((runs, store.layers().unwrap().len()), (3, 0));
    }

    #[test]
    fn other_errors_are_not_repeated() {
        let (store, mut runs) = (MemoryStore::new(), 0);
        let attempts = NonZero::new(5).unwrap();
        let outcome = repeating(&store, TransactionOptions::default(), attempts, |transaction| {
            runs += 1;
            transaction.drop_layer("nothing")
        });
        assert_eq!((outcome.unwrap_err().kind(), runs), (ErrorKind::NotFound, 1));
    }

    #[test]
    fn a_pause_ends_when_told() {
        let control = ReadControl::default();
        let began = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| control.stop());
            assert!(matches!(pause(Duration::from_secs(60), &control), Err(StoreError::Stopped)));
        });
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn who_says_stop_before_the_commit_stops_it() {
        let (store, control) = (MemoryStore::new(), ReadControl::default());
        let schema = Schema::new(vec![Field::new("a", FieldType::INT)]).unwrap();
        let outcome = once(&store, TransactionOptions::default(), &control, |transaction| {
            transaction.create_layer(&LayerDefinition::new("trees", schema))?;
            control.stop();
            Ok(())
        });
        assert!(matches!(outcome, Err(StoreError::Stopped)));
        assert_eq!(store.layers().unwrap().len(), 0);
    }
}
