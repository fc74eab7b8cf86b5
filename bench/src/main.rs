//! Speed and memory beside `ogr2ogr`, the raw drivers and `GeoAlchemy2`, on data from a fixed seed.
//!
//! `cargo xtask bench` builds and runs this. CPU seconds are counted, not seconds on the clock:
//! what else the machine does matters less so. Peers are measured in the same run, on the same
//! data, and each GeoPackage that both sides read was written by `ogr2ogr`.
mod changes;
mod conversion;
mod curve;
mod dataset;
mod edits;
mod measure;
mod memory;
mod outcome;
mod peers;
mod postgis;
mod prng;
mod profile;
mod python;
mod questions;
mod reading;
mod stage;
mod ties;
mod watching;
mod writing;

use clap::Parser;
use dataset::Dataset;
use outcome::{Row, say};
use stage::Stage;
use std::process::ExitCode;

/// What a benchmark yields, or why it could not be run.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    about = "Measures speed and memory beside ogr2ogr, the raw drivers and GeoAlchemy2"
)]
struct Options {
    /// A tenth of the data, measured once: for a look, not for figures.
    #[arg(long)]
    quick: bool,
    /// Only cases whose names begin so: import, import-points, export, read, write, curve, window,
    /// nearest, binding, filter, district, transform, changes (its parts: -apply, -diff), edits (its
    /// parts: -attribute, -undo, -by-id, -commit), watching (its parts: -load, -rows, -idle,
    /// -delivery, and the same with -postgis), ties (its parts: -attach, -weight, -lookups, -events,
    /// -commit), postgis (its parts: -load, -read, -export, -radius,
    /// -nearest).
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How often each case is measured; medians are reported.
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Fail when a target is missed, instead of only saying so.
    #[arg(long)]
    enforce: bool,
    /// Run our side of one case and nothing else: for profilers.
    #[arg(long, value_name = "CASE", hide = true)]
    alone: Option<String>,
    /// The server that it asks.
    #[arg(long, value_name = "URL", hide = true)]
    server: Option<String>,
}

fn main() -> ExitCode {
    match bench(&Options::parse()) {
        Ok(code) => code,
        Err(reason) => {
            let mut cause = reason.source();
            let mut told = format!("bench: {reason}");
            while let Some(because) = cause {
                told = format!("{told}: {because}");
                cause = because.source();
            }
            say(&told);
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Outcome<ExitCode> {
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 }).max(1);
    let mut stage = Stage::set(if options.quick { 10 } else { 1 }, rounds)?;
    if let Some(case) = &options.alone {
        return alone(&stage, case, options.server.as_deref());
    }
    stage.keep_others_out()?;
    say(&outcome::circumstances(&stage));
    let mut rows = Vec::new();
    for case in cases() {
        if options.only.as_ref().is_none_or(|name| case.name.starts_with(name.as_str())) {
            say(&format!("measuring {} ...", case.name));
            rows.extend((case.run)(&stage, case.dataset)?);
        }
    }
    rows.extend(postgis::measure(&stage, options.only.as_deref())?);
    outcome::print(&rows)?;
    let missed = rows.iter().any(Row::is_missed);
    Ok(if missed && options.enforce { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Something to measure; it may yield several figures.
struct Case {
    name: String,
    dataset: Dataset,
    run: fn(&Stage, Dataset) -> Outcome<Vec<Row>>,
}

fn cases() -> Vec<Case> {
    type Run = fn(&Stage, Dataset) -> Outcome<Vec<Row>>;
    let pairs: [(&str, Run); 4] = [
        ("import", conversion::import),
        ("export", conversion::export),
        ("read", reading::compare),
        ("write", writing::measure),
    ];
    let named = |(verb, run): (&str, Run)| {
        Dataset::ALL.map(|dataset| Case {
            name: format!("{verb}-{}", dataset.name()),
            dataset,
            run,
        })
    };
    let mut cases: Vec<Case> = pairs.into_iter().flat_map(named).collect();
    let single: [(&str, Dataset, Run); 22] = [
        ("changes-apply", Dataset::Polygons, changes::apply),
        ("changes-diff", Dataset::Polygons, changes::diff),
        ("curve", Dataset::Points, curve::trace),
        ("window", Dataset::Polygons, questions::window),
        ("nearest", Dataset::Points, questions::nearest),
        ("binding", Dataset::Points, questions::binding),
        ("filter", Dataset::Points, memory::filter),
        ("district", Dataset::Polygons, memory::district),
        ("transform", Dataset::Points, memory::transform),
        ("edits-attribute", Dataset::Polygons, edits::attribute),
        ("edits-undo", Dataset::Polygons, edits::undo),
        ("edits-by-id", Dataset::Polygons, edits::by_id),
        ("edits-commit", Dataset::Polygons, edits::commit),
        ("watching-load", Dataset::Polygons, watching::load),
        ("watching-rows", Dataset::Polygons, watching::rows),
        ("watching-idle", Dataset::Points, watching::idle),
        ("watching-delivery", Dataset::Polygons, watching::delivery),
        ("ties-attach", Dataset::Points, ties::attach),
        ("ties-weight", Dataset::Points, ties::weight),
        ("ties-lookups", Dataset::Points, ties::lookups),
        ("ties-events", Dataset::Points, ties::events),
        ("ties-commit", Dataset::Points, ties::commit),
    ];
    cases.extend(single.map(|(name, dataset, run)| Case { name: name.to_owned(), dataset, run }));
    cases
}

/// Our side of a case that is measured within this process.
fn alone(stage: &Stage, case: &str, server: Option<&str>) -> Outcome<ExitCode> {
    let find = |verb: &str| {
        let name = case.strip_prefix(verb)?;
        Dataset::ALL.into_iter().find(|dataset| dataset.name() == name)
    };
    if let (Some((part, dataset)), Some(server)) = (
        ["postgis-load", "postgis-read", "postgis-export"]
            .into_iter()
            .find_map(|part| Some((part, find(&format!("{part}-"))?))),
        server,
    ) {
        postgis::alone(stage, part, dataset, server)?;
        return Ok(ExitCode::SUCCESS);
    }
    match (find("read-"), find("write-")) {
        (Some(dataset), _) => reading::alone(stage, dataset)?,
        (_, Some(dataset)) => writing::alone(stage, dataset)?,
        (None, None) => return Err(format!("no case is measured alone as `{case}`").into()),
    }
    Ok(ExitCode::SUCCESS)
}
