//! Requests become calls of `token-cache`; what it returns becomes replies.

use std::{collections::HashMap, error::Error as _, io, time::Duration};

use token_cache::{
    Error, ErrorKind, Interaction, SecretBytes, TokenCache, TokenCachePersistenceOptions, seams::Seams,
};

use crate::{
    case,
    protocol::{
        Base64Bytes, ErrorCategory, Hello, HelloReply, Identity, LogLevel, NativeError, Open, Phase,
        ProtocolVersion, RenderWhat, Reply, ReplyBody, ReplyError, Request, Statement, StoreHandle,
        Unsupported,
    },
};

/// Makes the parts of each cache that a session opens.
pub type MakeSeams = dyn Fn() -> Seams;

/// One process life of the adapter.
pub struct Session {
    seams: Box<MakeSeams>,
    stores: HashMap<StoreHandle, Store>,
    last_error: Option<Error>,
}

/// What `open` said, and the caches that were opened since.
struct Store {
    options: TokenCachePersistenceOptions,
    interaction: Interaction,
    deadline: Duration,
    caches: HashMap<case::Partition, TokenCache>,
}

/// An error of the library, and when it came.
struct Failed {
    error: Error,
    phase: Phase,
}

impl Session {
    /// A session in which nothing is open.
    pub fn new(seams: Box<MakeSeams>) -> Self {
        Self { seams, stores: HashMap::new(), last_error: None }
    }

    /// Carries out a request.
    ///
    /// # Errors
    ///
    /// Why the adapter could not carry it out; an error of the library is a reply instead.
    pub fn answer(&mut self, request: Request) -> Result<Reply, String> {
        Ok(match request {
            Request::Hello(Hello { log, .. }) => {
                if log == LogLevel::Max {
                    log_everything();
                }
                Reply::Ok(ReplyBody::Hello(Box::new(hello())))
            }
            Request::Open(open) => self.open(open),
            Request::Put(put) => {
                let Some(Base64Bytes(value)) = put.value else {
                    return Err("put needs a value at store level".into());
                };
                let done = self.cache(&put.store, put.partition)?.and_then(|cache| {
                    cache
                        .write(SecretBytes::from(value))
                        .map_err(|error| Failed { error, phase: Phase::Save })
                });
                self.reply(done, |()| ReplyBody::Put { state: None })
            }
            Request::Get(get) => {
                let done = self
                    .cache(&get.store, get.partition)?
                    .and_then(|cache| cache.read().map_err(|error| Failed { error, phase: Phase::Load }));
                self.reply(done, |value| ReplyBody::Get {
                    value: value.map(|bytes| Base64Bytes(bytes.expose().to_vec())),
                    state: None,
                })
            }
            Request::Remove(remove) => {
                let done = self
                    .cache(&remove.store, remove.partition)?
                    .and_then(|cache| cache.clear().map_err(|error| Failed { error, phase: Phase::Save }));
                self.reply(done, |_report| ReplyBody::Done)
            }
            Request::List(_) => Reply::Unsupported(Unsupported {
                what: "request:list".into(),
                reason: "a cache is opened by its name; there is no call that names all of them".into(),
                issue: None,
            }),
            Request::Render(render) => {
                let text = self.render(render.store.as_ref(), render.what)?;
                Reply::Ok(ReplyBody::Render { text })
            }
            Request::Close(close) => {
                self.stores.remove(&close.store).ok_or_else(|| unknown(&close.store))?;
                Reply::Ok(ReplyBody::Done)
            }
            Request::Bye => Reply::Ok(ReplyBody::Done),
        })
    }

    fn open(&mut self, open: Open) -> Reply {
        let mut options = TokenCachePersistenceOptions::new();
        if let Some(name) = open.options.name {
            options = options.name(name);
        }
        if let Some(allow) = open.options.allow_unencrypted_storage {
            options = options.allow_unencrypted_storage(allow);
        }
        let interaction = match open.interaction {
            case::Interaction::Never => Interaction::Never,
            case::Interaction::Allow => Interaction::Allow,
        };
        let store = Store {
            options,
            interaction,
            // The library's own deadline comes first, so that its error is seen and not the harness's.
            deadline: Duration::from_millis(open.deadline_ms / 2),
            caches: HashMap::new(),
        };
        self.stores.insert(open.store, store);
        Reply::Ok(ReplyBody::Open { self_report: None })
    }

