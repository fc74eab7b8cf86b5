//! The EPSG codes that we transform from and to: one table, `served.txt`.
//!
//! Every code in it, but for one exception that it names, has been computed on a grid of points
//! over its area of use, and lies within 1 cm of what PROJ 9.1 computes without grids, both ways;
//! the tests against `cs2cs` compare them anew. Whoever adds a line runs all of them:
//! `cargo test -p tiepoint-spatial --test others -- --ignored served`.
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Lines that say how (`as defined`, `+towgs84=…`, or `by region` for codes that are refused), each
/// followed by ranges of codes that it is said of.
const TABLE: &str = include_str!("served.txt");

static SERVED: LazyLock<Vec<Served>> = LazyLock::new(|| {
    let mut rows = rows(TABLE);
    rows.sort_by_key(|row| *row.codes.start());
    rows
});

/// Codes in a row that share a datum shift.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Served {
    codes: RangeInclusive<u32>,
    way: Way,
}

/// How positions of a code are joined to WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the shift of its definition.
    AsDefined,
    /// By another shift: a parameter of a PROJ string.
    Shift(&'static str),
    /// By one shift here and another there: not served.
    ByRegion,
}

/// The EPSG codes that [`Transform::new`](super::Transform::new) accepts, ascending.
///
/// ```
/// let codes: Vec<u32> = tiepoint_spatial::transform::served().collect();
/// assert!([3857, 4326, 25832].iter().all(|code| codes.contains(code)));
/// assert!(!codes.contains(&4267), "NAD27 needs grids");
/// ```
#[must_use]
pub fn served() -> ServedCodes {
    ServedCodes { rows: &SERVED, codes: None }
}

/// What [`served`] lists.
#[derive(Debug, Clone)]
pub struct ServedCodes {
    rows: &'static [Served],
    codes: Option<RangeInclusive<u32>>,
}

impl Iterator for ServedCodes {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if let Some(code) = self.codes.as_mut().and_then(Iterator::next) {
                return Some(code);
            }
            let (row, rest) = self.rows.split_first()?;
            self.rows = rest;
            self.codes = (row.way != Way::ByRegion).then(|| row.codes.clone());
        }
    }
}

/// How positions of a code are joined to WGS 84; none if the table does not name it.
pub(super) fn way_of(code: u32) -> Option<Way> {
    let after = SERVED.partition_point(|row| *row.codes.start() <= code);
    let row = &SERVED[..after].last()?;
    row.codes.contains(&code).then_some(row.way)
}

fn rows(table: &'static str) -> Vec<Served> {
    let mut way = Way::AsDefined;
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "as defined" => way = Way::AsDefined,
            "by region" => way = Way::ByRegion,
            _ if line.starts_with('+') => way = Way::Shift(line),
            _ => rows.push(Served { codes: codes(line).expect("the table is in order"), way }),
        }
    }
    rows
}

/// The codes at the start of a line: `3857 name` or `32601-32660 name`.
fn codes(line: &str) -> Option<RangeInclusive<u32>> {
    let text = line.split(' ').next()?;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_code_once() {
        let codes: Vec<u32> = served().collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(codes.len() >= 200, "{}", codes.len());
    }

    #[test]
    fn a_code_between_two_rows_is_not_served() {
        let codes: Vec<u32> = served().collect();
        for code in 0..=u32::from(u16::MAX) + 2 {
            assert_eq!(
                way_of(code).is_some_and(|way| way != Way::ByRegion),
                codes.binary_search(&code).is_ok(),
                "{code}"
            );
        }
    }
}
