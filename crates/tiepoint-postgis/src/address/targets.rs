//! The servers that an address names, tried in turn.
use super::Secret;
use super::settings::Settings;
use super::surroundings::{Kept, Surroundings};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

const DEFAULT_PORT: u16 = 5432;
/// Where Debian and Fedora, and where everybody else has the socket.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) password: Option<Secret>,
}

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// By a name, or by a number that a name need not be asked for.
    Network { name: String, number: Option<IpAddr> },
    /// By a socket in this folder.
    Socket(PathBuf),
}

/// All servers, and the password file that was passed over because others may read it.
pub(super) struct Targets {
    pub(super) all: Vec<Target>,
    pub(super) exposed: Option<PathBuf>,
}

impl Targets {
    pub(super) fn of(
        settings: &Settings,
        around: &Surroundings<'_>,
        user: &str,
        database: &str,
    ) -> Result<Self, String> {
        let mut targets = Self { all: places(settings)?, exposed: None };
        for target in &mut targets.all {
            if let Some(password) = settings.text("password") {
                target.password = Some(Secret(password.to_owned()));
                continue;
            }
            let port = target.port.to_string();
            let wanted = [&*target.host.in_password_file(), &port, database, user];
            match around.password(settings.text("passfile"), &wanted) {
                Kept::Password(password) => target.password = Some(Secret(password)),
                Kept::Exposed(path) => targets.exposed = Some(path),
                Kept::Nothing => {}
            }
        }
        Ok(targets)
    }
}

fn places(settings: &Settings) -> Result<Vec<Target>, String> {
    let (hosts, numbers) = (settings.list("host"), settings.list("hostaddr"));
    let ports = settings.list("port");
    let count = hosts.len().max(numbers.len()).max(1);
    if !hosts.is_empty() && !numbers.is_empty() && hosts.len() != numbers.len() {
        return Err("`host` and `hostaddr` have different lengths".to_owned());
    }
    if ports.len() > 1 && ports.len() != count {
        return Err("there are more or fewer ports than hosts".to_owned());
    }
    let place = |at: usize| {
        let port = port(ports.get(at).or(ports.first()).copied().unwrap_or_default())?;
        let nth = |list: &[&str]| list.get(at).copied().unwrap_or_default().to_owned();
        let host = host(nth(&hosts), &nth(&numbers), port)?;
        Ok(Target { host, port, password: None })
    };
    (0..count).map(place).collect()
}

fn port(text: &str) -> Result<u16, String> {
    match text {
        "" => Ok(DEFAULT_PORT),
        text => match text.parse() {
            Ok(0) | Err(_) => Err("`port` must be a number from 1 to 65535".to_owned()),
            Ok(port) => Ok(port),
        },
    }
}

fn host(name: String, number: &str, port: u16) -> Result<Host, String> {
    if !number.is_empty() {
        let Ok(address) = number.parse() else {
            return Err("`hostaddr` must be an IP address".to_owned());
        };
        let name = if name.is_empty() { number.to_owned() } else { name };
        return Ok(Host::Network { name, number: Some(address) });
    }
    match name {
        name if name.is_empty() => Ok(default_host(port)),
        name if name.starts_with('@') => {
            Err("sockets without a file (`@`) are not supported".to_owned())
        }
        name if Path::new(&name).is_absolute() && cfg!(unix) => Ok(Host::Socket(name.into())),
        name => Ok(Host::Network { name, number: None }),
    }
}

fn default_host(port: u16) -> Host {
    if cfg!(not(unix)) {
        return Host::Network { name: "localhost".to_owned(), number: None };
    }
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    let exists = |folder: &&str| Path::new(folder).exists();
    let mut folders = SOCKET_FOLDERS.iter();
    let folder = folders.clone().copied().find(has_socket);
    let folder = folder.or_else(|| folders.find(|it| exists(it)).copied()).unwrap_or("/tmp");
    Host::Socket(folder.into())
}

impl Host {
    /// As it stands in a password file, where a socket in its usual place is `localhost`.
    fn in_password_file(&self) -> String {
        match self {
            Self::Network { name, .. } => name.clone(),
            Self::Socket(folder) => match folder.to_string_lossy() {
                folder if SOCKET_FOLDERS.contains(&&*folder) => "localhost".to_owned(),
                folder => folder.into_owned(),
            },
        }
    }
}

impl Target {
    /// The place as it stands in a URL.
    pub(super) fn in_url(&self) -> String {
        let host = match &self.host {
            Host::Network { name, .. } if name.contains(':') => format!("[{name}]"),
            Host::Network { name, .. } => name.clone(),
            Host::Socket(folder) => folder.to_string_lossy().replace('/', "%2F"),
        };
        match self.port {
            DEFAULT_PORT => host,
            port => format!("{host}:{port}"),
        }
    }
}
