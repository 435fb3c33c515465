//! Mail: the bytes of a letter, and what is made of a server's answers.

use std::time::Duration;

use proptest::prelude::*;
use syncline::config::{MailAddress, Mailbox, SmtpUrl};
use syncline::domain::record::Timestamp;
use syncline::mail::{
    Attachment, Deadlines, Letter, MailError, Mailer as _, MessageId, Outgoing, SmtpMailer, compose,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// 17 November 2026, 07:00 UTC.
const WHEN: Timestamp = Timestamp(1_794_898_800_000);

fn mailbox(text: &str) -> Mailbox {
    Mailbox::parse(text).expect("a mailbox")
}

/// A digest about one cause, with everything that a mail can have.
fn letter_bytes(subject: &str, text: &str, mark: &str) -> Vec<u8> {
    let from = mailbox("Syncline <syncline@acme.example>");
    let letter = Letter {
        from: &from,
        to: &mailbox("revops@acme.example"),
        subject,
        text,
        html: Some("<p>2 new \u{b7} 1 back</p>"),
        attachments: &[
            Attachment::csv("errors.csv", b"cause,records\r\nC-41,268\r\n".to_vec())
                .expect("a file name"),
        ],
        message_id: &MessageId::of("daily-42", &from.address),
        thread: Some(&MessageId::of("daily", &from.address)),
        date: WHEN,
        series: ("prod", "daily"),
        unsubscribe: Some(&mailbox("o+p&s@acme.example").address),
        marks: &[("Cause", mark.to_owned())],
    };
    compose(&letter).expect("a letter")
}

#[test]
fn a_digest_with_a_table_is_these_bytes() {
    let bytes = letter_bytes(
        "[Syncline prod] 2 new · 467 records failing",
        "Failing 214 -> 467\n",
        "C-41",
    );
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_ascii());
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    insta::assert_snapshot!(text.replace('\r', ""), @r#"
    From: Syncline <syncline@acme.example>
    To: revops@acme.example
    Subject: [Syncline prod] 2 new =?utf-8?b?wrc=?= 467 records failing
    Message-ID: <syncline.daily-42@acme.example>
    Date: Tue, 17 Nov 2026 07:00:00 +0000
    In-Reply-To: <syncline.daily@acme.example>
    References: <syncline.daily@acme.example>
    Auto-Submitted: auto-generated
    X-Auto-Response-Suppress: All
    List-Id: Syncline prod daily <daily.prod.syncline.acme.example>
    List-Unsubscribe: <mailto:o%2Bp%26s@acme.example?subject=unsubscribe%20prod%20daily>
    X-Syncline-Cause: C-41
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="=_mixed_52655883415071e9d2153511"

    --=_mixed_52655883415071e9d2153511
    Content-Type: multipart/alternative;
     boundary="=_alternative_52655883415071e9d2153511"

    --=_alternative_52655883415071e9d2153511
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: quoted-printable

    Failing 214 -> 467

    --=_alternative_52655883415071e9d2153511
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: quoted-printable

    <p>2 new =C2=B7 1 back</p>
    --=_alternative_52655883415071e9d2153511--
    --=_mixed_52655883415071e9d2153511
    Content-Type: text/csv; charset=utf-8; header=present
    Content-Disposition: attachment; filename="errors.csv"
    Content-Transfer-Encoding: base64

    Y2F1c2UscmVjb3Jkcw0KQy00MSwyNjgNCg==
    --=_mixed_52655883415071e9d2153511--
    "#);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    assert_eq!(letter_bytes("a", "b", "c"), letter_bytes("a", "b", "c"));
}

#[test]
fn a_name_that_would_begin_a_header_is_refused() {
    for name in [
        "Evil\r\nBcc: x",
        "Evil\u{0}",
        "=?utf-8?q?spoof?=",
        "A <b> C",
        &"x".repeat(201),
    ] {
        assert!(
            Mailbox::parse(&format!("{name} <a@b.example>")).is_err(),
            "{name:?}"
        );
    }
    assert_eq!(
        mailbox("\"Übersicht, Nord\" <a@b.example>").name(),
        Some("Übersicht, Nord")
    );
}

#[test]
fn a_file_name_that_leads_elsewhere_is_refused() {
    for name in ["../x.csv", "a\"b.csv", "", ".csv", "a b.csv", "ä.csv"] {
        assert!(Attachment::csv(name, vec![]).is_err(), "{name:?}");
    }
}

fn header_names(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").expect("a body");
    let lines = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']));
    lines
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect()
}

proptest! {
    #[test]
    fn no_text_adds_a_header(subject in any::<String>(), mark in any::<String>(), text in any::<String>()) {
        let expected = header_names(&letter_bytes("x", "y", "z"));
        for hostile in ["", "\r\nBcc: evil@example.com\r\n\r\n", "\n", "=?utf-8?q?=0ABcc:?="] {
            let bytes = letter_bytes(&format!("{subject}{hostile}{mark}"), &text, &format!("{mark}{hostile}"));
            prop_assert!(bytes.is_ascii());
            prop_assert_eq!(header_names(&bytes), expected.clone());
        }
    }

    #[test]
    fn no_name_or_address_makes_lettre_panic(name in any::<String>(), address in any::<String>()) {
        for text in [format!("{name} <a@b.example>"), format!("{name} <{address}>"), address] {
            let Ok(to) = Mailbox::parse(&text) else { continue };
            let letter = Letter {
                from: &to, to: &to, subject: &name, text: "", html: None, attachments: &[],
                message_id: &MessageId::of(&name, &to.address), thread: None, date: WHEN,
                series: (&name, &name), unsubscribe: Some(&to.address), marks: &[],
            };
            prop_assert!(MessageId::parse(letter.message_id.as_str()).is_ok());
            prop_assert!(compose(&letter).is_ok());
        }
    }
}

/// What the server says at each point; an empty answer closes the connection, `silence` says nothing.
struct Script {
    greeting: &'static str,
    mail: &'static str,
    rcpt: &'static str,
    data: &'static str,
    content: &'static str,
}

const WILLING: Script = Script {
    greeting: "220 here",
    mail: "250 ok",
    rcpt: "250 ok",
    data: "354 go on",
    content: "250 taken",
};

/// Plays the server for one connection; returns the content it was given.
async fn serve(listener: TcpListener, script: &Script) -> String {
    let (stream, _) = listener.accept().await.expect("a client");
    let mut stream = BufReader::new(stream);
    let mut content = String::new();
    let mut line = String::new();
    let mut answer = script.greeting;
    loop {
        if answer.is_empty() {
            return content;
        }
        if answer != "silence" {
            let _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await;
        }
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return content;
        }
        answer = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "EHLO" => "250 here",
            "MAIL" => script.mail,
            "RCPT" => script.rcpt,
            "QUIT" => "221 bye",
            "DATA" if script.data.starts_with('3') => {
                let _ = stream
                    .write_all(format!("{}\r\n", script.data).as_bytes())
                    .await;
                while !content.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut content).await.expect("a line");
                }
                script.content
            }
            "DATA" => script.data,
            other => panic!("unexpected {other}"),
        };
    }
}

