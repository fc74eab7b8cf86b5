//! Connecting: which servers are tried in which order, and what is said when none lets us in.
use crate::address::{Encryption, Host, PostgisAddress, SessionKind, SslMode, Target};
use crate::error::{self, Failure, Site};
use crate::refusal;
use crate::runtime;
use crate::server::Server;
use crate::tls;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tiepoint_store::{Result, StoreError};
use tokio::sync::Notify;
use tokio_postgres::config::{SslMode as DriverSslMode, SslNegotiation};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{CancelToken, Client, Config, Connection, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long telling a server to break off may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// An open connection; the background thread moves its bytes.
pub(crate) struct Call {
    pub(crate) client: Client,
    pub(crate) cable: Arc<Cable>,
}

/// What can be done to a connection from outside, and what its server said at last.
pub(crate) struct Cable {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
    last_words: Mutex<Option<String>>,
    cut: Notify,
}

/// One attempt at one server.
enum Attempt {
    Plain,
    Encrypted(MakeRustlsConnect, DriverSslMode),
}

/// Connects to the first server that lets us in and is what the address wants.
pub(crate) fn dial(address: &PostgisAddress, site: &Site) -> Result<(Call, Server)> {
    let (address, site) = (address.clone(), site.clone());
    let unreachable = site.clone();
    runtime::run(async move { dial_any(&address, &site).await })
        .unwrap_or_else(|reason| Err(unreachable.unreachable(reason.to_string())))
}

async fn dial_any(address: &PostgisAddress, site: &Site) -> Result<(Call, Server)> {
    let mut reason = None;
    for wanted in passes(address.session) {
        for target in in_order(address) {
            match dial_in_time(address, target, site, *wanted).await {
                Ok(answer) => return Ok(answer),
                Err(error) => reason = Some(error),
            }
        }
    }
    Err(reason.unwrap_or_else(|| site.unreachable("its address names no server")))
}

/// What to accept, in one pass over the servers after another.
fn passes(session: SessionKind) -> &'static [SessionKind] {
    match session {
        SessionKind::Any => &[SessionKind::Any],
        SessionKind::ReadWrite => &[SessionKind::ReadWrite],
        SessionKind::ReadOnly => &[SessionKind::ReadOnly],
        SessionKind::Primary => &[SessionKind::Primary],
        SessionKind::Standby => &[SessionKind::Standby],
        SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
    }
}

fn in_order(address: &PostgisAddress) -> impl Iterator<Item = &Target> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let count = address.targets.len();
    let skipped = if address.in_random_order { now.subsec_micros() as usize % count } else { 0 };
    address.targets.iter().cycle().skip(skipped).take(count)
}

async fn dial_in_time(
    address: &PostgisAddress,
    target: &Target,
    site: &Site,
    wanted: SessionKind,
) -> Result<(Call, Server)> {
    let dialled = dial_one(address, target, site, wanted);
    match address.connect_timeout {
        None => dialled.await,
        Some(limit) => tokio::time::timeout(limit, dialled).await.unwrap_or_else(|_elapsed| {
            Err(site.unreachable(format!("no answer in {} s", limit.as_secs())))
        }),
    }
}

async fn dial_one(
    address: &PostgisAddress,
    target: &Target,
    site: &Site,
    wanted: SessionKind,
) -> Result<(Call, Server)> {
    let call = encrypted_or_not(address, target, site).await?;
    let probe = Server::probe(&call.client, address).await;
    let server = probe.map_err(Failure::from).map_err(site.failed("ask what the server has"))?;
    let foreign = || StoreError::Foreign {
        store: site.name.clone(),
        expected: "a PostgreSQL server",
        found: "it answers in another way".to_owned(),
    };
    let server = server.ok_or_else(foreign)?;
    match unwanted(&server, wanted) {
        Some(reason) => Err(site.unreachable(reason)),
        None => Ok((call, server)),
    }
}

fn unwanted(server: &Server, wanted: SessionKind) -> Option<&'static str> {
    let read_only = server.is_read_only || server.is_standby;
    match wanted {
        SessionKind::ReadWrite if read_only => Some("the server is read-only"),
        SessionKind::ReadOnly if !read_only => Some("the server is not read-only"),
        SessionKind::Primary if server.is_standby => Some("the server is a standby"),
        SessionKind::Standby if !server.is_standby => Some("the server is not a standby"),
        _ => None,
    }
}

/// `allow` and `prefer` have a second attempt, the other way round.
async fn encrypted_or_not(address: &PostgisAddress, target: &Target, site: &Site) -> Result<Call> {
    let mut reason = None;
    for attempt in attempts(&address.encryption, target, site)? {
        match attempt.make(address, target).await {
            Ok(call) => return Ok(call),
            Err(error) => {
                let again = is_about_encryption(&error);
                reason.get_or_insert(error);
                if !again {
                    break;
                }
            }
        }
    }
    match reason {
        Some(error) => Err(refusal::reason(address, target, site, error)),
        None => Err(site.unreachable("there is no way to connect")),
    }
}

