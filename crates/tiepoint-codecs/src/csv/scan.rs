//! Cuts the bytes of one record into cells, in place.
//!
//! RFC 4180, read as strictly as keeps its meaning: a quote opens a quoted cell at its very
//! beginning only, two quotes inside one are a quote, and a line ends in CR LF, LF or CR. Text
//! after a closing quote is remembered as a fault, for nobody can say what it was meant to be.

/// The most cells of a record that are kept; more are only counted.
pub(super) const MAX_COLUMNS: usize = 10_000;

/// What separates cells and what encloses them.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    delimiter: u8,
    quote: Option<u8>,
    /// The bytes that end a cell that is not quoted.
    ends_cell: [bool; 256],
}

/// One cell: where it stands in its record, quotes around it left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) form: Form,
}

/// How a cell is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Quoted,
    /// Quoted, with doubled quotes inside.
    Escaped,
}

/// What is known of a record that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Its bytes without the end of its line.
    pub(super) len: usize,
    /// Its bytes with the end of its line.
    pub(super) consumed: usize,
    /// How many lines it takes.
    pub(super) lines: u64,
    /// How many cells it has, kept or not.
    pub(super) cells: usize,
    /// The cell, from 0, that has text after its closing quote.
    pub(super) stray_text: Option<usize>,
}

/// The bytes end before the record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfinished {
    /// The line on which a quote is open, counted from 0 at the record's first.
    pub(super) open_quote: Option<u64>,
}

/// Whether more bytes may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    MayCome,
    IsHere,
}

impl Scanner {
    pub(super) fn new(delimiter: u8, quote: Option<u8>) -> Self {
        let mut ends_cell = [false; 256];
        for byte in [delimiter, b'\n', b'\r'] {
            ends_cell[usize::from(byte)] = true;
        }
        Self { delimiter, quote, ends_cell }
    }

    pub(super) fn quote(&self) -> Option<u8> {
        self.quote
    }

    /// Cuts the first record off `bytes`, which are not empty. `cells` is overwritten.
    pub(super) fn scan(
        &self,
        bytes: &[u8],
        rest: Rest,
        cells: &mut Vec<Cell>,
    ) -> Result<Scanned, Unfinished> {
        cells.clear();
        let mut record = Scanned { len: 0, consumed: 0, lines: 1, cells: 0, stray_text: None };
        let mut at = 0;
        loop {
            let (cell, end) = self.cell(bytes, at, rest, &mut record)?;
            if record.cells < MAX_COLUMNS {
                cells.push(cell);
            }
            record.cells += 1;
            record.len = end;
            let after = match bytes.get(end) {
                Some(byte) if *byte == self.delimiter => {
                    at = end + 1;
                    continue;
                }
                None if rest == Rest::MayCome => return Err(Unfinished { open_quote: None }),
                None => end,
                Some(b'\r') if end + 1 == bytes.len() && rest == Rest::MayCome => {
                    return Err(Unfinished { open_quote: None });
                }
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => end + 2,
                Some(_) => end + 1,
            };
            return Ok(Scanned { consumed: after, ..record });
        }
    }

    /// The cell that starts at `start`, and where it ends in the bytes.
    #[inline]
    fn cell(
        &self,
        bytes: &[u8],
        start: usize,
        rest: Rest,
        record: &mut Scanned,
    ) -> Result<(Cell, usize), Unfinished> {
        if self.quote.is_none() || bytes.get(start).copied() != self.quote {
            let end = self.end_of_plain(bytes, start);
            return Ok((Cell { start, end, form: Form::Plain }, end));
        }
        let quote = bytes[start];
        let open = Unfinished { open_quote: Some(record.lines - 1) };
        let (close, form) = closing_quote(bytes, start + 1, quote, rest).ok_or(open)?;
        record.lines += line_ends(&bytes[start + 1..close]);
        let end = self.end_of_plain(bytes, close + 1);
        if !bytes[close + 1..end].iter().all(|byte| *byte == b' ') {
            record.stray_text.get_or_insert(record.cells);
        }
        Ok((Cell { start: start + 1, end: close, form }, end))
    }

    #[inline]
    fn end_of_plain(&self, bytes: &[u8], start: usize) -> usize {
        let ends = |byte: &u8| self.ends_cell[usize::from(*byte)];
        bytes[start..].iter().position(ends).map_or(bytes.len(), |length| start + length)
    }
}

/// Where the quoted cell ends whose text starts at `at`; `None` when it is not there.
fn closing_quote(bytes: &[u8], mut at: usize, quote: u8, rest: Rest) -> Option<(usize, Form)> {
    let mut form = Form::Quoted;
    loop {
        at += memchr::memchr(quote, &bytes[at..])?;
        match bytes.get(at + 1) {
            Some(next) if *next == quote => (at, form) = (at + 2, Form::Escaped),
            None if rest == Rest::MayCome => return None,
            _ => return Some((at, form)),
        }
    }
}

/// How many lines end in the text: at every LF, and at every CR without one.
fn line_ends(text: &[u8]) -> u64 {
    let mut ends = memchr::memchr_iter(b'\n', text).count() as u64;
    for at in memchr::memchr_iter(b'\r', text) {
        ends += u64::from(text.get(at + 1) != Some(&b'\n'));
    }
    ends
}
