//! The session driver against adapters that behave and adapters that do not.

use std::{
    io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read, Write as _, pipe},
    process::{Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sealcheck::{
    adapter::{Driver, DriverError, MAX_QUEUED_LINES, MAX_UNTAGGED_BYTES, Stream},
    protocol::{
        Base64Bytes, Get, LineError, MAX_LINE_BYTES, Partition, Put, Reply, ReplyBody, Request, Store,
        StoreHandle, Tag, decode_request,
    },
};
use serde_json::Value;

#[test]
fn a_session_is_asked_and_answers_in_turn() {
    let mut session = Session::start(|mut adapter| {
        while let Some(seq) = adapter.next_seq() {
            adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
        }
    });
    for _ in 0..3 {
        assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    }
    let output = session.finish();
    assert_eq!(output.protocol_lines, 3);
    assert_eq!(output.violation, None);
    assert_eq!(output.stdout_untagged.bytes(), b"");
}

#[test]
fn the_librarys_own_output_is_kept_with_its_offsets() {
    let mut session = Session::start(|mut adapter| {
        adapter.write(b"before\n");
        let seq = adapter.next_seq().expect("a request comes");
        adapter.error.write_all(b"a warning").expect("the driver reads");
        adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
        adapter.write(b"\xff\x00 after");
    });
    assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    let output = session.finish();
    assert_eq!(output.stdout_untagged.bytes(), b"before\n\xff\x00 after");
    assert_eq!(output.stdout_untagged.stream_offset(6), 6);
    let line = TAG.len() + " {\"seq\":1,\"ok\":{}}\n".len();
    assert_eq!(output.stdout_untagged.stream_offset(7), u64::try_from(7 + line).expect("small"));
    assert_eq!(output.stderr.bytes(), b"a warning");
    assert!(!output.stdout_untagged.is_truncated() && !output.stderr.is_truncated());
    assert_eq!(output.violation, None);
}

#[test]
fn an_adapter_that_hangs_is_given_up_at_the_deadline() {
    let mut session = Session::start(|mut adapter| {
        adapter.next_seq();
        // Until the harness gives up.
        adapter.next_seq();
    });
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = session.driver.call(&close(), deadline).expect_err("nobody answers");
    let DriverError::Deadline { request, waited, tag_inside_line: false } = &error else {
        panic!("another defect: {error}");
    };
    assert_eq!(request, "close");
    let waited = *waited;
    assert!(waited >= Duration::from_millis(50) && waited < Duration::from_secs(5), "{waited:?}");
    // The session is of no further use, and nothing is waited for again.
    assert_eq!(session.call(&close()), Err(error));
    assert_eq!(session.finish().violation, None);
}

#[test]
fn an_adapter_that_does_not_read_its_input_is_given_up_at_the_deadline() {
    let (unread, stdin) = pipe().expect("a pipe");
    let (stdout, _open_output) = pipe().expect("a pipe");
    let (stderr, _open_error) = pipe().expect("a pipe");
    let mut driver = Driver::new(stdin, stdout, stderr, tag()).expect("threads start");
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = driver.call(&put(vec![0; 1024 * 1024]), deadline).expect_err("nobody reads");
    assert!(matches!(&error, DriverError::Deadline { request, .. } if request == "put"), "{error}");
    drop(unread);
}

#[test]
fn a_reply_inside_a_line_of_other_output_is_explained() {
    let mut session = Session::start(|mut adapter| {
        let seq = adapter.next_seq().expect("a request comes");
        adapter.write(format!("no line end {TAG} {{\"seq\":{seq},\"ok\":{{}}}}\n").as_bytes());
        adapter.next_seq();
    });
    let deadline = Instant::now() + Duration::from_millis(200);
    let error = session.driver.call(&close(), deadline).expect_err("the reply is no protocol line");
    assert!(matches!(error, DriverError::Deadline { tag_inside_line: true, .. }), "{error}");
    assert!(error.to_string().ends_with("end that line before each reply"), "{error}");
}

#[test]
fn an_adapter_that_exits_is_noticed_at_once() {
    let mut session = Session::start(|mut adapter| {
        adapter.next_seq();
    });
    assert_eq!(session.call(&close()), Err(DriverError::Exited { request: "close".into() }));
}

#[test]
fn an_adapter_that_exited_before_the_request_is_noticed_too() {
    let mut session = Session::start(drop);
    session.wait();
    assert_eq!(session.call(&close()), Err(DriverError::Exited { request: "close".into() }));
}

#[test]
fn an_adapter_that_closes_its_input_is_not_waited_for_long() {
    let (input, stdin) = pipe().expect("a pipe");
    let (stdout, _open_output) = pipe().expect("a pipe");
    let (stderr, _open_error) = pipe().expect("a pipe");
    drop(input);
    let mut driver = Driver::new(stdin, stdout, stderr, tag()).expect("threads start");
    let error = driver.call(&close(), soon()).expect_err("nobody reads");
    assert_eq!(error, DriverError::ClosedInput { request: "close".into() });
}

#[test]
fn an_end_inside_a_protocol_line_is_its_own_defect() {
    let mut session = Session::start(|mut adapter| {
        adapter.next_seq();
        adapter.write(format!("{TAG} {{\"seq\":1,").as_bytes());
    });
    assert_eq!(session.call(&close()), Err(DriverError::CutOff));
    // What was cut off is scanned with the rest of the output.
    assert_eq!(session.finish().stdout_untagged.bytes(), format!("{TAG} {{\"seq\":1,").as_bytes());
}

#[test]
fn a_crash_of_a_real_process_is_noticed() {
    let mut child = Command::new("/bin/sh")
        .args(["-c", "read line; echo dying >&2; kill -9 $$"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("every Unix has a shell");
    let stdin = child.stdin.take().expect("piped");
    let stdout = child.stdout.take().expect("piped");
    let stderr = child.stderr.take().expect("piped");
    let mut driver = Driver::new(stdin, stdout, stderr, tag()).expect("threads start");
    assert_eq!(driver.call(&close(), soon()), Err(DriverError::Exited { request: "close".into() }));
    assert_eq!(driver.finish(soon()).stderr.bytes(), b"dying\n");
    child.wait().expect("the child is ours");
}

#[test]
fn a_reply_before_any_request_is_a_defect() {
    let mut session = Session::start(|mut adapter| {
        adapter.reply("{\"seq\":1,\"ok\":{}}");
    });
    session.wait();
    // The request is not sent, so its number cannot be met by accident.
    assert_eq!(session.call(&close()), Err(DriverError::Unasked));
}

#[test]
fn a_second_reply_is_a_defect_of_the_next_call() {
    let mut session = Session::start(|mut adapter| {
        let seq = adapter.next_seq().expect("a request comes");
        adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
        adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
    });
    assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    session.wait();
    assert_eq!(session.call(&close()), Err(DriverError::Duplicate));
}

#[test]
fn a_second_reply_after_the_last_call_is_found_at_the_end() {
    let mut session = Session::start(|mut adapter| {
        let seq = adapter.next_seq().expect("a request comes");
        adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
        adapter.reply(&format!("{{\"seq\":{seq},\"error\":\"leak\"}}"));
    });
    assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    let output = session.finish();
    assert_eq!(output.violation, Some(DriverError::Duplicate));
    assert_eq!(output.protocol_lines, 2);
    // Nobody decodes it, so it is scanned with the rest of the output.
    assert_eq!(output.stdout_untagged.bytes(), format!("{TAG} {{\"seq\":1,\"error\":\"leak\"}}").as_bytes());
}

#[test]
fn a_late_second_reply_is_not_taken_for_the_next_one() {
    let mut session = Session::start(|mut adapter| {
        let first = adapter.next_seq().expect("a request comes");
        adapter.reply(&format!("{{\"seq\":{first},\"ok\":{{}}}}"));
        adapter.next_seq();
        adapter.reply(&format!("{{\"seq\":{first},\"ok\":{{}}}}"));
    });
    assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    assert_eq!(session.call(&close()), Err(DriverError::Duplicate));
}

#[test]
fn lines_that_do_not_fit_the_protocol_are_named_and_kept_for_the_scan() {
    let not_json = |cause: &str| LineError::NotJson { cause: cause.into() };
    let lines: [(&str, LineError); 8] = [
        ("", not_json("eof error at column 0")),
        ("nonsense", not_json("syntax error at column 2")),
        ("[]", not_json("not an object")),
        ("{\"ok\":{}}", LineError::NoSequence),
        (
            "{\"seq\":\"1\",\"ok\":{}}",
            LineError::WrongSequence { expected: "1".into(), found: "\"1\"".into() },
        ),
        ("{\"seq\":1}", LineError::NotOneOutcome),
        ("{\"seq\":1,\"ok\":{},\"error\":{}}", LineError::NotOneOutcome),
        ("{\"seq\":1,\"fine\":{}}", LineError::NotOneOutcome),
    ];
    for (line, expected) in lines {
        let mut session = Session::start(move |mut adapter| {
            adapter.next_seq();
            adapter.reply(line);
        });
        assert_eq!(session.call(&close()), Err(DriverError::Line(expected)), "{line}");
        assert_eq!(session.finish().stdout_untagged.bytes(), format!("{TAG} {line}").as_bytes());
    }
}

#[test]
fn unknown_and_missing_members_of_a_reply_are_named() {
    let bodies = [
        (close(), "{\"seq\":1,\"ok\":{\"extra\":1}}", "unknown field `extra`"),
        (get(), "{\"seq\":1,\"ok\":{}}", "missing field `value`"),
        (get(), "{\"seq\":1,\"ok\":{\"value\":\"%%\"}}", "not standard base64"),
        (
            close(),
            "{\"seq\":1,\"error\":{\"category\":\"mood\",\"phase\":\"save\"}}",
            "unknown variant `mood`",
        ),
    ];
    for (request, line, expected) in bodies {
        let mut session = Session::start(move |mut adapter| {
            adapter.next_seq();
            adapter.reply(line);
        });
        let error = session.call(&request).expect_err("the body does not fit");
        assert!(matches!(error, DriverError::Line(LineError::Body { .. })), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn binary_after_the_tag_is_not_json() {
    let mut session = Session::start(|mut adapter| {
        adapter.next_seq();
        adapter.write(format!("{TAG} ").as_bytes());
        adapter.write(b"\x00\xff\xfe\x80\n");
    });
    let error = session.call(&close()).expect_err("the line is no JSON");
    assert!(matches!(error, DriverError::Line(LineError::NotJson { .. })), "{error}");
}

#[test]
fn an_oversized_protocol_line_is_refused_and_the_rest_not_read() {
    let mut session = Session::start(|mut adapter| {
        adapter.next_seq();
        adapter.write(format!("{TAG} ").as_bytes());
        adapter.write(&vec![b' '; MAX_LINE_BYTES]);
    });
    assert_eq!(session.call(&close()), Err(DriverError::Line(LineError::TooLong)));
    assert!(session.finish().stdout_untagged.is_truncated());
}

#[test]
fn a_flood_on_either_stream_is_bounded() {
    for stream in [Stream::StandardOutput, Stream::StandardError] {
        let mut session = Session::start(move |mut adapter| {
            adapter.next_seq();
            let chunk = vec![b'x'; 1024 * 1024];
            let mut into = match stream {
                Stream::StandardOutput => adapter.output,
                Stream::StandardError => adapter.error,
            };
            // Until the driver stops reading.
            while into.write_all(&chunk).is_ok() {}
        });
        assert_eq!(session.call(&close()), Err(DriverError::Flood { stream }));
        let output = session.finish();
        let kept = match stream {
            Stream::StandardOutput => output.stdout_untagged,
            Stream::StandardError => output.stderr,
        };
        assert_eq!(kept.bytes().len(), MAX_UNTAGGED_BYTES);
        assert!(kept.is_truncated());
    }
}

#[test]
fn as_much_output_as_is_kept_is_no_flood() {
    let mut session = Session::start(|mut adapter| {
        let seq = adapter.next_seq().expect("a request comes");
        adapter.write(&vec![b'\n'; MAX_UNTAGGED_BYTES]);
        adapter.reply(&format!("{{\"seq\":{seq},\"ok\":{{}}}}"));
    });
    assert_eq!(session.call(&close()), Ok(Reply::Ok(ReplyBody::Done)));
    let output = session.finish();
    assert_eq!((output.violation, output.stdout_untagged.is_truncated()), (None, false));
}

#[test]
fn a_flood_of_protocol_lines_is_bounded() {
    let mut session = Session::start(|mut adapter| {
        let line = format!("{TAG} {{\"seq\":0,\"ok\":{{}}}}\n");
        while adapter.output.write_all(line.as_bytes()).is_ok() {}
    });
    session.wait();
    assert_eq!(session.call(&close()), Err(DriverError::Unasked));
    let lines = u64::try_from(MAX_QUEUED_LINES).expect("small");
    assert_eq!(session.finish().protocol_lines, lines);
}

#[test]
fn a_request_that_no_line_can_hold_is_not_sent() {
    let mut session = Session::start(|mut adapter| while adapter.next_seq().is_some() {});
    let error = session.call(&put(vec![0; MAX_LINE_BYTES])).expect_err("the value is too large");
    assert_eq!(error, DriverError::RequestTooLong { request: "put".into() });
}

#[test]
fn output_that_does_not_end_is_not_waited_for() {
    let (_input, stdin) = pipe().expect("a pipe");
    let (stdout, _open_output) = pipe().expect("a pipe");
    let (stderr, _open_error) = pipe().expect("a pipe");
    let driver = Driver::new(stdin, stdout, stderr, tag()).expect("threads start");
    let output = driver.finish(Instant::now() + Duration::from_millis(20));
    assert!(output.stdout_untagged.is_truncated() && output.stderr.is_truncated());
}

/// A driver and a thread that plays the adapter.
struct Session {
    driver: Driver,
    thread: Option<JoinHandle<()>>,
    /// Tells when the driver has read all of the adapter's output.
    read: mpsc::Receiver<()>,
}

impl Session {
    fn start(body: impl FnOnce(FakeAdapter) + Send + 'static) -> Self {
        let (input, stdin) = pipe().expect("a pipe");
        let (stdout, output) = pipe().expect("a pipe");
        let (stderr, error) = pipe().expect("a pipe");
        let adapter = FakeAdapter { input: BufReader::new(input), output, error };
        let thread = Some(thread::spawn(move || body(adapter)));
        let (sender, read) = mpsc::channel();
        let stdout = Watched { inner: stdout, dropped: sender };
        Self { driver: Driver::new(stdin, stdout, stderr, tag()).expect("threads start"), thread, read }
    }

    fn call(&mut self, request: &Request) -> Result<Reply, DriverError> {
        self.driver.call(request, soon())
    }

    /// Waits until the adapter is through and the driver's threads have read what it wrote.
    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the adapter does not panic");
        }
        self.read.recv_timeout(TIMEOUT).expect("the driver reads to the end");
    }

    fn finish(self) -> sealcheck::adapter::Output {
        self.driver.finish(soon())
    }
}

/// Output that tells when its reader is done with it.
struct Watched {
    inner: PipeReader,
    dropped: mpsc::Sender<()>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The test may not be interested.
        let _ = self.dropped.send(());
    }
}

struct FakeAdapter {
    input: BufReader<PipeReader>,
    output: PipeWriter,
    error: PipeWriter,
}

impl FakeAdapter {
    /// The number of the next request.
    fn next_seq(&mut self) -> Option<Value> {
        let mut line = Vec::new();
        self.input.read_until(b'\n', &mut line).ok()?;
        let (seq, _) = decode_request(tag().strip(&line)?).expect("the driver keeps to the protocol");
        Some(seq)
    }

    fn reply(&mut self, body: &str) {
        self.write(format!("{TAG} {body}\n").as_bytes());
    }

    /// The driver may have stopped reading, which is what some tests are about.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.output.write_all(bytes);
    }
}

fn tag() -> Tag {
    Tag::from_text(TAG)
}

fn soon() -> Instant {
    Instant::now() + TIMEOUT
}

fn close() -> Request {
    Request::Close(Store { store: StoreHandle("s".into()) })
}

fn get() -> Request {
    Request::Get(Get { store: StoreHandle("s".into()), partition: Partition::Nocae, scope: None })
}

fn put(value: Vec<u8>) -> Request {
    Request::Put(Put {
        store: StoreHandle("s".into()),
        partition: Partition::Nocae,
        scope: None,
        value: Some(Base64Bytes(value)),
    })
}

const TAG: &str = "0123456789abcdef";
const TIMEOUT: Duration = Duration::from_secs(10);
