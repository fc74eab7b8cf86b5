//! How a document is spelled, found out from its beginning: delimiter, quote, encoding, decimal
//! mark, header.
use super::Encoding;
use super::evidence::Evidence;
use super::geometry::are_geometry_names;
use super::options::{Quote, ReadOptions, is_usable_sign};
use super::scan::{Cell, Form, Rest, Scanned, Scanner};
use crate::infer::{Class, DecimalMark, classify};

/// How a document is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// What separates cells.
    pub delimiter: u8,
    /// What encloses cells, if anything does.
    pub quote: Option<u8>,
    /// Which bytes stand for which characters.
    pub encoding: Encoding,
    /// Whether numbers are written as `1,5`.
    pub decimal_comma: bool,
    /// Whether the first record names the columns.
    pub header: bool,
    /// Whether a line `sep=;` comes before everything, as spreadsheets write it for one another.
    pub separator_line: bool,
}

/// How much of a document detection looks at.
pub(super) const HEAD_BYTES: usize = 256 * 1024;
const SAMPLED_RECORDS: usize = 200;
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// Finds out how the document is spelled that begins with `head`; some 100 KiB are plenty.
///
/// What `options` say is taken as it is. The decimal mark is that of the beginning: a survey
/// looks at all of the document. Never fails: whatever the bytes, there is a most likely answer.
///
/// ```
/// use tiepoint_codecs::csv::{ReadOptions, detect};
/// let dialect = detect("Stadt;Fläche\nUlm;118,7\nBern;51,6\n".as_bytes(), &ReadOptions::default());
/// assert_eq!((dialect.delimiter, dialect.header, dialect.decimal_comma), (b';', true, true));
/// ```
#[must_use]
pub fn detect(head: &[u8], options: &ReadOptions) -> Dialect {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let shown = options.encoding.or_else(|| Encoding::shown_by(head));
    let encoding = shown.unwrap_or(Encoding::UTF_8);
    let text = encoding.decode_head(head);
    let declared = declared_delimiter(&text);
    let body = if declared.is_some() { after_first_line(&text) } else { &text };
    let quote = options.quote.map_or_else(|| Some(likely_quote(body)), Quote::byte);
    let delimiter = options.delimiter.or(declared).unwrap_or_else(|| likely_delimiter(body, quote));
    let sample = Sample::of(body, delimiter, quote);
    let mark = fixed_mark(options, delimiter).unwrap_or_else(|| likely_mark(&sample));
    Dialect {
        delimiter,
        quote,
        encoding,
        decimal_comma: mark == DecimalMark::Comma,
        header: options.header.unwrap_or_else(|| has_header(&sample, mark)),
        separator_line: declared.is_some(),
    }
}

/// The decimal mark that needs no evidence: a comma cannot be it where it separates cells.
pub(super) fn fixed_mark(options: &ReadOptions, delimiter: u8) -> Option<DecimalMark> {
    match options.decimal_comma {
        Some(true) => Some(DecimalMark::Comma),
        Some(false) => Some(DecimalMark::Point),
        None => (delimiter == b',').then_some(DecimalMark::Point),
    }
}

fn declared_delimiter(text: &str) -> Option<u8> {
    const START: usize = "sep=".len();
    let (start, delimiter) = text.lines().next()?.as_bytes().split_at_checked(START)?;
    let [delimiter] = *delimiter else { return None };
    let is_usable = is_usable_sign(delimiter) && !matches!(delimiter, b'"' | b'\'');
    (start.eq_ignore_ascii_case(b"sep=") && is_usable).then_some(delimiter)
}

fn after_first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or("");
    text[line.len()..].trim_start_matches(['\r', '\n'])
}

/// The records at the beginning of a document.
struct Sample {
    records: Vec<Vec<String>>,
}

impl Sample {
    fn of(text: &str, delimiter: u8, quote: Option<u8>) -> Self {
        let mut records = Vec::new();
        each_record(text, delimiter, quote, |bytes, cells, _| {
            let cell = |cell: &Cell| String::from_utf8_lossy(&bytes[cell.start..cell.end]).into();
            records.push(cells.iter().map(cell).collect());
        });
        Self { records }
    }

    fn first(&self) -> &[String] {
        self.records.first().map_or(&[], Vec::as_slice)
    }

    /// The cells of a column below its first.
    fn below(&self, column: usize) -> impl Iterator<Item = &str> {
        self.records.iter().skip(1).filter_map(move |record| record.get(column).map(String::as_str))
    }
}

