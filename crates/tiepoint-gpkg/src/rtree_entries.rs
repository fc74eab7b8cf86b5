//! The entries of an R-tree, collected while rows are written.
use crate::bounds::Bounds;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

const ENTRY_BYTES: usize = 24;
/// Entries kept in memory before they are put aside in a temporary file.
const MOST_IN_MEMORY: usize = 1 << 19;

/// The entries of an R-tree to be: a row number and its bounds, 24 bytes each; what is more than
/// half a million of them waits in a temporary file.
#[derive(Debug)]
pub(crate) struct Entries {
    in_memory: Vec<[u8; ENTRY_BYTES]>,
    most_in_memory: usize,
    aside: Option<BufWriter<std::fs::File>>,
    count: u64,
    bounds: Option<Bounds>,
}

impl Default for Entries {
    fn default() -> Self {
        Self::with_memory(MOST_IN_MEMORY)
    }
}

impl Entries {
    fn with_memory(most_in_memory: usize) -> Self {
        Self { in_memory: Vec::new(), most_in_memory, aside: None, count: 0, bounds: None }
    }

    pub(crate) fn push(&mut self, row: i64, bounds: Bounds) -> io::Result<()> {
        if self.in_memory.len() == self.most_in_memory {
            self.put_aside()?;
        }
        let mut entry = [0; ENTRY_BYTES];
        entry[..8].copy_from_slice(&row.to_be_bytes());
        entry[8..].copy_from_slice(&bounds.to_be_bytes());
        self.in_memory.push(entry);
        self.count += 1;
        self.bounds = Some(self.bounds.map_or(bounds, |all| all.merged(bounds)));
        Ok(())
    }

    /// The bounds of all of them; none where there are none.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    fn put_aside(&mut self) -> io::Result<()> {
        let aside = match &mut self.aside {
            Some(aside) => aside,
            none => none.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        for entry in self.in_memory.drain(..) {
            aside.write_all(&entry)?;
        }
        Ok(())
    }

    /// Hands out all entries, those put aside first.
    pub(crate) fn drain<E: From<io::Error>>(
        self,
        mut each: impl FnMut(i64, Bounds) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut hand_out = |entry: &[u8; ENTRY_BYTES]| {
            let (row, bounds) = entry.split_at(8);
            let row = i64::from_be_bytes(*row.first_chunk().expect("an entry starts with its row"));
            each(row, Bounds::from_be_bytes(bounds))
        };
        if let Some(aside) = self.aside {
            let mut file = aside.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut input = BufReader::with_capacity(1 << 16, file);
            let mut entry = [0; ENTRY_BYTES];
            for _ in 0..self.count - self.in_memory.len() as u64 {
                input.read_exact(&mut entry)?;
                hand_out(&entry)?;
            }
        }
        self.in_memory.iter().try_for_each(hand_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_went_however_little_memory() {
        for memory in [1, 3, 100] {
            let mut entries = Entries::with_memory(memory);
            let bounds = |row: i16| {
                let x = f32::from(row);
                Bounds { min_x: x, max_x: x + 1.0, min_y: -x, max_y: 0.5 }
            };
            for row in 0..10 {
                entries.push(i64::from(row) - 5, bounds(row)).expect("has room");
            }
            assert_eq!(entries.count(), 10);
            let mut drained = Vec::new();
            let done: io::Result<()> = entries.drain(|row, bounds| {
                drained.push((row, bounds));
                Ok(())
            });
            done.expect("reads what it wrote");
            assert_eq!(
                drained,
                (0..10).map(|row| (i64::from(row) - 5, bounds(row))).collect::<Vec<_>>()
            );
        }
    }
}
