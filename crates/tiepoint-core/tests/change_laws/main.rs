//! The laws of changes, held against a plain model over random histories.
//!
//! `TIEPOINT_LONG` says how many histories each law is tried on; what fails names its history.
mod algebra;
mod geodiff_cases;
mod history;
mod model;
mod rebase;
mod replicas;
mod unique;

/// Tries a law on many histories.
fn for_many_histories(law: impl Fn(&mut model::Dice) + std::panic::RefUnwindSafe) {
    let asked = std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok());
    for history in 0..asked.unwrap_or(1_000) {
        let tried = std::panic::catch_unwind(|| law(&mut model::Dice::new(history)));
        assert!(tried.is_ok(), "history {history} breaks the law");
    }
}
