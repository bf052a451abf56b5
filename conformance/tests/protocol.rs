//! The framing of the wire: what is encoded is decoded again, and nothing that comes in makes it panic.

use proptest::prelude::*;
use sealcheck::protocol::{
    AdapterError, Authority, Base64Bytes, CredentialKind, ErrorCategory, Fallback, Get, Hello, HelloReply,
    Identity, Interaction, Level, Limits, LogLevel, NativeError, OnProtectorRefusal, Open, OpenOptions,
    Partition, Phase, ProtocolVersion, Put, Remove, Render, RenderWhat, Reply, ReplyBody, ReplyError,
    Request, RequestKind, SelfReport, Statement, Store, StoreHandle, Tag, Unsupported, decode_reply,
    decode_request,
};
use serde_json::Value;

proptest! {
    #[test]
    fn a_request_comes_back_from_its_line(request in request(), seq in seq()) {
        let tag = tag();
        let line = tag.encode_request(&seq, &request);
        let body = tag.strip(line.as_bytes()).expect("the line begins with the tag");
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(decode_request(body), Ok((seq, request)));
    }

    #[test]
    fn a_reply_comes_back_from_its_line((kind, reply) in reply(), seq in seq()) {
        let tag = tag();
        let line = tag.encode_reply(&seq, &reply);
        let body = tag.strip(line.as_bytes()).expect("the line begins with the tag");
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(decode_reply(body, &seq, kind), Ok(reply));
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_request(&bytes).is_err());
        prop_assert!(decode_reply(&bytes, &Value::from(1), RequestKind::Get).is_err());
    }

    #[test]
    fn a_damaged_reply_is_refused_or_read_without_a_panic(
        (kind, reply) in reply(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let tag = tag();
        let line = tag.encode_reply(&Value::from(1), &reply);
        let mut body = tag.strip(line.as_bytes()).expect("the line begins with the tag").to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        // Whether it still fits depends on the byte; that it returns is the point.
        let _ = decode_reply(&body, &Value::from(1), kind);
    }
}

fn tag() -> Tag {
    Tag::from_text("0123456789abcdef")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("a\nb\0\u{2028}\"\\".to_owned()), "[a-z]{0,8}"]
}

fn seq() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
        Just(Value::Null),
        Just(serde_json::json!([1, { "a": true }])),
    ]
}

fn bytes() -> impl Strategy<Value = Base64Bytes> {
    prop::collection::vec(any::<u8>(), 0..64).prop_map(Base64Bytes)
}

fn handle() -> impl Strategy<Value = StoreHandle> {
    text().prop_map(StoreHandle)
}

fn partition() -> impl Strategy<Value = Partition> {
    prop::sample::select(vec![Partition::Nocae, Partition::Cae])
}

fn maybe<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(of)
}

fn what() -> impl Strategy<Value = RenderWhat> {
    prop::sample::select(vec![
        RenderWhat::Options,
        RenderWhat::Store,
        RenderWhat::LastError,
        RenderWhat::DebugLog,
    ])
}

fn open() -> impl Strategy<Value = Open> {
    let authority = (text(), maybe(text()), text(), text(), text(), text()).prop_map(
        |(url, proxy, ca_file, tenant, client_id, client_secret)| Authority {
            url,
            proxy,
            ca_file,
            tenant,
            client_id,
            client_secret,
        },
    );
    let options = (maybe(text()), maybe(any::<bool>()))
        .prop_map(|(name, allow_unencrypted_storage)| OpenOptions { name, allow_unencrypted_storage });
    let interaction = prop::sample::select(vec![Interaction::Never, Interaction::Allow]);
    let credential = prop::sample::select(vec![
        CredentialKind::ClientSecret,
        CredentialKind::DeviceCode,
        CredentialKind::Interactive,
        CredentialKind::SharedTokenCache,
    ]);
    (handle(), maybe(options), interaction, maybe(credential), maybe(authority), maybe(text()), any::<u64>())
        .prop_map(|(store, options, interaction, credential, authority, state, deadline_ms)| Open {
            store,
            options,
            interaction,
            credential,
            authority,
            state,
            deadline_ms,
        })
}

