//! Secret Service store: the desktop's keyring encrypts the item under the user's login password, for every program
//! of that user.
//!
//! The interface is the [Secret Service API, version 0.2], spoken to whoever owns `org.freedesktop.secrets` on the
//! session bus: gnome-keyring, KDE's wallet, `KeePassXC`, oo7.
//!
//! # Identity
//!
//! | part of the cache | where it is in the item |
//! |---|---|
//! | collection | whatever the alias `default` leads to; never the session's own collection |
//! | file name: name and partition, such as `msal.cache.nocae` | attribute `xdg:schema` |
//! | that it is an MSAL cache | attribute `MsalClientID`, always `Microsoft.Developer.IdentityService` |
//!
//! This is the item of azure-identity for Python, which writes it through libsecret; libsecret puts a schema's name
//! into `xdg:schema`.
//!
//! # Attributes
//!
//! We write those two and require exactly those two: `SearchItems` finds supersets, so each hit's `Attributes` are
//! compared as a whole, and an item with further ones is never read, changed or deleted. Label (`MSALCache`) and
//! content type (`text/plain`) are written and ignored when reading. An item that is there is changed by `SetSecret`;
//! a new one is made by `CreateItem` with `replace` off, because services differ in what that replaces. After each
//! write the item is searched for and read as any reader would do it.
//!
//! # What others see
//!
//! `secret-tool lookup xdg:schema msal.cache.nocae MsalClientID Microsoft.Developer.IdentityService` prints the value,
//! and a key manager lists it as `MSALCache`. Any program of the user can read it while the collection is unlocked:
//! the interface knows no access control between programs. The bus carries ciphertext only: sessions are
//! `dh-ietf1024-sha256-aes128-cbc-pkcs7`, never plain. That keeps a bus monitor out and a log of the bus clean; it
//! does not keep out whoever can stand between us and the service and change messages, as the key agreement is not
//! authenticated.
//!
//! # Failure model
//!
//! | what happens | obstacle | what the user can do |
//! |---|---|---|
//! | no address and no `$XDG_RUNTIME_DIR/bus` | [`Absence::NoBusAddress`] | start a session bus, `dbus-run-session` |
//! | `ENOENT`, `ECONNREFUSED` on connecting | [`Absence::BusUnreachable`] | mend `DBUS_SESSION_BUS_ADDRESS` |
//! | name unowned and not activatable | [`Absence::NoService`] | install or start a keyring |
//! | no alias `default`, no collection but the session's | [`Absence::NoCollection`] | make a keyring, for example by signing in once |
//! | no alias `default`, but a collection that lasts | [`Misconfiguration::NoDefaultAlias`] | choose the default keyring |
//! | `default` is the session's collection | [`Misconfiguration::SessionAlias`] | choose the default keyring |
//! | an address that is not `unix:path` or `unix:abstract` | [`Misconfiguration::Transport`], [`Misconfiguration::Address`] | mend the address |
//! | the bus is another user's | [`Misconfiguration::ForeignPeer`] | run as the session's user |
//! | `EACCES`, `EPERM` on connecting; `AccessDenied`, `AuthFailed`, `InteractiveAuthorizationRequired`, `org.gnome.keyring.Error.Denied` | [`Obstacle::Refused`] | allow the program in the sandbox or the keyring |
//! | a prompt was dismissed, or would be needed for a write | [`Obstacle::Refused`] | answer it; allow the program |
//! | the collection's or the item's `Locked`; `IsLocked` | [`Obstacle::Locked`] | unlock the keyring |
//! | more than one exact item | [`Obstacle::Ambiguous`] | clear the cache |
//! | what comes back is no text | [`Obstacle::Unreadable`] | clear the cache |
//! | a value beyond 16 MiB | [`Obstacle::Unreadable`], [`Breakage::TooLarge`] | clear the cache |
//! | `LimitsExceeded`, `NoMemory` for a write | [`Breakage::TooLarge`] | |
//! | the connection or the owner goes, `NoReply`, `Disconnected` | [`Breakage::Disconnected`]; for a change [`Breakage::OutcomeUnknown`] | try again |
//! | the deadline, `Timeout`, `TimedOut` | [`Breakage::TimedOut`]; for a change [`Breakage::OutcomeUnknown`] | try again |
//! | wrong types, another session's secret, no encrypted session | [`Breakage::Protocol`] | report it to the service's authors |
//! | any other error | [`Breakage::Service`] with its name | |
//!
//! # Quirks
//!
//! - A locked collection of gnome-keyring 42.1 answers searches with hashed attributes, so its items look like others
//!   ([keyring-rs#204]). We ask for `Locked` first and search only what is open.
//! - A client that takes a locked item for an absent one stores a second item ([keepassxc#4443]).
//! - `KeePassXC` 2.7 answers `CreateItem` with a prompt even when it is unlocked ([secretstorage#39]), and asks again for
//!   items of other processes ([keepassxc#7623]). Writing never prompts here, so the prompt is dismissed and the write
//!   is [`Obstacle::Refused`]. It also lists attributes of its own (`Uuid`, `Path`, [`Item::attributes`]), so no item of its ever matches
//!   exactly.
//! - gnome-keyring without a desktop has no prompter and dismisses a prompt at once.
//! - dbus-daemon starts the service when its name is asked for (activation), so a probe may start a daemon; this is
//!   the only thing a probe changes.
//! - The session's owner is remembered by its unique name. A keyring that was restarted is noticed at the next request,
//!   which agrees on a new session.
//!
//! # Headless and containers
//!
//! Over SSH and in containers there is mostly no session bus: [`Absence::NoBusAddress`]. Where gnome-keyring can be
//! activated but nobody has signed in, it has no collection: [`Absence::NoCollection`]; on a machine where somebody
//! has, it is locked: [`Obstacle::Locked`]. `printf PASSWORD | gnome-keyring-daemon --components=secrets --unlock`
//! under `dbus-run-session` gives an unlocked one without a display. In a container that is handed the host's bus under
//! a mapped user id, the peer looks like another user: [`Misconfiguration::ForeignPeer`]. Flatpak hands out the portal
//! instead of this interface unless `--talk-name=org.freedesktop.secrets` is given.
//!
//! # Example: a store is made everywhere, where it is built
//!
//! ```
//! use token_cache::store::secret_service::SecretService;
//! use token_cache::store::{ItemIdentity, Obstacle};
//! use token_cache::{Environment, Platform};
//!
//! let item = ItemIdentity::of_file("my_application.nocae");
//! match SecretService::new(Environment::system().bus, item) {
//!     Ok(_store) => assert_eq!(Platform::current(), Platform::Linux),
//!     Err(Obstacle::NotBuilt { protector }) => assert_eq!(protector, "secret-service"),
//!     Err(obstacle) => panic!("making a store does nothing yet: {obstacle}"),
//! }
//! ```
//!
//! [Secret Service API, version 0.2]: https://specifications.freedesktop.org/secret-service/latest/
//! [`Item::attributes`]: https://github.com/keepassxreboot/keepassxc/blob/000e1823acbf84f36919c8362e7994755c9b4e13/src/fdosecrets/objects/Item.cpp
//! [keepassxc#4443]: https://github.com/keepassxreboot/keepassxc/issues/4443
//! [keepassxc#7623]: https://github.com/keepassxreboot/keepassxc/issues/7623
//! [keyring-rs#204]: https://github.com/open-source-cooperative/keyring-rs/issues/204
//! [secretstorage#39]: https://github.com/mitya57/secretstorage/issues/39
//!
//! [`Absence::BusUnreachable`]: crate::store::Absence::BusUnreachable
//! [`Absence::NoBusAddress`]: crate::store::Absence::NoBusAddress
//! [`Absence::NoCollection`]: crate::store::Absence::NoCollection
//! [`Absence::NoService`]: crate::store::Absence::NoService
//! [`Breakage::Disconnected`]: crate::store::Breakage::Disconnected
//! [`Breakage::OutcomeUnknown`]: crate::store::Breakage::OutcomeUnknown
//! [`Breakage::Protocol`]: crate::store::Breakage::Protocol
//! [`Breakage::Service`]: crate::store::Breakage::Service
//! [`Breakage::TimedOut`]: crate::store::Breakage::TimedOut
//! [`Breakage::TooLarge`]: crate::store::Breakage::TooLarge
//! [`Misconfiguration::Address`]: crate::store::Misconfiguration::Address
//! [`Misconfiguration::ForeignPeer`]: crate::store::Misconfiguration::ForeignPeer
//! [`Misconfiguration::NoDefaultAlias`]: crate::store::Misconfiguration::NoDefaultAlias
//! [`Misconfiguration::SessionAlias`]: crate::store::Misconfiguration::SessionAlias
//! [`Misconfiguration::Transport`]: crate::store::Misconfiguration::Transport
//! [`Obstacle::Ambiguous`]: crate::store::Obstacle::Ambiguous
//! [`Obstacle::Locked`]: crate::store::Obstacle::Locked
//! [`Obstacle::Refused`]: crate::store::Obstacle::Refused
//! [`Obstacle::Unreadable`]: crate::store::Obstacle::Unreadable

#[cfg(target_os = "linux")]
#[path = "enabled.rs"]
mod backend;
#[cfg(not(target_os = "linux"))]
#[path = "disabled.rs"]
mod backend;

pub use backend::SecretService;
