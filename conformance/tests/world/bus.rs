//! What a client sees of a bus is the same with both brokers, and is recorded as it happens.

use std::{collections::HashMap, time::Duration};

use crate::stage::{World, calls, same, with_both_brokers};
use futures_util::StreamExt;
use libtest_mimic::{Failed, Trial};
use sealcheck::{
    observation::SessionIndex,
    world::{
        bus::{BrokerKind, Guest},
        secret_service::{KeyringContents, Provider, ProviderScript},
    },
};
use zbus::{Connection, Message, MessageStream, message::Flags};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    [
        with_both_brokers("a call to a name that nobody owns is answered at once", unowned_names),
        with_both_brokers("the broker's own refusals have the same words", broker_refusals),
        with_both_brokers("the broker's own methods answer on every path", any_path),
        with_both_brokers("a signal to a name that nobody owns is refused too", unowned_signal),
        with_both_brokers("a provider is found while it is there and not after it left", coming_and_going),
        with_both_brokers("a provider that dies during a call fails the call", dying_provider),
        with_both_brokers("every call is recorded with its answer, time and session", recording),
        with_both_brokers("every message passes the tap in both directions", tapping),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unowned_names(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let found = zbus::block_on(async {
        let client = connect(&world.bus.client_address()).await;
        let mut found = Vec::new();
        for name in ["com.example.Nobody", ":1.999"] {
            for flags in [Flags::empty(), Flags::NO_AUTO_START, Flags::NO_REPLY_EXPECTED] {
                found.push(answer_to(&client, call(name, "/x", "a.b.C", "D", flags, &())).await);
            }
        }
        found
    });
    let unknown =
        |name| format!("{ERROR}ServiceUnknown: The name {name} was not provided by any .service files");
    let absent = |name| format!("{ERROR}NameHasNoOwner: Name \"{name}\" does not exist");
    let expected = ["com.example.Nobody", ":1.999"]
        .into_iter()
        .flat_map(|name| [unknown(name), absent(name), unknown(name)])
        .collect();
    same(found, expected)?;
    same(world.finish().0, Ok(()))
}

fn broker_refusals(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let nobody = "com.example.Nobody";
    let asked =
        |what: &str| format!("{ERROR}NameHasNoOwner: Could not get {what} of name '{nobody}': no such name");
    let unknown =
        |name: &str| format!("{ERROR}ServiceUnknown: The name {name} was not provided by any .service files");
    let found = zbus::block_on(async {
        let client = connect(&world.bus.client_address()).await;
        let mut found = Vec::new();
        for member in [
            "GetNameOwner",
            "ListQueuedOwners",
            "GetConnectionUnixUser",
            "GetConnectionUnixProcessID",
            "GetConnectionCredentials",
        ] {
            found.push(answer_to(&client, to_broker(member, &nobody)).await);
        }
        for name in [nobody, BROKER] {
            found.push(answer_to(&client, to_broker("StartServiceByName", &(name, 0u32))).await);
        }
        found.push(answer_to(&client, to_broker("NameHasOwner", &nobody)).await);
        found.push(answer_to(&client, to_broker("ListActivatableNames", &())).await);
        let environment = HashMap::from([("A", "b")]);
        found.push(answer_to(&client, to_broker("UpdateActivationEnvironment", &environment)).await);
        found.push(answer_to(&client, to_broker("ReloadConfig", &())).await);
        found.push(answer_to(&client, to_broker("Nonsense", &())).await);
        let foreign = call(BROKER, BROKER_PATH, "no.such.Interface", "Nonsense", Flags::empty(), &());
        found.push(answer_to(&client, foreign).await);
        found
    });
    let expected = vec![
        asked("owner"),
        asked("owners"),
        asked("UID"),
        asked("PID"),
        asked("credentials"),
        unknown(nobody),
        unknown(BROKER),
        "ok b".to_owned(),
        "ok as".to_owned(),
        "ok ".to_owned(),
        "ok ".to_owned(),
        format!("{ERROR}UnknownMethod: {BROKER} does not understand message Nonsense"),
        format!("{ERROR}UnknownInterface: {BROKER} does not understand message Nonsense"),
    ];
    same(found, expected)
}

fn any_path(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let found = zbus::block_on(async {
        let client = connect(&world.bus.client_address()).await;
        [
            answer_to(&client, call(BROKER, "/", BROKER, "GetId", Flags::empty(), &())).await,
            answer_to(&client, call(BROKER, "/any/path", BROKER, "ListNames", Flags::empty(), &())).await,
        ]
    });
    same(found, ["ok s".to_owned(), "ok as".to_owned()])
}

fn unowned_signal(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let found = zbus::block_on(async {
        let client = connect(&world.bus.client_address()).await;
        let signal = Message::signal("/x", "a.b.C", "D")
            .destination("com.example.Nobody")
            .build(&())
            .expect("the signal is legal");
        answer_to(&client, signal).await
    });
    let expected =
        format!("{ERROR}ServiceUnknown: The name com.example.Nobody was not provided by any .service files");
    same(found, expected)?;
    // It is no call, so it is not recorded as one.
    let (lost, evidence, _) = world.finish();
    same(lost, Ok(()))?;
    same(calls(&evidence).len(), 0)
}

fn coming_and_going(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let contents = KeyringContents::new();
    let ask = || {
        zbus::block_on(async {
            let client = connect(&world.bus.client_address()).await;
            [
                answer_to(&client, to_broker("NameHasOwner", &SECRETS)).await,
                answer_to(&client, to_broker("StartServiceByName", &(SECRETS, 0u32))).await,
                answer_to(&client, read_alias()).await,
            ]
        })
    };
    let gone = || {
        let text =
            format!("{ERROR}ServiceUnknown: The name {SECRETS} was not provided by any .service files");
        ["ok b".to_owned(), text.clone(), text]
    };
    let there = || {
        // Without a service file nothing can be activated, not even what runs already.
        let text =
            format!("{ERROR}ServiceUnknown: The name {SECRETS} was not provided by any .service files");
        ["ok b".to_owned(), text, "ok o".to_owned()]
    };
    same(ask(), gone())?;
    for _ in 0..3 {
        let provider = Provider::start(&world.bus.broker_address(), &contents, ProviderScript::USABLE)?;
        same(ask(), there())?;
        provider.stop();
        same(ask(), gone())?;
    }
    Ok(())
}

fn dying_provider(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let found = zbus::block_on(async {
        let service = connect(&world.bus.broker_address()).await;
        service.request_name("com.example.Dying").await.expect("the name is free");
        let mut incoming = MessageStream::from(&service);
        let client = connect(&world.bus.client_address()).await;
        let mut answers = MessageStream::from(&client);
        let message = call("com.example.Dying", "/x", "a.b.C", "D", Flags::empty(), &());
        client.send(&message).await.expect("the bus takes it");
        while let Some(Ok(message)) = incoming.next().await {
            if message.header().member().is_some_and(|member| member.as_str() == "D") {
                break;
            }
        }
        drop(incoming);
        service.close().await.expect("the service can leave");
        answer_in(&mut answers, &message).await
    });
    let expected =
        format!("{ERROR}NoReply: Message recipient disconnected from message bus without replying");
    same(found, expected)
}

fn recording(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let contents = KeyringContents::new();
    let provider = Provider::start(&world.bus.broker_address(), &contents, ProviderScript::USABLE)?;
    let before = world.log.clock().now();
    let silent = "com.example.Silent";
    // It is kept until the end, so that nobody answers for it.
    let service = zbus::block_on(async {
        let early = connect(&world.bus.client_address()).await;
        let door = world.bus.open_door(Guest::session(SessionIndex(1))).expect("there is room");
        let service = connect(&world.bus.broker_address()).await;
        service.request_name(silent).await.expect("the name is free");
        let late = connect(&door.client_address()).await;
        // Connections belong to the session of their door, also when it is over.
        drop(door);
        answer_to(&early, read_alias()).await;
        answer_to(&late, call(SECRETS, ROOT, SERVICE, "Nonsense", Flags::empty(), &())).await;
        late.send(&call(silent, "/x", "a.b.C", "D", Flags::empty(), &())).await.expect("the bus takes it");
        answer_to(&late, call("com.example.Nobody", "/x", "a.b.C", "E", Flags::empty(), &())).await;
        service
    });
    let after = world.log.clock().now();
    provider.stop();
    let (lost, evidence, _) = world.finish();
    drop(service);
    same(lost, Ok(()))?;
    let found: Vec<_> = calls(&evidence)
        .into_iter()
        .map(|(session, call)| (session.map(|index| index.0), call.member.as_str(), call.answer.as_str()))
        .collect();
    let expected = vec![
        (None, "ReadAlias", "ok"),
        (Some(1), "Nonsense", "org.freedesktop.DBus.Error.UnknownMethod"),
        (Some(1), "D", "unanswered"),
        (Some(1), "E", "org.freedesktop.DBus.Error.ServiceUnknown"),
    ];
    same(found, expected)?;
    let (_, first) = calls(&evidence)[0];
    same(
        (first.destination.as_str(), first.path.as_str(), first.interface.as_str()),
        (SECRETS, ROOT, SERVICE),
    )?;
    // The time is that of the call: the one that was never answered lies between its neighbours, not at the end.
    same(evidence.iter().all(|entry| before <= entry.at && entry.at <= after), true)
}

fn tapping(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let door = world.bus.open_door(Guest::session(SessionIndex(0)))?;
    zbus::block_on(async {
        let client = connect(&door.client_address()).await;
        answer_to(&client, to_broker("GetNameOwner", &"com.example.scCANARY")).await;
    });
    let (lost, _, tap) = world.finish();
    same(lost, Ok(()))?;
    // Once in the call, once in the broker's answer, which repeats the name.
    let seen = (Some(SessionIndex(0)), "GetNameOwner".to_owned());
    same(tap.members_with(b"scCANARY"), vec![seen.clone(), seen])?;
    same(tap.members_with(b"scNOWHERE"), Vec::new())
}

async fn connect(address: &str) -> Connection {
    zbus::connection::Builder::address(address)
        .method_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("the bus lets clients in")
}

fn call<B>(
    destination: &str,
    path: &str,
    interface: &str,
    member: &str,
    flags: zbus::message::Flags,
    body: &B,
) -> Message
where
    B: serde::Serialize + zbus::wire::DynamicType,
{
    Message::method_call(path.to_owned(), member.to_owned())
        .destination(destination.to_owned())
        .interface(interface.to_owned())
        .with_flags(flags)
        .build(body)
        .expect("the call is legal")
}

fn to_broker<B>(member: &str, body: &B) -> Message
where
    B: serde::Serialize + zbus::wire::DynamicType,
{
    call(BROKER, BROKER_PATH, BROKER, member, Flags::empty(), body)
}

fn read_alias() -> Message {
    call(SECRETS, ROOT, SERVICE, "ReadAlias", Flags::empty(), &"default")
}

/// Sends a message and tells its answer: `ok` and the signature, or the error's name and text.
async fn answer_to(client: &Connection, message: Message) -> String {
    let mut answers = MessageStream::from(client);
    client.send(&message).await.expect("the bus takes it");
    answer_in(&mut answers, &message).await
}

async fn answer_in(answers: &mut MessageStream, message: &Message) -> String {
    let serial = message.primary_header().serial_num();
    let find = async {
        while let Some(Ok(answer)) = answers.next().await {
            let header = answer.header();
            if header.reply_serial() != Some(serial) {
                continue;
            }
            return match header.error_name() {
                None => format!("ok {}", header.signature().to_string().trim_matches(['(', ')'])),
                Some(name) => {
                    let body = answer.body();
                    let text: &str = body.deserialize().unwrap_or("no text");
                    format!("{name}: {text}")
                }
            };
        }
        "the connection ended".to_owned()
    };
    let timeout = async {
        let runtime = zruntime::SharedRuntime::current().expect("the test runs on one");
        runtime.sleep(Duration::from_secs(5)).await;
        "no answer".to_owned()
    };
    futures_util::future::select(Box::pin(find), Box::pin(timeout)).await.factor_first().0
}

const BROKER: &str = "org.freedesktop.DBus";
const BROKER_PATH: &str = "/org/freedesktop/DBus";
const ERROR: &str = "org.freedesktop.DBus.Error.";
const SECRETS: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
