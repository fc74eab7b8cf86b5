//! What goes in comes out: every spelling of arbitrary geometries, bit by bit.

use proptest::prelude::*;
use tiepoint_core::testing::{arb_geometry, arb_plain_geometry};
use tiepoint_core::{Content, Dims, Geometry, GeometryKind, GeometryRef, Parts, WkbFacts};

/// A dialect that somebody else might write.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    big_endian: bool,
    ewkb: bool,
    srid: Option<i32>,
    /// What an empty point is spelled with.
    nan: u64,
}

const QUIET_NAN: u64 = 0x7FF8_0000_0000_0000;
/// As x86 computes it, with a sign, and with a payload.
const ODD_NAN: u64 = 0xFFF8_0000_0000_0001;

/// An encoder of its own, so that the one under test is not its own judge.
fn encode(geometry: GeometryRef<'_>, dialect: Dialect, out: &mut Vec<u8>) {
    let dims = geometry.dims();
    let mut code = geometry.kind().code();
    if dialect.ewkb {
        code |= if dims.has_z() { 0x8000_0000 } else { 0 };
        code |= if dims.has_m() { 0x4000_0000 } else { 0 };
        code |= if dialect.srid.is_some() { 0x2000_0000 } else { 0 };
    } else {
        code += u32::from(dims.has_z()) * 1000 + u32::from(dims.has_m()) * 2000;
    }
    let number = |n: u32| if dialect.big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    out.push(u8::from(!dialect.big_endian));
    out.extend(number(code));
    out.extend(dialect.srid.into_iter().flat_map(|srid| number(srid.cast_unsigned())));
    let count = |n: usize| number(u32::try_from(n).expect("small"));
    let ordinates = |line: tiepoint_core::Positions<'_>, out: &mut Vec<u8>| {
        for ordinate in line.iter().flat_map(|position| position.ordinates().to_vec()) {
            let bits = ordinate.to_bits();
            out.extend(if dialect.big_endian { bits.to_be_bytes() } else { bits.to_le_bytes() });
        }
    };
    match geometry.parts() {
        Parts::Positions(point) if geometry.kind() == GeometryKind::Point => {
            if point.is_empty() {
                let Dialect { nan, big_endian, .. } = dialect;
                let nan = if big_endian { nan.to_be_bytes() } else { nan.to_le_bytes() };
                (0..dims.size()).for_each(|_| out.extend(nan));
            }
            ordinates(point, out);
        }
        Parts::Positions(line) => {
            out.extend(count(line.len()));
            ordinates(line, out);
        }
        Parts::Rings(rings) => {
            out.extend(count(rings.len()));
            for ring in rings {
                out.extend(count(ring.len()));
                ordinates(ring, out);
            }
        }
        Parts::Members(members) => {
            out.extend(count(members.len()));
            members.for_each(|member| encode(member, Dialect { srid: None, ..dialect }, out));
        }
    }
}

fn encoded(geometry: &Geometry, dialect: Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    encode(geometry.as_ref(), dialect, &mut out);
    out
}