    /// The cache of a partition, opened at its first use.
    fn cache(
        &mut self,
        handle: &StoreHandle,
        partition: case::Partition,
    ) -> Result<Result<&TokenCache, Failed>, String> {
        let store = self.stores.get_mut(handle).ok_or_else(|| unknown(handle))?;
        if !store.caches.contains_key(&partition) {
            let opened = TokenCache::builder(&store.options)
                .partition(match partition {
                    case::Partition::Nocae => token_cache::Partition::NoCae,
                    case::Partition::Cae => token_cache::Partition::Cae,
                })
                .interaction(store.interaction)
                .deadline(store.deadline)
                .seams((self.seams)())
                .open();
            match opened {
                Ok(cache) => store.caches.insert(partition, cache),
                Err(error) => return Ok(Err(Failed { error, phase: Phase::Open })),
            };
        }
        Ok(Ok(&store.caches[&partition]))
    }

    fn render(&self, store: Option<&StoreHandle>, what: RenderWhat) -> Result<String, String> {
        let store = || {
            let handle = store.ok_or("this form belongs to a store, and none was named")?;
            self.stores.get(handle).ok_or_else(|| unknown(handle))
        };
        Ok(match what {
            RenderWhat::Options => format!("{:?}", store()?.options),
            RenderWhat::Store => {
                let caches = store()?.caches.values();
                caches.map(|cache| format!("{cache:?} {:?}", cache.notices())).collect::<Vec<_>>().join("\n")
            }
            RenderWhat::LastError => match &self.last_error {
                Some(error) => format!("{error:?}\n{}", chain(error).join("\n")),
                None => String::new(),
            },
            // What the library logs goes to standard error, where the harness scans it.
            RenderWhat::DebugLog => String::new(),
        })
    }

    fn reply<T>(&mut self, done: Result<T, Failed>, body: impl FnOnce(T) -> ReplyBody) -> Reply {
        match done {
            Ok(value) => Reply::Ok(body(value)),
            Err(Failed { error, phase }) => {
                let kind = error.kind();
                let reply = ReplyError {
                    category: category(kind),
                    phase,
                    native: NativeError {
                        type_name: format!("{kind:?}"),
                        code: None,
                        message: error.to_string(),
                        chain: chain(&error).split_off(1),
                    },
                };
                self.last_error = Some(error);
                Reply::Error(reply)
            }
        }
    }
}

/// Sends all that the library logs to standard error, where the harness scans it.
fn log_everything() {
    let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(io::stderr);
    // Only a second hello finds a logger in its place, and that one logs the same.
    let _second = everything.with_ansi(false).try_init();
}

fn hello() -> HelloReply {
    let statement: Statement =
        serde_json::from_str(STATEMENT).expect("the statement in this binary fits its own type");
    let version = env!("CARGO_PKG_VERSION");
    HelloReply {
        protocol: ProtocolVersion::CURRENT,
        implementation: Identity { name: "token-cache".into(), version: version.into() },
        adapter: Identity { name: "reference".into(), version: version.into() },
        statement,
    }
}

/// An error's message, then those of its causes.
fn chain(error: &Error) -> Vec<String> {
    let mut said = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        said.push(cause.to_string());
        source = cause.source();
    }
    said
}

fn category(kind: ErrorKind) -> ErrorCategory {
    match kind {
        ErrorKind::AccessDenied => ErrorCategory::AccessDenied,
        ErrorKind::Busy => ErrorCategory::Busy,
        ErrorKind::Cancelled => ErrorCategory::Cancelled,
        ErrorKind::Corrupt => ErrorCategory::Corrupt,
        ErrorKind::EncryptionUnavailable => ErrorCategory::EncryptionUnavailable,
        ErrorKind::InvalidArgument => ErrorCategory::InvalidArgument,
        ErrorKind::Io => ErrorCategory::Io,
        ErrorKind::Locked => ErrorCategory::Locked,
        ErrorKind::Timeout => ErrorCategory::Timeout,
    }
}

fn unknown(handle: &StoreHandle) -> String {
    format!("no store {:?} is open", handle.0)
}

const STATEMENT: &str = include_str!("statement.json");
