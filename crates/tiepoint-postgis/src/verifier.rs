//! Whom to believe, as libpq does: nobody's certificate is checked, or its signer, or also its name.
//!
//! All three still check that the server has the private key of the certificate that it shows, as
//! the signatures of the handshake prove it.
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// Checks as much of a server's certificate as was asked for.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// None believes every certificate.
    pub(crate) trusted: Option<Trusted>,
    pub(crate) name: NameCheck,
    pub(crate) provider: Arc<CryptoProvider>,
}

/// Whether the certificate must be one for the host that was dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameCheck {
    AnyName,
    SameName,
}

/// Certificates that are believed, and believed to sign others.
#[derive(Debug)]
pub(crate) struct Trusted {
    pub(crate) roots: RootCertStore,
    /// Those that the user gave. PostgreSQL's manual makes a certificate that signs itself (section
    /// 19.9.5), to be shown by the server and trusted by its clients; rustls takes no root for a
    /// server's own, so it is compared here.
    pub(crate) given: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn check_signer(
        &self,
        trusted: &Trusted,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if trusted.given.iter().any(|given| given.as_ref() == shown.as_ref()) {
            return check_dates(shown, now);
        }
        let algorithms = self.provider.signature_verification_algorithms.all;
        let certificate = ParsedCertificate::try_from(shown)?;
        let roots = &trusted.roots;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            algorithms,
        )
    }
}

fn public_key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let content = Certificate::from_der(certificate).map_err(malformed)?.tbs_certificate;
    let key = content.subject_public_key_info.to_der().map_err(malformed)?;
    Ok(SubjectPublicKeyInfoDer::from(key))
}

fn malformed(_: x509_cert::der::Error) -> Error {
    Error::InvalidCertificate(CertificateError::BadEncoding)
}

fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let validity = Certificate::from_der(certificate).map_err(malformed)?.tbs_certificate.validity;
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trusted) = &self.trusted {
            self.check_signer(trusted, end_entity, intermediates, now)?;
        }
        if self.name == NameCheck::SameName {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        if ParsedCertificate::try_from(certificate).is_ok() {
            return verify_tls13_signature(message, certificate, signature, algorithms);
        }
        // of X.509 version 1, as PostgreSQL's manual made them for long: the key is as good
        let key = public_key(certificate)?;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
