//! The commands of the language, one function each.
use super::place::{geometry_field, moved_by, moved_to, point};
use super::session::{Next, Session};
use super::words::Word;
use super::{find, settle, values};
use crate::command::select::wrong;
use crate::command::show;
use crate::terminal::{conflict_lines, count, described, plain, say, summarised, write_out};
use tiepoint::{Edit, Error, Feature, Geometry, Result, Store, Value, nearest_name};

/// Every command, and what it does.
const HELP: &str = "\
set OBJECT field=value ...      give fields other values; null is null, 'null' in quotes a text
add field=value ... [at LON,LAT]  a new feature; what is not named gets the store's default
move OBJECT LON,LAT             move a point to a place
move OBJECT by DX,DY            move any geometry, in units of the layer's coordinates
geometry OBJECT WKT             another geometry, in the layer's coordinates
delete OBJECT                   the end of a feature
show OBJECT                     what a feature says now
undo, redo                      take the last step back, or make it again
begin NAME, end, abandon        several steps as one, or as none
status, changes                 what is pending: how much, or all of it
commit                          write all that is pending into the store, or nothing
rollback                        drop all that is pending
merge                           take up what others have committed meanwhile
conflicts                       what both sides changed
resolve N mine|theirs|value V   decide conflict N
layer NAME                      edit another layer of the store
quit                            end; what is pending stays in the journal
An OBJECT is an object id, fid:7, or field=value that only one feature has.
";

/// The names of the commands.
const VERBS: [&str; 20] = [
    "set",
    "add",
    "move",
    "geometry",
    "delete",
    "show",
    "undo",
    "redo",
    "begin",
    "end",
    "abandon",
    "status",
    "changes",
    "commit",
    "rollback",
    "merge",
    "conflicts",
    "resolve",
    "layer",
    "quit",
];

/// Does the command of a line, of which these are the words.
pub(super) fn run(session: &mut Session<'_>, line: &str, words: &[Word]) -> Result<Next> {
    let Some((verb, rest)) = words.split_first() else { return Ok(Next::Go) };
    match (verb.text.as_str(), rest) {
        ("set", [object, fields @ ..]) if !fields.is_empty() => set(session, line, object, fields)?,
        ("add", fields) => add(session, line, fields)?,
        ("move", [object, by, shift]) if by.text == "by" => {
            reshape(session, line, object, |_, geometry| moved_by(geometry, &shift.text))?;
        }
        ("move", [object, place]) => {
            reshape(session, line, object, |session, geometry| {
                moved_to(&session.layer, geometry, &place.text)
            })?;
        }
        ("geometry", [object, wkt, ..]) => geometry(session, line, object, wkt.rest(line))?,
        ("delete", [object]) => delete(session, line, object)?,
        ("show", [object]) => {
            let feature = find::feature(session.buffer, &session.layer, object)?;
            show::lines(&session.layer, &feature)?;
        }
        ("undo", []) => walked(session.buffer.undo()?, "undid", "there is nothing to undo"),
        ("redo", []) => walked(session.buffer.redo()?, "redid", "there is nothing to redo"),
        ("begin", [name]) => session.begin(&name.text)?,
        ("end", []) => drop(session.close(true)?),
        ("abandon", []) => say(&format!("`{}` is abandoned", plain(&session.close(false)?))),
        ("status", []) => status(session)?,
        ("changes", []) => {
            write_out(&described(&session.buffer.changes(), Some(session.buffer)))?;
        }
        ("commit", []) => settle::commit(session)?,
        ("rollback", []) => {
            let pending = session.pending();
            session.buffer.rollback()?;
            say(&format!("edits of {pending} are dropped"));
        }
        ("merge", []) => settle::merge(session)?,
        ("conflicts", []) => list(&conflict_lines(&session.buffer.conflicts()))?,
        ("resolve", [number, decision @ ..]) => settle::resolve(session, number, decision)?,
        ("layer", [name]) => session.turn_to(&name.text)?,
        ("help", _) => write_out(HELP)?,
        ("quit" | "exit", []) => return Ok(session.quit()),
        _ => return Err(unknown(&verb.text)),
    }
    Ok(Next::Go)
}

pub(super) fn unknown(verb: &str) -> Error {
    if VERBS.contains(&verb) {
        let usage = HELP.lines().find(|line| line.split(&[' ', ','][..]).any(|it| it == verb));
        return Error::Options {
            reason: format!("`{verb}` needs other words after it"),
            hint: usage.map(str::to_owned),
        };
    }
    let nearest = nearest_name(verb, VERBS).map(|it| format!("did you mean `{it}`?"));
    Error::Options {
        reason: format!("there is no command `{verb}`"),
        hint: Some(nearest.unwrap_or_else(|| "`help` lists the commands".to_owned())),
    }
}

fn list(lines: &[String]) -> Result<()> {
    write_out(&lines.iter().flat_map(|line| [line, "\n"]).collect::<String>())
}

