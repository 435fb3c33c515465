//! The mail sink keeps what a client hands over, and fails where it is told to.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use syncline::simulator::smtp::{Plan, Sink, SinkSettings, Stage, Trouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn sink(directory: Option<PathBuf>) -> Sink {
    let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
    Sink::start(SinkSettings { listen, directory })
        .await
        .unwrap()
}

/// Sends `script` in one piece, as a pipelining client does, and returns the reply codes until the end.
async fn codes(sink: &Sink, script: &str) -> String {
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    stream
        .write_all(script.replace('\n', "\r\n").as_bytes())
        .await
        .unwrap();
    let mut replies = String::new();
    // A connection that is cut may end in an error after the last reply.
    let _ = stream.read_to_string(&mut replies).await;
    let last = |line: &&str| line.as_bytes().get(3) != Some(&b'-');
    let codes: Vec<&str> = replies
        .lines()
        .filter(last)
        .map(|line| &line[..3])
        .collect();
    codes.join(" ")
}

const MAIL: &str = "EHLO me\nMAIL FROM:<a@example.com>\nRCPT TO:<b@example.com>\nDATA\n\
                    Subject: one\n two\n\n..dot\nend\n.\nQUIT\n";

/// One mail meets `trouble`; expects the reply codes and how many mails are kept.
async fn check(trouble: Trouble, expected: &str, kept: usize) {
    let sink = sink(None).await;
    let recipient = Some("b@example.com".to_owned()).filter(|_| {
        matches!(
            trouble,
            Trouble::Refuse {
                stage: Stage::Recipient,
                ..
            }
        )
    });
    sink.plan(Plan {
        trouble: trouble.clone(),
        recipient,
        times: 1,
    });
    assert_eq!(codes(&sink, MAIL).await, expected, "{trouble:?}");
    assert_eq!(sink.mails().len(), kept, "{trouble:?}");
    sink.stop().await;
}

fn refuse(stage: Stage, code: u16) -> Trouble {
    Trouble::Refuse {
        stage,
        code,
        text: "not now".to_owned(),
    }
}

#[tokio::test]
async fn a_pipelined_mail_is_kept_with_its_dots() {
    let sink = sink(None).await;
    assert_eq!(codes(&sink, MAIL).await, "220 250 250 250 354 250 221");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        ("a@example.com", &["b@example.com".to_owned()][..])
    );
    assert_eq!(
        mails[0].text(),
        "Subject: one\r\n two\r\n\r\n.dot\r\nend\r\n"
    );
    assert_eq!(mails[0].header("subject").as_deref(), Some("one two"));
    sink.stop().await;
}

#[tokio::test]
async fn commands_out_of_order_are_refused_and_a_reset_starts_over() {
    let sink = sink(None).await;
    let script = "EHLO me\nDATA\nRCPT TO:<b@example.com>\nMAIL FROM:a\nMAIL FROM:<a@example.com>\n\
                  RSET\nRCPT TO:<b@example.com>\nSING\nQUIT\n";
    assert_eq!(
        codes(&sink, script).await,
        "220 250 503 503 501 250 250 503 502 221"
    );
    sink.stop().await;
}

#[tokio::test]
async fn trouble_strikes_at_its_stage() {
    check(refuse(Stage::Hello, 421), "220 421 250 250 354 250 221", 1).await;
    check(
        refuse(Stage::Sender, 451),
        "220 250 451 503 503 502 502 502 502 502 502 221",
        0,
    )
    .await;
    check(
        refuse(Stage::Recipient, 550),
        "220 250 250 550 503 502 502 502 502 502 502 221",
        0,
    )
    .await;
    check(refuse(Stage::Body, 452), "220 250 250 250 354 452 221", 0).await;
    check(Trouble::Drop(Stage::Data), "220 250 250 250", 0).await;
    check(Trouble::KeepAndDrop, "220 250 250 250 354", 1).await;
    check(Trouble::Drop(Stage::Body), "220 250 250 250 354", 0).await;
}

#[tokio::test]
async fn a_mail_whose_reply_never_comes_is_kept_all_the_same() {
    let sink = sink(None).await;
    sink.plan(Plan {
        trouble: Trouble::KeepAndHang,
        recipient: None,
        times: 1,
    });
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    stream
        .write_all(MAIL.replace('\n', "\r\n").as_bytes())
        .await
        .unwrap();
    while sink.mails().is_empty() {
        tokio::task::yield_now().await;
    }
    // Stopping the sink ends the silence.
    sink.stop().await;
    let mut replies = String::new();
    let _ = stream.read_to_string(&mut replies).await;
    assert!(
        replies.contains("354") && !replies.contains("kept as"),
        "{replies}"
    );
}

#[tokio::test]
async fn mails_are_stored_under_numbers_that_go_on() {
    let directory = tempfile::tempdir().unwrap();
    for expected in ["0001.eml", "0002.eml"] {
        let sink = sink(Some(directory.path().to_owned())).await;
        codes(&sink, MAIL).await;
        let stored = std::fs::read(directory.path().join(expected)).unwrap();
        assert_eq!(stored, sink.mails()[0].bytes);
        sink.stop().await;
    }
}

#[tokio::test]
async fn a_real_client_hands_its_mail_over() {
    use lettre::message::Message;
    use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
    let sink = sink(None).await;
    let mail = Message::builder()
        .from("a@example.com".parse().unwrap())
        .to("b@example.com".parse().unwrap())
        .subject("hello")
        .body(".starts with a dot\n".to_owned())
        .unwrap();
    let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .build();
    mailer.send(mail).await.unwrap();
    let text = sink.mails()[0].text();
    assert!(
        text.trim_end().ends_with("\r\n\r\n.starts with a dot"),
        "{text:?}"
    );
    sink.stop().await;
}
