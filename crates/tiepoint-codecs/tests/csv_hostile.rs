//! Documents from strangers: nothing panics, nothing grows without bound, nothing depends on how
//! the bytes come.
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, Cursor, Read};
use std::rc::Rc;
use tiepoint_codecs::csv::{
    Encoding, GeometryColumns, Quote, ReadOptions, ShortRecords, detect, reader, survey,
};
use tiepoint_codecs::{CodecError, DocumentReader};

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(document in arb_document(), options in arb_options()) {
        let _ = detect(&document, &options);
        outcome(&document[..], &document[..], &options);
    }

    #[test]
    fn it_does_not_matter_how_bytes_come(
        document in arb_document(),
        sizes in vec(1..9_usize, 1..5),
    ) {
        let options = ReadOptions::default();
        let whole = outcome(&document[..], &document[..], &options);
        let dripping = || Dripping { bytes: &document, sizes: &sizes, turn: 0 };
        prop_assert_eq!(outcome(dripping(), dripping(), &options), whole);
    }
}

#[test]
fn it_does_not_matter_how_many_bytes_come_either() {
    let mut document = b"id,name,lon,lat\n".to_vec();
    for number in 0..60_000 {
        let line = format!("{number},\"line\nbreak \"\"{number}\"\"\",{}.5,-7\r\n", number % 180);
        document.extend_from_slice(line.as_bytes());
    }
    let options = ReadOptions::default();
    let whole = outcome(&document[..], &document[..], &options);
    assert_eq!(whole.lines().count(), 60_001);
    let sizes = [65_536, 1, 4_095, 7];
    let dripping = || Dripping { bytes: &document, sizes: &sizes, turn: 0 };
    assert!(outcome(dripping(), dripping(), &options) == whole, "chunks make a difference");
}

#[test]
fn a_quote_that_is_never_closed_swallows_no_more_than_a_record() {
    let (endless, read) = Endless::after(b"a,b\n1,x\n2,\"never closed\n", b'x');
    let error = survey(endless, &ReadOptions::default()).expect_err("it would never end");
    assert_eq!(
        error.to_string(),
        "line 3: the quote opened here is not closed within 67108864 bytes"
    );
    assert!(read.get() < 140_000_000, "{} bytes were read", read.get());
}

#[test]
fn a_line_that_never_ends_is_refused() {
    let (endless, read) = Endless::after(b"a,b\n1,x\n2,", b'x');
    let error = survey(endless, &ReadOptions::default()).expect_err("it would never end");
    assert_eq!(error.to_string(), "line 3: a record of more than 67108864 bytes");
    assert!(read.get() < 140_000_000, "{} bytes were read", read.get());
}

#[test]
fn empty_lines_without_end_take_no_memory() {
    let lines = b"a\n".chain(io::repeat(b'\n').take(3_000_000)).chain(&b"1\n"[..]);
    let found = survey(lines, &ReadOptions::default()).expect("long but plain");
    assert_eq!(found.survey.features, 1);
}

#[test]
fn columns_without_end_are_refused_in_the_header_and_bad_in_a_record() {
    let commas = vec![b','; 1_000_000];
    let error = survey(&commas[..], &ReadOptions::default()).expect_err("too many");
    assert!(error.to_string().contains("1000001 columns, at most 10000"), "{error}");
    let document = [b"a,b\n1,2\n", &commas[..], b"\n3,4\n"].concat();
    let found = survey(&document[..], &ReadOptions::default()).expect("one bad record");
    let read: Vec<_> = reader(&document[..], &found).expect("the same").collect();
    assert_eq!(read.iter().filter(|feature| feature.is_ok()).count(), 2);
    let Err(CodecError::BadFeature { source_text, .. }) = &read[1] else { panic!("{:?}", read[1]) };
    assert!(source_text.len() < 70_000, "what is shown of it is shortened");
}

#[test]
fn all_columns_that_may_be_are_read() {
    let header: Vec<_> = (0..10_000).map(|number| format!("c{number}")).collect();
    let record: Vec<_> = (0..10_000).map(|number| number.to_string()).collect();
    let document = format!("{}\n{}\n", header.join(","), record.join(","));
    let found = survey(document.as_bytes(), &ReadOptions::default()).expect("as many as may be");
    assert_eq!(found.survey.schema.fields().len(), 10_000);
    assert!(reader(document.as_bytes(), &found).expect("the same").all(|feature| feature.is_ok()));
}

#[test]
fn ten_thousand_columns_of_one_name_are_told_apart_at_once() {
    let document = format!("{}a\n", "a,".repeat(9_999));
    let found = survey(document.as_bytes(), &ReadOptions::default()).expect("as many as may be");
    assert_eq!(found.columns[9_999], "a_10000");
    assert_eq!(found.survey.schema.fields().len(), 10_000);
}

