//! The usual pattern of a Python program, measured by `peers/weak_values.py`.
use crate::outcome::say;
use std::path::Path;
use std::process::Command;

/// What the usual pattern takes.
pub(super) struct Usual {
    pub(super) attach_s: f64,
    pub(super) lookup_ns: f64,
    pub(super) deletion_ms: f64,
}

/// The same for each number of objects; `None` where no Python runs.
pub(super) fn usual_pattern(counts: &[i64]) -> Option<Vec<Usual>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/weak_values.py");
    let counts = counts.iter().map(i64::to_string);
    let output = Command::new("python3").arg(script).args(counts).output().ok()?;
    let Ok(told) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else {
        say("the usual pattern is not measured: python3 does not say what it takes");
        return None;
    };
    let usual = |it: &serde_json::Value| {
        let figure = |name: &str| it[name].as_f64();
        Some(Usual {
            attach_s: figure("attach_s")?,
            lookup_ns: figure("lookup_ns")?,
            deletion_ms: figure("deletion_ms")?,
        })
    };
    told.as_array()?.iter().map(usual).collect()
}