fn request() -> impl Strategy<Value = Request> {
    let log = prop::sample::select(vec![LogLevel::Default, LogLevel::Max]);
    prop_oneof![
        (prop::collection::vec(any::<u32>().prop_map(ProtocolVersion), 0..3), text(), log)
            .prop_map(|(protocol, harness, log)| Request::Hello(Hello { protocol, harness, log })),
        open().prop_map(Request::Open),
        (handle(), partition(), maybe(text()), maybe(bytes())).prop_map(
            |(store, partition, scope, value)| Request::Put(Put { store, partition, scope, value })
        ),
        (handle(), partition(), maybe(text())).prop_map(|(store, partition, scope)| Request::Get(Get {
            store,
            partition,
            scope
        })),
        (handle(), partition()).prop_map(|(store, partition)| Request::Remove(Remove { store, partition })),
        handle().prop_map(|store| Request::List(Store { store })),
        (maybe(handle()), what()).prop_map(|(store, what)| Request::Render(Render { store, what })),
        handle().prop_map(|store| Request::Close(Store { store })),
        Just(Request::Bye),
    ]
}

/// A reply with the kind of the request that it answers.
fn reply() -> impl Strategy<Value = (RequestKind, Reply)> {
    let error = (text(), maybe(text()), text(), prop::collection::vec(text(), 0..3)).prop_map(
        |(type_name, code, message, chain)| {
            let native = NativeError { type_name, code, message, chain };
            Reply::Error(ReplyError { category: ErrorCategory::Locked, phase: Phase::FirstUse, native })
        },
    );
    let unsupported = (text(), text(), maybe(text()))
        .prop_map(|(what, reason, issue)| Reply::Unsupported(Unsupported { what, reason, issue }));
    let adapter_error = (text(), maybe(text()))
        .prop_map(|(message, trace)| Reply::AdapterError(AdapterError { message, trace }));
    let report = (maybe(any::<bool>()), maybe(text()))
        .prop_map(|(encrypted, location)| SelfReport { encrypted, location });
    prop_oneof![
        (text(), text()).prop_map(|(name, version)| {
            (RequestKind::Hello, Reply::Ok(ReplyBody::Hello(Box::new(hello(name, version)))))
        }),
        maybe(report).prop_map(|self_report| (RequestKind::Open, Reply::Ok(ReplyBody::Open { self_report }))),
        maybe(text()).prop_map(|state| (RequestKind::Put, Reply::Ok(ReplyBody::Put { state }))),
        (maybe(bytes()), maybe(text()))
            .prop_map(|(value, state)| (RequestKind::Get, Reply::Ok(ReplyBody::Get { value, state }))),
        prop::collection::vec(text(), 0..3)
            .prop_map(|names| (RequestKind::List, Reply::Ok(ReplyBody::List { names }))),
        text().prop_map(|text| (RequestKind::Render, Reply::Ok(ReplyBody::Render { text }))),
        Just((RequestKind::Bye, Reply::Ok(ReplyBody::Done))),
        error.prop_map(|reply| (RequestKind::Get, reply)),
        unsupported.prop_map(|reply| (RequestKind::List, reply)),
        adapter_error.prop_map(|reply| (RequestKind::Open, reply)),
    ]
}

fn hello(name: String, version: String) -> HelloReply {
    let identity = Identity { name, version };
    HelloReply {
        protocol: ProtocolVersion::CURRENT,
        implementation: identity.clone(),
        adapter: identity,
        statement: Statement {
            level: Level::Store,
            credentials: vec![CredentialKind::DeviceCode],
            protectors: [].into(),
            default_name: "msal.cache".into(),
            partitions: [(Partition::Nocae, ".nocae".to_owned())].into(),
            fallback: Fallback::OptIn,
            on_locked: OnProtectorRefusal::Refuse,
            on_dismissed: OnProtectorRefusal::Refuse,
            locations: vec![],
            item: None,
            limits: Limits::default(),
            error_map: vec![],
        },
    }
}
