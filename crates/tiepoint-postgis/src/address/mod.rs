//! Where a server is and how to reach it.
mod encryption;
mod parameters;
mod settings;
mod surroundings;
mod targets;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use self::encryption::{Encryption, Roots, SslMode};
pub(crate) use self::surroundings::is_private_key;
pub(crate) use self::targets::{Host, Target};

use self::settings::Settings;
use self::surroundings::Surroundings;
use self::targets::Targets;
use self::text::Pairs;
use crate::error::Site;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tiepoint_store::{Result, StoreError};
use tokio_postgres::config::ChannelBinding;

/// How long connecting may take where nobody says; libpq would wait for as long as the network does.
const DEFAULT_CONNECT_TIMEOUT_S: u64 = 10;

/// Where a server is and how to reach it. Neither `Debug` nor `Display` shows the password.
///
/// Written as libpq reads it (PostgreSQL manual, section 34.1): a URL or keywords, completed by the
/// `PG…` variables, service files and the password file. Besides libpq's parameters there are
///
/// | parameter | meaning | default |
/// | --- | --- | --- |
/// | `schema` | the schemas to look into, with commas; new layers go into the first | all |
/// | `layer` | the one layer that is meant, for whoever takes it from the address | none |
/// | `pool_size` | how many connections are kept | 8 |
/// | `pool_overflow` | how many more there may be for a while | 0 |
/// | `pool_timeout` | how long to wait for one, in seconds | 30 |
/// | `pool_lifetime` | after how many seconds a connection is replaced | 3600 |
/// | `statement_timeout` | after how many ms the server ends a statement | the server's |
/// | `lock_timeout` | after how many ms it gives up on a lock | the server's; 30 s where it would wait for ever |
///
/// ```
/// use tiepoint_postgis::PostgisAddress;
/// let address = PostgisAddress::parse("postgres://anna:secret@db.example/gis?schema=city,public")?;
/// assert_eq!(address.schemas(), ["city", "public"]);
/// assert_eq!(address.to_string(), "postgres://anna@db.example/gis");
/// # Ok::<(), tiepoint_store::StoreError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgisAddress {
    pub(crate) targets: Vec<Target>,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) options: Option<String>,
    pub(crate) application_name: String,
    pub(crate) encryption: Encryption,
    pub(crate) channel_binding: ChannelBinding,
    pub(crate) session: SessionKind,
    pub(crate) in_random_order: bool,
    /// None waits for as long as the network does.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) keepalives: Keepalives,
    pub(crate) pool: PoolLimits,
    /// A password file that was not read, as others may read it.
    pub(crate) exposed_password_file: Option<PathBuf>,
    schemas: Vec<String>,
    layer: Option<String>,
    statement_timeout_ms: Option<u64>,
    lock_timeout_ms: Option<u64>,
}

/// Which of several servers is wanted (`target_session_attrs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// How a connection that nobody uses is kept from being cut by the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keepalives {
    pub(crate) are_sent: bool,
    pub(crate) idle: Option<Duration>,
    pub(crate) interval: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) user_timeout: Option<Duration>,
}

/// How many connections there may be, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolLimits {
    pub(crate) size: usize,
    pub(crate) overflow: usize,
    pub(crate) timeout: Duration,
    pub(crate) lifetime: Duration,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Nothing waits for ever: how long for a lock, where nobody says.
pub(crate) const PATIENCE_MS: u64 = 30_000;

