//! The dialogue with a mail server, one step at a time, each under a deadline of ours.
//!
//! lettre speaks the protocol; what an outcome means is judged here by the step it happened in.
//! lettre's own flags do not tell a lost answer from a refusal, and its time-out covers the TCP
//! connection alone.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::{MailError, Mailer, Outgoing, Sending, Stage};
use crate::config::{Secret, Security, SmtpUrl};

/// Replies about the login, which a server may also give to `MAIL` (RFC 4954, section 6).
const LOGIN_CODES: &[u16] = &[454, 530, 534, 535, 538];

/// The longest text of a failure, in characters.
const TEXT_MAX: usize = 300;

/// How long each step of the dialogue may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name, TCP, TLS, greeting and `EHLO`.
    pub connect: Duration,
    /// Login.
    pub login: Duration,
    /// `MAIL`, `RCPT` and `DATA` together.
    pub envelope: Duration,
    /// The content, until the server says that it has it.
    pub content: Duration,
    /// The farewell, which nothing depends on.
    pub quit: Duration,
}

impl Default for Deadlines {
    /// 157 s together, which with what is begun before it stays below the time after which a loop
    /// counts as stuck. Servers that look through the content answer late: whoever gives up before
    /// them makes a second copy.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            login: Duration::from_secs(10),
            envelope: Duration::from_secs(10),
            content: Duration::from_mins(2),
            quit: Duration::from_secs(2),
        }
    }
}

/// Hands mails to the configured server, with a new connection for each.
#[derive(Debug)]
pub struct SmtpMailer {
    server: SmtpUrl,
    password: Option<Secret>,
    ca: Option<PathBuf>,
    deadlines: Deadlines,
}

impl SmtpMailer {
    /// Mail through `server`; `password` belongs to its user, when it has one.
    pub fn new(server: SmtpUrl, password: Option<Secret>) -> Self {
        Self {
            server,
            password,
            ca: None,
            deadlines: Deadlines::default(),
        }
    }

    /// The same, believing the authority whose certificate stands in this file too.
    #[must_use]
    pub fn with_ca(self, ca: Option<PathBuf>) -> Self {
        Self { ca, ..self }
    }

    /// The same with other deadlines.
    #[must_use]
    pub fn with_deadlines(self, deadlines: Deadlines) -> Self {
        Self { deadlines, ..self }
    }

    async fn hand_over(&self, mail: &Outgoing) -> Result<(), MailError> {
        let limits = self.deadlines;
        let mut connection = self.connect().await?;
        if let Some(user) = &self.server.user {
            self.log_in(&mut connection, user).await?;
        }
        step(
            Stage::Envelope,
            limits.envelope,
            offer(&mut connection, mail),
        )
        .await?;
        step(Stage::Data, limits.content, connection.message(&mail.bytes)).await?;
        // The server has the mail: nothing that happens from here on is a failure.
        let _ = tokio::time::timeout(limits.quit, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpUrl {
            security,
            host,
            port,
            ..
        } = &self.server;
        let limit = self.deadlines.connect;
        let hello = ClientId::default();
        let tls = match security {
            Security::Tls | Security::StartTls => Some(self.tls()?),
            Security::Loopback => None,
        };
        let (at_once, later) = match security {
            Security::Tls => (tls, None),
            Security::StartTls | Security::Loopback => (None, tls),
        };
        step(Stage::Connect, limit, async {
            // A server that cannot be reached is told apart from one that does not speak.
            let tcp = limit.mul_f32(0.8);
            let server = (host.as_str(), *port);
            let mut connection =
                AsyncSmtpConnection::connect_tokio1(server, Some(tcp), &hello, at_once, None)
                    .await?;
            if let Some(tls) = later {
                connection.starttls(tls, &hello).await?;
            }
            Ok(connection)
        })
        .await
        .map_err(|error| self.unfit_certificate(error))
    }

    /// Says which name was expected where a certificate is what is wrong.
    fn unfit_certificate(&self, error: MailError) -> MailError {
        if !error.text.contains("certificate") {
            return error;
        }
        let SmtpUrl { host, port, .. } = &self.server;
        let text = format!(
            "the certificate of {host}:{port} does not fit, expected was one for {host} by an \
             authority this machine knows (mail.ca names one's own); no mail left: {}",
            error.text
        );
        MailError { text, ..error }
    }

    fn tls(&self) -> Result<TlsParameters, MailError> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        if let Some(file) = &self.ca {
            let wrong = |what: String| {
                let text = format!("mail.ca {}: {what}", file.display());
                failed(Stage::Connect, None, &text)
            };
            let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|error| wrong(format!("holds no certificate in PEM ({error})")))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|error| {
            let text = format!("{error}; is the package ca-certificates installed?");
            failed(Stage::Connect, None, &text)
        })
    }

    async fn log_in(
        &self,
        connection: &mut AsyncSmtpConnection,
        user: &str,
    ) -> Result<(), MailError> {
        let Some(password) = &self.password else {
            let text = format!("there is no password for {user}; add the credential smtp_password");
            return Err(failed(Stage::Hello, None, &text));
        };
        let login = Credentials::new(user.to_owned(), password.expose().to_owned());
        let ways = [Mechanism::Plain, Mechanism::Login];
        let answer = connection.auth(&ways, &login);
        step(Stage::Hello, self.deadlines.login, answer)
            .await
            .map(|_| ())
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, mail: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.hand_over(mail))
    }
}

/// Sender, recipient and the wish to send the content. Nothing of the mail itself has left yet.
async fn offer(
    connection: &mut AsyncSmtpConnection,
    mail: &Outgoing,
) -> Result<(), lettre::transport::smtp::Error> {
    let from = Some(mail.from.inner().clone());
    connection.command(Mail::new(from, vec![])).await?;
    connection
        .command(Rcpt::new(mail.to.inner().clone(), vec![]))
        .await?;
    connection.command(Data).await?;
    Ok(())
}

/// Does one step within `limit` and judges its failure.
async fn step<T>(
    stage: Stage,
    limit: Duration,
    work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, MailError> {
    // A server that says something, or nothing in time although it took the connection, was reached.
    let reached = if stage == Stage::Connect {
        Stage::Hello
    } else {
        stage
    };
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let code = error.status().map(u16::from);
            let spoke = code.is_some() || error.is_response() || error.is_client();
            let stage = if spoke { reached } else { stage };
            Err(failed(stage, code, &error.to_string()))
        }
        Err(_) => {
            let text = format!("the server did not answer within {} s", limit.as_secs_f32());
            Err(failed(reached, None, &text))
        }
    }
}

/// What a failure in `stage` means. Before the content has left nothing is lost or doubled by
/// another try; after it, only an answer tells whether the server has the mail.
fn failed(stage: Stage, code: Option<u16>, text: &str) -> MailError {
    let about_this_mail = matches!(stage, Stage::Envelope | Stage::Data);
    let refused = code.is_some_and(|code| code >= 500 && !LOGIN_CODES.contains(&code));
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_MAX)
        .collect();
    MailError {
        stage,
        code: code.unwrap_or(0),
        permanent: about_this_mail && refused,
        ambiguous: stage == Stage::Data && code.is_none(),
        text: line,
    }
}
