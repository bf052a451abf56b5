//! The provider's thread, its coming and going.

use std::{
    io,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{KeyringContents, ProviderScript, keyring::Keyring, path::SERVICE};
use crate::{
    observation::KeyringItem,
    world::bus::{
        AddressError, BROKER, BusAddress, Call, Connection, ConnectionError, Frame, Header, Kind, Sender,
        reply_header,
    },
};

/// A provider that owns `org.freedesktop.secrets`, until it is stopped or dropped.
#[derive(Debug)]
pub struct Provider {
    contents: KeyringContents,
    sender: Sender,
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// Joins a bus; once this returns, clients find the service.
    ///
    /// The contents stay with whoever has another handle on them: a provider that is started with the same ones later
    /// has the same collections and items, except for the session collection, which always begins empty.
    ///
    /// # Errors
    ///
    /// [`ProviderError`]: there is no bus at the address, or somebody else owns the name.
    pub fn start(
        broker_address: &str,
        contents: &KeyringContents,
        script: ProviderScript,
    ) -> Result<Self, ProviderError> {
        let address = BusAddress::parse(broker_address)?;
        let deadline = Instant::now() + PATIENCE;
        let mut connection = Connection::open(&address, deadline).map_err(ProviderError::bus)?;
        let keyring = Keyring::new(contents.clone(), script);
        let answer = connection
            .call(Call::to_broker("RequestName"), &(NAME, DO_NOT_QUEUE), deadline)
            .map_err(ProviderError::bus)?;
        if answer.body::<u32>().ok() != Some(PRIMARY_OWNER) {
            return Err(ProviderError::NameTaken);
        }
        let sender = connection.sender();
        let (ending, ended) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("provider".into())
            .spawn(move || {
                serve(connection, keyring);
                drop(ending);
            })
            .map_err(ProviderError::Thread)?;
        Ok(Self { contents: contents.clone(), sender, ended, thread: Some(thread) })
    }

    /// Every item with its secret; see [`KeyringContents::items`].
    pub fn items(&self) -> Vec<(KeyringItem, Vec<u8>)> {
        self.contents.items()
    }

    /// Removes the item at an object path, past the bus; false if there is none.
    pub fn remove_item(&self, path: &str) -> bool {
        self.contents.remove_item(path)
    }

    /// Leaves the bus; once this returns, nobody owns the name.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Calls that came before are answered before the name is given back.
        let asked = self.sender.call(Call::to_broker("ReleaseName"), &NAME);
        if asked.is_err() || self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            self.sender.shut_down();
            if self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // A thread that does not end in time is left behind rather than waited for.
                return;
            }
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Why there is no provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The address is not one of a world.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The bus cannot be joined.
    #[error("the scripted provider cannot join the bus: {reason}")]
    Bus {
        /// What happened.
        reason: String,
    },
    /// Somebody else owns the name.
    #[error("somebody else owns {NAME} on this bus; stop that provider first")]
    NameTaken,
    /// Its thread cannot be started.
    #[error("cannot start a thread for the scripted provider: {0}")]
    Thread(#[source] io::Error),
}

impl ProviderError {
    #[expect(clippy::needless_pass_by_value, reason = "it is the argument of `map_err`")]
    fn bus(error: ConnectionError) -> Self {
        Self::Bus { reason: error.to_string() }
    }
}

/// Answers calls until the name is given back or the bus is gone.
fn serve(mut connection: Connection, mut keyring: Keyring) {
    let sender = connection.sender();
    loop {
        let frame = match connection.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!("the scripted provider left: {error}");
                return;
            }
        };
        let header = frame.header();
        let sent = match header.kind {
            Kind::Call => answer(&sender, &mut keyring, &frame),
            // The only question that this thread's connection still asks is whether the name is given back.
            Kind::Return | Kind::Error if header.sender.as_deref() == Some(BROKER) => return,
            Kind::Return | Kind::Error | Kind::Signal => Ok(()),
        };
        if let Err(error) = sent {
            tracing::debug!("the scripted provider left: {error}");
            return;
        }
    }
}

fn answer(sender: &Sender, keyring: &mut Keyring, call: &Frame) -> Result<(), ConnectionError> {
    let result = keyring.answer(call);
    if call.header().expects_reply() {
        let serial = sender.next_serial();
        let reply = match result {
            Ok(body) => Frame::assemble(reply_header(Kind::Return, serial, call.header()), &body),
            Err(refusal) => {
                let mut header = reply_header(Kind::Error, serial, call.header());
                header.error_name = Some(refusal.name().to_owned());
                Frame::build(header, &refusal.to_string()).map_err(ConnectionError::Body)?
            }
        };
        sender.send(&reply)?;
    }
    for signal in keyring.take_signals() {
        let mut header = Header::new(Kind::Signal, sender.next_serial());
        header.path = Some(signal.path);
        header.interface = Some(signal.interface.to_owned());
        header.member = Some(signal.member.to_owned());
        sender.send(&Frame::assemble(header, &signal.body))?;
    }
    Ok(())
}

/// The name that clients call.
pub(crate) const NAME: &str = "org.freedesktop.secrets";
/// The object that clients call first.
pub(crate) const ROOT: &str = SERVICE;

const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;
const PATIENCE: Duration = Duration::from_secs(10);
