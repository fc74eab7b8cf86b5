//! Property names to positions, guessing that features list them in the same order.
use super::cursor::Stop;
use super::text::RawText;
use std::borrow::Cow;
use std::collections::HashMap;

/// Names in a fixed order, looked up one after another.
#[derive(Debug, Default)]
pub(super) struct Names {
    in_order: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Which name is probably asked for next.
    guess: usize,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) -> usize {
        let position = self.in_order.len();
        self.in_order.push(name.to_owned());
        self.by_name.insert(name.to_owned(), position);
        self.guess = position + 1;
        position
    }

    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }

    pub(super) fn get(&self, position: usize) -> &str {
        &self.in_order[position]
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Expects the name at `position` to be asked for next.
    pub(super) fn expect(&mut self, position: usize) {
        self.guess = position;
    }

    /// The position of the name, or the name in full if it is not here.
    #[inline]
    pub(super) fn position<'a>(
        &mut self,
        name: RawText<'a>,
    ) -> Result<Result<usize, Cow<'a, str>>, Stop> {
        if let Some(guessed) = self.in_order.get(self.guess)
            && guessed.as_bytes() == name.bytes
            && !name.escaped
        {
            self.guess += 1;
            return Ok(Ok(self.guess - 1));
        }
        let text = name.decode()?;
        let Some(position) = self.by_name.get(&*text) else { return Ok(Err(text)) };
        self.guess = position + 1;
        Ok(Ok(*position))
    }
}
