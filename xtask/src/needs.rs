//! What the tests need from the system, and getting it where we may.
use crate::run::{Outcome, is_root, run, say};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something a test asks somebody else's program.
struct Need {
    what: &'static str,
    package: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        what: "ogr2ogr and ogrinfo",
        package: "gdal-bin",
        is_there: || answers("ogrinfo", &["--version"]),
    },
    Need {
        what: "GDAL's GeoPackage validator",
        package: "python3-gdal",
        is_there: || {
            answers("/usr/bin/python3", &["-c", "import osgeo_utils.samples.validate_gpkg"])
        },
    },
    Need {
        what: "QGIS for Python",
        package: "python3-qgis",
        is_there: || answers("/usr/bin/python3", &["-c", "import qgis.core"]),
    },
    Need {
        what: "QGIS's providers of data",
        package: "qgis-providers",
        is_there: || Path::new("/usr/lib/qgis/plugins/libprovider_spatialite.so").exists(),
    },
    Need {
        what: "virtual environments for Python",
        package: "python3-venv",
        is_there: || answers("/usr/bin/python3", &["-c", "import ensurepip, venv"]),
    },
    Need {
        what: "mypy, to check types in Python",
        package: "mypy",
        is_there: || answers("mypy", &["--version"]),
    },
    Need {
        what: "binutils' readelf",
        package: "binutils",
        is_there: || answers("readelf", &["--version"]),
    },
    Need {
        what: "debootstrap, to unpack another Debian",
        package: "debootstrap",
        is_there: || answers("debootstrap", &["--version"]),
    },
    Need {
        what: "QGIS's world map",
        package: "qgis-common",
        is_there: || Path::new("/usr/share/qgis/resources/data/world_map.gpkg").exists(),
    },
    Need {
        what: "SQLite's shell",
        package: "sqlite3",
        is_there: || answers("sqlite3", &["--version"]),
    },
    Need {
        what: "the system's SQLite library",
        package: "libsqlite3-dev",
        is_there: || Path::new("/usr/include/sqlite3.h").exists(),
    },
    Need {
        what: "pkg-config",
        package: "pkg-config",
        is_there: || answers("pkg-config", &["--version"]),
    },
    Need {
        what: "shapely, to ask GEOS",
        package: "python3-shapely",
        is_there: || answers("/usr/bin/python3", &["-c", "import shapely"]),
    },
    Need { what: "PROJ's cs2cs", package: "proj-bin", is_there: || answers("cs2cs", &["-l"]) },
    Need {
        what: "GeographicLib's GeodSolve and Planimeter",
        package: "geographiclib-tools",
        is_there: || answers("GeodSolve", &["--version"]),
    },
    Need {
        what: "protobuf's compiler",
        package: "protobuf-compiler",
        is_there: || answers("protoc", &["--version"]),
    },
    Need {
        what: "Google's protobuf for Python",
        package: "python3-protobuf",
        is_there: || answers("/usr/bin/python3", &["-c", "import google.protobuf"]),
    },
    // Its package brings a server up, which we leave alone: the tests start their own.
    Need { what: "PostgreSQL's server", package: "postgresql", is_there: || postgres("initdb") },
    Need {
        what: "PostGIS",
        package: "postgresql-postgis",
        is_there: || postgres("postgis.control"),
    },
];

/// Makes sure of what the tests need; what is still missing afterwards comes back, one sentence
/// each.
pub(crate) fn settle() -> Vec<String> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_there)()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let typed = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if may_install() {
        say(&format!("Installing what the tests need: {}", packages.join(" ")));
        if let Err(reason) = install(&packages) {
            say(&format!("could not install: {reason}"));
        }
    }
    let still = missing.into_iter().filter(|need| !(need.is_there)());
    still
        .map(|need| format!("{} is missing; as root on Debian, type: {typed}", need.what))
        .collect()
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether a PostgreSQL of Debian's or the one on the path has this program or extension's file.
fn postgres(file: &str) -> bool {
    let asked = |what| {
        let output = Command::new("pg_config").arg(what).output().ok()?;
        Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    };
    let packaged = |parent: &str, folder: &str| {
        let versions = std::fs::read_dir(parent).into_iter().flatten().flatten();
        versions.map(|version| version.path().join(folder)).collect::<Vec<_>>()
    };
    let mut folders = packaged("/usr/lib/postgresql", "bin");
    folders.extend(packaged("/usr/share/postgresql", "extension"));
    folders.extend(asked("--bindir"));
    folders.extend(asked("--sharedir").map(|shared| shared.join("extension")));
    folders.iter().any(|folder| folder.join(file).is_file())
}

/// Only root may, and only Debian and its children know these package names.
fn may_install() -> bool {
    is_root() && Path::new("/etc/debian_version").exists()
}

fn install(packages: &[&str]) -> Outcome {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).args(arguments);
        run(command.stdout(Stdio::null()))
    };
    apt(&["update", "-q"])?;
    apt(&[&["install", "-qy", "--no-install-recommends"], packages].concat())
}
