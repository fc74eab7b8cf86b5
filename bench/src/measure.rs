//! What a command uses, and what a piece of this program does.
use crate::Outcome;
use cpu_time::ProcessTime;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A program and its arguments.
pub(crate) type CommandLine = Vec<OsString>;

/// What a command used from its start to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// CPU seconds, outside the kernel and in it.
    pub(crate) cpu_s: f64,
    /// Those in it: reading and writing files, mostly.
    pub(crate) system_s: f64,
    /// The most memory it had resident.
    pub(crate) peak_bytes: f64,
}

/// `ogr2ogr` with what every use of it needs, and some options more.
pub(crate) fn ogr2ogr(format: &str, to: &Path, from: &Path, options: &[OsString]) -> CommandLine {
    let mut command: CommandLine = ["ogr2ogr", "-f", format].map(OsString::from).into();
    command.extend([to.into(), from.into()]);
    command.extend_from_slice(options);
    command
}

/// Runs a command to its end and tells what it used.
///
/// The standard library cannot tell that of one child, so a few lines of Python do: `measure.py`.
pub(crate) fn once(command: &[OsString]) -> Outcome<Usage> {
    let measure = Path::new(env!("CARGO_MANIFEST_DIR")).join("measure.py");
    let output = Command::new("python3").arg(measure).args(command).output();
    let output = output.map_err(|error| format!("python3 cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|_no_json| {
        format!("{command:?} cannot be measured: {}", said.lines().last().unwrap_or_default())
    })?;
    if told["code"] != 0 {
        return Err(format!("{command:?} ended with {}: {said}", told["code"]).into());
    }
    let figure = |name: &str| told[name].as_f64().ok_or_else(|| format!("no {name} was told"));
    let system_s = figure("system_s")?;
    let cpu_s = figure("user_s")? + system_s;
    Ok(Usage { cpu_s, system_s, peak_bytes: figure("peak_rss_bytes")? })
}

/// The median of some CPU seconds; of an even number, the lesser of the middle two.
pub(crate) fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// The medians of CPU seconds, and the greatest of the peaks.
pub(crate) fn summary(usages: &[Usage]) -> Usage {
    let cpu_s = median(usages.iter().map(|usage| usage.cpu_s).collect());
    let system_s = median(usages.iter().map(|usage| usage.system_s).collect());
    let peak_bytes = usages.iter().map(|usage| usage.peak_bytes).fold(0.0, f64::max);
    Usage { cpu_s, system_s, peak_bytes }
}

/// CPU seconds of the whole process, all its threads included, that `work` takes.
pub(crate) fn cpu_s<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = ProcessTime::now();
    let result = work();
    let took: Duration = start.elapsed();
    (result, took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(vec![2.0, 1.0]).to_bits(), 1.0_f64.to_bits());
        assert!(median(Vec::new()).is_nan());
    }
}
