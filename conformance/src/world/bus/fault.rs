//! What goes wrong with calls to the Secret Service: on the wire, whoever provides it.
//!
//! Everything here is pure: it looks at a call or an answer and says what becomes of it.

use std::collections::HashMap;

use serde::Serialize;
use serde_bytes::ByteBuf;
use zbus::{OwnedObjectPath, wire::DynamicType};

use super::{
    connection::{BROKER, BROKER_PATH},
    frame::{Frame, reply_header},
    header::{Header, Kind},
};
use crate::case::{BusClass, BusEffect, Repeat};

/// A fault of a case, as the door of its session carries it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BusFault {
    /// Which of the case's faults it is, from 0.
    pub number: usize,
    /// Which calls are counted.
    pub call: BusClass,
    /// Which of them it strikes, from 1.
    pub nth: u32,
    /// Whether it strikes those after it too.
    pub repeat: Repeat,
    /// What it does.
    pub effect: BusEffect,
}

/// What becomes of a call that a fault strikes.
#[derive(Debug)]
pub(super) enum Course {
    /// It is passed on, maybe as another one, and something is done with the answer.
    Passed(Option<Box<Frame>>, Aftermath),
    /// It is not carried out, and nobody ever answers.
    Silent,
}

/// What is done with the answer to a call that a fault struck.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Aftermath {
    /// Nothing: what was passed on makes the difference.
    Nothing,
    /// It comes late.
    Slow,
    /// The secrets in it have other bytes.
    Alter,
    /// The secret in it is another item's, under the names of those that were asked for; there are none where the call
    /// names its item by its path.
    Foreign(Vec<OwnedObjectPath>),
    /// These come in its place, as from the service.
    Instead(Vec<Frame>),
    /// The connection is cut.
    Cut,
}

/// A call that a fault struck, while its answer is awaited.
#[derive(Debug)]
pub(super) struct Struck {
    /// Which of the case's faults did.
    pub(super) number: usize,
    /// Which call it was, in a few words.
    pub(super) call: String,
    /// What is done with the answer.
    pub(super) aftermath: Aftermath,
}

/// Who answers in the place of the Secret Service.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    /// The unique name of the service, if it is known.
    pub(super) service: Option<String>,
    /// The path of the item whose secret is given for another's.
    pub(super) foreign_item: Option<String>,
}

/// A secret on the wire: session, parameters, value, content type.
type WireSecret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

impl BusFault {
    /// Whether it strikes the n-th call of a class.
    pub(super) fn strikes(&self, class: BusClass, nth: u32) -> bool {
        let here = match self.repeat {
            Repeat::Once => nth == self.nth,
            Repeat::FromThenOn => nth >= self.nth,
        };
        class == self.call && here
    }

    /// Which call it strikes, and how, in one line.
    pub(super) fn tell(&self, call: &Header, nth: u32) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let (member, path) = (text(&call.member), text(&call.path));
        let (class, effect) = (self.call.as_str(), self.effect.as_str());
        format!("{effect}: {member} of {path}, call {nth} of the class {class}")
    }

    /// Decides what becomes of a call; `None` if it is none to which this can happen.
    pub(super) fn course(&self, call: &Frame, stand: &Stand) -> Option<Course> {
        let instead = |messages| Some(in_turn(call, Aftermath::Instead(messages)));
        match self.effect {
            BusEffect::Deny => {
                instead(vec![stand.refuse(call, ACCESS_DENIED, "Access to the keyring is denied")])
            }
            BusEffect::TooLarge => {
                instead(vec![stand.refuse(call, LIMITS_EXCEEDED, "The secret is too large")])
            }
            BusEffect::Drop => instead(vec![stand.feign(call)?]),
            // The service dismisses its own prompt: only it knows what the result of a prompt looks like.
            BusEffect::Dismiss => Some(Course::Passed(Some(Box::new(dismissing(call))), Aftermath::Nothing)),
            // It is shown, and then nobody does anything.
            BusEffect::Hang if member(call) == "Prompt" => instead(vec![stand.accept(call, &())]),
            BusEffect::Hang => Some(Course::Silent),
            BusEffect::Disconnect => Some(in_turn(call, Aftermath::Cut)),
            BusEffect::Slow => Some(Course::Passed(None, Aftermath::Slow)),
            BusEffect::Alter => Some(Course::Passed(None, Aftermath::Alter)),
            BusEffect::Foreign => {
                let (other, asked) = stand.divert(call)?;
                Some(Course::Passed(Some(Box::new(other)), Aftermath::Foreign(asked)))
            }
        }
    }
}

