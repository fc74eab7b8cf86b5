//! Encryption as libpq's `sslmode` means it (PostgreSQL manual, section 34.19).
use crate::address::{Encryption, Roots, SslMode, is_private_key};
use crate::verifier::{NameCheck, Trusted, Verifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, InconsistentKeys, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What sets up encryption for a connection, or for a message about one; a reason where it cannot.
pub(crate) fn connector(encryption: &Encryption) -> Result<MakeRustlsConnect, String> {
    // chosen here, as a process-wide choice would be the application's to make
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(encryption, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &encryption.client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            builder.with_client_cert_resolver(Arc::new(identity(certificate, key, &provider)?))
        }
    };
    if encryption.direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(
    encryption: &Encryption,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<Verifier>, String> {
    let trusted = match (encryption.mode, &encryption.roots) {
        (SslMode::VerifyCa | SslMode::VerifyFull, Roots::Missing(path)) => {
            return Err(format!("there is no root certificate in `{}`", path.display()));
        }
        // as libpq: who has roots wants them used
        (SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull, Roots::File(path)) => {
            let given = certificates(path)?;
            Some(Trusted { roots: root_store(given.clone())?, given })
        }
        (SslMode::VerifyCa | SslMode::VerifyFull, Roots::System) => {
            let roots = root_store(rustls_native_certs::load_native_certs().certs)?;
            Some(Trusted { roots, given: Vec::new() })
        }
        _ => None,
    };
    let name = match encryption.mode {
        SslMode::VerifyFull => NameCheck::SameName,
        _ => NameCheck::AnyName,
    };
    Ok(Arc::new(Verifier { trusted, name, provider }))
}

fn root_store(certificates: Vec<CertificateDer<'static>>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates);
    if usable == 0 {
        return Err("there is no root certificate that can be used".to_owned());
    }
    Ok(roots)
}

/// Our own certificate and its key. Only the server has to understand the certificate.
fn identity(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<SingleCertAndKey, String> {
    let unusable = |error| format!("the private key cannot be used: {error}");
    let loaded = provider.key_provider.load_private_key(private_key(key)?).map_err(unusable)?;
    let identity = CertifiedKey::new(certificates(certificate)?, loaded);
    match identity.keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(format!(
            "the key in `{}` is not that of the certificate in `{}`",
            key.display(),
            certificate.display()
        )),
        _ => Ok(SingleCertAndKey::from(identity)),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = |error| format!("cannot read certificates from `{}`: {error}", path.display());
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unusable)?;
    if certificates.is_empty() {
        return Err(format!("`{}` has no certificates", path.display()));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    if !is_private_key(path) {
        let path = path.display();
        return Err(format!("others may read the private key `{path}`, take that right away"));
    }
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| format!("cannot read a private key from `{}`: {error}", path.display()))
}
