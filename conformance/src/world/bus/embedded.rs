//! The broker inside the harness, on a thread of its own.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use futures_util::future::{Either, select};

use super::address::BusAddress;

/// The thread that runs the broker; dropping this ends it.
#[derive(Debug)]
pub(super) struct Embedded {
    stop: Arc<zruntime::Event>,
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts it; once this returns, clients can connect.
    pub(super) fn start(address: &BusAddress) -> Result<Self, String> {
        let stop = Arc::new(zruntime::Event::new());
        let stopped = stop.listen();
        let (ready, started) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        let text = address.to_string();
        let thread = thread::Builder::new()
            .name("broker".into())
            .spawn(move || {
                zruntime::block_on(serve(&text, stopped, &ready));
                drop(ending);
            })
            .map_err(|error| format!("its thread cannot be started: {error}"))?;
        let embedded = Self { stop, ended, thread: Some(thread) };
        match started.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(embedded),
            Ok(Err(reason)) => Err(reason),
            Err(_) => Err(format!("it was not ready within {PATIENCE:?}")),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.notify(usize::MAX);
        // A thread that does not end in time is left behind rather than waited for.
        if self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Disconnected)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

async fn serve(address: &str, stopped: zruntime::EventListener, ready: &mpsc::Sender<Result<(), String>>) {
    let mut bus = match busd::bus::Bus::for_address(Some(address)).await {
        Ok(bus) => bus,
        Err(error) => {
            // Whoever started it has given up if nobody listens.
            let _ = ready.send(Err(format!("{error:#}")));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    match select(Box::pin(bus.run()), stopped).await {
        Either::Left((Err(error), _)) => tracing::warn!("the embedded broker ended: {error:#}"),
        Either::Left((Ok(()), _)) | Either::Right(((), _)) => {}
    }
    // Clients that are still there would otherwise be served on, by a broker that answers nothing any more.
    bus.peers().peers_mut().await.clear();
}

const PATIENCE: Duration = Duration::from_secs(10);
