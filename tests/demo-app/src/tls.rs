//! The certificate authority made at start, the server's certificate, and the
//! listener that speaks TLS. Other servers of the tests use the first two as well.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::serve::Listener;
use base64ct::{Base64, Encoding};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that wait to be served.
const BACKLOG: usize = 64;

/// The certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not a name that a certificate can have.
    #[error("no certificate can be made for this host: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The server cannot use them.
    #[error("the certificate cannot be used: {0}")]
    Server(#[from] rustls::Error),
}

/// What proves that a server is these hosts.
pub struct Identity {
    /// Configuration of the server.
    pub server: ServerConfig,
    /// The authority's certificate, as PEM.
    pub ca_pem: String,
    /// Base64 of the SHA-256 of the server's public key.
    pub spki: String,
}

impl Identity {
    /// A new authority, whose key is forgotten at once, and a certificate for hosts of
    /// these names, each of which may begin with `*.`.
    ///
    /// # Errors
    /// When one of them is no name.
    pub fn new(names: Vec<String>, now: SystemTime) -> Result<Self, TlsError> {
        let mut ca = CertificateParams::default();
        valid_around(&mut ca, now);
        ca.distinguished_name
            .push(DnType::CommonName, "Harbour demo authority");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);

        let first = names.first().cloned().unwrap_or_default();
        let mut leaf = CertificateParams::new(names)?;
        valid_around(&mut leaf, now);
        leaf.distinguished_name.push(DnType::CommonName, first);
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer)?;

        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        let spki = Base64::encode_string(&Sha256::digest(key.subject_public_key_info()));
        Ok(Self {
            server,
            ca_pem: ca_certificate.pem(),
            spki,
        })
    }
}

fn valid_around(certificate: &mut CertificateParams, now: SystemTime) {
    certificate.not_before = (now - DAY).into();
    certificate.not_after = (now + 90 * DAY).into();
}

/// Accepts connections whose handshake is done; each shakes hands in a task of
/// its own, so that a slow client holds nobody up.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Takes over a listener at `address`.
    pub(crate) fn new(listener: TcpListener, address: SocketAddr, config: ServerConfig) -> Self {
        let (send, ready) = mpsc::channel(BACKLOG);
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), send));
        Self { address, ready }
    }
}

/// Until nobody serves the connections any more.
async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = ready.closed() => return,
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            // A client that does not trust the certificate, or speaks no TLS,
            // is its own affair.
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                let _ = ready.send((stream, peer)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The sender lives as long as the runtime.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
