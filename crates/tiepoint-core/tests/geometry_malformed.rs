//! Hostile bytes and text are errors that say where, quickly and without a panic.

use proptest::prelude::*;
use tiepoint_core::testing::arb_geometry;
use tiepoint_core::{
    Dims, ErrorKind, Fault, Geometry, GeometryError, GeometryKind, GeometryWriter, MAX_NESTING,
    NestedPositions,
};

proptest! {
    #[test]
    fn bytes_cut_off_anywhere_are_refused(geometry in arb_geometry()) {
        let wkb = geometry.as_wkb();
        for end in 0..wkb.len() {
            let refusal = Geometry::from_wkb(&wkb[..end]).expect_err("cut off");
            let GeometryError::Bytes { offset, .. } = refusal else { panic!("{refusal}") };
            prop_assert!(offset <= end);
        }
    }

    #[test]
    fn flipped_bytes_never_panic(
        geometry in arb_geometry(),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = geometry.as_wkb().to_vec();
        for (index, flip) in flips {
            *index.get_mut(&mut bytes) ^= flip;
        }
        if let Ok((read, srid)) = Geometry::from_ewkb(&bytes) {
            prop_assert!(read.as_wkb().len() <= bytes.len());
            prop_assert_eq!(Geometry::from_ewkb(&read.to_ewkb(srid)), Ok((read, srid)));
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Geometry::from_ewkb(&bytes);
    }

    #[test]
    fn damaged_text_never_panics(
        geometry in arb_geometry(),
        index: proptest::sample::Index,
        put in "[ (),;.zmeNZ0-9é-]{0,3}",
    ) {
        let mut wkt: Vec<char> = geometry.to_wkt().chars().collect();
        let at = index.index(wkt.len());
        wkt.splice(at..=at, put.chars());
        let damaged: String = wkt.iter().collect();
        if let Err(refusal) = Geometry::from_ewkt(&damaged) {
            let GeometryError::Text { position, .. } = refusal else { panic!("{refusal}") };
            prop_assert!(position <= wkt.len());
        }
    }

    #[test]
    fn random_text_never_panics(text in "(POINT|TIN|SRID=|\\(|\\)|,|Z|EMPTY|[-0-9.e]|\\PC){0,12}") {
        let _ = Geometry::from_ewkt(&text);
    }
}

fn refusal(wkb: &[u8]) -> (Fault, usize) {
    match Geometry::from_wkb(wkb) {
        Err(GeometryError::Bytes { fault, offset }) => (fault, offset),
        other => panic!("{other:?}"),
    }
}

fn wkb(wkt: &str) -> Vec<u8> {
    Geometry::from_wkt(wkt).expect(wkt).as_wkb().to_vec()
}

#[test]
fn a_count_beyond_the_bytes_is_refused_where_it_stands() {
    for kind in GeometryKind::ALL.into_iter().filter(|kind| *kind != GeometryKind::Point) {
        let mut hostile = vec![1];
        hostile.extend(kind.code().to_le_bytes());
        hostile.extend([0xFF; 4]);
        let count = Fault::CountTooLarge { count: u32::MAX, remaining: 0 };
        assert_eq!(refusal(&hostile), (count, 5), "{kind}");
    }
}

#[test]
fn collections_nest_to_the_cap_and_no_deeper() {
    let nested = |depth: usize| {
        format!("{}POINT (1 2){}", "GEOMETRYCOLLECTION (".repeat(depth), ")".repeat(depth))
    };
    let deepest = Geometry::from_wkt(&nested(MAX_NESTING)).expect("at the cap");
    assert_eq!(Geometry::from_wkb(deepest.as_wkb()), Ok(deepest.clone()));
    assert!(deepest.as_geo_traits().is_ok());

    let mut deeper = vec![1, 7, 0, 0, 0, 1, 0, 0, 0];
    deeper.extend(deepest.as_wkb());
    assert!(matches!(refusal(&deeper), (Fault::TooDeep { .. }, _)));
    let bomb = [1, 7, 0, 0, 0, 1, 0, 0, 0].repeat(1_000_000);
    assert!(matches!(refusal(&bomb), (Fault::TooDeep { .. }, _)));
    for depth in [MAX_NESTING + 1, 1_000_000] {
        let refused = Geometry::from_wkt(&nested(depth)).expect_err("too deep");
        assert!(matches!(refused.fault(), Some(Fault::TooDeep { .. })), "{refused}");
    }
}

#[test]
fn a_writer_that_nests_too_deep_is_refused() {
    let mut writer = GeometryWriter::new();
    writer.begin_flat_or_high(GeometryKind::GeometryCollection);
    (0..1_000_000).for_each(|_| writer.member(GeometryKind::GeometryCollection));
    (0..=1_000_000).for_each(|_| writer.end());
    let refused = writer.finish().expect_err("too deep");
    assert!(matches!(refused.fault(), Some(Fault::TooDeep { .. })), "{refused}");
}

#[test]
fn codes_of_abstract_classes_are_unsupported() {
    for code in [0_u8, 13, 14, 18] {
        let error = Geometry::from_wkb(&[1, code, 0, 0, 0]).expect_err("no kind");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.fault(), Some(&Fault::KindCode { code: code.into() }));
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let mut long = wkb("POINT (1 2)");
    long.push(0);
    assert_eq!(refusal(&long), (Fault::Trailing { count: 1 }, 21));
}

#[test]
fn members_of_other_dims_kind_or_srid_are_refused() {
    let mut dims = wkb("MULTIPOINT Z ((1 2 3))");
    dims[1..5].copy_from_slice(&4_u32.to_le_bytes());
    let other = Fault::MemberDims { root: Dims::Xy, member: Dims::Xyz };
    assert_eq!(refusal(&dims), (other, 9));

    let mut kind = wkb("MULTIPOINT ((1 2))");
    kind[1] = 5;
    let (parent, member) = (GeometryKind::MultiLineString, GeometryKind::Point);
    assert_eq!(refusal(&kind), (Fault::MemberKind { parent, member }, 9));

    let mut srid = wkb("GEOMETRYCOLLECTION EMPTY");
    srid[5] = 1;
    srid.extend(Geometry::from_wkt("POINT (1 2)").expect("a point").to_ewkb(Some(7)));
    assert_eq!(refusal(&srid), (Fault::MemberSrid { member: 7 }, 9));
}

#[test]
fn ordinates_that_are_not_finite_are_refused_where_they_stand() {
    let spoilt = |offset: usize, value: f64| {
        let mut bytes = wkb("LINESTRING ZM (1 2 3 4,5 6 7 8)");
        bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    for (offset, ordinate) in [(9, 'x'), (49, 'y'), (57, 'z'), (33, 'm')] {
        let value = f64::INFINITY;
        assert_eq!(refusal(&spoilt(offset, value)), (Fault::NotFinite { ordinate, value }, offset));
    }
    assert!(matches!(refusal(&spoilt(41, f64::NAN)), (Fault::NotFinite { .. }, 41)));
    assert!(Geometry::from_wkb(&spoilt(57, f64::NAN)).is_ok(), "an unknown height");
}

#[test]
fn text_errors_say_what_and_where() {
    let cases = [
        ("", 0, "expected a kind of geometry, found the end"),
        ("PONT (1 2)", 0, "found `PONT`"),
        ("POINT (1)", 7, "1 ordinates"),
        ("POINT (1 2 3 4 5)", 7, "5 ordinates"),
        ("POINT (1 2", 10, "expected `,` or `)`, found the end"),
        ("POINT (1 2, 3 4)", 0, "more than one position"),
        ("POINT (1 x)", 9, "expected a number, found `x`"),
        ("POINT (1 1e999)", 9, "y is `inf`"),
        ("POINT (NaN 1)", 7, "x is `NaN`"),
        ("POINT (1 2-3)", 9, "found `2-3`"),
        ("POINT (1 2) x", 12, "1 more"),
        ("LINESTRING (1 2)", 0, "`LineString` of 1 positions"),
        ("POLYGON ((0 0,1 0,1 1,0 0), (0 0,1 0,0 0))", 28, "a ring of 3 positions"),
        ("POLYGON ((0 0,1 0,1 1,0 1))", 9, "starts at `0 0` and ends at `0 1`"),
        ("LINESTRING (0 0,1 1 1)", 16, "3 ordinates"),
        ("GEOMETRYCOLLECTION (POINT (1 2),POINT Z (1 2 3))", 32, "a member is `XYZ`"),
        ("MULTIPOINT (POINT (1 2),LINESTRING (1 2,3 4))", 24, "may not hold a `LineString`"),
        ("SRID=x;POINT (1 2)", 5, "an SRID"),
        ("SRID=4326;POINT (1 2)", 0, "SRID `4326`"),
        ("POLYGON (é)", 9, "found `é`"),
    ];
    for (text, at, says) in cases {
        let error = Geometry::from_wkt(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        let GeometryError::Text { position, .. } = &error else { panic!("{error}") };
        assert!(*position == at && error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn calls_out_of_place_are_reported_by_finish_and_leave_the_writer_clear() {
    let mut writer = GeometryWriter::new();
    let misuses: [fn(&mut GeometryWriter); 7] = [
        |_| {},
        |writer| writer.end(),
        |writer| writer.position(&[1.0, 2.0]),
        |writer| writer.begin(GeometryKind::Point, Dims::Xy),
        |writer| {
            writer.begin(GeometryKind::LineString, Dims::Xy);
            writer.ring();
        },
        |writer| {
            writer.begin(GeometryKind::Polygon, Dims::Xy);
            writer.member(GeometryKind::Point);
        },
        |writer| {
            writer.begin(GeometryKind::Point, Dims::Xy);
            writer.end();
            writer.begin(GeometryKind::Point, Dims::Xy);
        },
    ];
    for misuse in misuses {
        misuse(&mut writer);
        let refused = writer.finish().expect_err("out of place");
        assert!(matches!(refused.fault(), Some(Fault::Structure { .. })), "{refused}");
        assert!(writer.is_clear());
    }
}

#[test]
fn coordinates_nested_otherwise_than_the_kind_are_refused() {
    let nested = |text: &str| {
        let mut nested = NestedPositions::new();
        for sign in text.chars() {
            match sign {
                '[' => nested.open(),
                ']' => nested.close(),
                _ => nested.position(&[1.0, 2.0]),
            }
        }
        nested
    };
    let write = |text: &str, kind| {
        let mut writer = GeometryWriter::new();
        nested(text).write(kind, &mut writer)?;
        writer.finish().map(|geometry| geometry.to_wkt())
    };
    let good = [
        ("p", GeometryKind::Point, "POINT (1 2)"),
        ("[]", GeometryKind::Point, "POINT EMPTY"),
        ("[]", GeometryKind::LineString, "LINESTRING EMPTY"),
        ("[]", GeometryKind::MultiPolygon, "MULTIPOLYGON EMPTY"),
        ("[pp]", GeometryKind::MultiPoint, "MULTIPOINT ((1 2),(1 2))"),
        ("[[pp][]]", GeometryKind::MultiLineString, "MULTILINESTRING ((1 2,1 2),EMPTY)"),
        ("[[pppp]]", GeometryKind::Polygon, "POLYGON ((1 2,1 2,1 2,1 2))"),
        ("[[][[pppp]]]", GeometryKind::MultiPolygon, "MULTIPOLYGON (EMPTY,((1 2,1 2,1 2,1 2)))"),
    ];
    for (text, kind, wkt) in good {
        assert_eq!(write(text, kind), Ok(wkt.to_owned()), "{text}");
    }
    let bad = [
        ("", GeometryKind::Point),
        ("pp", GeometryKind::Point),
        ("[p]", GeometryKind::Point),
        ("p", GeometryKind::LineString),
        ("[[pp]]", GeometryKind::LineString),
        ("[[]]", GeometryKind::LineString),
        ("[[]]", GeometryKind::MultiPoint),
        ("[[]]", GeometryKind::Polygon),
        ("[pp", GeometryKind::LineString),
        ("pp]", GeometryKind::LineString),
        ("[p[p]]", GeometryKind::Polygon),
        ("[[[[p]]]]", GeometryKind::MultiPolygon),
        ("[]", GeometryKind::Tin),
    ];
    for (text, kind) in bad {
        assert!(write(text, kind).is_err(), "{text} as {kind}");
    }
}
