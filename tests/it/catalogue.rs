//! The shipped catalogue is whole, and a wrong one is told everything that is wrong with it.

use syncline::domain::catalogue::{Catalogue, Category, Direction, Found, SLUGS, Slug, WhoFixes};
use syncline::domain::cause::{self, Fingerprint, Naming};
use syncline::domain::classify::classify;
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{FieldName, ObjectName, Side};

const SHIPPED: &str = include_str!("../../config/catalogue.toml");

#[test]
fn the_shipped_catalogue_has_all_types_in_order_with_meaning_fix_and_cause() {
    let catalogue = Catalogue::parse(SHIPPED).unwrap();
    let slugs: Vec<&str> = catalogue
        .types()
        .iter()
        .map(|one| one.slug.as_str())
        .collect();
    assert_eq!(slugs, SLUGS);
    for one in catalogue.types() {
        assert!(
            one.meaning.len() > 60 && one.meaning.ends_with('.'),
            "{}: meaning",
            one.slug
        );
        assert!(!one.fix.is_empty(), "{}: fix", one.slug);
        for step in &one.fix {
            assert!(
                step.len() > 30 && step.ends_with('.'),
                "{}: {step}",
                one.slug
            );
        }
        assert!(
            !one.cause.ends_with('.') && !one.cause.contains('\n'),
            "{}: cause",
            one.slug
        );
        assert!(!one.retry.is_empty(), "{}: retry", one.slug);
        assert_eq!(catalogue.get(&one.slug), Some(one));
        assert!(
            catalogue
                .rules()
                .iter()
                .any(|rule| *rule.slug() == one.slug),
            "{}: no rule leads to it",
            one.slug
        );
    }
    let names: std::collections::BTreeSet<String> = catalogue
        .types()
        .iter()
        .flat_map(|one| one.known_as.iter().chain([&one.name]))
        .map(|name| name.to_lowercase())
        .collect();
    assert_eq!(names.len(), 2 * SLUGS.len(), "names are told apart");
    for state in catalogue.states() {
        assert_eq!(catalogue.state(&state.slug), Some(state));
        assert_eq!(catalogue.get(&state.slug), None, "a state is no type");
    }
}

#[test]
fn groups_are_as_large_as_people_know_them() {
    let catalogue = Catalogue::shipped();
    let sizes: Vec<(&str, usize)> = Category::ALL
        .iter()
        .map(|group| {
            let size = catalogue
                .types()
                .iter()
                .filter(|one| one.category == *group)
                .count();
            (group.title(), size)
        })
        .collect();
    let expected = [
        ("Associations", 2),
        ("Custom code", 4),
        ("Duplicates", 2),
        ("Permissions", 3),
        ("Picklist", 10),
        ("Property mappings", 3),
        ("Property values", 7),
        ("Other", 1),
    ];
    assert_eq!(sizes, expected);
}

#[test]
fn the_digest_names_the_text() {
    let shipped = Catalogue::shipped().digest();
    assert_eq!(shipped.len(), 64);
    assert_eq!(shipped, Catalogue::parse(SHIPPED).unwrap().digest());
    let other = format!("{SHIPPED}\n# a remark\n");
    assert_ne!(shipped, Catalogue::parse(&other).unwrap().digest());
}

#[test]
fn a_type_is_found_by_slug_name_or_something_near() {
    let catalogue = Catalogue::shipped();
    let check = |word: &str, expected: &str| {
        let found = match catalogue.find(word) {
            Found::Exactly(one) => one.slug.to_string(),
            Found::Nearest(near) => {
                let near: Vec<&str> = near.iter().map(|one| one.slug.as_str()).collect();
                format!("? {}", near.join(" "))
            }
        };
        assert_eq!(found, expected, "{word}");
    };
    check("string-too-long", "string-too-long");
    check(" Salesforce Flow ", "sf-flow");
    check("STRING TOO  LONG", "string-too-long");
    check("email gi\u{e0} in uso", "email-in-use");
    check("Email gia in uso", "email-in-use");
    check(
        "In attesa della sincronizzazione dell\u{2019}account",
        "waiting-account",
    );
    check("duplicate", "? sf-duplicate-rule");
    check(
        "proprietario",
        "? sf-owner-inactive owner-assignment sf-owners-unsynced",
    );
    check("string-to-long", "? string-too-long");
    check("stage", "? stage-inactive stage-missing");
    check("zzz", "? ");
}

