//! Why a server did not let us in, and what to do about it.
use crate::address::{Host, PostgisAddress, Target};
use crate::error::{self, Site};
use std::error::Error as _;
use std::io;
use tiepoint_store::StoreError;
use tokio_postgres::Error;

/// Why a server did not let us in.
pub(crate) fn reason(
    address: &PostgisAddress,
    target: &Target,
    site: &Site,
    error: Error,
) -> StoreError {
    let reason = error::words(&error);
    let is_password_missing = reason == "password missing";
    let code = error.code().map(tokio_postgres::error::SqlState::code);
    if is_password_missing || code == Some("28P01") {
        return site.refused(reason, Some(password_hint(address, target)));
    }
    if is_tls(&error) {
        let (reason, hint) = about_encryption(&reason);
        return site.refused(format!("no encrypted connection: {reason}"), Some(hint.to_owned()));
    }
    // before anything is asked, only what the address says can be no sense to the server
    if matches!(code.and_then(|code| code.get(..2)), Some("22" | "42")) && code != Some("42501") {
        return site.invalid(format!("the server takes no such `options`: {reason}"));
    }
    if error.as_db_error().is_some() {
        return site.driver_error(error.into(), "connect");
    }
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(source) => site.unreachable(io_reason(source, target)),
        None => site.refused(reason, None),
    }
}

fn io_reason(error: &io::Error, target: &Target) -> String {
    match (&target.host, error.kind()) {
        (Host::Socket(folder), io::ErrorKind::NotFound) => {
            format!("there is no socket for port {} in `{}`", target.port, folder.display())
        }
        (Host::Network { name, .. }, io::ErrorKind::ConnectionRefused) => {
            format!("nobody listens at `{name}`, port {}", target.port)
        }
        (_, io::ErrorKind::UnexpectedEof) => "the server hung up at once".to_owned(),
        _ => error.to_string(),
    }
}

fn password_hint(address: &PostgisAddress, target: &Target) -> String {
    match (&target.password, &address.exposed_password_file) {
        (None, Some(path)) => {
            let path = path.display();
            format!("`{path}` was not read, as others may read it: `chmod 600 {path}`")
        }
        (None, None) => "give a password in `PGPASSWORD` or in `~/.pgpass`".to_owned(),
        (Some(_), _) => "check the user and the password".to_owned(),
    }
}

/// Reason and hint.
fn about_encryption(reason: &str) -> (&str, &'static str) {
    if reason.contains("UnsupportedCertVersion") {
        return (
            "the server's certificate is of X.509 version 1 and cannot be checked",
            "sign it again with `openssl x509 -req -extfile`, or say `sslmode=require`",
        );
    }
    if reason.contains("fatal alert") {
        return (
            reason,
            "check `sslcert` and `sslkey`, and whether the server trusts their signer",
        );
    }
    let hint = "check `sslmode`, the host's name, and that `sslrootcert` has the certificate that \
                signed the server's";
    (reason, hint)
}

pub(crate) fn is_tls(error: &Error) -> bool {
    // the driver does not say it in any other way
    error.to_string() == "error performing TLS handshake" || is_late_alert(error)
}

/// What the server has against our certificate it says when the handshake is over (TLS 1.3).
fn is_late_alert(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let inner = source.and_then(io::Error::get_ref);
    inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}
