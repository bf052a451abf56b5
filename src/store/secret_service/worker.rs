//! The thread on which D-Bus is spoken, so that the caller may be on any thread of any runtime.
//!
//! A bare `zbus::block_on` in the caller's thread panics inside a tokio runtime as soon as anybody in the build
//! turns on zbus's `tokio` feature. Here only our own thread ever calls it, one request at a time; the caller waits
//! on a channel, and its wait is the clock: no timer of any runtime is involved.

use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::SecretBytes;
use crate::location::BusAddress;
use crate::store::{Breakage, Deadline, Interaction, ItemIdentity, Obstacle};

use super::link::Link;
use super::progress::Progress;
use super::{address, item, probe};

/// A handle on the thread; the thread ends when the handle is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    place: Arc<Place>,
    jobs: Mutex<Option<Sender<Job>>>,
}

/// What the thread can be asked for, one for each method of a store.
#[derive(Debug)]
pub(super) enum Request {
    Probe(Interaction),
    Read,
    Write(SecretBytes),
    Clear,
}

/// The bytes for a read, nothing for everything else.
pub(super) type Answer = Result<Option<SecretBytes>, Obstacle>;

impl Worker {
    /// A worker for one item on one bus; its thread starts with the first request.
    pub(super) fn new(bus: BusAddress, item: ItemIdentity) -> Self {
        Self { place: Arc::new(Place { bus, item }), jobs: Mutex::new(None) }
    }

    /// Hands the request over and waits for the answer until the deadline.
    ///
    /// At the deadline the request is cancelled. From then on it starts no further call, and the answer is
    /// [`Breakage::TimedOut`], or [`Breakage::OutcomeUnknown`] where a change was already under way.
    ///
    /// # Errors
    ///
    /// The obstacle that the request met.
    pub(super) fn ask(&self, request: Request, deadline: Deadline) -> Answer {
        let progress = Arc::new(Progress::default());
        let (reply, answer) = mpsc::sync_channel(1);
        self.submit(Job { request, deadline, progress: Arc::clone(&progress), reply, stream: None })?;
        match answer.recv_timeout(deadline.remaining()) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => match progress.cancel() {
                Some(interrupted) => Err(interrupted),
                // The answer has come in between; it knows more than a cancellation, and is handed over now.
                None => answer
                    .recv_timeout(HANDOVER)
                    .unwrap_or(Err(Obstacle::Broken(Breakage::OutcomeUnknown { call: "the D-Bus thread" }))),
            },
        }
    }

    fn submit(&self, job: Job) -> Result<(), Obstacle> {
        let Some(mut job) = hand_over(self.jobs().as_ref(), job) else { return Ok(()) };
        // Before there is a thread: where there is no bus, none is needed.
        job.stream = Some(address::connect(&self.place.bus, job.deadline)?);
        let mut jobs = self.jobs();
        let Some(job) = hand_over(jobs.as_ref(), job) else { return Ok(()) };
        let (sender, receiver) = mpsc::channel();
        let place = Arc::clone(&self.place);
        thread::Builder::new()
            .name("token-cache-secret-service".to_owned())
            .spawn(move || work(&place, &receiver))
            .map_err(|error| {
                let name = format!("{:?}", error.kind());
                Obstacle::Broken(Breakage::Service { call: "starting the D-Bus thread", name })
            })?;
        sender
            .send(job)
            .map_err(|_| Obstacle::Broken(Breakage::Disconnected { call: "the D-Bus thread" }))?;
        *jobs = Some(sender);
        Ok(())
    }

    fn jobs(&self) -> MutexGuard<'_, Option<Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the job to the thread behind the sender; gives it back if there is none.
///
/// A thread that was started is gone only if it panicked.
fn hand_over(thread: Option<&Sender<Job>>, job: Job) -> Option<Job> {
    match thread {
        None => Some(job),
        Some(sender) => sender.send(job).err().map(|mpsc::SendError(job)| job),
    }
}

/// What every request is about.
#[derive(Debug)]
struct Place {
    bus: BusAddress,
    item: ItemIdentity,
}

/// One request with the way back.
struct Job {
    request: Request,
    deadline: Deadline,
    progress: Arc<Progress>,
    reply: SyncSender<Answer>,
    /// A connection to the bus, with the job that starts the thread.
    stream: Option<UnixStream>,
}

/// Serves requests until nobody can send any more.
fn work(place: &Place, jobs: &Receiver<Job>) {
    let mut link = None;
    while let Ok(mut job) = jobs.recv() {
        let progress = Arc::clone(&job.progress);
        let answer = zbus::block_on(progress.until_cancelled(serve(place, &mut link, &mut job)));
        // After a cancellation half a message may have been sent, and after a failure the service may have
        // another idea of the session than we: both times the next request starts afresh.
        let afresh = matches!(answer, None | Some(Err(Obstacle::Broken(_))));
        if let Some(answer) = answer {
            // First of all: whoever waits for it may have no time left.
            drop(job.reply.send(answer));
        }
        if afresh {
            close(link.take());
        }
    }
    close(link);
}

async fn serve(place: &Place, link: &mut Option<Link>, job: &mut Job) -> Answer {
    let Job { request, deadline, progress, stream, .. } = job;
    let current = match link.take() {
        Some(old) => old.renewed(progress).await?,
        None => None,
    };
    let link = link.insert(match (current, stream.take()) {
        (Some(current), _) => current,
        (None, Some(stream)) => Link::open(stream, progress).await?,
        (None, None) => Link::open(address::connect(&place.bus, *deadline)?, progress).await?,
    });
    let service = link.service(progress);
    match request {
        Request::Probe(interaction) => probe::probe(&service, *interaction).await.map(|()| None),
        Request::Read => item::read(&service, link.session(), &place.item).await,
        Request::Write(bytes) => {
            item::write(&service, link.session(), &place.item, bytes).await.map(|()| None)
        }
        Request::Clear => item::clear(&service, &place.item).await.map(|()| None),
    }
}

/// Longer than it takes to hand an answer over that there is, also on a busy machine.
const HANDOVER: Duration = Duration::from_secs(1);

fn close(link: Option<Link>) {
    if let Some(link) = link {
        zbus::block_on(link.close());
    }
}
