//! Requests become calls of the reference; what it returns becomes replies.

use std::{collections::HashMap, io, sync::Arc};

use super::{
    caches::{Caches, MakeSeams},
    credential::{Credential, Habits},
    outcome::Failed,
    store::Store,
};
use crate::protocol::{
    CredentialKind, Get, Hello, HelloReply, Identity, Level, LogLevel, Open, ProtocolVersion, Put, Remove,
    RenderWhat, Reply, ReplyBody, Request, Statement, StoreHandle, Unsupported,
};

/// One process life of the adapter.
pub struct Session {
    seams: Box<MakeSeams>,
    /// How its credentials behave; a session without is at store level.
    habits: Option<Arc<dyn Habits>>,
    log: LogLevel,
    handles: HashMap<StoreHandle, Box<dyn Handle>>,
    last_error: Option<Failed>,
}

/// What came of a call of the library; else why the adapter could not call it.
pub(super) type Answered = Result<Result<ReplyBody, Failed>, String>;

/// What a session has open.
pub(super) trait Handle {
    /// Has a value persisted.
    fn put(&mut self, put: Put, seams: &MakeSeams) -> Answered;
    /// Gives what is persisted.
    fn get(&mut self, get: &Get, seams: &MakeSeams) -> Answered;
    /// Removes what is persisted; `None` where the library has no call for that.
    fn remove(
        &mut self,
        remove: &Remove,
        seams: &MakeSeams,
    ) -> Result<Option<Result<ReplyBody, Failed>>, String>;
    /// The caches that it uses.
    fn caches(&self) -> &Caches;
}

impl Session {
    /// A session at store level in which nothing is open.
    pub fn new(seams: Box<MakeSeams>) -> Self {
        Self { seams, habits: None, log: LogLevel::Default, handles: HashMap::new(), last_error: None }
    }

    /// A session whose credentials behave like this.
    pub fn of_credentials(seams: Box<MakeSeams>, habits: Arc<dyn Habits>) -> Self {
        Self { habits: Some(habits), ..Self::new(seams) }
    }

    /// Carries out a request.
    ///
    /// # Errors
    ///
    /// Why the adapter could not carry it out; an error of the library is a reply instead.
    pub fn answer(&mut self, request: Request) -> Result<Reply, String> {
        let done = match request {
            Request::Hello(Hello { protocol, log, .. }) => {
                if !protocol.contains(&ProtocolVersion::CURRENT) {
                    let reason = format!("this adapter speaks version {}", ProtocolVersion::CURRENT);
                    return Ok(unsupported("protocol", reason));
                }
                self.log = log;
                if log == LogLevel::Max {
                    log_everything();
                }
                Ok(ReplyBody::Hello(Box::new(self.hello())))
            }
            Request::Open(open) => self.open(open)?,
            Request::Put(put) => {
                let handle = handle(&mut self.handles, &put.store)?;
                handle.put(put, &*self.seams)?
            }
            Request::Get(get) => handle(&mut self.handles, &get.store)?.get(&get, &*self.seams)?,
            Request::Remove(remove) => {
                match handle(&mut self.handles, &remove.store)?.remove(&remove, &*self.seams)? {
                    Some(done) => done,
                    None => return Ok(unsupported("request:remove", "a credential removes nothing")),
                }
            }
            Request::List(_) => {
                let reason = "a cache is opened by its name; there is no call that names all of them";
                return Ok(unsupported("request:list", reason));
            }
            Request::Render(render) => {
                Ok(ReplyBody::Render { text: self.render(render.store.as_ref(), render.what)? })
            }
            Request::Close(close) => {
                self.handles.remove(&close.store).ok_or_else(|| unknown(&close.store))?;
                Ok(ReplyBody::Done)
            }
            Request::Bye => Ok(ReplyBody::Done),
        };
        Ok(match done {
            Ok(body) => Reply::Ok(body),
            Err(failed) => {
                let reply = Reply::Error(failed.reply());
                self.last_error = Some(failed);
                reply
            }
        })
    }

    fn open(&mut self, open: Open) -> Answered {
        let handle: Box<dyn Handle> = match &self.habits {
            None => Box::new(Store::open(&open)?),
            Some(habits) => match Credential::open(&open, Arc::clone(habits), self.log)? {
                Ok(credential) => Box::new(credential),
                Err(failed) => return Ok(Err(failed)),
            },
        };
        self.handles.insert(open.store, handle);
        Ok(Ok(ReplyBody::Open { self_report: None }))
    }

    fn render(&self, store: Option<&StoreHandle>, what: RenderWhat) -> Result<String, String> {
        let caches = || {
            let named = store.ok_or("this form belongs to a store, and none was named")?;
            let handle = self.handles.get(named).ok_or_else(|| unknown(named))?;
            Ok::<_, String>(handle.caches())
        };
        Ok(match what {
            RenderWhat::Options => caches()?.options_text(),
            RenderWhat::Store => caches()?.text(),
            RenderWhat::LastError => match &self.last_error {
                Some(failed) => format!("{:?}\n{}", failed.error, failed.error.chain().join("\n")),
                None => String::new(),
            },
            // What the library logs goes to standard error, where the harness scans it.
            RenderWhat::DebugLog => String::new(),
        })
    }

    fn hello(&self) -> HelloReply {
        let mut statement: Statement =
            serde_json::from_str(STATEMENT).expect("the statement in this binary fits its own type");
        let mut adapter = "reference";
        if self.habits.is_some() {
            adapter = "reference-credential";
            statement.level = Level::Credential;
            statement.credentials = CREDENTIALS.to_vec();
        }
        let version = env!("CARGO_PKG_VERSION");
        HelloReply {
            protocol: ProtocolVersion::CURRENT,
            implementation: Identity { name: "token-cache".into(), version: version.into() },
            adapter: Identity { name: adapter.into(), version: version.into() },
            statement,
        }
    }
}

fn handle<'a>(
    handles: &'a mut HashMap<StoreHandle, Box<dyn Handle>>,
    named: &StoreHandle,
) -> Result<&'a mut Box<dyn Handle>, String> {
    handles.get_mut(named).ok_or_else(|| unknown(named))
}

/// Sends all that the library logs to standard error, where the harness scans it.
fn log_everything() {
    let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(io::stderr);
    // Only a second hello finds a logger in its place, and that one logs the same.
    let _second = everything.with_ansi(false).try_init();
}

fn unsupported(what: &str, reason: impl Into<String>) -> Reply {
    Reply::Unsupported(Unsupported { what: what.into(), reason: reason.into(), issue: None })
}

fn unknown(handle: &StoreHandle) -> String {
    format!("no store {:?} is open", handle.0)
}

/// What the reference declares, where its files are included: those are elsewhere on Windows.
const STATEMENT: &str =
    if cfg!(windows) { include_str!("statement-windows.json") } else { include_str!("statement.json") };

/// What the reference's credentials are for.
const CREDENTIALS: [CredentialKind; 4] = [
    CredentialKind::ClientSecret,
    CredentialKind::DeviceCode,
    CredentialKind::Interactive,
    CredentialKind::SharedTokenCache,
];