#[test]
fn a_broken_connection_is_an_error_and_the_end() {
    let document = b"a\n".iter().chain(b"1\n2\n".iter().cycle().take(1_000_000));
    let document: Vec<u8> = document.copied().collect();
    let found = survey(&document[..], &ReadOptions::default()).expect("readable");
    let mut features = reader(document.chain(Broken), &found).expect("the header came");
    let error = features.find_map(Result::err).expect("the connection broke");
    assert!(matches!(error, CodecError::Io(_)));
    assert!(features.next().is_none());
}

/// All that reading yields, as text; checks what always holds on the way.
fn outcome(first: impl Read, second: impl Read, options: &ReadOptions) -> String {
    let found = match survey(first, options) {
        Ok(found) => found,
        Err(error) => return error.to_string(),
    };
    let mut features = reader(second, &found).expect("the header is as surveyed");
    let (fields, notes) = (found.survey.schema.fields(), &found.survey.notes);
    let mut outcome = format!("{:?} {:?} {fields:?} {notes:?}\n", found.dialect, found.geometry);
    let mut count = 0;
    for feature in features.by_ref() {
        count += 1;
        match feature {
            Ok(feature) => {
                for (value, field) in feature.values().iter().zip(feature.schema().fields()) {
                    let value = value.clone().expect("a reader sets every field");
                    field.accept(value).expect("the schema holds every value");
                }
                writeln!(outcome, "{:?} {:?}", feature.id, feature.values()).expect("text");
            }
            Err(error) => {
                assert!(error.is_recoverable(), "the survey passed it: {error}");
                writeln!(outcome, "{error}").expect("text");
            }
        }
    }
    assert_eq!(count, found.survey.features);
    assert!(features.next().is_none() && features.bytes_read() > 0);
    outcome
}

/// Bytes of any kind, and such as CSV is made of.
fn arb_document() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        ",",
        ";",
        "\t",
        "\"",
        "\"\"",
        "'",
        "\n",
        "\r\n",
        "\r",
        " ",
        "lon",
        "lat",
        "x,y\n",
        "wkt",
        "object_id",
        "sep=;",
        "1",
        "0.5",
        "1,5",
        "-",
        "1e5",
        "00",
        "2024-02-29",
        "12:30:00",
        "T",
        "Z",
        "true",
        "POINT(1 2)",
        "SRID=4326;",
        "0101000000",
        "LINESTRING",
        "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "ä",
        "\u{feff}",
        "\0",
    ];
    let piece = proptest::sample::select(pieces.to_vec()).prop_map(|it| it.as_bytes().to_vec());
    let any_piece = prop_oneof![8 => piece, 1 => vec(any::<u8>(), 0..4)];
    prop_oneof![
        4 => vec(any_piece, 0..60).prop_map(|pieces| pieces.concat()),
        1 => vec(any::<u8>(), 0..200),
    ]
}

fn arb_options() -> impl Strategy<Value = ReadOptions> {
    let encodings = ["utf-8", "utf-16le", "windows-1252", "shift_jis", "gb18030", "iso-2022-jp"];
    let encoding = proptest::sample::select(encodings.to_vec());
    let quote = prop_oneof![Just(Quote::None), Just(Quote::Char(b'\'')), Just(Quote::Char(b'"'))];
    let geometry = prop_oneof![
        Just(GeometryColumns::Detect),
        Just(GeometryColumns::None),
        Just(GeometryColumns::Wkt("field_1".to_owned())),
        Just(GeometryColumns::Xy { x: "field_1".to_owned(), y: "field_2".to_owned() }),
        Just(GeometryColumns::Xy { x: "field_1".to_owned(), y: "field_1".to_owned() }),
    ];
    (
        option::of(
            prop_oneof![8 => proptest::sample::select(b",;\t|' ".as_slice()), 1 => any::<u8>()],
        ),
        option::of(quote),
        option::of(encoding),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        geometry,
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(
            |(delimiter, quote, encoding, decimal_comma, header, geometry, (all_text, fill))| {
                let encoding = encoding.map(|label| label.parse::<Encoding>().expect("a label"));
                let short_records = if fill { ShortRecords::Fill } else { ShortRecords::Refuse };
                let crs = None;
                ReadOptions {
                    delimiter,
                    quote,
                    encoding,
                    decimal_comma,
                    header,
                    geometry,
                    crs,
                    all_text,
                    short_records,
                }
            },
        )
}

/// Hands out a few bytes at a time.
struct Dripping<'a> {
    bytes: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl Read for Dripping<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.sizes[self.turn % self.sizes.len()].min(out.len());
        self.bytes.read(&mut out[..size])
    }
}

/// A beginning, then one byte for ever; counts what is taken.
struct Endless {
    beginning: Cursor<&'static [u8]>,
    byte: u8,
    read: Rc<Cell<usize>>,
}

impl Endless {
    fn after(beginning: &'static [u8], byte: u8) -> (Self, Rc<Cell<usize>>) {
        let read = Rc::new(Cell::new(0));
        (Self { beginning: Cursor::new(beginning), byte, read: Rc::clone(&read) }, read)
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut count = self.beginning.read(out)?;
        if count == 0 {
            out.fill(self.byte);
            count = out.len();
        }
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}