impl PostgisAddress {
    /// Reads an address, completed by what is around: variables, service and password files.
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] for what is no address, for unknown parameters and values, and for
    /// services that are not there. No part that could be a password is quoted.
    pub fn parse(text: &str) -> Result<Self> {
        let around = Surroundings {
            variable: &|name| std::env::var(name).ok(),
            home: std::env::home_dir(),
            user: whoami::username().ok(),
        };
        Self::parse_in(text, &around)
    }

    fn parse_in(text: &str, around: &Surroundings<'_>) -> Result<Self> {
        let read = Settings::gather(text, around).and_then(|it| Self::of(&it, around));
        let store = "the PostGIS address".to_owned();
        read.map_err(|reason| StoreError::Invalid { store, reason })
    }

    fn of(settings: &Settings, around: &Surroundings<'_>) -> Result<Self, String> {
        let owned = |name| settings.text(name).map(str::to_owned);
        let user = owned("user").or_else(|| around.user.clone()).ok_or("there is no `user`")?;
        let database = owned("dbname").unwrap_or_else(|| user.clone());
        let targets = Targets::of(settings, around, &user, &database)?;
        let application = owned("application_name").or_else(|| owned("fallback_application_name"));
        Ok(Self {
            targets: targets.all,
            exposed_password_file: targets.exposed,
            options: owned("options"),
            application_name: application.unwrap_or_else(|| "tiepoint".to_owned()),
            encryption: Encryption::of(settings, around)?,
            channel_binding: channel_binding(settings)?,
            session: session(settings)?,
            in_random_order: settings
                .choice("load_balance_hosts", &[("disable", false), ("random", true)])?,
            connect_timeout: connect_timeout(settings)?,
            keepalives: Keepalives::of(settings)?,
            pool: PoolLimits::of(settings)?,
            schemas: schemas(settings)?,
            layer: owned("layer"),
            statement_timeout_ms: milliseconds(settings, "statement_timeout")?,
            lock_timeout_ms: milliseconds(settings, "lock_timeout")?,
            user,
            database,
        })
    }

    /// The schemas to look into; empty means all. New layers go into the first.
    #[must_use]
    pub fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// The one layer that is meant, where the address names one.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }

    pub(crate) fn statement_timeout_ms(&self) -> Option<u64> {
        self.statement_timeout_ms
    }

    pub(crate) fn lock_timeout_ms(&self) -> Option<u64> {
        self.lock_timeout_ms
    }

    /// How errors name it.
    pub(crate) fn site(&self) -> Site {
        Site {
            statement_timeout_ms: self.statement_timeout_ms,
            lock_timeout_ms: self.lock_timeout_ms.or(Some(PATIENCE_MS)),
            ..Site::new(self.to_string())
        }
    }
}

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl Keepalives {
    fn of(settings: &Settings) -> Result<Self, String> {
        let seconds = |name| {
            let number = settings.number(name)?.filter(|number| *number > 0);
            Ok::<_, String>(number.map(Duration::from_secs))
        };
        let user_timeout = settings.number("tcp_user_timeout")?.filter(|ms| *ms > 0);
        Ok(Self {
            are_sent: settings.number::<u8>("keepalives")? != Some(0),
            idle: seconds("keepalives_idle")?,
            interval: seconds("keepalives_interval")?,
            retries: settings.number("keepalives_count")?.filter(|count| *count > 0),
            user_timeout: user_timeout.map(Duration::from_millis),
        })
    }
}

impl PoolLimits {
    fn of(settings: &Settings) -> Result<Self, String> {
        let (size, overflow) = (settings.number("pool_size")?, settings.number("pool_overflow")?);
        let (size, overflow): (u16, u16) = (size.unwrap_or(8), overflow.unwrap_or(0));
        if size == 0 {
            return Err("`pool_size` must be at least 1".to_owned());
        }
        // as unsigned 32 bits, so that no sum of it and a time overflows
        let seconds = |name, default| {
            Ok::<_, String>(Duration::from_secs(
                settings.number::<u32>(name)?.unwrap_or(default).into(),
            ))
        };
        Ok(Self {
            size: size.into(),
            overflow: overflow.into(),
            timeout: seconds("pool_timeout", 30)?,
            lifetime: seconds("pool_lifetime", 3_600)?,
        })
    }
}

fn connect_timeout(settings: &Settings) -> Result<Option<Duration>, String> {
    let seconds: Option<i32> = settings.number("connect_timeout")?;
    let seconds = seconds.map_or(DEFAULT_CONNECT_TIMEOUT_S, |s| u64::try_from(s).unwrap_or(0));
    Ok(Some(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

/// The server's own limit for these is a signed 32-bit number.
fn milliseconds(settings: &Settings, name: &str) -> Result<Option<u64>, String> {
    match settings.number::<u64>(name)? {
        Some(ms) if i32::try_from(ms).is_err() => {
            Err(format!("`{name}` must be at most {} ms", i32::MAX))
        }
        ms => Ok(ms),
    }
}

fn schemas(settings: &Settings) -> Result<Vec<String>, String> {
    let names = settings.list("schema");
    if names.contains(&"") {
        return Err("a name in `schema` is empty".to_owned());
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

fn channel_binding(settings: &Settings) -> Result<ChannelBinding, String> {
    let choices = [
        ("prefer", ChannelBinding::Prefer),
        ("disable", ChannelBinding::Disable),
        ("require", ChannelBinding::Require),
    ];
    settings.choice("channel_binding", &choices)
}

fn session(settings: &Settings) -> Result<SessionKind, String> {
    let choices = [
        ("any", SessionKind::Any),
        ("read-write", SessionKind::ReadWrite),
        ("read-only", SessionKind::ReadOnly),
        ("primary", SessionKind::Primary),
        ("standby", SessionKind::Standby),
        ("prefer-standby", SessionKind::PreferStandby),
    ];
    settings.choice("target_session_attrs", &choices)
}

impl fmt::Display for PostgisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.targets.iter().map(Target::in_url).collect();
        write!(f, "postgres://{}@{}/{}", self.user, places.join(","), self.database)
    }
}

impl fmt::Debug for PostgisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // options may set anything, so they are not shown either
        f.debug_struct("PostgisAddress")
            .field("address", &self.to_string())
            .field("encryption", &self.encryption)
            .field("schemas", &self.schemas)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
