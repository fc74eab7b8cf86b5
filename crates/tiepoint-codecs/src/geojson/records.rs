//! Where features begin and end in a document: in a collection, alone, or in a sequence.
use super::cursor::{Bad, Cursor, Stop};
use super::geometry::is_geometry;
use super::header::{Header, RootStop};
use super::input::{CHUNK_BYTES, Input};
use super::{Framing, ReadOptions};
use crate::{CodecError, Result};
use std::io::Read;

/// Starts each text of a sequence (RFC 8142, section 2).
pub(super) const RECORD_SEPARATOR: u8 = 0x1E;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// How much of a bad feature is quoted.
const QUOTED_BYTES: usize = 64 << 10;

/// A document's features one after another, each handed to whoever reads it.
pub(super) struct Records<R> {
    input: Input<R>,
    state: State,
    framing: Framing,
    features: u64,
    pub(super) header: Header,
}

enum State {
    /// Before the first byte.
    Start,
    /// In the array of a collection, before an element or its end.
    Features {
        first: bool,
    },
    /// Before an object of this length, which is all there is.
    Single {
        length: usize,
    },
    /// Before a line.
    Lines,
    /// Before a record separator.
    Separated,
    Done,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: R, options: &ReadOptions) -> Self {
        Self::in_chunks(source, options, CHUNK_BYTES)
    }

    /// Reads so many bytes at a time.
    pub(super) fn in_chunks(source: R, options: &ReadOptions, chunk_bytes: usize) -> Self {
        Self {
            input: Input::new(source, chunk_bytes, options.max_feature_bytes),
            state: State::Start,
            framing: options.framing,
            features: 0,
            header: Header::default(),
        }
    }

    /// How many features there have been, readable or not.
    pub(super) fn features(&self) -> u64 {
        self.features
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.input.bytes_read()
    }

    /// Hands the next feature to `read`, which is called again with more of the document when it
    /// stops at the end of what it got; `None` when there are no more.
    pub(super) fn next<T>(
        &mut self,
        read: impl FnMut(&mut Cursor<'_>) -> Result<T, Stop>,
    ) -> Result<Option<T>> {
        let next = self.advance(read);
        if next.as_ref().is_err_and(|error| !error.is_recoverable()) {
            self.state = State::Done;
        }
        next
    }

    fn advance<T>(
        &mut self,
        read: impl FnMut(&mut Cursor<'_>) -> Result<T, Stop>,
    ) -> Result<Option<T>> {
        if matches!(self.state, State::Start) {
            self.start()?;
        }
        match self.state {
            State::Start | State::Done => Ok(None),
            State::Features { first } => self.element(first, read),
            State::Single { length } => {
                self.state = State::Done;
                self.record(length, read).map(Some)
            }
            State::Lines => match self.next_line()? {
                Some(length) => self.record(length, read).map(Some),
                None => Ok(None),
            },
            State::Separated => match self.next_separated()? {
                Some(length) => self.record(length, read).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Finds out what kind of document this is.
    fn start(&mut self) -> Result<()> {
        while self.input.window().len() < 4 && self.input.extend()? {}
        self.check_encoding()?;
        if self.input.window().starts_with(BYTE_ORDER_MARK) {
            self.input.consume(BYTE_ORDER_MARK.len());
        }
        self.state = match (self.skip_space()?, self.framing) {
            (Some(RECORD_SEPARATOR), _) => State::Separated,
            (_, Framing::Sequence) => State::Lines,
            (Some(b'{'), Framing::Detect) => self.start_of_root()?,
            (Some(_), Framing::Detect) => return Err(self.bad(0, "expected a GeoJSON object")),
            (None, Framing::Detect) => return Err(self.bad(0, "the document is empty")),
        };
        Ok(())
    }

    fn check_encoding(&self) -> Result<()> {
        match self.input.window() {
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..] => Err(self.bad(
                0,
                "the document is in UTF-16 or UTF-32; GeoJSON is in UTF-8 (RFC 8259, section 8.1)",
            )),
            [0x1F, 0x8B, ..] => {
                Err(self.bad(0, "the document is compressed (gzip); decompress it first"))
            }
            _ => Ok(()),
        }
    }

    /// Reads the root object up to a collection's features, or to its end.
    fn start_of_root(&mut self) -> Result<State> {
        let before = self.header.clone();
        let (stop, length) = self.retry(|cursor, header| {
            header.clone_from(&before);
            cursor.expect(b'{')?;
            header.read(cursor, true)
        })?;
        let RootStop::Closed(ty) = stop else {
            self.input.consume(length);
            return Ok(State::Features { first: true });
        };
        match (self.next_after(length)?, ty.as_deref()) {
            (Some(b'{'), _) => {
                self.header = before;
                Ok(State::Lines)
            }
            (Some(_), _) => Err(self.bad(length, "more text after the end of the document")),
            (None, Some("FeatureCollection")) => {
                Err(self.bad(0, "a FeatureCollection without an array `features`"))
            }
            (None, Some(ty)) if ty == "Feature" || is_geometry(ty) => Ok(State::Single { length }),
            (None, Some(ty)) => Err(self.bad(0, &not_geojson(ty))),
            (None, None) => Err(self.bad(0, "a GeoJSON object has a `type`")),
        }
    }

    /// The next element of the features, or what follows them.
    fn element<T>(
        &mut self,
        first: bool,
        mut read: impl FnMut(&mut Cursor<'_>) -> Result<T, Stop>,
    ) -> Result<Option<T>> {
        let mut again = first;
        let (goes_on, length) = self.retry(|cursor, _| {
            again = first;
            cursor.next_element(&mut again)
        })?;
        self.input.consume(length);
        if !goes_on {
            self.end_of_root()?;
            self.state = State::Done;
            return Ok(None);
        }
        self.state = State::Features { first: false };
        self.skip_space()?;
        self.features += 1;
        loop {
            let mut cursor = Cursor::new(self.input.window());
            match read(&mut cursor) {
                Ok(found) => {
                    let length = cursor.at;
                    self.input.consume(length);
                    return Ok(Some(found));
                }
                Err(Stop::End) if self.input.extend()? => {}
                Err(Stop::End) => return Err(self.cut_off()),
                Err(Stop::Bad(bad)) => return Err(self.bad_element(*bad)?),
                Err(Stop::Fatal(error)) => return Err(*error),
            }
        }
    }

    /// The members behind the features, to the end of the document.
    fn end_of_root(&mut self) -> Result<()> {
        let before = self.header.clone();
        let (stop, length) = self.retry(|cursor, header| {
            header.clone_from(&before);
            header.read(cursor, false)
        })?;
        match stop {
            RootStop::Features => return Err(self.bad(length, "a second array `features`")),
            RootStop::Closed(Some(ty)) if ty != "FeatureCollection" => {
                return Err(self.bad(length, &not_geojson(&ty)));
            }
            RootStop::Closed(_) => self.input.consume(length),
        }
        match self.skip_space()? {
            Some(_) => Err(self.bad(0, "more text after the end of the document")),
            None => Ok(()),
        }
    }

    /// A feature that makes no sense is passed over if it is JSON; if not, all ends here.
    fn bad_element(&mut self, bad: Bad) -> Result<CodecError> {
        let length = loop {
            let mut cursor = Cursor::new(self.input.window());
            let skipped = cursor.skip_value().map(drop);
            match skipped {
                Ok(()) => break cursor.at,
                Err(Stop::Bad(bad)) => return Ok(self.bad(bad.at, &bad.reason)),
                Err(Stop::Fatal(error)) => return Ok(*error),
                Err(Stop::End) if self.input.extend()? => {}
                Err(Stop::End) => return Ok(self.cut_off()),
            }
        };
        Ok(self.bad_feature(bad, length))
    }

    /// A feature of known length.
    fn record<T>(
        &mut self,
        length: usize,
        mut read: impl FnMut(&mut Cursor<'_>) -> Result<T, Stop>,
    ) -> Result<T> {
        self.features += 1;
        let mut cursor = Cursor::new(&self.input.window()[..length]);
        let found = read(&mut cursor).and_then(|found| match cursor.peek() {
            Err(Stop::End) => Ok(found),
            _ => Err(Stop::bad(cursor.at, "more text after the end of the feature")),
        });
        match found {
            Ok(found) => {
                self.input.consume(length);
                Ok(found)
            }
            Err(Stop::Bad(bad)) => Err(self.bad_feature(*bad, length)),
            Err(Stop::Fatal(error)) => Err(*error),
            Err(Stop::End) => {
                let at = self.input.window()[..length].trim_ascii_end().len();
                let reason = "the feature ends before it is complete".to_owned();
                Err(self.bad_feature(Bad { at, reason }, length))
            }
        }
    }

    /// The length of the next line that is not blank.
    fn next_line(&mut self) -> Result<Option<usize>> {
        loop {
            match self.skip_space()? {
                None => return Ok(None),
                Some(RECORD_SEPARATOR) => self.input.consume(1),
                Some(_) => return self.length_to(b'\n').map(Some),
            }
        }
    }

    /// The length of the next text of a sequence that is not blank.
    fn next_separated(&mut self) -> Result<Option<usize>> {
        loop {
            match self.skip_space()? {
                None => return Ok(None),
                Some(RECORD_SEPARATOR) => self.input.consume(1),
                Some(_) => return self.length_to(RECORD_SEPARATOR).map(Some),
            }
        }
    }

    /// How many bytes come before the next `end`, or the end of the document.
    fn length_to(&mut self, end: u8) -> Result<usize> {
        let mut searched = 0;
        loop {
            let window = self.input.window();
            if let Some(more) = memchr::memchr(end, &window[searched..]) {
                return Ok(searched + more);
            }
            searched = window.len();
            if !self.input.extend()? {
                return Ok(searched);
            }
        }
    }

    /// Tries again with more of the document until `read` does not stop at its end; tells how far
    /// it came.
    fn retry<T>(
        &mut self,
        mut read: impl FnMut(&mut Cursor<'_>, &mut Header) -> Result<T, Stop>,
    ) -> Result<(T, usize)> {
        loop {
            let mut cursor = Cursor::new(self.input.window());
            match read(&mut cursor, &mut self.header) {
                Ok(found) => return Ok((found, cursor.at)),
                Err(Stop::End) if self.input.extend()? => {}
                Err(Stop::End) => return Err(self.cut_off()),
                Err(Stop::Bad(bad)) => return Err(self.bad(bad.at, &bad.reason)),
                Err(Stop::Fatal(error)) => return Err(*error),
            }
        }
    }

    /// Passes white space; the byte after it, if there is one.
    fn skip_space(&mut self) -> Result<Option<u8>> {
        loop {
            let mut cursor = Cursor::new(self.input.window());
            let next = cursor.peek().ok();
            let passed = cursor.at;
            self.input.consume(passed);
            if next.is_some() || !self.input.extend()? {
                return Ok(next);
            }
        }
    }

    /// The first byte from `at` on that is not white space.
    fn next_after(&mut self, at: usize) -> Result<Option<u8>> {
        loop {
            let mut cursor = Cursor { bytes: self.input.window(), at };
            if let Ok(next) = cursor.peek() {
                return Ok(Some(next));
            }
            if !self.input.extend()? {
                return Ok(None);
            }
        }
    }

    fn cut_off(&self) -> CodecError {
        debug_assert!(self.input.is_exhausted(), "more could have been read");
        self.bad(self.input.window().len(), "the document ends before it is complete")
    }

    fn bad(&self, at: usize, reason: &str) -> CodecError {
        let feature = Some(self.features).filter(|number| *number > 0);
        CodecError::BadDocument { place: self.input.place(at, feature), reason: reason.to_owned() }
    }

    fn bad_feature(&mut self, bad: Bad, length: usize) -> CodecError {
        let place = self.input.place(bad.at.min(length), Some(self.features));
        let text = &self.input.window()[..length];
        let mut source_text =
            String::from_utf8_lossy(&text[..length.min(QUOTED_BYTES)]).into_owned();
        if length > QUOTED_BYTES {
            source_text.push('…');
        }
        self.input.consume(length);
        CodecError::BadFeature { place, reason: bad.reason, source_text }
    }
}

fn not_geojson(ty: &str) -> String {
    let shown: String = ty.chars().take(40).collect();
    format!("an object of type `{shown}` is not GeoJSON")
}