#[test]
fn a_slug_is_read_strictly() {
    for good in ["other", "sf-flow", "a1"] {
        assert_eq!(Slug::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "Other", "-x", "1a", "a b", "a_b", &"a".repeat(41)] {
        assert!(Slug::parse(bad).is_err(), "{bad}");
    }
    let text = serde_json::to_string(&Slug::other()).unwrap();
    assert_eq!(text, "\"other\"");
    assert!(serde_json::from_str::<Slug>("\"No Slug\"").is_err());
}

#[test]
fn keys_of_words_read_back_and_are_what_json_says() {
    for who in WhoFixes::ALL {
        assert_eq!(WhoFixes::from_key(who.key()), Some(*who));
        assert_eq!(serde_json::to_value(who).unwrap(), who.key());
    }
    for direction in Direction::ALL {
        assert_eq!(serde_json::to_value(direction).unwrap(), direction.key());
    }
    for category in Category::ALL {
        assert_eq!(serde_json::to_value(category).unwrap(), category.key());
    }
}

/// The mistakes found after `from` was replaced by `to` in the shipped text.
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(SHIPPED.contains(from), "{from}");
    let text = SHIPPED.replacen(from, to, 1);
    let mistakes = Catalogue::parse(&text).expect_err("a mistake was planted");
    let told: Vec<&str> = mistakes
        .iter()
        .map(|mistake| {
            mistake
                .split_once(": ")
                .map_or(mistake.as_str(), |(_, what)| what)
        })
        .collect();
    assert_eq!(told, expected);
    for mistake in &mistakes {
        assert!(mistake.starts_with("line "), "{mistake}");
    }
}

#[test]
fn every_mistake_is_named() {
    check(
        "[type.sf-flow]",
        "[type.sf-flows]",
        &[
            "type sf-flow is missing; add [type.sf-flow]",
            "there is no type \"sf-flows\"; did you mean \"sf-flow\"?",
        ],
    );
    check(
        "type     = \"missing-contact-id\"",
        "type     = \"missing-contact\"",
        &["rule 3 leads to no type: \"missing-contact\"; did you mean \"missing-contact-id\"?"],
    );
    check(
        "codes = [\"FIELD_CUSTOM_VALIDATION_EXCEPTION\"]",
        "code = [\"FIELD_CUSTOM_VALIDATION_EXCEPTION\"]",
        &["rule 11 has no \"code\"; did you mean \"codes\"?"],
    );
    check(
        "codes = [\"DUPLICATES_DETECTED\"]",
        "codes = [\"*\"]",
        &[
            "rule 12: codes holds a bad pattern \"*\": it would fit everything; leave the line out instead",
        ],
    );
    check(
        "messages = [\"id:003\"]",
        "messages = [\"id:03\", \"x*\", \"isn\u{2019}t\"]",
        &[
            "rule 4: messages holds a bad pattern \"id:03\": after id: belong the three letters or digits that such ids begin with",
            "rule 4: messages holds a bad pattern \"x*\": a message is searched anyway; drop the * at its end",
            "rule 4: messages holds a bad pattern \"isn\u{2019}t\": messages are made plain before they are searched; use ' and \" and blanks",
        ],
    );
    check(
        "facts = [\"field_not_described\"]",
        "facts = [\"no_such_fact\"]",
        &[
            "rule 18: facts holds \"no_such_fact\"; use field_described, field_not_described, \
           field_writable, field_not_writable, field_is_reference, list_restricted, \
           list_not_restricted, option_known, option_unknown, option_active, option_inactive, \
           parent_linked, parent_not_linked, owner_matched, owner_not_matched, target_is_queue, \
           value_missing, winner",
        ],
    );
    check(
        "Text in {object}.{field} is",
        "Text in {object}.{fild} is",
        &[
            "string-too-long: cause must be one line, its placeholders of {object} {field} {label} {side} {rule} {values}",
        ],
    );
    check(
        "statuses = [300]",
        "statuses = [\"300\"]",
        &["rule 14: statuses must be HTTP statuses, as in [404]"],
    );
    check(
        "type = \"other\"\n",
        "to = \"hubspot\"\ntype = \"other\"\n",
        &["the last rule must be a catch-all: nothing but type = \"other\""],
    );
}

