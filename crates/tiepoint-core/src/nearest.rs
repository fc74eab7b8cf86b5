//! "Did you mean": the name closest to one that was not found.

/// The candidate within a third of `name`'s length in edits (letters changed, added or dropped,
/// case ignored), the nearest first; `None` where nothing is close.
///
/// ```
/// assert_eq!(tiepoint_core::nearest_name("contries", ["cities", "countries"]), Some("countries"));
/// assert_eq!(tiepoint_core::nearest_name("roads", ["cities", "countries"]), None);
/// ```
pub fn nearest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let limit = wanted.len().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (edits(&wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance (Levenshtein 1966), one row at a time.
fn edits(wanted: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (line, letter) in candidate.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, wanted_letter) in wanted.iter().enumerate() {
            let swap = diagonal + usize::from(letter != *wanted_letter);
            diagonal = row[column + 1];
            row[column + 1] = swap.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[wanted.len()]
}