/// Calls `use_record` for the first records and says whether all could be cut. A last one that may
/// be cut off is left out, unless it is the only one.
fn each_record(
    text: &str,
    delimiter: u8,
    quote: Option<u8>,
    mut use_record: impl FnMut(&[u8], &[Cell], Scanned),
) -> bool {
    let scanner = Scanner::new(delimiter, quote);
    let (mut bytes, mut cells, mut seen) = (text.as_bytes(), Vec::new(), 0);
    while !bytes.is_empty() && seen < SAMPLED_RECORDS {
        let Ok(record) = scanner.scan(bytes, Rest::IsHere, &mut cells) else { return false };
        let may_be_cut_off = record.consumed == record.len && text.len() >= HEAD_BYTES / 2;
        if record.len > 0 && (seen == 0 || !may_be_cut_off) {
            use_record(bytes, &cells, record);
            seen += 1;
        }
        bytes = &bytes[record.consumed..];
    }
    true
}

/// An apostrophe only if it encloses cells without fault and no quote is there.
fn likely_quote(text: &str) -> u8 {
    let encloses = |delimiter: u8| {
        let (mut enclosed, mut faults) = (0, 0);
        let is_cut = each_record(text, delimiter, Some(b'\''), |_, cells, record| {
            enclosed += cells.iter().filter(|cell| cell.form != Form::Plain).count();
            faults += usize::from(record.stray_text.is_some());
        });
        is_cut && enclosed > 1 && faults == 0
    };
    if !text.contains('"') && DELIMITERS.into_iter().any(encloses) { b'\'' } else { b'"' }
}

/// The one that cuts most records into as many cells as the header; a comma last, for it is common
/// in numbers and text. Where none does, a document of one column needs one that it does not use.
fn likely_delimiter(text: &str, quote: Option<u8>) -> u8 {
    const ALL: usize = 1_000;
    let mut best = (None, ALL / 2);
    let mut unused = None;
    for delimiter in DELIMITERS {
        let (mut first, mut records, mut alike, mut most) = (0, 0_usize, 0, 0);
        each_record(text, delimiter, quote, |_, _, record| {
            if records == 0 {
                first = record.cells;
            }
            records += 1;
            alike += usize::from(record.cells == first);
            most = most.max(record.cells);
        });
        let share = (alike * ALL).checked_div(records).unwrap_or(0);
        if first > 1 && share > best.1 {
            best = (Some(delimiter), share);
        }
        if most <= 1 && (unused.is_none() || delimiter == b',') {
            unused = Some(delimiter);
        }
    }
    best.0.or(unused).unwrap_or(b',')
}

fn likely_mark(sample: &Sample) -> DecimalMark {
    let columns = sample.records.iter().map(Vec::len).max().unwrap_or(0);
    let mut evidence = vec![Evidence::new(None); columns];
    for record in sample.records.iter().skip(1) {
        for (column, cell) in evidence.iter_mut().zip(record) {
            column.observe(cell, 0);
        }
    }
    Evidence::decimal_mark(&evidence)
}

/// Whether the first record looks unlike those below it. Where all is text, it is a header.
fn has_header(sample: &Sample, mark: DecimalMark) -> bool {
    let first = sample.first();
    let is_time_series = has_years(first) && !sample.records.iter().skip(1).any(|it| has_years(it));
    if are_geometry_names(first) || is_time_series {
        return true;
    }
    let (mut unlike, mut alike) = (0, 0);
    for (column, name) in first.iter().enumerate() {
        let below = kind_below(sample, column, mark);
        match kind(classify(name, mark)) {
            Kind::Blank => {}
            Kind::Text => unlike += usize::from(!matches!(below, Kind::Text | Kind::Blank)),
            typed => alike += usize::from(typed == below || sample.records.len() == 1),
        }
    }
    alike == 0 || unlike > alike
}

/// Whether years in a row stand there, as in the header of a time series.
fn has_years(first: &[String]) -> bool {
    let year = |cell: &String| {
        cell.parse::<u32>().ok().filter(|year| cell.len() == 4 && (1800..=2100).contains(year))
    };
    let is_next = |(before, after): (Option<u32>, Option<u32>)| matches!((before, after), (Some(before), Some(after)) if before + 1 == after);
    first.windows(2).map(|pair| (year(&pair[0]), year(&pair[1]))).any(is_next)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Text,
    Number,
    Other(Class),
}

fn kind(class: Class) -> Kind {
    match class {
        Class::Blank => Kind::Blank,
        Class::Text => Kind::Text,
        Class::Int | Class::WideInt | Class::Real | Class::Decimal => Kind::Number,
        Class::ZonedDateTime => Kind::Other(Class::DateTime),
        Class::ZonedTime => Kind::Other(Class::Time),
        other => Kind::Other(other),
    }
}

/// What all cells of a column below the first are; text where they differ.
fn kind_below(sample: &Sample, column: usize, mark: DecimalMark) -> Kind {
    sample
        .below(column)
        .map(|cell| kind(classify(cell, mark)))
        .filter(|kind| *kind != Kind::Blank)
        .reduce(|all, next| if all == next { all } else { Kind::Text })
        .unwrap_or(Kind::Blank)
}