fn attempts(encryption: &Encryption, target: &Target, site: &Site) -> Result<Vec<Attempt>> {
    // a socket on the same machine is never encrypted, whatever was asked
    let mode = match target.host {
        Host::Socket(_) => SslMode::Disable,
        Host::Network { .. } => encryption.mode,
    };
    let encrypted = |mode| {
        let connector = tls::connector(encryption).map_err(|reason| site.invalid(reason))?;
        Ok::<_, StoreError>(Attempt::Encrypted(connector, mode))
    };
    Ok(match mode {
        SslMode::Disable => vec![Attempt::Plain],
        SslMode::Allow => vec![Attempt::Plain, encrypted(DriverSslMode::Require)?],
        SslMode::Prefer => vec![encrypted(DriverSslMode::Prefer)?, Attempt::Plain],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
            vec![encrypted(DriverSslMode::Require)?]
        }
    })
}

/// Whether the other attempt may do better: the handshake failed, or `pg_hba.conf` wants the other.
fn is_about_encryption(error: &Error) -> bool {
    refusal::is_tls(error) || error.code().is_some_and(|code| code.code() == "28000")
}

impl Attempt {
    async fn make(self, address: &PostgisAddress, target: &Target) -> Result<Call, Error> {
        let mut config = config(address, target);
        match self {
            Self::Plain => {
                config.ssl_mode(DriverSslMode::Disable);
                let (client, connection) = config.connect(NoTls).await?;
                Ok(Call::new(client, connection, None))
            }
            Self::Encrypted(tls, mode) => {
                config.ssl_mode(mode);
                let (client, connection) = config.connect(tls.clone()).await?;
                Ok(Call::new(client, connection, Some(tls)))
            }
        }
    }
}

fn config(address: &PostgisAddress, target: &Target) -> Config {
    let mut config = Config::new();
    config.user(&address.user).dbname(&address.database).port(target.port);
    config.application_name(&address.application_name);
    config.channel_binding(address.channel_binding);
    match &target.host {
        #[cfg(unix)]
        Host::Socket(folder) => config.host_path(folder),
        #[cfg(not(unix))]
        Host::Socket(folder) => config.host(folder.to_string_lossy()),
        Host::Network { name, .. } => config.host(name),
    };
    if let Host::Network { number: Some(number), .. } = &target.host {
        config.hostaddr(*number);
    }
    if let Some(password) = &target.password {
        config.password(password.reveal());
    }
    if let Some(options) = &address.options {
        config.options(options);
    }
    if address.encryption.direct {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    keep_alive(&mut config, address);
    config
}

fn keep_alive(config: &mut Config, address: &PostgisAddress) {
    let keepalives = &address.keepalives;
    config.keepalives(keepalives.are_sent);
    if let Some(idle) = keepalives.idle {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = keepalives.interval {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = keepalives.retries {
        config.keepalives_retries(retries);
    }
    if let Some(timeout) = keepalives.user_timeout {
        config.tcp_user_timeout(timeout);
    }
}

impl Call {
    /// Has the background thread drive it until either side ends it, or until it is cut.
    fn new<S>(
        client: Client,
        mut connection: Connection<Socket, S>,
        tls: Option<MakeRustlsConnect>,
    ) -> Self
    where
        S: TlsStream + Unpin + Send + 'static,
    {
        let token = client.cancel_token();
        let cable =
            Arc::new(Cable { token, tls, last_words: Mutex::default(), cut: Notify::new() });
        let held = Arc::clone(&cable);
        runtime::spawn(async move {
            let ended = match select(&mut connection, pin!(held.cut.notified())).await {
                Either::Left((ended, _)) => ended,
                Either::Right(_) => Ok(()),
            };
            // before whoever waits hears that it is over
            if let Err(error) = ended {
                *held.words() = Some(error::words(&error));
            }
            drop(connection);
        });
        Self { client, cable }
    }
}

impl Cable {
    /// Tells the server to break off what it is doing on this connection, if anything.
    pub(crate) async fn cancel(&self) {
        let told = async {
            match &self.tls {
                Some(tls) => self.token.cancel_query(tls.clone()).await,
                None => self.token.cancel_query(NoTls).await,
            }
        };
        // a server that cannot be told is one that is gone, or goes on
        let _ = tokio::time::timeout(CANCEL_TIMEOUT, told).await;
    }

    /// Ends the connection at once, whatever is on its way.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Why the connection ended, where the server said so by itself.
    pub(crate) fn last_words(&self) -> Option<String> {
        self.words().clone()
    }

    fn words(&self) -> MutexGuard<'_, Option<String>> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
