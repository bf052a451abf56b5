//! The life of an authority: a listener on loopback, a thread of its own, an end.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use rustls::ServerConfig;
use tokio::sync::oneshot;

use super::{
    RequestPart,
    answer::routes,
    certificate::Certificates,
    discovery::{CLIENT_ID, NAME, PUBLIC_NAME, TENANT},
    issuer::{CLIENT_SECRET_ROLE, Issuer},
    listener::TlsListener,
};
use crate::{
    case::CanaryRole,
    observation::{EvidenceLog, SessionIndex},
    protocol,
};

/// What an authority is started with.
#[derive(Clone)]
pub struct AuthoritySettings {
    /// Where the certificate of the throw-away CA is written, PEM. The folder must exist.
    pub ca_file: PathBuf,
    /// Takes what is asked and issued.
    pub log: EvidenceLog,
    /// The canaries that may be issued, by role, and the one of [`CLIENT_SECRET_ROLE`]. Refresh tokens and id tokens are
    /// canaries where the roles that [`CanaryRole::refresh_token`] and [`CanaryRole::id_token`] give are there.
    pub canaries: BTreeMap<CanaryRole, String>,
}

/// Under which name sessions meet an authority.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Face {
    /// Its own, on loopback.
    #[default]
    Own,
    /// The public authority's, behind a proxy that leads here: for libraries that go nowhere else.
    Public,
}

/// A running token authority.
///
/// It ends when it is finished or dropped.
#[derive(Debug)]
pub struct Authority {
    issuer: Arc<Issuer>,
    face: Face,
    ca_file: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Authority {
    /// Starts an authority on a free port of 127.0.0.1 that issues nothing but decoys until it is told to.
    ///
    /// `on_request` is called with every part of every request before it is answered, on the authority's thread.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] names what could not be made, bound, written or started.
    pub fn start(
        settings: AuthoritySettings,
        on_request: impl Fn(RequestPart<'_>) + Send + Sync + 'static,
    ) -> Result<Self, AuthorityError> {
        let AuthoritySettings { ca_file, log, canaries } = settings;
        if canaries.get(&CanaryRole(CLIENT_SECRET_ROLE.into())).is_none_or(String::is_empty) {
            return Err(AuthorityError::NoClientSecret);
        }
        let certificates =
            Certificates::generate().map_err(|error| AuthorityError::Tls { cause: error.to_string() })?;
        fs::write(&ca_file, &certificates.authority_pem)
            .map_err(|source| AuthorityError::CaFile { path: ca_file.clone(), source })?;

        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|source| AuthorityError::Bind { source })?;
        let port = listener.local_addr().map_err(|source| AuthorityError::Bind { source })?.port();
        let issuer = Arc::new(Issuer::new(format!("https://{NAME}:{port}"), log, canaries, on_request));

        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("token-authority".into())
            .spawn({
                let issuer = Arc::clone(&issuer);
                move || serve(listener, certificates.server, issuer, stopped)
            })
            .map_err(|source| AuthorityError::Thread { source })?;
        Ok(Self { issuer, face: Face::Own, ca_file, stop: Some(stop), thread: Some(thread) })
    }

    /// From now on `open` carries the other address.
    pub fn show(&mut self, face: Face) {
        self.face = face;
    }

    /// What `open` carries.
    pub fn parameters(&self) -> protocol::Authority {
        let (url, proxy) = match self.face {
            Face::Own => (self.issuer.url.clone(), None),
            Face::Public => {
                let port = self.issuer.url.rsplit(':').next().expect("the URL of an authority has a port");
                (format!("https://{PUBLIC_NAME}"), Some(format!("http://127.0.0.1:{port}")))
            }
        };
        protocol::Authority {
            url,
            proxy,
            ca_file: self.ca_file.to_string_lossy().into_owned(),
            tenant: TENANT.into(),
            client_id: CLIENT_ID.into(),
            client_secret: self.issuer.client_secret().into(),
        }
    }

    /// Where the CA's certificate is.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// From now on whoever asks for the scope of this role gets its canary; who asks for an unarmed one gets a decoy.
    pub fn arm(&self, role: &CanaryRole) {
        self.issuer.arm(role);
    }

    /// Undoes one [`arm`](Self::arm); after the last one the scope of the role gets a decoy again.
    pub fn disarm(&self, role: &CanaryRole) {
        self.issuer.disarm(role);
    }

    /// From now on, until sessions are set, a request for the token of this role belongs to this session.
    pub fn want(&self, session: SessionIndex, role: &CanaryRole) {
        self.issuer.want(session, role);
    }

    /// From now on every scope gets a decoy.
    pub fn withhold(&self) {
        self.issuer.disarm_all();
    }

    /// Stamps what is recorded from now on with a session.
    pub fn set_session(&self, session: Option<SessionIndex>) {
        self.issuer.set_session(session);
    }

    /// Stops answering.
    ///
    /// # Errors
    ///
    /// What was asked or sent and not seen: without it, absence from the network is no evidence.
    pub fn finish(mut self) -> Result<(), String> {
        let mut lost = match self.end() {
            None | Some(Ok(Ok(()))) => Vec::new(),
            Some(Ok(Err(error))) => vec![format!("the token authority stopped early: {error}")],
            Some(Err(_)) => vec!["the token authority's thread panicked".to_owned()],
        };
        lost.extend(self.issuer.lost());
        if lost.is_empty() { Ok(()) } else { Err(lost.join("; ")) }
    }

    fn end(&mut self) -> Option<thread::Result<io::Result<()>>> {
        // The receiver is gone only if the thread ended already.
        let _ = self.stop.take()?.send(());
        Some(self.thread.take()?.join())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        // How it ended is told by `finish`; here only the thread must not outlive its world.
        let _ = self.end();
    }
}

/// The authority's thread. Nothing in it blocks, so it ends as soon as it is told to.
fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    issuer: Arc<Issuer>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let listener = TlsListener::spawn(listener, tls, Arc::clone(&issuer));
        let server = std::pin::pin!(axum::serve(listener, routes(issuer)).into_future());
        match futures_util::future::select(server, stopped).await {
            futures_util::future::Either::Left((ended, _)) => ended,
            futures_util::future::Either::Right(_) => Ok(()),
        }
    })
}

/// Why an authority did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// No canary for the client secret.
    #[error("a token authority needs a canary of the role {CLIENT_SECRET_ROLE:?}, and the world has none")]
    NoClientSecret,
    /// Certificates or TLS.
    #[error("{cause}")]
    Tls {
        /// What the libraries say.
        cause: String,
    },
    /// The CA file.
    #[error("cannot write the token authority's CA certificate to {}: {source}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The listener.
    #[error("cannot listen on 127.0.0.1 for the token authority: {source}")]
    Bind {
        /// Why.
        source: io::Error,
    },
    /// The thread.
    #[error("cannot start a thread for the token authority: {source}")]
    Thread {
        /// Why.
        source: io::Error,
    },
}