proptest! {
    #[test]
    fn canonical_wkb_comes_back_bit_by_bit(geometry in arb_geometry()) {
        let again = Geometry::from_wkb(geometry.as_wkb()).expect("canonical");
        prop_assert_eq!(again.as_wkb(), geometry.as_wkb());
        prop_assert_eq!(again.envelope(), geometry.envelope());
    }

    #[test]
    fn every_dialect_becomes_the_same_canonical_bytes(
        geometry in arb_geometry(),
        big_endian: bool,
        ewkb: bool,
        srid in proptest::option::of(any::<i32>()),
    ) {
        let srid = srid.filter(|_| ewkb);
        let foreign = encoded(&geometry, Dialect { big_endian, ewkb, srid, nan: ODD_NAN });
        let (again, read) = Geometry::from_ewkb(&foreign).expect("well-formed");
        prop_assert_eq!((again.as_wkb(), read), (geometry.as_wkb(), srid));
        prop_assert_eq!(Geometry::from_wkb(&foreign).is_ok(), srid.is_none());

        let facts = WkbFacts { kind: geometry.kind(), dims: geometry.dims(), srid };
        prop_assert_eq!(WkbFacts::peek(&foreign), Ok(facts));
    }

    #[test]
    fn ewkb_is_written_as_postgis_writes_it(
        geometry in arb_geometry(),
        srid in proptest::option::of(any::<i32>()),
    ) {
        let written = geometry.to_ewkb(srid);
        let (again, read) = Geometry::from_ewkb(&written).expect("well-formed");
        prop_assert_eq!((&again, read), (&geometry, srid));
        let dialect = Dialect { big_endian: false, ewkb: true, srid, nan: QUIET_NAN };
        prop_assert_eq!(written, encoded(&geometry, dialect));
    }

    #[test]
    fn text_comes_back_bit_by_bit(
        geometry in arb_geometry(),
        srid in proptest::option::of(any::<i32>()),
    ) {
        let wkt = geometry.to_wkt();
        prop_assert_eq!(Geometry::from_wkt(&wkt).expect(&wkt), geometry.clone());
        let ewkt = geometry.to_ewkt(srid);
        prop_assert_eq!(Geometry::from_ewkt(&ewkt).expect(&ewkt), (geometry, srid));
    }

    #[test]
    fn text_in_other_spellings_is_the_same_geometry(geometry in arb_geometry()) {
        let wkt = geometry.to_wkt();
        let spaced = wkt.to_lowercase().replace(',', " ,\n ").replace('(', " (\t").replace(')', " )");
        prop_assert_eq!(Geometry::from_wkt(&spaced).expect(&spaced), geometry.clone());
        let glued = wkt.replace(" ZM ", "ZM ").replace(" Z ", "Z ").replace(" M ", "M ");
        prop_assert_eq!(Geometry::from_wkt(&glued).expect(&glued), geometry);
    }

    #[test]
    fn facts_are_those_of_the_positions(geometry in arb_geometry()) {
        let mut all = Vec::new();
        collect(geometry.as_ref(), &mut all);
        prop_assert_eq!(geometry.num_positions(), all.len());
        prop_assert_eq!(geometry.is_empty(), all.is_empty());
        let least = |axis: usize| all.iter().map(|at| at[axis]).fold(f64::INFINITY, f64::min);
        let most = |axis: usize| all.iter().map(|at| at[axis]).fold(f64::NEG_INFINITY, f64::max);
        let Some(envelope) = geometry.envelope() else {
            prop_assert!(all.is_empty());
            return Ok(());
        };
        let (min, max) = (envelope.min(), envelope.max());
        if geometry.to_wkt().contains("CIRCULARSTRING") {
            prop_assert!(min.x <= least(0) && min.y <= least(1), "arcs bulge outwards");
            prop_assert!(max.x >= most(0) && max.y >= most(1), "arcs bulge outwards");
        } else {
            let corners = [(least(0), least(1)), (most(0), most(1))];
            prop_assert_eq!([(min.x, min.y), (max.x, max.y)], corners);
        }
    }

    #[test]
    fn geo_types_gives_back_what_it_can_hold(geometry in arb_plain_geometry()) {
        let (Ok((held, dropped)), false) = (geometry.to_geo_types(), geometry.to_wkt() == "POINT EMPTY")
        else {
            prop_assert!(geometry.is_empty());
            return Ok(());
        };
        prop_assert_eq!(dropped.z, geometry.dims().has_z() && !geometry.is_empty());
        let again = Geometry::from_geo_types(&held).expect("was well-formed");
        if geometry.dims() == Dims::Xy && dropped.is_nothing() {
            prop_assert_eq!(again, geometry);
        } else {
            prop_assert_eq!(again.envelope(), geometry.envelope());
            prop_assert_eq!(again.num_positions(), geometry.num_positions());
        }
    }

    #[test]
    fn geo_traits_sees_all_ordinates(geometry in arb_geometry()) {
        let simple = only_simple(geometry.as_ref());
        match geometry.as_geo_traits() {
            Err(_) => prop_assert!(!simple),
            Ok(view) => {
                prop_assert!(simple);
                let mut rewritten = Vec::new();
                let options = wkb::writer::WriteOptions { endianness: wkb::Endianness::LittleEndian };
                wkb::writer::write_geometry(&mut rewritten, &view, &options).expect("to memory");
                prop_assert_eq!(Geometry::from_wkb(&rewritten).expect("well-formed"), geometry.clone());
            }
        }
    }
}

fn only_simple(geometry: GeometryRef<'_>) -> bool {
    geometry.kind().code() <= 7 && geometry.members().all(only_simple)
}

fn collect(geometry: GeometryRef<'_>, into: &mut Vec<[f64; 2]>) {
    match geometry.kind().content() {
        Content::Positions => into.extend(geometry.positions().xy().map(|at| [at.x, at.y])),
        Content::Rings => {
            into.extend(geometry.rings().flat_map(|ring| ring.xy().map(|at| [at.x, at.y])));
        }
        Content::Members => geometry.members().for_each(|member| collect(member, into)),
    }
}
