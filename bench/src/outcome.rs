//! What came out: figures beside their targets, in a table for people.
use crate::Outcome;
use crate::stage::Stage;
use std::io::{self, Write};
use std::process::Command;

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) figure: String,
    /// What tiepoint takes or yields.
    pub(crate) ours: String,
    /// What the peer takes or yields.
    pub(crate) peer: String,
    /// The one divided by the other, as the target is stated.
    pub(crate) ratio: String,
    /// Whether that is good enough.
    pub(crate) target: Target,
    /// The most memory we had resident.
    pub(crate) peak: String,
    /// Where the time goes, when the target is missed.
    pub(crate) profile: Option<String>,
}

/// What a figure is held to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// Nothing: it is told for the picture.
    None,
    /// Reached.
    Met(String),
    /// Not reached.
    Missed(String),
}

impl Target {
    /// Not more than this.
    pub(crate) fn at_most(figure: f64, limit: f64, wording: impl Into<String>) -> Self {
        if figure <= limit { Self::Met(wording.into()) } else { Self::Missed(wording.into()) }
    }

    /// Not less than this.
    pub(crate) fn at_least(figure: f64, limit: f64, wording: impl Into<String>) -> Self {
        if figure >= limit { Self::Met(wording.into()) } else { Self::Missed(wording.into()) }
    }

    /// Met when both are.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, only) | (only, Self::None) => only,
            (Self::Met(one), Self::Met(other)) => Self::Met(format!("{one}, {other}")),
            (Self::Met(one) | Self::Missed(one), Self::Met(other) | Self::Missed(other)) => {
                Self::Missed(format!("{one}, {other}"))
            }
        }
    }

    fn wording(&self) -> &str {
        match self {
            Self::None => "",
            Self::Met(wording) | Self::Missed(wording) => wording,
        }
    }

    fn verdict(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::Met(_) => "met",
            Self::Missed(_) => "MISSED",
        }
    }
}

impl Row {
    pub(crate) fn is_missed(&self) -> bool {
        matches!(self.target, Target::Missed(_))
    }

    fn cells(&self) -> [&str; 7] {
        let Self { figure, ours, peer, ratio, target, peak, .. } = self;
        [figure, ours, peer, ratio, target.wording(), target.verdict(), peak]
    }
}

/// A line for whoever watches.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What the figures depend on besides us.
pub(crate) fn circumstances(stage: &Stage) -> String {
    let gdal = Command::new("ogr2ogr").arg("--version").output().ok();
    let gdal = gdal.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let gdal = gdal.unwrap_or_else(|| "no ogr2ogr".to_owned());
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model);
    let sqlite = rusqlite::version();
    let size = if stage.divisor == 1 { "" } else { "; a tenth of the data: not for figures" };
    let rounds = stage.rounds;
    format!("{model}; {gdal}; SQLite {sqlite} in both Rust sides; medians of {rounds}{size}")
}

/// Prints all figures, then the profiles of those that were missed.
pub(crate) fn print(rows: &[Row]) -> Outcome {
    const HEAD: [&str; 7] = ["figure", "tiepoint", "peer", "ratio", "target", "", "peak memory"];
    let lines: Vec<[&str; 7]> = std::iter::once(HEAD).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let mut out = io::stdout().lock();
    writeln!(out)?;
    for line in &lines {
        let padded = line.iter().enumerate().map(|(column, cell)| {
            format!("{cell:<width$}", width = width(column).unwrap_or_default())
        });
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    for row in rows {
        if let Some(profile) = &row.profile {
            writeln!(out, "\nWhere the time goes in {}:\n{profile}", row.figure)?;
        }
    }
    Ok(())
}
