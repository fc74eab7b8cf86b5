//! What the fields of a new layer are called: as in the source where the store can have it so.
use std::collections::HashSet;
use tiepoint_core::Schema;

/// A name for each field that is not left out, in the order of the source. Those that differ in
/// nothing but case are numbered, since SQL cannot tell them apart; those that are too long for
/// the store are cut.
pub(super) fn names(
    source: &Schema,
    left_out: Option<usize>,
    id_column: &str,
    longest: Option<usize>,
) -> Vec<Option<String>> {
    let mut taken = HashSet::from([id_column.to_lowercase()]);
    let mut names = Vec::with_capacity(source.fields().len());
    for (at, field) in source.fields().iter().enumerate() {
        if left_out == Some(at) {
            names.push(None);
            continue;
        }
        let free = |name: &str| !taken.contains(&name.to_lowercase());
        let name = distinct(&usable(&field.name, at), longest, free);
        taken.insert(name.to_lowercase());
        names.push(Some(name));
    }
    names
}

/// `name`, or the first of `name_2`, `name_3`, ... that is free; cut so that it is short enough.
pub(super) fn distinct(name: &str, longest: Option<usize>, free: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u64| {
        let ending = format!("_{number}");
        let room = longest.map(|longest| longest.saturating_sub(ending.len()));
        format!("{}{ending}", shortened(name, room))
    });
    let mut names = std::iter::once(shortened(name, longest).to_owned()).chain(numbered);
    names.find(|name| free(name)).expect("numbers do not end")
}

/// As much of a name as there is room for, without breaking a character.
pub(super) fn shortened(name: &str, longest: Option<usize>) -> &str {
    let room = longest.map_or(name.len(), |longest| longest.min(name.len()));
    let end = (0..=room).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    &name[..end]
}

/// The name, without what no store takes; a name that is nothing else is the field's number.
fn usable(name: &str, at: usize) -> String {
    let usable = name.replace('\0', "");
    if usable.is_empty() { format!("field_{}", at + 1) } else { usable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::{Field, FieldType};

    fn named(fields: &[&str], longest: Option<usize>) -> Vec<String> {
        let fields = fields.iter().map(|name| Field::new(*name, FieldType::TEXT));
        let schema = Schema::new(fields.collect()).expect("distinct names");
        names(&schema, None, "object_id", longest).into_iter().flatten().collect()
    }

    #[test]
    fn what_sql_cannot_tell_apart_is_numbered() {
        assert_eq!(named(&["a", "A", "Object_Id"], None), ["a", "A_2", "Object_Id_2"]);
    }

    #[test]
    fn long_names_are_cut_and_stay_distinct() {
        assert_eq!(named(&["abcdef", "abcdeg", "abc"], Some(5)), ["abcde", "abc_2", "abc"]);
        assert_eq!(named(&["ääää"], Some(5)), ["ää"]);
    }
}