fn walked(step: Option<String>, did: &str, nothing: &str) {
    match step {
        Some(name) => say(&format!("{did}: {}", plain(&name))),
        None => say(nothing),
    }
}

/// One step, named by the line that makes it.
fn step(session: &Session<'_>, line: &str, edit: Edit) -> Result<()> {
    let (layer, target) = (session.layer.name(), target_of(&edit));
    let written = session.buffer.edit(line, |it| it.write(layer, edit))?;
    match (written, target) {
        (tiepoint::store::Written::Missing, Some(target)) => Err(Error::FeatureNotFound {
            store: session.buffer.name().to_owned(),
            layer: layer.to_owned(),
            feature: target,
        }),
        (tiepoint::store::Written::Inserted { fid, id, .. }, _) => {
            let id = id.map_or_else(|| format!("fid:{fid}"), |id| id.to_string());
            say(&format!("added {}", plain(&id)));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn target_of(edit: &Edit) -> Option<String> {
    match edit {
        Edit::Insert(_) => None,
        Edit::Update(feature) => tiepoint::ChangeTarget::of(feature).map(|it| it.to_string()),
        Edit::Delete(target) => Some(target.to_string()),
    }
}

/// A feature of which nothing is said but which one it is.
fn known(session: &Session<'_>, feature: &Feature) -> Feature {
    let known = Feature::new(session.layer.schema().clone());
    known.with_id(feature.id).with_fid(feature.fid.clone())
}

fn set(session: &Session<'_>, line: &str, object: &Word, fields: &[Word]) -> Result<()> {
    let feature = find::to_change(session.buffer, &session.layer, object)?;
    let mut changed = known(session, &feature);
    values::assign(&mut changed, &session.layer, fields)?;
    step(session, line, Edit::Update(changed))
}

fn add(session: &Session<'_>, line: &str, words: &[Word]) -> Result<()> {
    let (fields, place) = match words {
        [fields @ .., at, place] if at.text == "at" && !at.quoted => (fields, Some(place)),
        fields => (fields, None),
    };
    let mut feature = Feature::new(session.layer.schema().clone());
    values::assign(&mut feature, &session.layer, fields)?;
    if let Some(place) = place {
        let (field, _) = geometry_field(&session.layer)?;
        let point = Value::Geometry(point(&session.layer, &place.text)?);
        feature.set(field, point).map_err(|error| wrong("at", &error))?;
    }
    step(session, line, Edit::Insert(feature))
}

fn reshape(
    session: &Session<'_>,
    line: &str,
    object: &Word,
    shape: impl FnOnce(&Session<'_>, &Geometry) -> Result<Geometry>,
) -> Result<()> {
    let (field, _) = geometry_field(&session.layer)?;
    let feature = find::to_change(session.buffer, &session.layer, object)?;
    let geometry = feature.geometry().ok_or_else(|| Error::Options {
        reason: format!("{}: it has no geometry that could be moved", object.text),
        hint: Some("`geometry OBJECT WKT` gives it one".to_owned()),
    })?;
    let moved = shape(session, geometry)?;
    put(session, line, &feature, field, moved)
}

fn geometry(session: &Session<'_>, line: &str, object: &Word, wkt: &str) -> Result<()> {
    let (field, _) = geometry_field(&session.layer)?;
    let wkt = wkt.trim_matches(['\'', '"']);
    let value = values::value(values::field(&session.layer, field)?, wkt, false)?;
    let feature = find::to_change(session.buffer, &session.layer, object)?;
    let mut changed = known(session, &feature);
    changed.set(field, value).map_err(|error| wrong(field, &error))?;
    step(session, line, Edit::Update(changed))
}

fn put(
    session: &Session<'_>,
    line: &str,
    feature: &Feature,
    field: &str,
    geometry: Geometry,
) -> Result<()> {
    let mut changed = known(session, feature);
    changed.set(field, Value::Geometry(geometry)).map_err(|error| wrong(field, &error))?;
    step(session, line, Edit::Update(changed))
}

fn delete(session: &Session<'_>, line: &str, object: &Word) -> Result<()> {
    let feature = find::to_change(session.buffer, &session.layer, object)?;
    step(session, line, Edit::Delete(find::target(&feature)?))
}

fn status(session: &Session<'_>) -> Result<()> {
    let changes = session.buffer.changes();
    let mut text = summarised(&changes);
    if changes.is_empty() {
        text.push_str("nothing is pending\n");
    }
    let (steps, done) = session.buffer.history();
    let undone = steps.len().saturating_sub(done) as u64;
    let (done, undone) = (count(done as u64, "step"), count(undone, "step"));
    text = format!("{text}{done} to undo, {undone} to redo\n");
    let conflicts = session.buffer.conflicts().len() as u64;
    if conflicts > 0 {
        text = format!("{text}{} to decide\n", count(conflicts, "conflict"));
    }
    write_out(&text)
}