impl Aftermath {
    /// What the client gets instead of an answer; `None` if it is no answer to which this can happen.
    pub(super) fn apply(&self, answer: &Frame) -> Option<Vec<Frame>> {
        match self {
            Self::Nothing | Self::Slow => Some(vec![answer.clone()]),
            Self::Alter => Some(vec![alter_all(answer)?]),
            Self::Foreign(asked) => Some(vec![under_names(answer, asked)?]),
            Self::Instead(messages) => {
                let addressed = messages.iter().map(|message| {
                    message.with_header(|header| {
                        header.serial = answer.header().serial;
                        header.destination.clone_from(&answer.header().destination);
                    })
                });
                Some(addressed.collect())
            }
            Self::Cut => Some(Vec::new()),
        }
    }
}

/// Has something happen in the turn of a call that is not carried out: once everything before it was answered.
///
/// The broker, which takes one message after the other, is asked something in its place. Libraries notice an answer
/// that overtakes others.
fn in_turn(call: &Frame, aftermath: Aftermath) -> Course {
    let mut header = Header::new(Kind::Call, call.header().serial);
    header.destination = Some(BROKER.to_owned());
    header.path = Some(BROKER_PATH.to_owned());
    header.interface = Some(BROKER.to_owned());
    header.member = Some("GetId".to_owned());
    Course::Passed(Some(Box::new(build(header, &()))), aftermath)
}

impl Stand {
    fn refuse(&self, call: &Frame, name: &str, text: &str) -> Frame {
        let mut header = self.header(Kind::Error, call);
        header.error_name = Some(name.to_owned());
        build(header, &text)
    }

    fn accept<B: Serialize + DynamicType>(&self, call: &Frame, body: &B) -> Frame {
        build(self.header(Kind::Return, call), body)
    }

    /// The answer to a call that was carried out, though it was not.
    fn feign(&self, call: &Frame) -> Option<Frame> {
        match member(call) {
            "CreateItem" => {
                let item = format!("{}/{FEIGNED_ITEM}", path(call));
                Some(self.accept(call, &(object(&item)?, object(NONE)?)))
            }
            "SetSecret" => Some(self.accept(call, &())),
            "Delete" => Some(self.accept(call, &object(NONE)?)),
            _ => None,
        }
    }

    /// The call with which the foreign item's secret is asked for, and the paths that were asked for as arguments.
    fn divert(&self, call: &Frame) -> Option<(Frame, Vec<OwnedObjectPath>)> {
        let item = self.foreign_item.as_deref()?;
        match member(call) {
            "GetSecret" => Some((call.with_header(|header| header.path = Some(item.to_owned())), Vec::new())),
            "GetSecrets" => {
                let (asked, session) = call.body::<(Vec<OwnedObjectPath>, OwnedObjectPath)>().ok()?;
                Some((build(call.header().clone(), &(vec![object(item)?], session)), asked))
            }
            _ => None,
        }
    }

    fn header(&self, kind: Kind, call: &Frame) -> Header {
        let mut header = reply_header(kind, call.header().serial, call.header());
        header.sender.clone_from(&self.service);
        header
    }
}