async fn dialogue(script: &Script) -> (Result<(), MailError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}")).expect("an address");
    let short = Duration::from_millis(300);
    let deadlines = Deadlines {
        connect: short,
        login: short,
        envelope: short,
        content: short,
        quit: short,
    };
    let mailer = SmtpMailer::new(server, None).with_deadlines(deadlines);
    let mail = outgoing();
    let client = async {
        let sent = mailer.send(&mail).await;
        drop(mailer);
        sent
    };
    tokio::join!(client, serve(listener, script))
}

pub(super) fn outgoing() -> Outgoing {
    let from = MailAddress::parse("syncline@acme.example").expect("an address");
    Outgoing {
        to: MailAddress::parse("revops@acme.example").expect("an address"),
        message_id: MessageId::of("daily-42", &from),
        bytes: letter_bytes("subject", "text\n.\nafter the dot\n", "C-41"),
        from,
    }
}

/// One dialogue and what is made of it: stage, code, what to do.
async fn check(script: Script, expected: &str) {
    let (sent, _) = dialogue(&script).await;
    let found = match sent {
        Ok(()) => "sent".to_owned(),
        Err(MailError {
            stage,
            code,
            permanent,
            ambiguous,
            ..
        }) => {
            let next = match (permanent, ambiguous) {
                (false, false) => "again",
                (true, false) => "never",
                (false, true) => "ambiguous",
                (true, true) => "nonsense",
            };
            format!("{stage} {code} {next}")
        }
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_willing_server_gets_the_bytes_as_planned() {
    let (sent, content) = dialogue(&WILLING).await;
    assert_eq!(sent, Ok(()));
    let planned = String::from_utf8(outgoing().bytes).unwrap();
    assert_eq!(
        content.trim_end(),
        format!("{}\r\n\r\n.", planned.trim_end().replace("\r\n.", "\r\n..")).trim_end()
    );
}

#[tokio::test]
async fn a_refusal_before_the_content_is_judged_by_its_code() {
    check(
        Script {
            greeting: "421 busy",
            ..WILLING
        },
        "hello 421 again",
    )
    .await;
    check(
        Script {
            greeting: "554 not you",
            ..WILLING
        },
        "hello 554 again",
    )
    .await;
    check(
        Script {
            mail: "451 greylisted",
            ..WILLING
        },
        "envelope 451 again",
    )
    .await;
    check(
        Script {
            mail: "530 log in first",
            ..WILLING
        },
        "envelope 530 again",
    )
    .await;
    check(
        Script {
            rcpt: "550 no such user",
            ..WILLING
        },
        "envelope 550 never",
    )
    .await;
    check(
        Script {
            data: "451 later",
            ..WILLING
        },
        "envelope 451 again",
    )
    .await;
}

#[tokio::test]
async fn silence_before_the_content_is_tried_again() {
    check(
        Script {
            greeting: "silence",
            ..WILLING
        },
        "hello 0 again",
    )
    .await;
    check(
        Script {
            rcpt: "silence",
            ..WILLING
        },
        "envelope 0 again",
    )
    .await;
    check(
        Script {
            rcpt: "",
            ..WILLING
        },
        "envelope 0 again",
    )
    .await;
}

#[tokio::test]
async fn an_answer_to_the_content_counts_and_its_loss_is_ambiguous() {
    check(
        Script {
            content: "452 disk full",
            ..WILLING
        },
        "data 452 again",
    )
    .await;
    check(
        Script {
            content: "554 spam",
            ..WILLING
        },
        "data 554 never",
    )
    .await;
    check(
        Script {
            content: "silence",
            ..WILLING
        },
        "data 0 ambiguous",
    )
    .await;
    check(
        Script {
            content: "",
            ..WILLING
        },
        "data 0 ambiguous",
    )
    .await;
    check(
        Script {
            content: "what?",
            ..WILLING
        },
        "data 0 ambiguous",
    )
    .await;
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    let server = SmtpUrl::parse("smtp://127.0.0.1:1").unwrap();
    let error = SmtpMailer::new(server, None)
        .send(&outgoing())
        .await
        .unwrap_err();
    assert_eq!(
        (
            error.stage.key(),
            error.code,
            error.permanent,
            error.ambiguous
        ),
        ("connect", 0, false, false)
    );
}
