//! The tight loop: some positions at a time, in place, in radians and metres between the sides.
use super::side::{Ends, Unit, turned};

/// How many positions are converted at a time: few enough to stay near the processor.
pub(super) const CHUNK: usize = 256;

/// How far beyond a pole a latitude may be by rounding alone, in degrees.
const POLE_SLACK_DEG: f64 = 1e-9;

/// Converts x and y in place; the error is the index of the first that cannot be.
///
/// What comes out is finite, longitudes from -180 to 180 degrees. On an error the chunk is in no
/// defined state.
pub(super) fn convert(ends: &Ends, chunk: &mut [(f64, f64)]) -> Result<(), usize> {
    let mut copy = [(0.0, 0.0); CHUNK];
    let copy = &mut copy[..chunk.len()];
    copy.copy_from_slice(chunk);
    if convert_all(ends, chunk).is_some() {
        return Ok(());
    }
    let fails = |at: &(f64, f64)| convert_all(ends, &mut [*at]).is_none();
    Err(copy.iter().position(fails).unwrap_or(0))
}

fn convert_all(ends: &Ends, chunk: &mut [(f64, f64)]) -> Option<()> {
    let Ends { from, to, same_angles, .. } = ends;
    if *same_angles {
        return accept_angles(1.0, chunk);
    }
    match from.unit {
        Unit::Degrees => accept_angles(1f64.to_radians(), chunk)?,
        Unit::Length { reach } => accept_lengths(reach, chunk)?,
    }
    ends.convert(chunk)?;
    match to.unit {
        Unit::Degrees => {
            for (x, y) in chunk.iter_mut() {
                (*x, *y) = (turned(x.to_degrees()), y.to_degrees());
            }
            chunk.iter().all(|(x, y)| x.is_finite() && y.is_finite())
        }
        Unit::Length { reach } => chunk.iter().all(|(x, y)| x.abs() <= reach && y.abs() <= reach),
    }
    .then_some(())
}

/// Checks longitudes and latitudes, and scales them.
fn accept_angles(scale: f64, chunk: &mut [(f64, f64)]) -> Option<()> {
    for (x, y) in chunk.iter_mut() {
        // not the other way round, so that NaN is refused
        let is_on_earth = x.abs() <= 540.0 && y.abs() <= 90.0 + POLE_SLACK_DEG;
        if !is_on_earth {
            return None;
        }
        // adding zero makes -0.0 and 0.0, which are one position, one input
        *x = (turned(*x) + 0.0) * scale;
        *y = (y.clamp(-90.0, 90.0) + 0.0) * scale;
    }
    Some(())
}

fn accept_lengths(reach: f64, chunk: &mut [(f64, f64)]) -> Option<()> {
    for (x, y) in chunk.iter_mut() {
        let is_on_a_map = x.abs() <= reach && y.abs() <= reach;
        if !is_on_a_map {
            return None;
        }
        (*x, *y) = (*x + 0.0, *y + 0.0);
    }
    Some(())
}
