//! The parameters that an address can have: libpq's (PostgreSQL manual, section 34.1.2) and ours.
use tiepoint_core::nearest_name;

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Used,
    /// It makes no difference here.
    Ignored,
    /// It asks for something that we cannot do, and that must not be missing unseen.
    Refused,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// The environment variable that libpq reads for it.
    pub(super) variable: Option<&'static str>,
    pub(super) fate: Fate,
}

const fn used(name: &'static str, variable: &'static str) -> Parameter {
    Parameter { name, variable: Some(variable), fate: Fate::Used }
}

const fn plain(name: &'static str, fate: Fate) -> Parameter {
    Parameter { name, variable: None, fate }
}

static PARAMETERS: &[Parameter] = &[
    used("host", "PGHOST"),
    used("hostaddr", "PGHOSTADDR"),
    used("port", "PGPORT"),
    used("dbname", "PGDATABASE"),
    used("user", "PGUSER"),
    used("password", "PGPASSWORD"),
    used("passfile", "PGPASSFILE"),
    used("service", "PGSERVICE"),
    used("servicefile", "PGSERVICEFILE"),
    used("options", "PGOPTIONS"),
    used("application_name", "PGAPPNAME"),
    used("connect_timeout", "PGCONNECT_TIMEOUT"),
    used("sslmode", "PGSSLMODE"),
    used("sslnegotiation", "PGSSLNEGOTIATION"),
    used("sslrootcert", "PGSSLROOTCERT"),
    used("sslcert", "PGSSLCERT"),
    used("sslkey", "PGSSLKEY"),
    used("channel_binding", "PGCHANNELBINDING"),
    used("target_session_attrs", "PGTARGETSESSIONATTRS"),
    used("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    plain("fallback_application_name", Fate::Used),
    plain("keepalives", Fate::Used),
    plain("keepalives_idle", Fate::Used),
    plain("keepalives_interval", Fate::Used),
    plain("keepalives_count", Fate::Used),
    plain("tcp_user_timeout", Fate::Used),
    plain("schema", Fate::Used),
    plain("layer", Fate::Used),
    plain("pool_size", Fate::Used),
    plain("pool_overflow", Fate::Used),
    plain("pool_timeout", Fate::Used),
    plain("pool_lifetime", Fate::Used),
    plain("statement_timeout", Fate::Used),
    plain("lock_timeout", Fate::Used),
    // the driver always speaks UTF-8, and never compresses
    plain("client_encoding", Fate::Ignored),
    plain("sslcompression", Fate::Ignored),
    plain("sslsni", Fate::Ignored),
    plain("sslcertmode", Fate::Ignored),
    plain("gssencmode", Fate::Ignored),
    plain("gsslib", Fate::Ignored),
    plain("gssdelegation", Fate::Ignored),
    plain("krbsrvname", Fate::Ignored),
    plain("replication", Fate::Refused),
    plain("require_auth", Fate::Refused),
    plain("requirepeer", Fate::Refused),
    plain("sslcrl", Fate::Refused),
    plain("sslcrldir", Fate::Refused),
    plain("sslpassword", Fate::Refused),
    plain("ssl_min_protocol_version", Fate::Refused),
    plain("ssl_max_protocol_version", Fate::Refused),
];

/// The parameter of that name; otherwise why there is none, which names it only where it is so close
/// to one that it cannot be a piece of a password.
pub(super) fn parameter(name: &str) -> Result<&'static Parameter, String> {
    let name = in_our_words(name);
    if let Some(parameter) = PARAMETERS.iter().find(|parameter| parameter.name == name) {
        return match parameter.fate {
            Fate::Refused => Err(format!("the parameter `{name}` is not supported")),
            Fate::Used | Fate::Ignored => Ok(parameter),
        };
    }
    match nearest_name(name, PARAMETERS.iter().map(|parameter| parameter.name)) {
        Some(nearest) => Err(format!("unknown parameter `{name}`, did you mean `{nearest}`?")),
        None => Err("unknown parameter; a password with spaces or special characters must be \
             quoted, in a URL as `%20`"
            .to_owned()),
    }
}

/// What GDAL calls it, as we do.
fn in_our_words(name: &str) -> &str {
    match name {
        "schemas" | "active_schema" => "schema",
        other => other,
    }
}

/// Those that the environment can set.
pub(super) fn with_variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    PARAMETERS.iter().filter_map(|parameter| Some((parameter.name, parameter.variable?)))
}
