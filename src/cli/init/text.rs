//! The configuration that `init` writes: the smallest useful one, with its comments.

use std::path::Path;

use super::answers::Answers;

/// The file's text. Answers stand in it as TOML strings, whatever is in them.
pub(super) fn configuration(answers: &Answers, file: &str, store: Option<&Path>) -> String {
    let Answers {
        name,
        zone,
        portal,
        hubspot_url,
        login,
        org,
        client_id,
        user,
        allocation,
        smtp: _,
        from: _,
        to: _,
    } = answers;
    let store = store.map_or_else(String::new, |folder| {
        format!("store = {}\n", quoted(&folder.display().to_string()))
    });
    let url = hubspot_url
        .as_ref()
        .map_or_else(String::new, |url| format!("url = {}\n", quoted(url)));
    let (login_by, key_file) = if user.is_empty() {
        (
            "auth = \"client-credentials\"   # by the app's own secret; the app names its user\n"
                .to_owned(),
            "salesforce_secret",
        )
    } else {
        let user = quoted(user);
        (
            format!("user = {user}   # the integration user; login by JWT bearer\n"),
            "salesforce_key",
        )
    };
    let mail = mail(answers);
    format!(
        r#"# {file}    check it: syncline check    take it over: systemctl reload syncline
# Secrets never stand here. Each is a file of its own in credentials/ beside this file, mode 600:
#   hubspot_token   {key_file}   smtp_password
# Every other key, with its default: config/syncline.toml in the source.
name = {name}
zone = {zone}
{store}
[hubspot]
portal = {portal}   # the token of any other portal is refused
{url}
[salesforce]
org = {org}   # the login of any other org is refused
login = {login}
client_id = {client_id}   # consumer key of the external client app
{login_by}
[budget]
allocation = {allocation}   # calls to Salesforce in any 24 h, never exceeded

[sync]
mode = "observe"   # writes nothing, and "syncline status" counts what it would write; then: "sync"

# What is kept in step. The standard mapping of each is built in: syncline mapping show contact
[objects.company]   # <-> Account
[objects.contact]   # <-> Contact and Lead
create_as = "Contact"   # what a new HubSpot contact becomes, or "Lead"
[objects.deal]   # <-> Opportunity
[objects.task]   # <-> Task

# Only what differs from the standard mapping:
# [[objects.contact.fields]]
# hubspot    = "customer_tier"
# salesforce = "Tier__c"
# rule       = "always-salesforce"   # prefer-salesforce | two-way | always-hubspot | off

{mail}"#,
        name = quoted(name),
        zone = quoted(zone),
        org = quoted(org),
        login = quoted(login),
        client_id = quoted(client_id),
    )
}

fn mail(answers: &Answers) -> String {
    if answers.smtp.is_empty() {
        return "# Nobody is mailed until these are there:\n\
                # [mail]\n\
                # smtp = \"smtps://syncline@smtp.acme.example\"\n\
                # from = \"Syncline <syncline@acme.example>\"\n\
                # [[notify]]\n\
                # to     = \"revops@acme.example\"\n\
                # daily  = \"08:00\"\n\
                # weekly = \"mon 08:00\"\n"
            .to_owned();
    }
    format!(
        "[mail]\nsmtp = {}\nfrom = {}\n\n[[notify]]\nto = {}\ndaily = \"08:00\"   # silent when nothing \
         changed\nweekly = \"mon 08:00\"   # always comes\n",
        quoted(&answers.smtp),
        quoted(&answers.from),
        quoted(&answers.to)
    )
}

/// A text as a TOML basic string: its escapes are JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
