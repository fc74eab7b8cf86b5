//! Whether and how a connection is encrypted (PostgreSQL manual, section 34.19).
use super::settings::Settings;
use super::surroundings::Surroundings;
use std::path::PathBuf;

/// What `sslmode` can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server insists.
    Allow,
    /// Encrypted where the server can.
    Prefer,
    /// Always encrypted, whoever answers, unless there are roots to check by.
    Require,
    /// With a certificate that a root vouches for.
    VerifyCa,
    /// And that has the server's name.
    VerifyFull,
}

/// Where the root certificates are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    File(PathBuf),
    /// No file is where it would be looked for.
    Missing(PathBuf),
    /// Those that the operating system trusts.
    System,
}

/// All that is asked about encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) mode: SslMode,
    pub(crate) roots: Roots,
    /// Our own certificate and its key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
    /// Without asking the server first (PostgreSQL 17).
    pub(crate) direct: bool,
}

impl Encryption {
    pub(super) fn of(settings: &Settings, around: &Surroundings<'_>) -> Result<Self, String> {
        let is_system = settings.text("sslrootcert") == Some("system");
        let mode = match settings.text("sslmode") {
            None if is_system => SslMode::VerifyFull,
            _ => mode(settings)?,
        };
        if is_system && mode != SslMode::VerifyFull {
            return Err("`sslrootcert=system` needs `sslmode=verify-full`".to_owned());
        }
        let direct = settings.choice("sslnegotiation", &[("postgres", false), ("direct", true)])?;
        if direct && mode < SslMode::Require {
            return Err("`sslnegotiation=direct` needs `sslmode=require` or more".to_owned());
        }
        let roots = if is_system { Roots::System } else { roots(settings, around) };
        Ok(Self { mode, roots, client: client(settings, around)?, direct })
    }
}

fn mode(settings: &Settings) -> Result<SslMode, String> {
    let choices = [
        ("prefer", SslMode::Prefer),
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];
    settings.choice("sslmode", &choices)
}

fn roots(settings: &Settings, around: &Surroundings<'_>) -> Roots {
    let given = settings.text("sslrootcert").map(PathBuf::from);
    match given.or_else(|| around.own_file("root.crt")) {
        Some(path) if path.exists() => Roots::File(path),
        Some(path) => Roots::Missing(path),
        None => Roots::Missing(PathBuf::from("root.crt")),
    }
}

/// A certificate that is named must be there; the default one is used where it is.
fn client(
    settings: &Settings,
    around: &Surroundings<'_>,
) -> Result<Option<(PathBuf, PathBuf)>, String> {
    let given = settings.text("sslcert").map(PathBuf::from);
    let is_given = given.is_some();
    let certificate = given.or_else(|| around.own_file("postgresql.crt"));
    let Some(certificate) = certificate.filter(|path| is_given || path.exists()) else {
        return Ok(None);
    };
    let key = settings.text("sslkey").map(PathBuf::from);
    match key.or_else(|| around.own_file("postgresql.key")) {
        Some(key) => Ok(Some((certificate, key))),
        None => Err("`sslcert` needs `sslkey`".to_owned()),
    }
}
