//! What the harness asks an adapter to do.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Base64Bytes, ProtocolVersion};
use crate::case::{Interaction, Partition};

/// The name under which a script refers to an opened cache.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct StoreHandle(pub String);

/// One request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// The first line of a session.
    Hello(Hello),
    /// Configure a cache; most libraries touch nothing yet.
    Open(Open),
    /// Make the library persist a value.
    Put(Put),
    /// Make the library answer from what is persisted.
    Get(Get),
    /// Remove what is persisted.
    Remove(Remove),
    /// Name what is persisted.
    List(Store),
    /// Give the library's own text forms, for the leak scan.
    Render(Render),
    /// Forget the handle.
    Close(Store),
    /// End the session: reply within 5 s and exit 0 at once. What still runs 10 s after the reply is killed.
    Bye,
}

/// The kind of a request, for messages and records.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// `hello`
    Hello,
    /// `open`
    Open,
    /// `put`
    Put,
    /// `get`
    Get,
    /// `remove`
    Remove,
    /// `list`
    List,
    /// `render`
    Render,
    /// `close`
    Close,
    /// `bye`
    Bye,
}

impl RequestKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Open => "open",
            Self::Put => "put",
            Self::Get => "get",
            Self::Remove => "remove",
            Self::List => "list",
            Self::Render => "render",
            Self::Close => "close",
            Self::Bye => "bye",
        }
    }
}

impl Request {
    /// The kind of this request.
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Hello(_) => RequestKind::Hello,
            Self::Open(_) => RequestKind::Open,
            Self::Put(_) => RequestKind::Put,
            Self::Get(_) => RequestKind::Get,
            Self::Remove(_) => RequestKind::Remove,
            Self::List(_) => RequestKind::List,
            Self::Render(_) => RequestKind::Render,
            Self::Close(_) => RequestKind::Close,
            Self::Bye => RequestKind::Bye,
        }
    }
}

/// `hello`: versions and how much the library should log.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Hello {
    /// The versions that the harness speaks; the adapter answers with one of them.
    pub protocol: Vec<ProtocolVersion>,
    /// Name and version of the harness.
    pub harness: String,
    /// How much the library should log.
    pub log: LogLevel,
}

/// How much the library should log during the session.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Leave the library's logging alone.
    #[default]
    Default,
    /// Everything that the library can log, to standard error.
    Max,
}

/// `open`: a cache with the options under test.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Open {
    /// The handle that later requests use.
    pub store: StoreHandle,
    /// The options; an absent member of theirs means: leave the library's default alone. Where they are absent as a
    /// whole, no options are given to the credential at all; credential level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<OpenOptions>,
    /// Whether the library may open a dialogue.
    pub interaction: Interaction,
    /// The kind of credential to use, of those that the statement declares; absent means: the one that the adapter is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialKind>,
    /// The token authority to use; credential level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// What an earlier session of the same script gave back, opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How long one operation may take before the harness ends the session, in milliseconds.
    pub deadline_ms: u64,
}

/// A kind of credential: how it comes by its tokens.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// By a secret of the client's own.
    ClientSecret,
    /// By a user who enters a code on another device, and by the refresh token from then on.
    DeviceCode,
    /// By a user who signs in in a browser, and by the refresh token from then on.
    Interactive,
    /// By what others left in the cache that developer tools share; it asks no user.
    SharedTokenCache,
}

impl CredentialKind {
    /// The word on the wire and in case files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::DeviceCode => "device_code",
            Self::Interactive => "interactive",
            Self::SharedTokenCache => "shared_token_cache",
        }
    }

    /// Whether its tokens are a user's: refresh tokens and id tokens come with them.
    pub fn is_for_user(self) -> bool {
        match self {
            Self::ClientSecret => false,
            Self::DeviceCode | Self::Interactive | Self::SharedTokenCache => true,
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The options under test, in the words of the specification (S9).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct OpenOptions {
    /// `name` (S10 to S13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `allow_unencrypted_storage` (S6, S14 to S17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_unencrypted_storage: Option<bool>,
}

/// Where a credential asks for tokens: a fake authority on loopback with throw-away values.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Authority {
    /// `https://localhost:PORT`; the address of the public authority where there is a proxy.
    pub url: String,
    /// The proxy to go through, `http://127.0.0.1:PORT`; it leads to the same fake authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// A file with the authority's throw-away CA, PEM.
    pub ca_file: String,
    /// The tenant.
    pub tenant: String,
    /// The client id.
    pub client_id: String,
    /// The client secret: a canary.
    pub client_secret: String,
}

/// `put`: store level saves `value`; credential level gets a token for `scope`, which the library persists.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Put {
    /// The cache.
    pub store: StoreHandle,
    /// Which of the cache's partitions.
    pub partition: Partition,
    /// The scope to get a token for; credential level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The value to save; store level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Base64Bytes>,
}

/// `get`: store level loads; credential level gets a token for `scope`, from the cache if the library has it there.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Get {
    /// The cache.
    pub store: StoreHandle,
    /// Which of the cache's partitions.
    pub partition: Partition,
    /// The scope to get a token for; credential level only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// `remove`: what is persisted in one partition.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Remove {
    /// The cache.
    pub store: StoreHandle,
    /// Which of the cache's partitions.
    pub partition: Partition,
}

/// A request that needs a handle only: `list`, `close`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Store {
    /// The cache.
    pub store: StoreHandle,
}

/// `render`: the library's own text forms.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Render {
    /// The cache, where the form belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreHandle>,
    /// Which form.
    pub what: RenderWhat,
}

/// Which text form is asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderWhat {
    /// The options object.
    Options,
    /// The opened cache or credential.
    Store,
    /// The last error, with its chain.
    LastError,
    /// What the library logs at its most talkative.
    DebugLog,
}
