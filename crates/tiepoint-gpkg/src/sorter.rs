//! Sorts more records than fit into memory: runs in a temporary file, then a merge.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Result, Seek, SeekFrom, Write};

/// Records kept in memory before they go to the file.
const MOST_IN_MEMORY: usize = 1 << 19;
/// Bytes read at a time from each run.
const READ_AHEAD: usize = 64 * 1024;

/// Records of `N` bytes, in the order of their first eight bytes, most significant first.
#[derive(Debug)]
pub(crate) struct Sorter<const N: usize> {
    in_memory: Vec<[u8; N]>,
    most_in_memory: usize,
    file: Option<File>,
    run_ends: Vec<u64>,
}

impl<const N: usize> Sorter<N> {
    pub(crate) fn new() -> Self {
        Self::with_memory(MOST_IN_MEMORY)
    }

    fn with_memory(most_in_memory: usize) -> Self {
        Self { in_memory: Vec::new(), most_in_memory, file: None, run_ends: Vec::new() }
    }

    pub(crate) fn push(&mut self, record: [u8; N]) -> Result<()> {
        if self.in_memory.len() == self.most_in_memory {
            self.write_run()?;
        }
        self.in_memory.push(record);
        Ok(())
    }

    /// Hands out all records in order.
    pub(crate) fn drain<E: From<std::io::Error>>(
        mut self,
        mut each: impl FnMut([u8; N]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        if self.file.is_none() {
            self.in_memory.sort_unstable_by_key(key);
            return self.in_memory.into_iter().try_for_each(each);
        }
        self.write_run()?;
        let mut runs = self.runs()?;
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next()?.map(|record| Reverse((key(&record), number, record))));
        }
        while let Some(Reverse((_, number, record))) = heads.pop() {
            each(record)?;
            heads
                .extend(runs[number].next()?.map(|record| Reverse((key(&record), number, record))));
        }
        Ok(())
    }

    fn write_run(&mut self) -> Result<()> {
        self.in_memory.sort_unstable_by_key(key);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut out = BufWriter::with_capacity(READ_AHEAD, &*file);
        for record in self.in_memory.drain(..) {
            out.write_all(&record)?;
        }
        out.flush()?;
        drop(out);
        self.run_ends.push(file.stream_position()?);
        Ok(())
    }

    fn runs(&mut self) -> Result<Vec<Run<N>>> {
        self.in_memory = Vec::new();
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let starts = std::iter::once(0).chain(self.run_ends.iter().copied());
        let spans = starts.zip(self.run_ends.iter().copied());
        spans.map(|(start, end)| Ok(Run::new(file.try_clone()?, start, end))).collect()
    }
}

fn key<const N: usize>(record: &[u8; N]) -> u64 {
    record.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// One sorted stretch of the file; runs share one handle, so each seeks before it reads.
struct Run<const N: usize> {
    file: File,
    at: u64,
    end: u64,
    ahead: VecDeque<[u8; N]>,
}

impl<const N: usize> Run<N> {
    fn new(file: File, at: u64, end: u64) -> Self {
        Self { file, at, end, ahead: VecDeque::new() }
    }

    fn next(&mut self) -> Result<Option<[u8; N]>> {
        if let Some(record) = self.ahead.pop_front() {
            return Ok(Some(record));
        }
        let size = N as u64;
        let records = ((self.end - self.at) / size).min((READ_AHEAD / N) as u64);
        if records == 0 {
            return Ok(None);
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut input = BufReader::new(&self.file).take(records * size);
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        let (whole, rest) = bytes.as_chunks::<N>();
        if !rest.is_empty() || whole.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.ahead.extend(whole);
        Ok(self.ahead.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_out_in_order_however_little_memory(
            numbers: Vec<u64>,
            memory in 1_usize..20,
        ) {
            let mut sorter = Sorter::<12>::with_memory(memory);
            for number in &numbers {
                let mut record = [7; 12];
                record[..8].copy_from_slice(&number.to_be_bytes());
                sorter.push(record).expect("has room");
            }
            let mut sorted = numbers;
            sorted.sort_unstable();
            let mut drained = Vec::new();
            let done: Result<()> = sorter.drain(|record| { drained.push(key(&record)); Ok(()) });
            done.expect("reads what it wrote");
            prop_assert_eq!(drained, sorted);
        }
    }
}
