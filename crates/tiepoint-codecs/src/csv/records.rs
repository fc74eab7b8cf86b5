//! A document's records one after another, with their line numbers, in bounded memory.
use super::encoding::Encoding;
use super::scan::{Cell, Form, Rest, Scanned, Scanner, Unfinished};
use super::transcode::Utf8Source;
use crate::{CodecError, Place, Result};
use std::borrow::Cow;
use std::io::Read;

/// The longest record there may be: a quote that nobody closes must not swallow gigabytes.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;
const FIRST_BUFFER_BYTES: usize = 256 * 1024;
const SOURCE_TEXT_BYTES: usize = 64 * 1024;

/// Reads records. Empty lines are none.
pub(super) struct Records<R> {
    source: Utf8Source<R>,
    scanner: Scanner,
    buffer: Vec<u8>,
    /// The bytes of the buffer that have been read and not yet handed out.
    start: usize,
    end: usize,
    rest: Rest,
    /// The line on which the next record starts.
    line: u64,
    cells: Vec<Cell>,
}

/// One record, borrowed from the buffer until the next one is asked for.
pub(super) struct Record<'a> {
    /// The line it starts on, from 1.
    pub(super) line: u64,
    bytes: &'a [u8],
    cells: &'a [Cell],
    scanned: Scanned,
    quote: u8,
}

/// A record that is well-formed text.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    text: &'a str,
    cells: &'a [Cell],
    quote: u8,
}

/// One cell's text, quotes undone.
pub(super) struct CellText<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) quoted: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: Utf8Source<R>, scanner: Scanner) -> Self {
        let buffer = vec![0; FIRST_BUFFER_BYTES];
        let (start, end, rest, line) = (0, 0, Rest::MayCome, 1);
        Self { source, scanner, buffer, start, end, rest, line, cells: Vec::new() }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.source.bytes_read()
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.source.encoding()
    }

    /// The next record, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`CodecError::BadDocument`] for a quote that is never closed and for a record beyond
    /// [`MAX_RECORD_BYTES`]; [`CodecError::Io`].
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>> {
        loop {
            if self.start == self.end && self.rest == Rest::IsHere {
                return Ok(None);
            }
            let bytes = &self.buffer[self.start..self.end];
            let scanned = if bytes.is_empty() {
                Err(Unfinished { open_quote: None })
            } else {
                self.scanner.scan(bytes, self.rest, &mut self.cells)
            };
            match scanned {
                Err(unfinished) => self.read_on(unfinished)?,
                Ok(empty) if empty.len == 0 => self.pass(empty),
                Ok(scanned) => return Ok(Some(self.hand_out(scanned))),
            }
        }
    }

    fn pass(&mut self, scanned: Scanned) {
        self.start += scanned.consumed;
        self.line += scanned.lines;
    }

    fn hand_out(&mut self, scanned: Scanned) -> Record<'_> {
        let (start, line) = (self.start, self.line);
        self.pass(scanned);
        Record {
            line,
            bytes: &self.buffer[start..start + scanned.len],
            cells: &self.cells,
            scanned,
            quote: self.scanner.quote().unwrap_or(b'"'),
        }
    }

    /// Moves what is left to the front of the buffer, makes room behind it and fills that.
    fn read_on(&mut self, unfinished: Unfinished) -> Result<()> {
        if self.rest == Rest::IsHere || self.end - self.start > MAX_RECORD_BYTES {
            return Err(self.endless(unfinished));
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end > self.buffer.len() / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while self.end < self.buffer.len() - FIRST_BUFFER_BYTES / 4 {
            match self.source.fill(&mut self.buffer[self.end..])? {
                0 => {
                    self.rest = Rest::IsHere;
                    break;
                }
                filled => self.end += filled,
            }
        }
        Ok(())
    }

    fn endless(&self, unfinished: Unfinished) -> CodecError {
        let (line, reason) = match (unfinished.open_quote, self.rest) {
            (Some(lines), Rest::IsHere) => {
                (self.line + lines, "the quote opened here is never closed".to_owned())
            }
            (Some(lines), Rest::MayCome) => (
                self.line + lines,
                format!("the quote opened here is not closed within {MAX_RECORD_BYTES} bytes"),
            ),
            (None, _) => (self.line, format!("a record of more than {MAX_RECORD_BYTES} bytes")),
        };
        let place = Place { line: Some(line), ..Place::default() };
        CodecError::BadDocument { place, reason }
    }
}

impl<'a> Record<'a> {
    /// How many cells it has; beyond [`MAX_COLUMNS`](super::scan::MAX_COLUMNS) they are counted
    /// and not kept.
    pub(super) fn cells(&self) -> usize {
        self.scanned.cells
    }

    /// How many cells it has up to the last that is not empty.
    pub(super) fn filled_cells(&self) -> usize {
        let is_filled = |cell: &Cell| cell.start < cell.end || cell.form != Form::Plain;
        match self.scanned.cells {
            kept if kept == self.cells.len() => {
                self.cells.iter().rposition(is_filled).map_or(0, |last| last + 1)
            }
            more => more,
        }
    }

    /// Checks that it is text, cut without doubt.
    ///
    /// # Errors
    ///
    /// The reason why it is not.
    pub(super) fn row(&self) -> Result<Row<'a>, String> {
        if let Some(cell) = self.scanned.stray_text {
            return Err(format!(
                "text after the closing quote of cell {}; a quote inside a quoted cell is written twice",
                cell + 1
            ));
        }
        match std::str::from_utf8(self.bytes) {
            Ok(text) => Ok(Row { text, cells: self.cells, quote: self.quote }),
            Err(error) => {
                let before = &self.bytes[..error.valid_up_to()];
                let cell = self.cells.iter().filter(|cell| cell.start <= before.len()).count();
                Err(format!(
                    "cell {cell} is not text in the document's encoding; was that guessed wrong?"
                ))
            }
        }
    }

    /// The record as it stands in the document, shortened where it is very long.
    pub(super) fn source_text(&self) -> String {
        let shown = &self.bytes[..self.bytes.len().min(SOURCE_TEXT_BYTES)];
        let text = String::from_utf8_lossy(shown);
        if shown.len() < self.bytes.len() { format!("{text}…") } else { text.into_owned() }
    }
}

impl<'a> Row<'a> {
    /// How many cells are kept.
    pub(super) fn len(self) -> usize {
        self.cells.len()
    }

    /// The cell at `index`, from 0; one that is not there is empty.
    pub(super) fn cell(self, index: usize) -> CellText<'a> {
        let Some(cell) = self.cells.get(index) else {
            return CellText { text: "".into(), quoted: false };
        };
        let text = &self.text[cell.start..cell.end];
        match cell.form {
            Form::Plain => CellText { text: text.into(), quoted: false },
            Form::Quoted => CellText { text: text.into(), quoted: true },
            Form::Escaped => CellText { text: self.unescaped(text).into(), quoted: true },
        }
    }

    fn unescaped(self, text: &str) -> String {
        let quote = char::from(self.quote);
        let doubled: String = [quote, quote].iter().collect();
        text.replace(&doubled, quote.encode_utf8(&mut [0; 4]))
    }
}
