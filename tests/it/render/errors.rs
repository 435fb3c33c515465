//! Causes and types as they are listed and told.

use syncline::control::report::{CauseStory, Causes, KindStory, RemarkLine, Report, Trend};
use syncline::domain::event::Remark;
use syncline::domain::record::Side;

use super::{NOW, ago, causes, error, object, shown};

#[test]
fn errors_by_cause() {
    let report = Report::Causes(Causes {
        at: NOW,
        errors: 1_329,
        records: 1_325,
        several: 4,
        predicted: 83,
        tried: Vec::new(),
        many: 3,
        waiting: 0,
        next: None,
        causes: causes(),
    });
    insta::assert_snapshot!(shown(&report), @r"
    1,329 errors on 1,325 records, 3 causes        Tue 17 Nov 08:00

    CAUSE  RECORDS  SINCE  TREND  TYPE                WHAT                                                   WHO
    C-41     1,268  16 h   up     sf-validation-rule  Validation rule on Contact refuses Phone               SF admin
    C-29        45  19 d   flat   string-too-long     Text in Contact.Title is longer than the field allows  RevOps
    C-17        12  0 s    back   sf-owner-inactive   Owner of Contact is inactive in Salesforce             RevOps

    4 records have more than one error.  Predicted without a call: 83.

    one cause     syncline errors show C-41
    its records   syncline errors list --cause C-41
    its type      syncline errors show sf-validation-rule
    all as CSV    syncline errors export > errors.csv
    try again     syncline resync --cause C-41
    ");
}

#[test]
fn no_errors_say_so() {
    let report = Report::Causes(Causes {
        at: NOW,
        errors: 0,
        records: 0,
        several: 0,
        predicted: 0,
        tried: Vec::new(),
        many: 0,
        waiting: 0,
        next: None,
        causes: vec![],
    });
    insta::assert_snapshot!(shown(&report), @"No errors: everything that should be in step is, or waits its turn (syncline status).");
}

fn story() -> CauseStory {
    CauseStory {
        line: causes().remove(0),
        to: Side::Salesforce,
        object: object("contact"),
        field: "Phone".to_owned(),
        code: error().code,
        answered: true,
        message: error().message,
        kind: KindStory {
            slug: "sf-validation-rule".to_owned(),
            name: "Validation rule".to_owned(),
            category: "Custom code".to_owned(),
            meaning: "A rule refused the record.".to_owned(),
            fix: vec![
                "Correct the value.".to_owned(),
                "Loosen the rule.".to_owned(),
            ],
            who_fixes: "SF admin".to_owned(),
            retry: vec!["when the record changes".to_owned()],
            errors: 1_268,
            records: 1_268,
        },
        examples: vec![error()],
    }
}

#[test]
fn one_cause_with_what_was_said_and_what_to_do() {
    let report = Report::Cause(Box::new(story()));
    insta::assert_snapshot!(shown(&report), @r#"
    C-41  Validation rule on Contact refuses Phone

    1,268 records, since Mon 16 Nov 16:00 (16 h).
    Salesforce said: FIELD_CUSTOM_VALIDATION_EXCEPTION [Phone]
      "Phone must start with + and the country code."

    Validation rule (sf-validation-rule), Custom code
    A rule refused the record.

    Fix, by SF admin:
      1. Correct the value.
      2. Loosen the rule.

    Tried again: when the record changes.
    All of this type now: 1,268 errors on 1,268 records.

    Some of its records:
    RECORD  HUBSPOT  SALESFORCE  TO          CAUSE  TYPE                FIELD  SINCE  TRIES
    #288      90211  -           Salesforce  C-41   sf-validation-rule  Phone  16 h       2

    one record's story   syncline records show '#288'
    "#);
}

/// Acknowledged with a note until the end of 20 November in Rome, and muted.
fn remarks() -> Vec<RemarkLine> {
    let acknowledged = RemarkLine {
        remark: Remark::Acknowledged,
        note: Some("SFADM-812".to_owned()),
        since: ago(3),
        until: Some(NOW.plus((3 * 24 + 16) * 3_600_000)),
        by: Some(1_000),
    };
    let muted = RemarkLine {
        remark: Remark::Muted,
        note: None,
        until: None,
        ..acknowledged.clone()
    };
    vec![acknowledged, muted]
}

#[test]
fn what_was_said_of_a_cause_stands_below_the_table_and_on_its_page() {
    let mut causes = causes();
    causes[0].remarks = remarks();
    causes[2].trend = Trend::Flat;
    let page = CauseStory {
        line: causes[0].clone(),
        ..story()
    };
    let page = shown(&Report::Cause(Box::new(page)));
    assert!(
        page.contains(
            "Acknowledged: SFADM-812, until 20 Nov (said Tue 17 Nov 05:00 by user 1000).\n\
             Muted (said Tue 17 Nov 05:00 by user 1000).\n"
        ),
        "{page}"
    );
    let report = Report::Causes(Causes {
        at: NOW,
        errors: 1_329,
        records: 1_325,
        several: 1,
        predicted: 0,
        tried: Vec::new(),
        many: 3,
        waiting: 2,
        next: None,
        causes,
    });
    insta::assert_snapshot!(shown(&report), @r"
    1,329 errors on 1,325 records, 3 causes; 2 records wait for others        Tue 17 Nov 08:00

    CAUSE  RECORDS  SINCE  TREND  TYPE                WHAT                                                   WHO
    C-41     1,268  16 h   up     sf-validation-rule  Validation rule on Contact refuses Phone               SF admin *
    C-29        45  19 d   flat   string-too-long     Text in Contact.Title is longer than the field allows  RevOps
    C-17        12  0 s    flat   sf-owner-inactive   Owner of Contact is inactive in Salesforce (back)      RevOps
    * C-41 acknowledged: SFADM-812, until 20 Nov
    * C-41 muted

    1 record has more than one error.  Predicted without a call: 0.

    one cause     syncline errors show C-41
    its records   syncline errors list --cause C-41
    its type      syncline errors show sf-validation-rule
    all as CSV    syncline errors export > errors.csv
    try again     syncline resync --cause C-41
    ");
}
