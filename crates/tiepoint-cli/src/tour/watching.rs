//! Has another program edit the file, hears of it, and looks it up in the history.
use super::crash::{failed, me};
use super::{COUNTRIES, STORE, Tour};
use crate::terminal::changed;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tiepoint::{
    Author, Change, ChangeTarget, Changed, HistoryOptions, LogOptions, Result, TransactionOptions,
    Watch, WatchEvent, WatchOptions, history,
};

/// What the other program does.
const EDIT: &str = "set name=Kenya pop_est=55100586";
/// How long the tour listens.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(tour: &Tour) -> Result<String> {
    let mut transaction = tour.store.begin(TransactionOptions::default())?;
    transaction.install_log(COUNTRIES, &LogOptions::default())?;
    transaction.commit()?;
    let mut watch = tour.store.watch(&WatchOptions::from_now().layer(COUNTRIES))?;
    let mut other = other_program()?;
    let (heard, took) = heard(&mut *watch)?;
    other.wait().map_err(failed)?;
    Ok(format!(
        "Had the store note what anybody does to layer `{COUNTRIES}`, and a third tiepoint edit it.\n   \
         Heard {} ms after it was written: {}, {}.\n   \
         {}",
        took.as_millis(),
        heard.target,
        fields(tour, &heard)?,
        told(tour, &heard.target)?,
    ))
}

/// Starts this program once more, as anybody would.
fn other_program() -> Result<Child> {
    let mut command = Command::new(me()?);
    command.args(["edit", STORE, COUNTRIES, "--journal", "none", "-c", EDIT, "-c", "commit"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(failed)
}

/// The first change that comes, and how old it was by then.
fn heard(watch: &mut dyn Watch) -> Result<(Changed, Duration)> {
    let begun = Instant::now();
    while let Some(patience) = PATIENCE.checked_sub(begun.elapsed()) {
        if let Some(WatchEvent::Changed(changed)) = watch.next(patience)? {
            let age = changed.at.and_then(|at| SystemTime::now().duration_since(at).ok());
            return Ok((changed, age.unwrap_or_default()));
        }
    }
    Err(failed(io::Error::other("the third program changed nothing")))
}

/// What became of its fields.
fn fields(tour: &Tour, heard: &Changed) -> Result<String> {
    let Change::Update(fields) = &heard.change else { return Ok(String::new()) };
    let layer = tour.store.layer(COUNTRIES)?;
    let told = fields.iter().map(|it| changed(&heard.fields[it.field], it, Some(&layer)));
    Ok(told.collect::<Vec<_>>().join(", "))
}

/// What the history of an object says.
fn told(tour: &Tour, target: &ChangeTarget) -> Result<String> {
    let options = HistoryOptions {
        layers: vec![COUNTRIES.to_owned()],
        target: Some(target.clone()),
        ..HistoryOptions::default()
    };
    let mut told = Vec::new();
    for event in history(&*tour.store, &options)? {
        let WatchEvent::Changed(changed) = event? else { continue };
        let what = match changed.change {
            Change::Insert(_) => "added",
            Change::Update(_) => "changed",
            Change::Delete(_) => "deleted",
        };
        told.push(format!("{what} by {}", by(changed.author)));
    }
    Ok(format!("Its history since then: {}.", told.join(", ")))
}

fn by(author: Author) -> &'static str {
    match author {
        Author::This => "this tiepoint",
        Author::Tiepoint => "another tiepoint",
        Author::Other => "another program",
        Author::Unknown => "somebody",
    }
}
