//! Says what to look at and what to try next, in commands that can be copied.
use super::{COUNTRIES, DOCUMENT, STORE, object};
use std::path::Path;

pub(super) fn text() -> String {
    let me = program();
    let id = object::id();
    format!(
        "
Open {STORE} in QGIS (drag it onto the map), edit, save, and ask for the objects again.
Try next:
   {me} query {STORE} {COUNTRIES} --order -pop_est --limit 5
   {me} query {STORE} {COUNTRIES} --bbox 177,-19,-178,-16 --fields name
   {me} query {STORE} cities --nearest 24.94,60.17 --limit 3 --fields name
   {me} explain {STORE} cities --within 500km:24.94,60.17
   {me} get {STORE} {COUNTRIES} {id}
   {me} edit {STORE} cities -c 'set name=Oslo name=Christiania' -c undo -c status
   {me} recover
   {me} watch {STORE} --once
   {me} log {STORE} {id}
   {me} diff {STORE} {STORE}
   {me} import {DOCUMENT} world.gpkg --layer {COUNTRIES}
   {me} check {STORE}
   {me} --help
"
    )
}

/// How this program was called, so that what is printed can be copied; its plain name where that
/// would need quoting.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let plain = |text: &&str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    };
    let typed = called.to_str().filter(plain);
    let on_path = Path::new(&called).components().count() == 1;
    typed.filter(|_| !on_path).unwrap_or("tiepoint").to_owned()
}
