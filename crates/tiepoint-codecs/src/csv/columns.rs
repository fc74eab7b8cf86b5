//! Names for the columns: what the header says, made fit for a schema.
use std::collections::HashMap;

/// Names that differ, also where case does not count (SQLite compares names so).
#[derive(Debug, Default)]
pub(super) struct UniqueNames {
    /// Each in lower case, with the number to try next for another one of that name.
    taken: HashMap<String, usize>,
}

impl UniqueNames {
    /// The name itself, or with the first free number behind it.
    pub(super) fn claim(&mut self, name: &str) -> String {
        let lower = name.to_lowercase();
        let mut unique = name.to_owned();
        let mut number = self.taken.get(&lower).copied().unwrap_or(2);
        while self.is_taken(&unique) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        self.taken.insert(unique.to_lowercase(), 2);
        self.taken.insert(lower, number);
        unique
    }

    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.taken.contains_key(&name.to_lowercase())
    }
}

/// The columns' names, and what had to be changed about the header.
pub(super) fn named(header: &[String]) -> (Vec<String>, Vec<String>) {
    let mut unique = UniqueNames::default();
    let mut notes = Vec::new();
    let mut names = Vec::with_capacity(header.len());
    for (index, cell) in header.iter().enumerate() {
        let wanted = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        let name =
            if wanted.is_empty() { unique.claim(&numbered(index)) } else { unique.claim(&wanted) };
        if name != wanted && !wanted.is_empty() {
            let number = index + 1;
            notes.push(format!(
                "column {number} is not the first named `{wanted}`, it is called `{name}`"
            ));
        }
        names.push(name);
    }
    (names, notes)
}

/// Names for columns without a header.
pub(super) fn numbered_names(count: usize) -> Vec<String> {
    (0..count).map(numbered).collect()
}

fn numbered(index: usize) -> String {
    format!("field_{}", index + 1)
}
