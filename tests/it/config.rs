//! The configuration: what is shipped reads well, and what is wrong is named, all of it, at once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use syncline::config::{self, Config, Credentials, Place, Secret, standard_mapping};
use syncline::domain::mapping::{OnFirstLink, Rule};
use syncline::domain::record::ObjectName;

const SHIPPED: &str = include_str!("../../config/syncline.toml");

/// The least that is accepted.
const SMALLEST: &str = r#"[hubspot]
portal = 4711002
[salesforce]
org = "00D5g000004XyZw"
login = "https://acme.my.salesforce.com/"
client_id = "3MVG9"
user = "syncline@acme.example"
[budget]
allocation = 20_000
[objects.contact]
"#;

fn read(text: &str) -> Config {
    config::parse(text, "syncline.toml").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn mistakes(text: &str) -> String {
    config::parse(text, "syncline.toml")
        .map_or_else(|mistakes| mistakes.to_string(), |_| "none".to_owned())
}

/// Appends `more` to the smallest configuration: one mistake, and the words for it.
fn check(more: &str, expected: &str) {
    let found = mistakes(&format!("{SMALLEST}{more}\n"));
    assert_eq!(found, format!("syncline.toml:{expected}"), "of {more}");
}

/// Replaces a part of the smallest configuration: one mistake, and the words for it.
fn check_instead(part: &str, by: &str, expected: &str) {
    assert!(SMALLEST.contains(part));
    let found = mistakes(&SMALLEST.replace(part, by));
    assert_eq!(found, format!("syncline.toml:{expected}"), "of {by}");
}

#[test]
fn the_shipped_configuration_reads_well() {
    let config = read(SHIPPED);
    assert_eq!(config.name, "prod");
    assert_eq!(config.salesforce.org.as_str(), "00D5g000004XyZwEAK");
    assert_eq!(config.budget.allocation, 20_000);
    assert_eq!(config.notify.len(), 2);
    assert_eq!(config.notify[0].digests[0].text, "08:00");
    assert_eq!(config.notify[0].zone, "Europe/Rome");
    let names = config.objects.iter().map(|one| one.name().as_str());
    let names: Vec<&str> = names.collect();
    assert_eq!(names, ["company", "contact", "lead", "deal", "task"]);
}

#[test]
fn every_key_that_the_shipped_configuration_mentions_as_a_default_is_one() {
    // A default stands in the file as a comment: "# key = value", examples and prose aside.
    let mut bare = String::new();
    let mut is_example = false;
    for line in SHIPPED.lines() {
        is_example = (is_example || line.starts_with("# [[")) && line.starts_with('#');
        let mentioned = line.strip_prefix("# ").filter(|rest| {
            let first = rest.split(' ').next().unwrap_or_default();
            let is_key = rest.contains(" = ") && !first.ends_with(':') && !rest.starts_with("zone");
            !is_example && !first.is_empty() && (is_key || first.starts_with('['))
        });
        bare.push_str(mentioned.unwrap_or(line));
        bare.push('\n');
    }
    assert!(bare.contains("\ndeletions_percent = 1"), "{bare}");
    assert!(bare.contains("\napi_version = \"66.0\""), "{bare}");
    assert_eq!(
        read(SHIPPED).differences(&read(&bare)),
        Vec::<String>::new()
    );
}

#[test]
fn the_standard_mapping_of_contacts_is_this() {
    let contact = ObjectName::parse("contact").unwrap();
    let mapping = standard_mapping(&contact).unwrap().unwrap();
    let rows = mapping.fields.iter().map(|field| {
        let owner = if field.owner { " (owner)" } else { "" };
        format!(
            "{} <-> {} {:?}{owner}",
            field.hubspot, field.salesforce, field.rule
        )
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @r"
    email <-> Email PreferSalesforce
    salutation <-> Salutation PreferSalesforce
    firstname <-> FirstName PreferSalesforce
    lastname <-> LastName PreferSalesforce
    jobtitle <-> Title PreferSalesforce
    phone <-> Phone PreferSalesforce
    mobilephone <-> MobilePhone PreferSalesforce
    fax <-> Fax PreferSalesforce
    address <-> MailingStreet PreferSalesforce
    city <-> MailingCity PreferSalesforce
    state <-> MailingState PreferSalesforce
    zip <-> MailingPostalCode PreferSalesforce
    country <-> MailingCountry PreferSalesforce
    hubspot_owner_id <-> OwnerId TwoWay (owner)
    ");
}

#[test]
fn the_smallest_configuration_takes_the_defaults() {
    let config = read(SMALLEST);
    assert_eq!(
        config.salesforce.login.as_str(),
        "https://acme.my.salesforce.com"
    );
    assert_eq!(config.salesforce.org.as_str(), "00D5g000004XyZwEAK");
    assert_eq!(config.zone, "UTC");
    assert_eq!(config.control.to_str(), Some("/run/syncline/control.sock"));
    assert_eq!(config.sync.poll.as_secs(), 60);
    assert_eq!(config.guard.records, 10_000);
    assert_eq!(config.objects[0].on_first_link, OnFirstLink::FillBlanks);
    assert_eq!(config.mail, None);
}

#[test]
fn ten_mistakes_are_named_in_one_go() {
    let text = r#"
zone = "Europe/Berln"
bugdet = 5
[hubspot]
portal = "4711002"
url = "http://api.hubapi.com"
[salesforce]
login = "https://acme.my.salesforce.com"
client_id = "3MVG9"
user = "syncline@acme.example"
[budget]
allocation = 0
[sync]
mode = "obsrve"
[objects.contact]
create_as = "Person"
direction = "to-hubspt"
[objects.car]
[objects.company]
condition = "Type = 'Customer' LIMIT 5"
[mail]
smtp = "smtps://user:hunter2@smtp.acme.example"
from = "Syncline <syncline@acme.example>"
"#;
    let found = mistakes(text);
    assert!(!found.contains("hunter2"));
    insta::assert_snapshot!(found, @r#"
    syncline.toml:2: zone: "Europe/Berln" is no time zone; did you mean Europe/Berlin?
    syncline.toml:3: unknown key "bugdet"; did you mean "budget"?
    syncline.toml:5: hubspot.portal: expected a whole number, found a text; write portal = 4711002
    syncline.toml:6: hubspot.url: http:// is accepted for literal loopback addresses only; write https://api.hubapi.com
    syncline.toml:7: salesforce.org: is missing; add [salesforce] org = "00D…", from Setup, Company Information
    syncline.toml:12: budget.allocation: 0 is out of range; write a number from 1 to 100000000 calls in 24 h
    syncline.toml:14: sync.mode: "obsrve" is not known; did you mean "observe"?
    syncline.toml:16: objects.contact.create_as: is Contact or Lead, not "Person"; write create_as = "Contact" or leave it out
    syncline.toml:17: objects.contact.direction: "to-hubspt" is not known; did you mean "to-hubspot"?
    syncline.toml:18: objects.car.hubspot_type: car has no standard mapping; write hubspot_type and salesforce_type, or use one of company, contact, deal, task
    syncline.toml:20: objects.company.condition: holds LIMIT, which is no part of a condition; write only what would stand behind WHERE, such as "Type = 'Customer'"
    syncline.toml:22: mail.smtp: holds a password; secrets are never in the configuration: put it into the file credentials/smtp_password, mode 600
    "#);
}

#[test]
fn a_wrong_value_is_answered_with_what_to_write() {
    check(
        "[sync]\npoll_sec = 0",
        "12: sync.poll_sec: 0 is out of range; write a number from 1 to 86400 s",
    );
    check(
        "[sync]\npoll_sec = \"60\"",
        "12: sync.poll_sec: expected a whole number, found a text; write poll_sec = 60",
    );
    check_instead(
        "20_000",
        "20.5",
        "9: budget.allocation: expected a whole number, found the fraction 20.5; write a number from 1 to 100000000 calls in 24 h, without quotes or unit",
    );
    check_instead(
        "00D5g000004XyZw",
        "00D5g000004XyZwEAM",
        "4: salesforce.org: \"00D5g000004XyZwEAM\" is no org id: its last three characters do not fit the first fifteen; copy it anew; if the first fifteen are right, write \"00D5g000004XyZwEAK\"",
    );
    check(
        "[[objects.contact.fields]]\nhubspot = \"city\"\n[[objects.contact.fields]]\nhubspot = \"city\"",
        "13: objects.contact.fields.hubspot: city has a table already, at line 11; join the two tables",
    );
    check(
        "[sync]\npoll_sec = 99999999999999999999",
        "12: sync.poll_sec: 99999999999999999999 is out of range; write a number from 1 to 86400 s",
    );
    check(
        "[limits]\nlisting_window_sec = 3",
        "12: limits.listing_window_sec: a window shorter than listing_sec leaves a hole between two listings; write at least 300",
    );
    check(
        "[hubspott]\n",
        "11: unknown key \"hubspott\"; did you mean \"hubspot\"?",
    );
    check_instead(
        "20_000",
        "20_000\ntoken = \"x\"",
        "10: budget: unknown key \"token\"; secrets are never in the configuration: put it into the file credentials/hubspot_token, mode 600",
    );
    check_instead(
        "00D5g000004XyZw",
        "00X5g000004XyZw",
        "4: salesforce.org: \"00X5g000004XyZw\" is no org id; copy it from Setup, Company Information: it begins with 00D and has 15 or 18 characters",
    );
    check_instead(
        "https://acme.my.salesforce.com/",
        "http://localhost:8080",
        "5: salesforce.login: http:// is accepted for literal loopback addresses only; write https://localhost:8080",
    );
    check_instead(
        "https://acme.my.salesforce.com/",
        "https://me@acme.my.salesforce.com",
        "5: salesforce.login: has a user, a query or a blank in it; write the scheme, the host and nothing else",
    );
    check_instead(
        "[objects.contact]",
        "",
        "1: objects: is missing; name what is kept in step: add [objects.contact]",
    );
    check_instead(
        "[hubspot]\nportal = 4711002",
        "",
        "1: hubspot.portal: is missing; add [hubspot] portal = the portal's number, as in the address of any HubSpot page",
    );
}

#[test]
fn plain_http_is_accepted_on_this_machine_only() {
    let local = SMALLEST.replace("https://acme.my.salesforce.com/", "http://127.0.0.1:8080");
    assert_eq!(
        read(&local).salesforce.login.as_str(),
        "http://127.0.0.1:8080"
    );
    let local = SMALLEST.replace("https://acme.my.salesforce.com/", "http://[::1]:8080");
    assert_eq!(read(&local).salesforce.login.as_str(), "http://[::1]:8080");
}

#[test]
fn a_reader_of_mails_needs_an_address_a_time_and_a_server() {
    const MAIL: &str = "[mail]\nsmtp = \"smtp://127.0.0.1:2525\"\nfrom = \"s@acme.example\"\n";
    let check = |more: &str, expected: &str| check(&format!("{MAIL}{more}"), expected);
    check(
        "[[notify]]\nto = \"a@acme.example\"",
        "14: notify: this reader would never be told anything; add immediately = true, daily = \"08:00\" or weekly = \"mon 08:00\"",
    );
    check(
        "[[notify]]\nto = \"a@b.example, c@d.example\"\nimmediately = true",
        "15: notify.to: \"a@b.example, c@d.example\" is more than one address; write one [[notify]] for each",
    );
    check(
        "[[notify]]\nto = \"a@-bad-\"\nimmediately = true",
        "15: notify.to: \"a@-bad-\" is no mail address; write name@domain",
    );
    check(
        "[[notify]]\nto = \"Evil\\r\\nBcc: x <a@b.example>\"\nimmediately = true",
        "15: notify.to: holds a control character; write plain text on one line",
    );
    check(
        "[[notify]]\nto = \"a@b.example\"\nimmediately = true\n[[notify]]\nto = \"A@b.example\"\nimmediately = true",
        "18: notify.to: A@b.example is told already, by line 15; join the two tables",
    );
    check(
        "[[notify]]\nto = \"a@b.example\"\nimmediately = true\nwho_fixes = [\"salesforce-admn\"]",
        "17: notify.who_fixes: \"salesforce-admn\" is not known; did you mean \"salesforce-admin\"?",
    );
    check(
        "[[notify]]\nto = \"a@b.example\"\ndaily = \"08:00\"\ncron = \"0 8 * * mon\"",
        "17: notify.cron: says when the daily digest is due, as daily does; keep one of the two",
    );
}

#[test]
fn nobody_can_be_told_without_a_mail_server() {
    check(
        "[[notify]]\nto = \"a@b.example\"\nimmediately = true",
        "11: notify: nobody can be told without a mail server; add [mail] smtp and from",
    );
}

#[test]
fn a_mail_server_is_reached_privately_or_not_at_all() {
    let check = |smtp: &str, expected: &str| {
        check(
            &format!("[mail]\nfrom = \"s@acme.example\"\nsmtp = \"{smtp}\""),
            expected,
        );
    };
    check(
        "smtp://mail.acme.example",
        "13: mail.smtp: smtp:// is accepted for literal loopback addresses only; write smtps:// or smtp+starttls://",
    );
    check(
        "smtp://me@127.0.0.1",
        "13: mail.smtp: a login needs TLS; write smtp:// without a user",
    );
    check(
        "smtps://mail.acme.example:0",
        "13: mail.smtp: \"0\" is no port; write a port from 1 to 65535",
    );
    check(
        "https://mail.acme.example",
        "13: mail.smtp: \"https\" is no scheme for mail; write smtps://user@host, smtp+starttls://user@host or smtp://127.0.0.1:port",
    );
    let config = read(&format!(
        "{SMALLEST}[mail]\nfrom = \"Us <s@acme.example>\"\nsmtp = \"smtp+starttls://me%40acme.example@mail.acme.example\"\n"
    ));
    let smtp = config.mail.unwrap().smtp;
    assert_eq!(
        (smtp.user.as_deref(), smtp.port),
        (Some("me@acme.example"), 587)
    );
}

#[test]
fn overrides_change_add_and_remove_fields_of_the_standard_mapping() {
    let config = read(&format!(
        r#"{SMALLEST}
[[objects.contact.fields]]
hubspot = "fax"
rule = "off"
[[objects.contact.fields]]
hubspot = "phone"
rule = "always-hubspot"
[[objects.contact.fields]]
hubspot = "customer_tier"
salesforce = "Tier__c"
"#
    ));
    let rule = |name: &str| {
        let field = config.objects[0]
            .fields
            .iter()
            .find(|field| field.hubspot.as_str() == name);
        field.map(|field| (field.salesforce.as_str(), field.rule))
    };
    assert_eq!(rule("fax"), None);
    assert_eq!(rule("phone"), Some(("Phone", Rule::AlwaysHubspot)));
    assert_eq!(
        rule("customer_tier"),
        Some(("Tier__c", Rule::PreferSalesforce))
    );
    assert_eq!(rule("hubspot_owner_id"), Some(("OwnerId", Rule::TwoWay)));
}

#[test]
fn an_override_that_makes_no_sense_is_refused() {
    let check = |fields: &str, expected: &str| {
        check(&format!("[[objects.contact.fields]]\n{fields}"), expected);
    };
    check(
        "hubspot = \"work_phone\"\nsalesforce = \"phone\"",
        "11: objects.contact.fields.hubspot: phone and work_phone would both write phone; give one of them the rule \"off\"",
    );
    check(
        "hubspot = \"tier\"",
        "11: objects.contact.fields.hubspot: names no Salesforce field; add salesforce = the field's API name",
    );
    check(
        "hubspot = \"email\"\nsalesforce = \"Other__c\"",
        "11: objects.contact.fields.hubspot: records are matched by email and Email; write salesforce = \"Email\" or leave it out",
    );
    check(
        "hubspot = \"x\"\nsalesforce = \"Syncline_HubSpot_Id__c\"",
        "11: objects.contact.fields.hubspot: carries the other side's id and is written by Syncline alone; remove this table",
    );
}

#[test]
fn a_broken_line_does_not_hide_the_mistakes_below_it() {
    let found = mistakes(&format!("name = \n{SMALLEST}[sync]\nmode = 3\n"));
    assert!(found.contains("syncline.toml:1: "), "{found}");
    assert!(
        found.contains("syncline.toml:13: sync.mode: expected a text"),
        "{found}"
    );
}

#[test]
fn the_digest_depends_on_what_is_said_and_not_on_how() {
    let config = read(SMALLEST);
    let other = format!("# a comment\n{}", SMALLEST.replace("20_000", "20000"));
    assert_eq!(config.digest(), read(&other).digest());
    assert_eq!(config.digest().len(), 64);
    assert_ne!(
        config.digest(),
        read(&SMALLEST.replace("20_000", "20001")).digest()
    );
}

#[test]
fn a_reload_is_told_in_words() {
    let before = read(SHIPPED);
    let after = read(
        &SHIPPED
            .replace("20_000", "30_000")
            .replace("revops@", "crm@")
            .replace("4711002", "4711003")
            .replace("create_as = \"Contact\"", "creates = \"hubspot\"\nlist = \"64\"\n[[objects.contact.fields]]\nhubspot = \"fax\"\nrule = \"off\"\n#"),
    );
    insta::assert_snapshot!(before.differences(&after).join("\n"), @r"
    budget.allocation is now 30000 (was 20000)
    hubspot.portal is now 4711003, from the next start (was 4711002)
    notify revops@acme.example is gone (was daily at 08:00 (0 0 8 * * *), weekly at mon 08:00 (0 0 8 * * MON), in Europe/Rome)
    objects.contact creates is now hubspot (was both)
    objects.contact field fax is gone (was Fax, prefer-salesforce)
    objects.lead field fax is gone (was Fax, prefer-salesforce)
    notify crm@acme.example is new: daily at 08:00 (0 0 8 * * *), weekly at mon 08:00 (0 0 8 * * MON), in Europe/Rome
    objects.contact list is new: 64
    ");
    assert_eq!(before.needs_restart(&after), ["hubspot.portal"]);
}

#[test]
fn credentials_are_read_trimmed_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "hubspot_token", "pat-eu1-canary\n", 0o600);
    put(
        &folder,
        "salesforce_key",
        "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
        0o600,
    );
    put(&folder, "smtp_password", "canary pass\r\n", 0o600);
    let place = Place::Folder(folder.path().to_owned());
    let credentials = Credentials::load(&place, &read(SHIPPED)).unwrap();
    assert_eq!(credentials.hubspot_token.expose(), "pat-eu1-canary");
    assert_eq!(
        credentials.smtp_password.as_ref().map(Secret::expose),
        Some("canary pass")
    );
    assert!(!format!("{credentials:?}{:?}", credentials.hubspot_token).contains("canary"));
}

#[test]
fn every_credential_that_is_missing_or_unfit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "hubspot_token", "pat canary", 0o600);
    put(&folder, "smtp_password", "canary", 0o644);
    let place = Place::Folder(folder.path().to_owned());
    let mistakes = Credentials::load(&place, &read(SHIPPED))
        .unwrap_err()
        .to_string();
    let mistakes = mistakes.replace(&folder.path().display().to_string(), "credentials");
    assert!(!mistakes.contains("canary"));
    insta::assert_snapshot!(mistakes, @r"
    credentials/hubspot_token: holds blanks or letters beyond ASCII; put nothing but the secret into it
    credentials/salesforce_key: cannot be read (No such file or directory (os error 2)); create it with the secret in it, mode 600
    credentials/smtp_password: can be read by others (mode 644); chmod 600 credentials/smtp_password
    ");
    let unit = Place::Unit(folder.path().to_owned());
    let mistakes = Credentials::load(&unit, &read(SHIPPED))
        .unwrap_err()
        .to_string();
    assert!(
        !mistakes.contains("644"),
        "systemd keeps its own files: {mistakes}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named_with_the_way_to_make_one() {
    let mistakes = config::load("/nowhere/syncline.toml".as_ref()).unwrap_err();
    insta::assert_snapshot!(mistakes, @r#"/nowhere/syncline.toml: cannot be read (No such file or directory (os error 2)); write it after the example that comes with Syncline, config/syncline.toml, or name another with --config"#);
}

fn put(folder: &tempfile::TempDir, name: &str, text: &str, mode: u32) {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a temporary folder takes files");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("our own file");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]a-z.=\"'#0-9_ \n\\PC]{0,200}") {
        let _ = config::parse(&text, "syncline.toml");
    }

    #[test]
    fn one_wrong_character_is_refused_or_read_but_never_a_panic(place in 0..SHIPPED.len(), letter in any::<char>()) {
        let mut text = SHIPPED.to_owned();
        text.insert(place, letter);
        let _ = config::parse(&text, "syncline.toml");
    }
}
