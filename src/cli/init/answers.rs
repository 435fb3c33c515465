//! What a configuration needs to know, from flags, from a person, or by default.

use std::io::BufRead as _;

use jiff::tz::TimeZone;

use super::super::args::Init;
use super::super::out;
use super::text;
use crate::config;
use crate::control::request::Refusal;

/// One line of the configuration, before it is known whether it reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) portal: String,
    pub(super) hubspot_url: Option<String>,
    pub(super) login: String,
    pub(super) org: String,
    pub(super) client_id: String,
    /// Empty: the app logs in by its own secret.
    pub(super) user: String,
    pub(super) allocation: String,
    /// Empty: nobody is mailed.
    pub(super) smtp: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// A question, and the flag that answers it.
struct Question {
    flag: &'static str,
    asks: &'static str,
    usual: Option<String>,
    optional: bool,
    /// Whether it is asked only where there is a mail server.
    of_mail: bool,
}

impl Answers {
    /// Everything, asked for where it is not given and `asks`.
    pub(super) fn of(init: &Init, asks: bool) -> Result<Self, Refusal> {
        let mut answers = Self {
            hubspot_url: init.hubspot_url.clone(),
            // What stands here until it is asked for reads well, so that only the answer is judged.
            name: "prod".to_owned(),
            zone: "UTC".to_owned(),
            portal: "1".to_owned(),
            login: "https://acme.my.salesforce.com".to_owned(),
            org: "00D000000000000EAA".to_owned(),
            client_id: "key".to_owned(),
            allocation: "20000".to_owned(),
            ..Self::default()
        };
        let mut missing = Vec::new();
        for (question, given, place) in questions(init) {
            let usual = question.usual.clone();
            let judged = |text: &str| {
                let mut tried = answers.clone();
                text.clone_into(place(&mut tried));
                mistake(&tried)
            };
            let nobody_is_mailed = answers.smtp.is_empty() && question.of_mail;
            let answer = match given {
                Some(given) => Some(given),
                None if nobody_is_mailed => Some(String::new()),
                None if asks => Some(ask(&question, judged)?),
                None => usual.or_else(|| question.optional.then(String::new)),
            };
            match answer {
                Some(answer) => *place(&mut answers) = answer,
                None => missing.push(question.flag),
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::usage(format!(
                "nothing was written: {} must be given",
                missing.join(", ")
            )));
        }
        Ok(answers)
    }
}

/// Where an answer is kept.
type Place = fn(&mut Answers) -> &mut String;

fn question(flag: &'static str, asks: &'static str, usual: Option<&str>) -> Question {
    Question {
        flag,
        asks,
        usual: usual.map(str::to_owned),
        optional: false,
        of_mail: false,
    }
}

fn questions(init: &Init) -> Vec<(Question, Option<String>, Place)> {
    let zone = TimeZone::system();
    let zone = zone.iana_name().unwrap_or("UTC");
    let optional = |flag, asks| Question {
        optional: true,
        ..question(flag, asks, None)
    };
    let mut all: Vec<(Question, Option<String>, Place)> = vec![
        (
            question(
                "--name",
                "A name for this installation, shown in every mail",
                Some("prod"),
            ),
            init.name.clone(),
            |all| &mut all.name,
        ),
        (
            question("--zone", "Time zone of reports", Some(zone)),
            init.zone.clone(),
            |all| &mut all.zone,
        ),
        (
            question(
                "--portal",
                "HubSpot's portal id: the number in the address of every HubSpot page",
                None,
            ),
            init.portal.clone(),
            |all| &mut all.portal,
        ),
        (
            question(
                "--login",
                "Salesforce's login address (Setup > My Domain): https://….my.salesforce.com",
                None,
            ),
            init.login.clone(),
            |all| &mut all.login,
        ),
        (
            question(
                "--org",
                "Salesforce's org id (Setup > Company Information): 00D…",
                None,
            ),
            init.org.clone(),
            |all| &mut all.org,
        ),
        (
            question(
                "--client-id",
                "Consumer key of the external client app (Setup > External Client App Manager)",
                None,
            ),
            init.client_id.clone(),
            |all| &mut all.client_id,
        ),
        (
            optional(
                "--user",
                "Name of the integration user; empty if the app logs in by its own secret",
            ),
            init.user.clone(),
            |all| &mut all.user,
        ),
        (
            question(
                "--allocation",
                "Calls to Salesforce in any 24 h. Looking for changes takes about 1,728: one a minute, \
                 and one every 5 min for what was committed late; then one for up to 1,000 records \
                 written. An Enterprise org has 100,000 and 1,000 for each licence, for everybody",
                Some("20000"),
            ),
            init.allocation.clone(),
            |all| &mut all.allocation,
        ),
    ];
    all.extend(mail_questions(init));
    all
}

fn mail_questions(init: &Init) -> Vec<(Question, Option<String>, Place)> {
    let of_mail = |flag, asks| Question {
        of_mail: true,
        ..question(flag, asks, None)
    };
    let optional = |flag, asks| Question {
        optional: true,
        ..question(flag, asks, None)
    };
    vec![
        (
            optional(
                "--smtp",
                "Mail server: smtps://user@host; empty if nobody is to be mailed",
            ),
            init.smtp.clone(),
            |all| &mut all.smtp,
        ),
        (
            of_mail("--from", "Address that mails come from"),
            init.from.clone(),
            |all| &mut all.from,
        ),
        (
            of_mail("--to", "Who gets the daily and the weekly mail"),
            init.to.clone(),
            |all| &mut all.to,
        ),
    ]
}

/// Asks until the answer reads.
fn ask(question: &Question, mistake: impl Fn(&str) -> Option<String>) -> Result<String, Refusal> {
    loop {
        let usual = question.usual.as_deref();
        let offered = usual.map_or_else(String::new, |usual| format!(" [{usual}]"));
        out::question(&format!("{}{offered}: ", question.asks));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return Err(Refusal::usage(
                "nothing was written: the answers ended early",
            ));
        }
        let line = line.trim();
        let answer = if line.is_empty() {
            usual.unwrap_or_default()
        } else {
            line
        };
        if answer.is_empty() {
            if question.optional {
                return Ok(String::new());
            }
            continue;
        }
        match mistake(answer) {
            None => return Ok(answer.to_owned()),
            Some(why) => out::aside(&why),
        }
    }
}

/// What the reader of configurations says of the answers so far.
fn mistake(answers: &Answers) -> Option<String> {
    let mut answers = answers.clone();
    // Mail is judged as a whole: what is not asked for yet is filled in.
    if !answers.smtp.is_empty() || !answers.from.is_empty() || !answers.to.is_empty() {
        let fill = |text: &mut String, with: &str| {
            if text.is_empty() {
                with.clone_into(text);
            }
        };
        fill(&mut answers.smtp, "smtps://smtp.acme.example");
        fill(&mut answers.from, "syncline@acme.example");
        fill(&mut answers.to, "ops@acme.example");
    }
    let text = text::configuration(&answers, "it", None);
    let mistakes = config::parse(&text, "it").err()?;
    // Numbers stand in the file without quotes: anything else would not even be TOML.
    let is_number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    if !is_number(&answers.portal) || !is_number(&answers.allocation) {
        return Some("  is no number; write digits alone".to_owned());
    }
    // Everything else in it is known to read.
    let first = mistakes.iter().next()?;
    Some(format!("  {}; {}", first.wrong, first.remedy))
}
