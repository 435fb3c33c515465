//! How the configuration says what is left out, and what it refuses.

use syncline::config::{self, Config};
use syncline::domain::mapping::Direction;

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

/// What is said against the smallest configuration with `more` in it.
fn mistakes(more: &str) -> String {
    let text = format!("{SMALLEST}{more}\n");
    config::parse(&text, "syncline.toml")
        .map_or_else(|mistakes| mistakes.to_string(), |_| "none".to_owned())
}

fn check(more: &str, expected: &str) {
    assert_eq!(
        mistakes(more),
        format!("syncline.toml:{expected}"),
        "of {more}"
    );
}

#[test]
fn what_is_left_out_of_an_object_stands_in_its_mappings() {
    let mappings = read(&format!(
        "{SMALLEST}list = \"Sync to Salesforce\"\ncondition = \"Type__c = 'Customer; (new' AND \
         AccountId IN (SELECT Id FROM Account WHERE IsPartner = false)\"\n\
         lead_condition = \"Rating != 'Cold'\"\ndirection = \"to-hubspot\"\n"
    ))
    .objects;
    let [own, lead] = mappings.as_slice() else {
        panic!("{mappings:?}")
    };
    for form in [own, lead] {
        assert_eq!(form.list.as_deref(), Some("Sync to Salesforce"));
        assert_eq!(form.direction, Direction::ToHubspot);
    }
    assert_eq!(lead.condition.as_deref(), Some("Rating != 'Cold'"));
    assert_eq!(
        own.condition.as_deref(),
        Some(
            "Type__c = 'Customer; (new' AND AccountId IN \
             (SELECT Id FROM Account WHERE IsPartner = false)"
        )
    );
}

#[test]
fn a_condition_that_would_leave_its_parentheses_is_refused() {
    let remedy = "write only what would stand behind WHERE, such as \"Type = 'Customer'\"";
    for (condition, expected) in [
        (
            "Type = 'a'; DELETE",
            "holds a semicolon, which SOQL does not know; remove it".to_owned(),
        ),
        (
            "Type = 'a",
            "holds a text whose closing quote is missing; put texts into single quotes, and \
             write \\\\' for one inside of a text"
                .to_owned(),
        ),
        (
            "Type = 'a') OR (Id != null",
            "closes a parenthesis that it did not open; remove it, or open one before".to_owned(),
        ),
        (
            "(Type = 'a'",
            "opens a parenthesis that it does not close; close it".to_owned(),
        ),
        (
            "Type = 'a' Order  By Name",
            format!("holds ORDER BY, which is no part of a condition; {remedy}"),
        ),
        (
            "Type = 'a' limit 5",
            format!("holds LIMIT, which is no part of a condition; {remedy}"),
        ),
        (
            "Type != null GROUP BY Type",
            format!("holds GROUP BY, which is no part of a condition; {remedy}"),
        ),
        (
            "WHERE Type = 'a'",
            format!("holds WHERE, which is no part of a condition; {remedy}"),
        ),
    ] {
        check(
            &format!("condition = \"{condition}\""),
            &format!("11: objects.contact.condition: {expected}"),
        );
    }
    let fine = "Limit__c > 5 AND Name = 'order by limit; \\\\' (' AND Order = 'x'";
    assert_eq!(mistakes(&format!("condition = \"{fine}\"")), "none");
    check(
        "leads = false\nlead_condition = \"Rating != 'Cold'\"",
        "12: objects.contact.lead_condition: says which leads are kept in step, and with \
         leads = false none are; remove it, or leads = false",
    );
}
