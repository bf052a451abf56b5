//! Answers that a service could give, and that are not so.

use super::keyring::{self, Answer, COLLECTION, Keyring, PROMPT, SESSION_COLLECTION, attributes, properties};
use super::message::{Body, Call};
use super::session::{PUBLIC_KEY, Sealed};
use super::wire::Reader;

/// The lie of this number at a call; a number says something else at each.
pub(super) fn told(number: u8, text: &[u8], call: &Call, keyring: &Keyring) -> Answer {
    match call.member.as_str() {
        "GetNameOwner" => Answer::of("s", |answer| answer.string(pick(number, &[":1.99", "x.y", ""]))),
        "ListActivatableNames" => Answer::of("as", |answer| answer.paths([])),
        "StartServiceByName" => Answer::of("u", |answer| answer.number(number.into())),
        "OpenSession" => open_session(number, text),
        "ReadAlias" => path(pick(number, &["/", SESSION_COLLECTION, COLLECTION, ITEM, PROMPT])),
        "Get" => get(number, call),
        "Unlock" => {
            let question = pick(number, &["/", PROMPT, COLLECTION]);
            Answer::of("aoo", |answer| answer.paths([COLLECTION]).string(question))
        }
        "SearchItems" => search(number, keyring),
        "GetAll" => get_all(number, keyring),
        "GetSecret" => secret(number, text, call, keyring),
        "CreateItem" => {
            let (item, question) =
                pick(number, &[("/", "/"), ("/", PROMPT), (ITEM, "/"), (SOMEWHERE, "/"), (ITEM, PROMPT)]);
            Answer::of("oo", |answer| answer.string(item).string(question))
        }
        "Delete" => path(pick(number, &[PROMPT, ITEM])),
        "SetSecret" | "Prompt" | "Dismiss" => path("/"),
        other => panic!("{other} is no call of the library"),
    }
}

/// What is said when the prompt was shown: whether it was dismissed, by its signature.
pub(super) fn completed(number: u8) -> Body {
    match number % 4 {
        0 => Body::new("bv", |body| body.boolean(true).signature(b"s").string("")),
        1 => Body::new("b", |body| body.boolean(false)),
        2 => Body::default(),
        _ => Body::new("bv", |body| body.boolean(false).signature(b"u").number(7)),
    }
}

fn open_session(number: u8, text: &[u8]) -> Answer {
    let with =
        |key: &[u8], path: &str| Answer::of("vo", |answer| answer.signature(b"ay").bytes(key).string(path));
    match number % 8 {
        0 => with(&[], SESSION),
        1 => with(&[1], SESSION),
        2 => with(&[0xff; 128], SESSION),
        3 => with(&[2; 129], SESSION),
        4 => with(PUBLIC_KEY, SESSION),
        5 => with(PUBLIC_KEY, "/"),
        6 => with(text, SESSION),
        _ => Answer::of("vo", |answer| answer.signature(b"s").string("").string("/")),
    }
}

fn get(number: u8, call: &Call) -> Answer {
    let mut asked = Reader::new(&call.body);
    let property = (asked.string(), asked.string()).1;
    if property == Some("Collections") {
        return keyring::collections(pick(number, &[&[], &[SESSION_COLLECTION], &[COLLECTION], &["/"]]));
    }
    match number % 3 {
        0 => Answer::of("v", |answer| answer.signature(b"b").boolean(true)),
        1 => Answer::of("v", |answer| answer.signature(b"b").boolean(false)),
        _ => Answer::of("v", |answer| answer.signature(b"u").number(0)),
    }
}

fn search(number: u8, keyring: &Keyring) -> Answer {
    let item = keyring.items.first().map_or(ITEM, |item| &item.path);
    let found = match number % 5 {
        0 => vec![],
        1 => vec![item, item],
        2 => vec![item, SOMEWHERE],
        3 => vec![SOMEWHERE],
        _ => keyring.items.iter().map(|item| item.path.as_str()).collect(),
    };
    Answer::of("ao", |answer| answer.paths(found))
}

fn get_all(number: u8, keyring: &Keyring) -> Answer {
    let mut wider = attributes();
    wider.insert("owner".to_owned(), "somebody else".to_owned());
    match number % 6 {
        0 => properties(&wider, false),
        1 => properties(&attributes(), true),
        2 => properties(&attributes(), keyring.locked),
        3 => properties(&keyring::Attributes::new(), false),
        4 => Answer::of("a{sv}", |answer| {
            answer.array(8, |properties| {
                properties.align(8).string("Attributes").signature(b"u").number(0);
                properties.align(8).string("Locked").signature(b"s").string("no");
            })
        }),
        _ => Answer::of("a{sv}", |answer| answer.array(8, |_| ())),
    }
}

fn secret(number: u8, text: &[u8], call: &Call, keyring: &Keyring) -> Answer {
    let mut asked = Reader::new(&call.body);
    let Some(mut sealed) = asked.string().and_then(|session| keyring.sessions.seal(session, text)) else {
        return keyring::NO_SUCH_OBJECT;
    };
    match number % 8 {
        0 => {}
        1 => sealed.session = SESSION.to_owned(),
        2 => sealed.vector = text.to_vec(),
        3 => sealed.bytes = text.to_vec(),
        4 => sealed.bytes.truncate(sealed.bytes.len() - 1),
        5 => sealed.bytes.clear(),
        6 => sealed.bytes = [&sealed.bytes[..], &[0; 16]].concat(),
        _ => text.first().map_or("", |_| "application/octet-stream").clone_into(&mut sealed.content_type),
    }
    Answer::of(Sealed::SIGNATURE, |answer| sealed.write(answer))
}

fn path(path: &str) -> Answer {
    Answer::of("o", |answer| answer.string(path))
}

fn pick<T: Copy>(number: u8, among: &[T]) -> T {
    among[usize::from(number) % among.len()]
}

/// The item that is made first.
const ITEM: &str = "/org/freedesktop/secrets/collection/one/1";
const SESSION: &str = "/org/freedesktop/secrets/session/none";
const SOMEWHERE: &str = "/somewhere/else";