#[test]
fn several_mistakes_are_told_together_in_the_order_of_the_text() {
    let text = SHIPPED
        .replacen("category  = \"associations\"", "category  = \"links\"", 1)
        .replacen("who_fixes = \"revops\"", "who_fixes = \"nobody\"", 1)
        .replacen("retry     = [\"dep\"]", "", 1)
        .replacen(
            "meaning   = \"An Apex trigger",
            "meanings   = \"An Apex trigger",
            1,
        );
    let mistakes = Catalogue::parse(&text).unwrap_err().join("\n");
    insta::assert_snapshot!(mistakes, @r#"
    line 27: assoc-limit: category is one of associations, custom-code, duplicates, permissions, picklist, mappings, values, other, not "links"
    line 35: assoc-limit: who_fixes is one of revops, salesforce-admin, hubspot-admin, operator, not "nobody"
    line 39: waiting-account needs "retry", at least one class
    line 56: sf-automation needs "meaning"
    line 61: sf-automation has no "meanings"; did you mean "meaning"?
    "#);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let mistakes = Catalogue::parse("[type.other\nname = ").unwrap_err();
    assert!(mistakes[0].starts_with("line 1: "), "{mistakes:?}");
    let mistakes = Catalogue::parse("").unwrap_err();
    assert_eq!(
        mistakes.len(),
        33,
        "32 types and the rules are missing: {mistakes:?}"
    );
}

#[test]
fn a_rule_that_names_no_field_refuses_the_record() {
    let catalogue = Catalogue::shipped();
    let kind = catalogue.find("sf-validation-rule");
    let Found::Exactly(kind) = kind else {
        panic!("no such type")
    };
    let check = |field: Option<&str>, expected: &str| {
        let fingerprint = Fingerprint {
            side: Side::Salesforce,
            object: ObjectName::parse("contact").unwrap(),
            field: field.map(|field| FieldName::parse(field).unwrap()),
            code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned(),
            rule: None,
        };
        let said = cause::sentence(kind, &fingerprint, &Naming::default());
        assert_eq!(said, expected);
    };
    check(None, "Validation rule on contact refuses the record");
    check(Some("Phone"), "Validation rule on contact refuses Phone");
}

/// What a site's files make of the shipped catalogue.
fn with_site(files: &[(&str, &str)]) -> Result<Catalogue, Vec<String>> {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    Catalogue::shipped().with_site(&files)
}

#[test]
fn a_site_asks_its_own_rules_first_and_says_things_in_its_own_words() {
    let rule =
        |code: &str, slug: &str| format!("[[rule]]\ncodes = [\"{code}\"]\ntype = \"{slug}\"\n");
    let first = rule("ACME_*", "sf-flow");
    let second = format!(
        "[type.sf-flow]\nname = \"Acme flow\"\nwho_fixes = \"operator\"\n{}{}",
        rule("ACME_7", "sf-access"),
        rule("DUPLICATES_DETECTED", "unique-value"),
    );
    let catalogue = with_site(&[("10.toml", &first), ("20.toml", &second)]).unwrap();
    let contact = ObjectName::parse("contact").unwrap();
    for (code, expected) in [
        ("ACME_7", "sf-flow"),
        ("DUPLICATES_DETECTED", "unique-value"),
        ("STRING_TOO_LONG", "string-too-long"),
    ] {
        let failure = Failure::of(System::Salesforce, code);
        let slug = classify(&catalogue, Side::Salesforce, &contact, &failure, "");
        assert_eq!(slug.as_str(), expected, "{code}");
    }
    for name in [
        "acme flow",
        "Salesforce flow",
        "flusso salesforce",
        "sf-flow",
    ] {
        let Found::Exactly(kind) = catalogue.find(name) else {
            panic!("{name} is not found")
        };
        assert_eq!(
            (kind.name.as_str(), kind.who_fixes),
            ("Acme flow", WhoFixes::Operator)
        );
        assert!(kind.meaning.contains("A flow"), "what is not said stays");
    }
    let shipped = Catalogue::shipped().digest();
    assert_eq!(with_site(&[]).unwrap().digest(), shipped);
    assert_ne!(catalogue.digest(), shipped);
    let other = with_site(&[("20.toml", &second), ("10.toml", &first)]).unwrap();
    assert_ne!(other.digest(), catalogue.digest(), "their order counts");
}

#[test]
fn mistakes_of_a_site_name_file_line_and_rule() {
    let bad = "[type.sf-flows]\nname = \"Flows\"\n\n[type.other]\nretry = [\"data\"]\n\n[[rule]]\n\
               codes = [\"*\"]\ntype = \"other\"\n\n[[rule]]\ntype = \"sf-flow\"\n";
    let mistakes = with_site(&[("a.toml", bad), ("b.toml", "name = ")]).unwrap_err();
    insta::assert_snapshot!(mistakes.join("\n"), @r#"
    a.toml line 1: there is no type "sf-flows"; did you mean "sf-flow"?
    a.toml line 5: other has no "retry"
    a.toml line 8: rule 1: codes holds a bad pattern "*": it would fit everything; leave the line out instead
    a.toml line 11: rule 2 fits everything, so that no other is ever asked; add a condition
    b.toml line 1: string values must be quoted, expected literal string
    "#);
}
