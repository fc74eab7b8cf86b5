//! Positions in other CRSs, compared with PROJ's `cs2cs` over the area of use of each code.
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tiepoint_core::{Crs, Xy};
use tiepoint_spatial::transform::{Transform, served};

use crate::tools::{PYTHON, answer, have};

/// How far from PROJ a served code may be, in metres.
const TOLERANCE_M: f64 = 0.01;

/// NAD83 in Hawaii and the Aleutian Islands, as the table of served codes says.
const EXCEPTION: (u32, f64) = (4269, 0.7);

const METRES_PER_DEGREE: f64 = 111_320.0;

/// PROJ's registry as Debian installs it.
const REGISTRY: &str = "/usr/share/proj/proj.db";

/// Codes that are compared in every run, whatever the sample: those that most people use.
const MAINSTAYS: [u32; 46] = [
    2039, 2053, 2056, 2100, 2154, 2157, 2180, 2193, 2263, 2326, 3005, 3006, 3031, 3035, 3067, 3112,
    3301, 3347, 3395, 3413, 3414, 3763, 3765, 3794, 3812, 3857, 3978, 4258, 4269, 4283, 4490, 4547,
    4674, 4979, 5070, 5186, 5243, 5880, 6677, 7755, 7856, 27700, 28992, 29903, 31370, 32633,
];

/// Where a CRS is used, and in which unit.
#[derive(Debug, Clone, Default)]
struct Usage {
    /// None where it is degrees.
    metres_per_unit: Option<f64>,
    areas: Vec<[f64; 4]>,
}

/// The worst of some positions, in metres.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Deviation {
    there_m: f64,
    back_m: f64,
}

#[test]
fn a_sample_of_served_codes_agrees_with_proj() {
    let sample = served().filter(|code| code % 79 == 11 || MAINSTAYS.contains(code));
    compare(&sample.collect::<Vec<_>>(), 7);
}

#[test]
#[ignore = "starts cs2cs ten thousand times: some minutes"]
fn every_served_code_agrees_with_proj() {
    compare(&served().collect::<Vec<_>>(), 13);
}

fn compare(codes: &[u32], steps: usize) {
    if !have("transforms as PROJ does them", "proj-bin", "cs2cs", &[])
        || !have(
            "PROJ's registry",
            "proj-bin python3",
            PYTHON,
            &["-c", &format!("open('{REGISTRY}')")],
        )
    {
        return;
    }
    let (gridless, usages) = (without_grids(), usages());
    let halves = [0, 1].map(|half| codes.iter().copied().skip(half).step_by(2).collect::<Vec<_>>());
    let found: Vec<_> = std::thread::scope(|scope| {
        let measure = |codes: &[u32]| -> Vec<(u32, Deviation)> {
            codes
                .iter()
                .map(|code| (*code, deviation(*code, &usages[code], steps, gridless.path())))
                .collect()
        };
        let running = halves.each_ref().map(|codes| scope.spawn(move || measure(codes)));
        running.into_iter().flat_map(|it| it.join().expect("does not panic")).collect()
    });
    let is_off = |(code, it): &(u32, Deviation)| {
        let tolerance_m = if *code == EXCEPTION.0 { EXCEPTION.1 } else { TOLERANCE_M };
        !(it.there_m < tolerance_m && it.back_m < tolerance_m)
    };
    let off: Vec<_> = found.into_iter().filter(is_off).collect();
    assert!(off.is_empty(), "{} are off: {off:?}", off.len());
}

/// How far we are from PROJ on a grid over the areas of use of a code, and back from where PROJ is.
fn deviation(code: u32, usage: &Usage, steps: usize, proj_data: &Path) -> Deviation {
    let lonlat: Vec<Xy> = usage.areas.iter().flat_map(|area| grid(*area, steps)).collect();
    let crs = Crs::epsg(code);
    let there = Transform::new(&Crs::CRS84, &crs).expect("is served");
    let back = Transform::new(&crs, &Crs::CRS84).expect("is served");
    let theirs = cs2cs("EPSG:4326", &format!("EPSG:{code}"), &swapped(&lonlat), proj_data);
    let mut ours = lonlat.clone();
    if there.positions(&mut ours).is_err() {
        return Deviation { there_m: f64::INFINITY, back_m: f64::INFINITY };
    }
    // PROJ answers in the order of the CRS's own axes
    let orders = [theirs.clone(), swapped(&theirs)];
    let apart_m = |theirs: &[Xy]| match usage.metres_per_unit {
        Some(metres) => furthest(&ours, theirs, |a, b| (a.x - b.x).hypot(a.y - b.y) * metres),
        None => furthest(&ours, theirs, degrees_apart_m),
    };
    let [straight_m, crossed_m] = orders.each_ref().map(|theirs| apart_m(theirs));
    let there_m = straight_m.min(crossed_m);
    let mut returned = if crossed_m < straight_m { orders[1].clone() } else { orders[0].clone() };
    let answers = cs2cs(&format!("EPSG:{code}"), "EPSG:4326", &theirs, proj_data);
    let back_m = match back.positions(&mut returned) {
        Ok(()) => furthest(&returned, &swapped(&answers), degrees_apart_m),
        Err(_) => f64::INFINITY,
    };
    Deviation { there_m, back_m }
}