/// The call that dismisses a prompt instead of showing it.
fn dismissing(call: &Frame) -> Frame {
    let mut header = call.header().clone();
    header.member = Some("Dismiss".to_owned());
    build(header, &())
}

/// An answer with every secret altered; `None` if there is none in it.
fn alter_all(answer: &Frame) -> Option<Frame> {
    if let Some(mut secret) = one_secret(answer) {
        return alter(&mut secret).then(|| build(answer.header().clone(), &(secret,)));
    }
    let mut secrets = many_secrets(answer)?;
    let altered = secrets.values_mut().map(alter).filter(|altered| *altered).count();
    (altered > 0).then(|| build(answer.header().clone(), &secrets))
}

/// Changes a secret so that it is no text any more; false if there is nothing in it.
///
/// Of what is encrypted in blocks, it is a bit of a block in the middle: that block becomes noise and the next one
/// differs in the same bit, while the padding at the end stays in order.
fn alter((_, parameters, value, _): &mut WireSecret) -> bool {
    let at = if parameters.is_empty() {
        value.len() / 2
    } else {
        (value.len() / BLOCK).saturating_sub(1) / 2 * BLOCK + BLOCK / 2
    };
    // The highest bit: no text of ASCII has it.
    value.get_mut(at).map(|byte| *byte ^= 0x80).is_some()
}

/// An answer that gives the only secret in it under other names; `None` if there is none in it.
fn under_names(answer: &Frame, names: &[OwnedObjectPath]) -> Option<Frame> {
    if one_secret(answer).is_some() {
        return Some(answer.clone());
    }
    let secret = many_secrets(answer)?.into_values().next()?;
    let named: HashMap<_, _> = names.iter().map(|name| (name.clone(), secret.clone())).collect();
    (!named.is_empty()).then(|| build(answer.header().clone(), &named))
}

fn one_secret(answer: &Frame) -> Option<WireSecret> {
    let is_one = answer.header().kind == Kind::Return && answer.header().signature == "(oayays)";
    let (secret,) = is_one.then(|| answer.body::<(WireSecret,)>().ok()).flatten()?;
    Some(secret)
}

fn many_secrets(answer: &Frame) -> Option<HashMap<OwnedObjectPath, WireSecret>> {
    let are_many = answer.header().kind == Kind::Return && answer.header().signature == "a{o(oayays)}";
    are_many.then(|| answer.body().ok()).flatten()
}

fn member(call: &Frame) -> &str {
    call.header().member.as_deref().unwrap_or_default()
}

fn path(call: &Frame) -> &str {
    call.header().path.as_deref().unwrap_or_default()
}

fn object(path: &str) -> Option<OwnedObjectPath> {
    OwnedObjectPath::try_from(path).ok()
}

fn build<B: Serialize + DynamicType>(header: Header, body: &B) -> Frame {
    Frame::build(header, body).expect("texts, paths and bytes that were read can be written")
}

