//! Kills a program in the middle of its edits, and brings them back.
use super::edits::{id, set_people};
use super::{CITIES, COUNTRIES, STORE, Tour};
use crate::terminal::{changed, count, summary};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tiepoint::{
    Change, ChangeTarget, Edit, EditBuffer, Error, Feature, Ids, JournalFolder, Query, Recovered,
    Result, Store, Value,
};

/// What the program that is killed says when its edits are acknowledged.
const PENDING: &str = "pending";
/// What kills it.
const KILL: &str = if cfg!(unix) { "SIGKILL" } else { "TerminateProcess" };

pub(super) fn run(_: &Tour) -> Result<String> {
    let folder = journals();
    let edits = EditBuffer::journalled(Arc::from(tiepoint::open(STORE)?), &folder)?;
    // what others left here, and is still theirs, is held and not touched
    let others = edits.left_behind()?;
    killed(start()?)?;
    let mut recovered = Vec::new();
    for left in edits.left_behind()? {
        recovered.push(edits.recover(left)?);
    }
    drop(others);
    let steps: usize = recovered.iter().map(|it: &Recovered| it.steps.len()).sum();
    let told = told(&edits)?;
    let committed = edits.commit()?;
    Ok(format!(
        "Started a second tiepoint on {STORE}, let it edit, and killed it ({KILL}) before it could commit.\n   \
         Its journal had {}: {}.\n   \
         Recovered and committed, {}; nothing was lost.",
        count(steps as u64, "pending edit"),
        told.join(", "),
        count(committed.written.len() as u64, "changed feature"),
    ))
}

/// What is pending, by name.
fn told(edits: &EditBuffer) -> Result<Vec<String>> {
    let (changes, layers) = (edits.changes(), edits.layers()?);
    let mut told = Vec::new();
    for (layer, here) in changes.layers() {
        for (target, change) in here.iter() {
            let Change::Update(fields) = change else { continue };
            let ids = match target {
                ChangeTarget::Id(id) => Ids::Objects(vec![*id]),
                ChangeTarget::Fid(fid) => Ids::Fids(vec![fid.clone()]),
            };
            let feature = edits.read(&Query::layer(layer).ids(ids))?.next().transpose()?;
            let name = feature.as_ref().and_then(|it| it.get("name")).cloned();
            let name = summary(name.as_ref());
            let layer = layers.iter().find(|it| it.name() == layer);
            told.extend(fields.iter().map(|it| {
                let field = &here.fields()[it.field];
                format!("{name} {}", changed(field, it, layer.map(|it| &**it)))
            }));
        }
    }
    Ok(told)
}

/// The journals of the tour: nothing of it is outside of the current folder.
fn journals() -> JournalFolder {
    JournalFolder::beside(Path::new(STORE))
}

/// Another run of this program went wrong.
pub(super) fn failed(source: io::Error) -> Error {
    Error::File { what: "run", path: "tiepoint".to_owned(), source }
}

/// Where this program is.
pub(super) fn me() -> Result<PathBuf> {
    std::env::current_exe().map_err(failed)
}

/// Starts this program once more, to edit and wait.
fn start() -> Result<Child> {
    let mut command = Command::new(me()?);
    command.args(["tour", "--edit-and-wait"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().map_err(failed)
}

/// Kills it once its edits are acknowledged.
fn killed(mut child: Child) -> Result<()> {
    let mut line = String::new();
    let heard = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    child.kill().map_err(failed)?;
    child.wait().map_err(failed)?;
    heard.transpose().map_err(failed)?;
    if line.trim() != PENDING {
        return Err(failed(io::Error::other("the second program did not get as far as its edits")));
    }
    Ok(())
}

/// What the second program does: edits, says so, and waits until it is killed, or left alone.
pub(crate) fn edit_and_wait() -> Result<()> {
    let edits = EditBuffer::journalled(Arc::from(tiepoint::open(STORE)?), &journals())?;
    set_people(&edits, COUNTRIES, "Uganda", 45_741_007)?;
    let dodoma = id(CITIES, "Dodoma");
    let city = edits.read(&Query::object(CITIES, dodoma))?.next().transpose()?;
    let place = city.as_ref().and_then(Feature::geometry).cloned();
    if let Some(moved) = place.and_then(|it| it.translated(0.01, 0.0).ok()) {
        let layer = edits.layer(CITIES)?;
        let mut city = Feature::new(layer.schema().clone()).with_id(dodoma);
        let set = city.set("geom", Value::Geometry(moved));
        set.expect("the tour's cities have this field");
        edits.edit("Move Dodoma", |it| it.write(CITIES, Edit::Update(city)))?;
    }
    crate::terminal::write_out(&format!("{PENDING}\n"))?;
    let _ = io::stdin().lock().read(&mut [0]);
    Ok(())
}
