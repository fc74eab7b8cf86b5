//! Fills the gaps in SQL of ours: `{NAME}`, each once over, so that no filling is filled again.

/// The template with every `{NAME}` replaced.
///
/// # Panics
///
/// When the template names a gap that nothing fills, which is a mistake in the program.
pub(crate) fn fill(template: &str, fillings: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (gap, after) = after.split_once('}').expect("every gap in a template ends");
        let filling = fillings.iter().find(|(name, _)| *name == gap);
        filled.push_str(before);
        filled.push_str(filling.expect("every gap in a template is filled").1);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_filling_is_not_filled_again() {
        assert_eq!(super::fill("{A} and {B}.", &[("A", "{B}"), ("B", "b")]), "{B} and b.");
    }
}
