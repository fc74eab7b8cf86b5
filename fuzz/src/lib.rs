//! What every reader must do with hostile bytes: say no, or say what it read so that it reads the
//! same again. Never panic, never ask for more memory than the bytes are worth.
use std::process::ExitCode;
use tiepoint_core::Geometry;

/// WKB and EWKB: what is read is canonical, and reads the same again.
pub fn wkb(bytes: &[u8]) {
    if let Ok(geometry) = Geometry::from_wkb(bytes) {
        reads_the_same(&geometry);
    }
    if let Ok((geometry, srid)) = Geometry::from_ewkb(bytes) {
        let again = Geometry::from_ewkb(&geometry.to_ewkb(srid)).expect("our own EWKB is well-formed");
        assert_eq!(again, (geometry, srid));
    }
}

/// WKT and EWKT likewise.
pub fn wkt(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(geometry) = Geometry::from_wkt(&text) {
        reads_the_same(&geometry);
        let again = Geometry::from_wkt(&geometry.to_wkt()).expect("our own WKT is well-formed");
        assert_eq!(again, geometry);
    }
}

fn reads_the_same(geometry: &Geometry) {
    let again = Geometry::from_wkb(geometry.as_wkb()).expect("our own WKB is well-formed");
    assert_eq!(again.as_wkb(), geometry.as_wkb());
    let (old, new) = (geometry.envelope(), again.envelope());
    assert_eq!(old, new);
}

/// Runs a target over the files named on the command line, as a fuzzer's finding is looked into.
#[must_use]
pub fn replay(target: fn(&[u8])) -> ExitCode {
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path) {
            Ok(bytes) => target(&bytes),
            Err(_) => return ExitCode::FAILURE,
        }
    }
    ExitCode::SUCCESS
}
