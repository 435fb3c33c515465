//! One connection's dialogue: commands in, replies out, and the planned trouble between them.

use super::{SharedDesk, Stage, Trouble, lock};
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const HOST: &str = "mail.simulated.invalid";
const LINE_MAX: u64 = 4_096;
const MAIL_MAX: usize = 25 * 1024 * 1024;

/// Whether the dialogue goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Go,
    End,
}

/// The state of one connection.
pub(super) struct Dialogue {
    stream: BufReader<TcpStream>,
    desk: SharedDesk,
    sender: Option<String>,
    recipients: Vec<String>,
}

impl Dialogue {
    pub(super) fn new(stream: TcpStream, desk: SharedDesk) -> Dialogue {
        let stream = BufReader::new(stream);
        Dialogue {
            stream,
            desk,
            sender: None,
            recipients: Vec::new(),
        }
    }

    /// Talks until the client says goodbye, goes away, or trouble ends it.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let greeting = format!("220 {HOST} ESMTP keeps mails, delivers none");
        let mut next = self.at(Stage::Greeting, &greeting).await?;
        while next == Next::Go {
            let Some(line) = self.line().await? else {
                return Ok(());
            };
            next = self.obey(&line).await?;
        }
        Ok(())
    }

    async fn obey(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.reset();
                let reply =
                    format!("250-{HOST}\r\n250-PIPELINING\r\n250-SIZE {MAIL_MAX}\r\n250 8BITMIME");
                self.at(Stage::Hello, &reply).await
            }
            "HELO" => {
                self.reset();
                self.at(Stage::Hello, &format!("250 {HOST}")).await
            }
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.reset();
                self.say("250 forgotten").await
            }
            "NOOP" => self.say("250 done").await,
            "VRFY" => self.say("252 send it and see").await,
            "QUIT" => {
                self.say("221 goodbye").await?;
                Ok(Next::End)
            }
            _ => self.say("502 this server knows no such command").await,
        }
    }

    async fn mail(&mut self, rest: &str) -> io::Result<Next> {
        if self.sender.is_some() {
            return self.say("503 one sender at a time").await;
        }
        let Some(address) = address(rest, "FROM:") else {
            return self.say("501 write MAIL FROM:<address>").await;
        };
        let refused = self.trouble(Stage::Sender, &[]);
        if refused.is_none() {
            self.sender = Some(address);
        }
        self.finish(refused, "250 sender taken").await
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<Next> {
        if self.sender.is_none() {
            return self.say("503 first MAIL").await;
        }
        let Some(address) = address(rest, "TO:").filter(|address| !address.is_empty()) else {
            return self.say("501 write RCPT TO:<address>").await;
        };
        let refused = self.trouble(Stage::Recipient, std::slice::from_ref(&address));
        if refused.is_none() {
            self.recipients.push(address);
        }
        self.finish(refused, "250 recipient taken").await
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.recipients.is_empty() {
            return self.say("503 first RCPT").await;
        }
        let recipients = self.recipients.clone();
        if let Some(trouble) = self.trouble(Stage::Data, &recipients) {
            return self.finish(Some(trouble), "").await;
        }
        self.say("354 end with a dot on a line of its own").await?;
        let Some(bytes) = self.body().await? else {
            return Ok(Next::End);
        };
        if bytes.len() > MAIL_MAX {
            self.reset();
            return self.say("552 too large").await;
        }
        let trouble = self.trouble(Stage::Body, &recipients);
        let keep = !matches!(
            trouble,
            Some(Trouble::Refuse { .. } | Trouble::Drop(_) | Trouble::Hang(_))
        );
        let mut reply = "250 kept".to_owned();
        if keep {
            let sender = self.sender.clone().unwrap_or_default();
            let kept = lock(&self.desk).shelf.keep(sender, recipients, bytes);
            reply = match kept {
                Ok(number) => format!("250 kept as {number:04}"),
                Err(error) => format!("451 cannot store: {error}"),
            };
        }
        self.reset();
        self.finish(trouble, &reply).await
    }

    // A line that starts with a dot lost nothing but that dot.
    async fn body(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut mail = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            if line == b".\r\n" || line == b".\n" {
                return Ok(Some(mail));
            }
            // Beyond the limit bytes are read, to keep the dialogue in step, and not kept.
            if mail.len() <= MAIL_MAX {
                mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_MAX);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    fn trouble(&self, stage: Stage, recipients: &[String]) -> Option<Trouble> {
        lock(&self.desk).trouble_at(stage, recipients)
    }

    async fn at(&mut self, stage: Stage, reply: &str) -> io::Result<Next> {
        let trouble = self.trouble(stage, &[]);
        self.finish(trouble, reply).await
    }

    async fn finish(&mut self, trouble: Option<Trouble>, reply: &str) -> io::Result<Next> {
        match trouble {
            None => self.say(reply).await,
            Some(Trouble::Refuse { code, text, .. }) => self.say(&format!("{code} {text}")).await,
            Some(Trouble::KeepAndDrop | Trouble::Drop(_)) => Ok(Next::End),
            Some(Trouble::KeepAndHang | Trouble::Hang(_)) => {
                // Silence lasts until the client gives up or the sink is stopped.
                while self.line().await?.is_some() {}
                Ok(Next::End)
            }
        }
    }

    async fn say(&mut self, reply: &str) -> io::Result<Next> {
        let line = format!("{reply}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).await?;
        Ok(Next::Go)
    }

    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

// What stands between the angle brackets; parameters behind them are not ours to judge.
fn address(rest: &str, word: &str) -> Option<String> {
    let start = rest
        .get(..word.len())
        .filter(|start| start.eq_ignore_ascii_case(word))?;
    let inner = rest[start.len()..].trim_start().strip_prefix('<')?;
    inner.split_once('>').map(|(address, _)| address.to_owned())
}
