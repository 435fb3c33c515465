//! SOQL, pages and locators.

use serde_json::{Value, json};
use syncline::simulator::salesforce::Settings;

use super::{DAY, NOW, Org, body, org, org_with, record, told};

fn contacts() -> Org {
    let mut org = org();
    let account = org.create("Account", json!({"Name": "Acme"}));
    for (at, (name, email, score)) in [
        ("Rossi", "rossi@acme.example", json!(1)),
        ("bianchi", "b@acme.example", json!(20)),
        ("O'Neil", "", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        org.now = NOW + 1000 * i64::try_from(at).expect("a small number");
        let account = if at == 0 { json!(account) } else { Value::Null };
        org.create(
            "Contact",
            json!({"LastName": name, "Email": email, "Score__c": score, "AccountId": account}),
        );
    }
    org
}

#[test]
fn soql_filters_as_salesforce_does() {
    let mut org = contacts();
    let mut check = |condition: &str, expected: &str| {
        let found = org.names(&format!(
            "SELECT Id, LastName FROM Contact WHERE {condition} ORDER BY LastName"
        ));
        assert_eq!(found, expected, "{condition}");
    };
    check("LastName = 'rossi'", "Rossi");
    check("LastName = 'O\\'Neil'", "O'Neil");
    check("Email = null", "O'Neil");
    check("Email != 'rossi@acme.example'", "bianchi O'Neil");
    check("Email IN ('B@ACME.EXAMPLE', 'x@y.z')", "bianchi");
    check("Email NOT IN ('b@acme.example')", "O'Neil Rossi");
    check("LastName LIKE '%i_nchi'", "bianchi");
    check("(NOT LastName LIKE '%i') AND Score__c = null", "O'Neil");
    check("NOT LastName LIKE '%i'", "O'Neil");
    check("Score__c >= 1 AND Score__c < 20", "Rossi");
    check(
        "(Score__c > 5 OR Email = null) AND IsDeleted = false",
        "bianchi O'Neil",
    );
    check("Account.Name = 'ACME'", "Rossi");
    check("Account.Name != 'ACME'", "bianchi O'Neil");
    check("SystemModstamp > 2026-01-05T10:11:12Z", "bianchi O'Neil");
    check(
        "SystemModstamp > 2026-01-05T11:11:12+01:00",
        "bianchi O'Neil",
    );
    check("CreatedDate = 2026-01-05T10:11:13.000+0000", "bianchi");
}

#[test]
fn soql_orders_limits_and_skips() {
    let mut org = contacts();
    let mut check = |tail: &str, expected: &str| {
        assert_eq!(
            org.names(&format!("SELECT LastName FROM Contact {tail}")),
            expected,
            "{tail}"
        );
    };
    check("ORDER BY SystemModstamp, Id", "Rossi bianchi O'Neil");
    check("ORDER BY SystemModstamp DESC", "O'Neil bianchi Rossi");
    check("ORDER BY Score__c", "O'Neil Rossi bianchi");
    check(
        "ORDER BY Score__c DESC NULLS LAST, LastName",
        "bianchi Rossi O'Neil",
    );
    check("ORDER BY SystemModstamp, Id LIMIT 1 OFFSET 1", "bianchi");
    check("LIMIT 0", "");
}

#[test]
fn soql_says_where_a_query_is_wrong() {
    let mut org = contacts();
    let mut check = |soql: &str, expected: &str| assert_eq!(told(&org.query(soql)), expected);
    check(
        "SELECT Id, Foo__c FROM Contact",
        "400 INVALID_FIELD: \nSELECT Id, Foo__c FROM Contact\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo__c' on entity 'Contact'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
    );
    check(
        "SELECT Id FORM Contact",
        "400 MALFORMED_QUERY: \nSELECT Id FORM Contact\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'",
    );
    check(
        "SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3",
        "400 MALFORMED_QUERY: \nLECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3\n                                        ^\nERROR at Row:1:Column:43\nunexpected token: 'OR'",
    );
    let mut line = |soql: &str| {
        told(&org.query(soql))
            .lines()
            .next_back()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        line("SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-05T10:11:12Z'"),
        "value of filter criterion for field 'SystemModstamp' must be of type dateTime and should not be enclosed in quotes"
    );
    assert_eq!(
        line("SELECT Id FROM Contact WHERE LastName = 5"),
        "value of filter criterion for field 'LastName' must be of type string and should be enclosed in quotes"
    );
    assert_eq!(
        line("SELECT Id FROM Contact WHERE Id = 'abc'"),
        "invalid ID field: abc"
    );
    assert_eq!(
        line("SELECT Id FROM Contact WHERE Description = 'x'"),
        "field 'Description' can not be filtered in a query call"
    );
    assert_eq!(
        line("SELECT Id FROM Contact WHERE Email = 'x"),
        "unterminated string literal"
    );
    assert!(line("SELECT Id FROM Kontakt").starts_with("sObject type 'Kontakt' is not supported."));
    assert_eq!(
        line("SELECT Id FROM Contact OFFSET 2001"),
        "Maximum SOQL offset allowed is 2000"
    );
}

#[test]
fn a_query_nests_parents_and_counts() {
    let mut org = contacts();
    let found = body(&org.query("SELECT LastName, Account.Name, Account.Owner.Username FROM Contact ORDER BY SystemModstamp LIMIT 2"));
    assert_eq!(found["records"][0]["Account"]["Name"], "Acme");
    assert_eq!(
        found["records"][0]["Account"]["Owner"]["Username"],
        "syncline@acme.example"
    );
    assert_eq!(
        found["records"][0]["Account"]["attributes"]["type"],
        "Account"
    );
    assert_eq!(found["records"][1]["Account"], Value::Null);
    let count = body(&org.query("SELECT COUNT() FROM Contact WHERE Email != null"));
    assert_eq!(
        (&count["totalSize"], &count["records"]),
        (&json!(2), &json!([]))
    );
    assert_eq!(
        body(&org.query("SELECT COUNT(Id) FROM Contact"))["records"][0]["expr0"],
        3
    );
}

#[test]
fn deleted_rows_are_seen_by_query_all_only() {
    let mut org = contacts();
    let id =
        body(&org.query("SELECT Id FROM Contact WHERE LastName = 'Rossi'"))["records"][0]["Id"]
            .as_str()
            .unwrap()
            .to_owned();
    org.model.delete("Contact", &id, org.now + 5000).unwrap();
    assert_eq!(
        org.names("SELECT LastName FROM Contact ORDER BY SystemModstamp"),
        "bianchi O'Neil"
    );
    let all = org.call(
        "GET",
        "queryAll/?q=SELECT+LastName,IsDeleted+FROM+Contact+ORDER+BY+SystemModstamp",
        &Value::Null,
    );
    assert_eq!(body(&all)["records"][2]["IsDeleted"], true);
    org.model.undelete("Contact", &id, org.now + 6000).unwrap();
    assert_eq!(
        org.names("SELECT LastName FROM Contact ORDER BY SystemModstamp"),
        "bianchi O'Neil Rossi"
    );
}

#[test]
fn pages_follow_a_locator_until_it_dies() {
    let mut org = org_with(Settings {
        default_row_limit: 2,
        ..Settings::default()
    });
    for at in 0..5 {
        org.create("Contact", json!({"LastName": format!("c{at}")}));
    }
    let first = body(&org.query("SELECT LastName FROM Contact"));
    assert_eq!(
        (&first["totalSize"], &first["done"]),
        (&json!(5), &json!(false))
    );
    let next = first["nextRecordsUrl"].as_str().unwrap().to_owned();
    assert!(
        next.starts_with("/services/data/v66.0/query/01g") && next.ends_with("-2"),
        "{next}"
    );
    let second = body(&org.send("GET", &format!("{next}?q=ignored"), &[], b""));
    assert_eq!(second["records"][0]["LastName"], "c2");
    let last = body(&org.send("GET", second["nextRecordsUrl"].as_str().unwrap(), &[], b""));
    assert_eq!(
        (&last["done"], last["records"].as_array().map(Vec::len)),
        (&json!(true), Some(1))
    );
    org.now += 2 * DAY;
    org.log_in();
    let dead = org.send("GET", &next, &[], b"");
    assert_eq!(
        told(&dead),
        "400 INVALID_QUERY_LOCATOR: invalid query locator"
    );
}

#[test]
fn ten_thousand_rows_are_paged_by_stamp_and_found_by_e_mail() {
    let mut org = org();
    for page in 0..50 {
        org.now = NOW + page * 1000;
        let records: Vec<Value> = (0..200)
            .map(|at| {
                let n = page * 200 + at;
                record("Contact", json!({"Syncline_HubSpot_Id__c": format!("4711-{n}"), "LastName": format!("c{n}"), "Email": format!("c{n}@acme.example")}))
            })
            .collect();
        let answer = org.call(
            "PATCH",
            "composite/sobjects/Contact/Syncline_HubSpot_Id__c",
            &json!({"records": records}),
        );
        assert_eq!(answer.status, 200);
    }
    let (mut seen, mut stamp, mut last) = (
        0,
        "2026-01-05T10:11:12Z".to_owned(),
        "003000000000000AAA".to_owned(),
    );
    loop {
        let soql = format!(
            "SELECT Id, SystemModstamp FROM Contact WHERE (SystemModstamp = {stamp} AND Id > '{last}') OR SystemModstamp > {stamp} ORDER BY SystemModstamp, Id LIMIT 300"
        );
        let found = body(&org.query(&soql));
        let records = found["records"].as_array().unwrap();
        seen += records.len();
        let Some(end) = records.last() else { break };
        stamp = end["SystemModstamp"].as_str().unwrap().to_owned();
        last = end["Id"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, 10_000);
    let emails: Vec<String> = (0..500)
        .map(|n| format!("'c{}@acme.example'", n * 20))
        .collect();
    let found = body(&org.query(&format!(
        "SELECT Id FROM Contact WHERE Email IN ({})",
        emails.join(",")
    )));
    assert_eq!(found["totalSize"], 500);
}