const ACCESS_DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";
const LIMITS_EXCEEDED: &str = "org.freedesktop.DBus.Error.LimitsExceeded";
/// The path that stands for no object.
const NONE: &str = "/";
/// The name of an item that was never made. Providers number theirs from 1.
const FEIGNED_ITEM: &str = "900000001";
/// The bytes of a block of the only cipher that sessions have.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_the_calls_that_it_counts() {
        let once = fault(BusClass::Save, Repeat::Once, BusEffect::Deny);
        let from_then_on = fault(BusClass::Save, Repeat::FromThenOn, BusEffect::Deny);
        let struck =
            |fault: &BusFault| (1..=4).map(|nth| fault.strikes(BusClass::Save, nth)).collect::<Vec<_>>();
        assert_eq!(struck(&once), [false, true, false, false]);
        assert_eq!(struck(&from_then_on), [false, true, true, true]);
        assert!(!once.strikes(BusClass::Any, 2));
    }

    #[test]
    fn an_answer_in_the_place_of_the_service_looks_like_its_own() {
        let call = call("CreateItem", COLLECTION, &());
        let answered = answers(BusEffect::Deny, &call);
        let header = answered[0].header();
        assert_eq!(header.error_name.as_deref(), Some(ACCESS_DENIED));
        let names = [&header.sender, &header.destination].map(Option::as_deref);
        assert_eq!((names, header.reply_serial), ([Some(":1.2"), Some(":1.7")], Some(7)));
        assert_eq!(header.serial, 3);
    }

    #[test]
    fn what_is_dropped_is_answered_as_if_it_had_been_carried_out() {
        let item = format!("{COLLECTION}/1");
        let created = &answers(BusEffect::Drop, &call("CreateItem", COLLECTION, &()))[0];
        let (made, prompt) =
            created.body::<(OwnedObjectPath, OwnedObjectPath)>().expect("as the protocol has it");
        assert_eq!((made.as_str(), prompt.as_str()), (&*format!("{COLLECTION}/{FEIGNED_ITEM}"), "/"));
        let set = &answers(BusEffect::Drop, &call("SetSecret", &item, &()))[0];
        assert_eq!((set.header().kind, set.header().signature.as_str()), (Kind::Return, ""));
        let deleted = &answers(BusEffect::Drop, &call("Delete", &item, &()))[0];
        assert_eq!(deleted.body::<OwnedObjectPath>().expect("as the protocol has it").as_str(), "/");
    }

    #[test]
    fn a_prompt_is_dismissed_by_its_service() {
        let dismiss = fault(BusClass::Prompt, Repeat::Once, BusEffect::Dismiss);
        let course = dismiss.course(&call("Prompt", "/prompt", &"window"), &stand());
        let Some(Course::Passed(Some(other), Aftermath::Nothing)) = course else { panic!("{course:?}") };
        let (header, member) = (other.header(), other.header().member.as_deref());
        assert_eq!((header.path.as_deref(), member), (Some("/prompt"), Some("Dismiss")));
        assert_eq!((header.serial, header.signature.as_str()), (7, ""));
    }

    #[test]
    fn a_connection_is_cut_in_its_turn() {
        assert_eq!(answers(BusEffect::Disconnect, &call("OpenSession", "/", &())), []);
    }

    #[test]
    fn a_prompt_that_hangs_is_shown_and_any_other_call_is_not_answered() {
        assert_eq!(answers(BusEffect::Hang, &call("Prompt", "/prompt", &"window")).len(), 1);
        let silent =
            fault(BusClass::Any, Repeat::Once, BusEffect::Hang).course(&call("Unlock", "/", &()), &stand());
        assert!(matches!(silent, Some(Course::Silent)));
    }

    #[test]
    fn an_altered_secret_is_no_text_and_keeps_its_length() {
        let plain = secret(&[], &[b'a'; 20]);
        let altered = only(Aftermath::Alter.apply(&answer(&(plain,))));
        let (_, parameters, value, _) = one_secret(&altered).expect("there still is");
        assert_eq!((parameters.len(), value.len()), (0, 20));
        assert!(std::str::from_utf8(&value).is_err());
    }

    #[test]
    fn of_an_encrypted_secret_neither_of_the_last_two_blocks_is_touched() {
        // The padding lies in the last block, and depends on the one before.
        for blocks in 4..9 {
            let sealed = vec![0; blocks * BLOCK];
            let many = HashMap::from([(path_of("/1"), secret(&[0; BLOCK], &sealed))]);
            let altered = only(Aftermath::Alter.apply(&answer(&many)));
            let secrets = many_secrets(&altered).expect("there still is");
            let changed: Vec<_> = secrets[&path_of("/1")]
                .2
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte != 0)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(changed.len(), 1, "{blocks} blocks");
            assert!(changed[0] < (blocks - 2) * BLOCK, "{blocks} blocks: {changed:?}");
        }
    }

    #[test]
    fn what_holds_no_secret_cannot_be_altered() {
        assert_eq!(Aftermath::Alter.apply(&answer(&(secret(&[], &[]),))), None);
        assert_eq!(Aftermath::Alter.apply(&answer(&"text")), None);
        assert_eq!(Aftermath::Alter.apply(&answer(&HashMap::<OwnedObjectPath, WireSecret>::new())), None);
    }

    #[test]
    fn a_foreign_secret_comes_under_the_names_of_what_was_asked_for() {
        let (asked, session) = (vec![path_of("/1"), path_of("/2")], path_of("/session"));
        let call = call("GetSecrets", "/", &(asked.clone(), session.clone()));
        let course = fault(BusClass::Read, Repeat::Once, BusEffect::Foreign).course(&call, &stand());
        let Some(Course::Passed(Some(other), aftermath)) = course else { panic!("{course:?}") };
        assert_eq!(
            other.body::<(Vec<OwnedObjectPath>, OwnedObjectPath)>().expect("it can be read"),
            (vec![path_of(FOREIGN)], session)
        );
        let given = HashMap::from([(path_of(FOREIGN), secret(&[], b"foreign"))]);
        let got = many_secrets(&only(aftermath.apply(&answer(&given)))).expect("there is one");
        let values = asked.iter().map(|name| got[name].2.to_vec()).collect::<Vec<_>>();
        assert_eq!((got.len(), values), (2, vec![b"foreign".to_vec(); 2]));
    }

    #[test]
    fn without_an_item_of_somebody_else_there_is_no_foreign_secret() {
        let nobody = Stand { foreign_item: None, ..stand() };
        let foreign = fault(BusClass::Read, Repeat::Once, BusEffect::Foreign);
        assert!(foreign.course(&call("GetSecret", "/1", &path_of("/session")), &nobody).is_none());
    }

    fn fault(call: BusClass, repeat: Repeat, effect: BusEffect) -> BusFault {
        BusFault { number: 0, call, nth: 2, repeat, effect }
    }

    fn answers(effect: BusEffect, call: &Frame) -> Vec<Frame> {
        match fault(BusClass::Any, Repeat::Once, effect).course(call, &stand()) {
            Some(Course::Passed(Some(turn), aftermath)) => {
                let asked = turn.header();
                assert_eq!(
                    (asked.destination.as_deref(), asked.serial),
                    (Some(BROKER), call.header().serial)
                );
                aftermath.apply(&answer(&"id")).expect("whatever the broker answers will do")
            }
            other => panic!("{other:?}"),
        }
    }

    fn only(messages: Option<Vec<Frame>>) -> Frame {
        match messages.as_deref() {
            Some([message]) => message.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn stand() -> Stand {
        Stand { service: Some(":1.2".to_owned()), foreign_item: Some(FOREIGN.to_owned()) }
    }

    fn call<B: Serialize + DynamicType>(member: &str, path: &str, body: &B) -> Frame {
        let mut header = Header::new(Kind::Call, 7);
        header.path = Some(path.to_owned());
        header.member = Some(member.to_owned());
        build(header, body)
    }

    fn answer<B: Serialize + DynamicType>(body: &B) -> Frame {
        let mut header = Header::new(Kind::Return, 3);
        header.reply_serial = Some(7);
        header.destination = Some(":1.7".to_owned());
        build(header, body)
    }

    fn secret(parameters: &[u8], value: &[u8]) -> WireSecret {
        let bytes = |bytes: &[u8]| ByteBuf::from(bytes.to_vec());
        (path_of("/session"), bytes(parameters), bytes(value), "text/plain".into())
    }

    fn path_of(path: &str) -> OwnedObjectPath {
        object(path).expect("it is a path")
    }

    const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
    const FOREIGN: &str = "/org/freedesktop/secrets/collection/login/9";
}