/// The largest distance of pairs; infinite where one is not known.
fn furthest(ours: &[Xy], theirs: &[Xy], apart: impl Fn(Xy, Xy) -> f64) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let pairs = ours.iter().zip(theirs).map(|(a, b)| apart(*a, *b));
    pairs.map(|apart| if apart.is_finite() { apart } else { f64::INFINITY }).fold(0.0, f64::max)
}

fn degrees_apart_m(a: Xy, b: Xy) -> f64 {
    let east = ((a.x - b.x + 180.0).rem_euclid(360.0) - 180.0) * a.y.to_radians().cos();
    east.hypot(a.y - b.y) * METRES_PER_DEGREE
}

fn swapped(positions: &[Xy]) -> Vec<Xy> {
    positions.iter().map(|at| Xy { x: at.y, y: at.x }).collect()
}

#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn grid([west, south, east, north]: [f64; 4], steps: usize) -> Vec<Xy> {
    let east = if east < west { east + 360.0 } else { east };
    let part =
        |from: f64, to: f64, step: usize| from + (to - from) * step as f64 / (steps - 1) as f64;
    let turned = |lon: f64| if lon > 180.0 { lon - 360.0 } else { lon };
    let row =
        |lat: f64| (0..steps).map(move |step| Xy { x: turned(part(west, east, step)), y: lat });
    (0..steps).flat_map(|step| row(part(south, north, step))).collect()
}

/// What PROJ makes of positions, by a true operation, or, where it knows none, by taking both
/// datums for one. Not finite where it makes nothing of one.
fn cs2cs(from: &str, to: &str, positions: &[Xy], proj_data: &Path) -> Vec<Xy> {
    let lines: Vec<_> = positions.iter().map(|at| format!("{:.12} {:.12}\n", at.x, at.y)).collect();
    let input = lines.concat();
    let ask = |options: &[&str]| run_cs2cs(options, from, to, &input, proj_data);
    ask(&["--no-ballpark"])
        .filter(|it| it.len() == positions.len())
        .or_else(|| ask(&[]))
        .expect("cs2cs answers")
}

fn run_cs2cs(
    options: &[&str],
    from: &str,
    to: &str,
    input: &str,
    proj_data: &Path,
) -> Option<Vec<Xy>> {
    let mut command = Command::new("cs2cs");
    command.args(options).args(["-f", "%.10f", from, to]).env("PROJ_NETWORK", "OFF");
    command.env("PROJ_DATA", proj_data).env("PROJ_LIB", proj_data);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("cs2cs starts");
    let mut stdin = child.stdin.take().expect("is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("runs to its end");
    let _ = writer.join().expect("does not panic"); // it may have refused before reading
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
    let text = String::from_utf8(output.stdout).ok()?;
    let lines = text.lines().map(|line| {
        let mut words = line.split_ascii_whitespace();
        Xy { x: number(words.next()), y: number(words.next()) }
    });
    output.status.success().then(|| lines.collect())
}

/// A folder with PROJ's registry and nothing else, so that no grid is found.
fn without_grids() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(REGISTRY, folder.path().join("proj.db")).expect("the registry is there");
    folder
}

fn usages() -> BTreeMap<u32, Usage> {
    let arguments = ["-c", include_str!("transforms.py"), REGISTRY];
    let mut usages = BTreeMap::<u32, Usage>::new();
    for line in answer(PYTHON, &arguments, String::new()).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let usage = usages.entry(words[0].parse().expect("a code")).or_default();
        usage.metres_per_unit = words[1].parse().ok();
        usage.areas.push(std::array::from_fn(|at| words[at + 2].parse().expect("a bound")));
    }
    usages
}
