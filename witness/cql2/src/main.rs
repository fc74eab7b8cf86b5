//! Asks another reader of CQL2, the `cql2` crate, about the same texts as ours, and tells where
//! they differ: the standard's examples, and random expressions that ours has written.
//!
//! It runs by hand, since that reader brings some 200 crates: `cargo run --release -- 20000`.
mod normal;
mod random;

use normal::{normal, without_arrays_of_one};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};
use tiepoint_codecs::cql2 as ours;
use tiepoint_core::{Crs, Expr};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What became of the questions.
#[derive(Default)]
struct Tally {
    asked: usize,
    differences: BTreeMap<String, Vec<String>>,
}

impl Tally {
    /// Counts a question, and the difference if there is one.
    fn count(&mut self, difference: Option<(String, String)>) {
        self.asked += 1;
        if let Some((kind, about)) = difference {
            self.differences.entry(kind).or_default().push(about);
        }
    }

    fn tell(&self, what: &str) {
        let different: usize = self.differences.values().map(Vec::len).sum();
        println!("{what}: {} asked, {different} different", self.asked);
        for (kind, about) in &self.differences {
            println!("  {} x {kind}", about.len());
            about.iter().take(3).for_each(|one| println!("      {one}"));
        }
    }
}

/// How the two differ on arrays with one member.
const ONE: &str = "an array of one is no array";

/// Texts that the two are known to read differently.
const KNOWN: [&str; 6] =
    ["a = 'it\\'s'", "_a = 1", "2 ^ 3 ^ 4 = a", "a = 9223372036854775808", "1 < a < 2", "a IN ()"];

fn main() -> Outcome<()> {
    let cases = env::args().nth(1).map_or(Ok(2_000), |count| count.parse())?;
    for encoding in ["text", "json"] {
        examples(encoding)?.tell(&format!("examples of the standard in {encoding}"));
    }
    KNOWN.iter().for_each(|text| probe(text));
    let schema = cql2::Validator::new()?;
    let (mut by_text, mut by_json, mut by_schema, mut back) = Default::default();
    random::expressions(cases, |expr| {
        let (text, json) = (ours::to_text(expr).ok(), ours::to_json(expr).ok());
        if let (Some(text), Some(json)) = (text, json) {
            let said = serde_json::from_str(&json).map_or(Value::Null, normal);
            Tally::count(&mut by_text, compared(&text, &said, cql2::parse_text(&text)));
            Tally::count(&mut by_json, compared(&json, &said, cql2::parse_json(&json)));
            Tally::count(&mut by_schema, against(&schema, &json));
            Tally::count(&mut back, read_back(&text, expr));
        }
    });
    by_text.tell("texts that ours wrote");
    by_json.tell("JSON that ours wrote");
    by_schema.tell("the same against the standard's schema");
    back.tell("texts that theirs wrote after reading ours, read by ours");
    Ok(())
}

fn examples(encoding: &str) -> Outcome<Tally> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/tiepoint-codecs/tests/cql2")
        .join(encoding);
    let mut files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::path);
    let mut tally = Tally::default();
    for file in files {
        let (name, text) = (file.file_name(), fs::read_to_string(file.path())?);
        let read = if encoding == "text" { ours::parse } else { ours::parse_json };
        let difference = match read(&text, &Crs::CRS84) {
            Err(error) => Some(("ours refuses".to_owned(), format!("{name:?}: {error}"))),
            Ok(expr) => {
                let said = normal(serde_json::from_str(&ours::to_json(&expr)?)?);
                match encoding {
                    "text" => compared(&text, &said, cql2::parse_text(&text)),
                    _ => compared(&text, &said, cql2::parse_json(&text)),
                }
            }
        };
        tally.count(difference.map(|(kind, about)| (kind, format!("{name:?}: {about}"))));
    }
    Ok(tally)
}

/// How what they read differs from what ours said.
fn compared<E: std::fmt::Display>(
    text: &str,
    said: &Value,
    read: Result<cql2::Expr, E>,
) -> Option<(String, String)> {
    let read = match read.map(|expr| expr.to_value()) {
        Err(error) => {
            let reason = error.to_string().replace('\n', " ");
            let kind =
                if text.contains("NOT -") { "theirs refuses NOT -" } else { "theirs refuses" };
            return Some((kind.to_owned(), format!("{text}\n          {reason}")));
        }
        Ok(Err(error)) => return Some(("theirs writes no JSON".to_owned(), error.to_string())),
        Ok(Ok(value)) => normal(value),
    };
    (read != *said).then(|| {
        let about = format!("{text}\n        ours   {said}\n        theirs {read}");
        let same_otherwise = without_arrays_of_one(&read) == without_arrays_of_one(said);
        let kind = if same_otherwise { ONE } else { "other meaning" };
        (kind.to_owned(), about)
    })
}

/// Prints what each makes of a text.
fn probe(text: &str) {
    let ours = ours::parse(text, &random::CRS).and_then(|expr| ours::to_json(&expr));
    println!("{text}\n    ours   {}", ours.unwrap_or_else(|error| error.to_string()));
    let theirs = cql2::parse_text(text).map_err(|error| error.to_string());
    let theirs = theirs.and_then(|expr| expr.to_json().map_err(|error| error.to_string()));
    println!("    theirs {}", theirs.unwrap_or_else(|error| error.replace('\n', " ")));
}

/// Whether the standard's schema has it.
fn against(schema: &cql2::Validator, json: &str) -> Option<(String, String)> {
    let value = serde_json::from_str(json).unwrap_or_default();
    (!schema.is_valid(&value)).then(|| ("not in the schema".to_owned(), json.to_owned()))
}

/// How what they write of our text differs from what we said in it.
fn read_back(text: &str, expr: &Expr) -> Option<(String, String)> {
    let theirs = cql2::parse_text(text).ok()?.to_text().ok()?;
    let json = |expr: &Expr| {
        let json = ours::to_json(expr).ok()?;
        serde_json::from_str(&json).ok().map(normal)
    };
    match ours::parse(&theirs, &random::CRS) {
        Err(error) if error.to_string().ends_with("`div`") => {
            Some(("div written as a function".to_owned(), theirs))
        }
        Err(error) if error.to_string().ends_with("need parentheses") => {
            Some(("powers of powers without parentheses".to_owned(), theirs))
        }
        Err(error) => Some(("ours refuses".to_owned(), format!("{theirs}: {error}"))),
        Ok(again) if json(&again) != json(expr) => {
            let (again, said) = (json(&again)?, json(expr)?);
            let same_otherwise = without_arrays_of_one(&again) == without_arrays_of_one(&said);
            let kind = if same_otherwise { ONE } else { "other meaning" };
            Some((kind.to_owned(), format!("{text}\n          {theirs}")))
        }
        Ok(_) => None,
    }
}
