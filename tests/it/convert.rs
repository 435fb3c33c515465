//! Values carried from one kind of field to another, and their canonical form.

use syncline::domain::convert::{canonical, convert, long_id, same};
use syncline::domain::record::{FieldName, Timestamp, Value};
use syncline::domain::schema::{Choice, Field, Kind};

/// A writable field of that kind, without limits.
pub(crate) fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: FieldName::parse(name).expect("tests name valid fields"),
        label: name.to_owned(),
        kind,
        length: None,
        precision: None,
        scale: None,
        required: false,
        unique: false,
        key: false,
        creatable: true,
        updatable: true,
        restricted: false,
        calculated: false,
        choices: Vec::new(),
        controller: None,
        refers_to: Vec::new(),
    }
}

/// An active choice.
pub(crate) fn choice(value: &str, label: &str) -> Choice {
    Choice {
        of: Vec::new(),
        value: value.to_owned(),
        label: label.to_owned(),
        active: true,
    }
}

fn of(kind: Kind) -> Field {
    field("target", kind)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(digits: &str) -> Value {
    Value::Number(digits.to_owned())
}

fn options(options: &[&str]) -> Value {
    Value::Options(options.iter().map(|&option| option.to_owned()).collect())
}

/// What `value` becomes in `to`, or the code of the failure that names the field.
fn check(value: &Value, to: &Field, expected: Result<Value, &str>) {
    let got = convert(value, &field("source", Kind::Text), to).map_err(|failure| {
        assert_eq!(failure.failure.fields, std::slice::from_ref(&to.name));
        failure.failure.code
    });
    assert_eq!(
        got,
        expected.map_err(str::to_owned),
        "{value:?} to {:?}",
        to.kind
    );
}

fn decimal(precision: u8, scale: u8) -> Field {
    Field {
        precision: Some(precision),
        scale: Some(scale),
        ..of(Kind::Number)
    }
}

#[test]
fn numbers_are_rounded_to_the_scale_half_away_from_zero() {
    for (from, to) in [
        ("10.005", "10.01"),
        ("10.0049999", "10"),
        ("-10.005", "-10.01"),
        ("9.995", "10"),
        ("-0.001", "0"),
        ("1.5E3", "1500"),
        ("0012.50", "12.5"),
        ("99999999999999999.994", "99999999999999999.99"),
    ] {
        check(&number(from), &decimal(20, 2), Ok(number(to)));
    }
    check(&number("2.5"), &of(Kind::Integer), Ok(number("3")));
    check(&text(" 42 "), &of(Kind::Integer), Ok(number("42")));
}

#[test]
fn a_number_too_large_for_its_field_fails_and_is_never_cut() {
    check(&number("999"), &decimal(5, 2), Ok(number("999")));
    check(&number("1000"), &decimal(5, 2), Err("number_too_large"));
    check(&number("999.999"), &decimal(5, 2), Err("number_too_large"));
    check(&number("1e400"), &decimal(18, 0), Err("number_too_large"));
    // Describe answers say 0 for fields without a precision.
    check(&number("1000"), &decimal(0, 0), Ok(number("1000")));
}

#[test]
fn what_is_no_number_is_named_so() {
    for junk in [
        "NaN", "1,5", "abc", "1e9999", "--1", "1.2.3", "Infinity", ".",
    ] {
        check(&text(junk), &of(Kind::Number), Err("not_a_number"));
    }
    check(&Value::Bool(true), &of(Kind::Number), Err("types_differ"));
}

#[test]
fn days_and_instants_meet_at_midnight_in_utc() {
    let noon = Timestamp(1_767_614_400_999);
    check(
        &Value::DateTime(noon),
        &of(Kind::Date),
        Ok(Value::Date(2026, 1, 5)),
    );
    check(
        &Value::Date(2026, 1, 5),
        &of(Kind::DateTime),
        Ok(Value::DateTime(Timestamp(1_767_571_200_000))),
    );
    check(
        &text("2026-01-05T12:00:00.999+0000"),
        &of(Kind::DateTime),
        Ok(Value::DateTime(Timestamp(1_767_614_400_000))),
    );
    check(
        &text("2026-01-05T23:30:00-01:00"),
        &of(Kind::Date),
        Ok(Value::Date(2026, 1, 6)),
    );
    check(
        &Value::Date(2026, 1, 5),
        &of(Kind::Text),
        Ok(text("2026-01-05")),
    );
    check(
        &Value::DateTime(noon),
        &of(Kind::Text),
        Ok(text("2026-01-05T12:00:00Z")),
    );
    check(
        &Value::DateTime(Timestamp(-1)),
        &of(Kind::Date),
        Ok(Value::Date(1969, 12, 31)),
    );
}

#[test]
fn a_date_that_does_not_exist_or_has_no_zone_fails() {
    for junk in [
        "0000-00-00",
        "2026-02-30",
        "5/1/2026",
        "2026-01-05T12:00",
        "soon",
    ] {
        check(&text(junk), &of(Kind::Date), Err("not_a_date"));
        check(&text(junk), &of(Kind::DateTime), Err("not_a_date"));
    }
    check(
        &Value::Date(2026, 2, 30),
        &of(Kind::DateTime),
        Err("not_a_date"),
    );
    check(
        &number("1767571200000"),
        &of(Kind::Date),
        Err("types_differ"),
    );
}

#[test]
fn yes_and_no_come_from_words_and_know_no_blank() {
    check(&text("TRUE"), &of(Kind::Bool), Ok(Value::Bool(true)));
    check(&text("no"), &of(Kind::Bool), Ok(Value::Bool(false)));
    check(&text("maybe"), &of(Kind::Bool), Err("not_a_boolean"));
    check(&Value::Blank, &of(Kind::Bool), Ok(Value::Bool(false)));
    check(&Value::Bool(true), &of(Kind::Text), Ok(text("true")));
}

#[test]
fn choices_are_found_by_value_then_by_other_letters_then_by_label() {
    let industry = Field {
        choices: vec![
            choice("WEB", "Webshop"),
            choice("web", "Internet"),
            choice("X9", "Shop"),
        ],
        ..of(Kind::Picklist)
    };
    check(&text("web"), &industry, Ok(text("web")));
    check(&text("Web"), &industry, Ok(text("WEB")));
    check(&text("shop"), &industry, Ok(text("X9")));
    check(&text("Fax"), &industry, Ok(text("Fax")));
    let source = Field {
        choices: vec![choice("opt_1", "Shop")],
        ..of(Kind::Picklist)
    };
    let by_label = convert(&text("opt_1"), &source, &industry);
    assert_eq!(by_label, Ok(text("X9")));
}

#[test]
fn lists_of_choices_are_parted_by_semicolons() {
    let several = of(Kind::MultiPicklist);
    check(&text("a; b;;a"), &several, Ok(options(&["a", "b"])));
    check(&text(" ; "), &several, Ok(Value::Blank));
    check(&options(&["b", "a"]), &of(Kind::Text), Ok(text("b;a")));
    check(&options(&["a"]), &of(Kind::Picklist), Ok(text("a")));
    check(
        &options(&["a", "b"]),
        &of(Kind::Picklist),
        Err("several_options"),
    );
}

#[test]
fn what_cannot_be_carried_is_a_difference_of_types() {
    check(&text("x"), &of(Kind::Unsupported), Err("types_differ"));
    check(&options(&["a"]), &of(Kind::Date), Err("types_differ"));
    check(&number("1"), &of(Kind::Time), Err("types_differ"));
    check(&text("25:00"), &of(Kind::Time), Err("not_a_time"));
    check(&text("10:11"), &of(Kind::Time), Ok(text("10:11:00.000Z")));
}

#[test]
fn short_salesforce_ids_grow_and_hubspots_stay() {
    assert_eq!(long_id("0015500001QdQWa"), "0015500001QdQWaAAN");
    assert_eq!(long_id("0015500001QdQWaAAN"), "0015500001QdQWaAAN");
    assert_eq!(long_id("123456789012345"), "123456789012345");
    check(
        &text(" 0015500001QdQWa "),
        &of(Kind::Reference),
        Ok(text("0015500001QdQWaAAN")),
    );
}

#[test]
fn blank_is_the_empty_text_for_every_kind() {
    for kind in [
        Kind::Text,
        Kind::Email,
        Kind::Number,
        Kind::Bool,
        Kind::Date,
        Kind::DateTime,
        Kind::Time,
        Kind::MultiPicklist,
        Kind::Reference,
        Kind::Unsupported,
    ] {
        assert_eq!(canonical(&Value::Blank, &of(kind)), "", "{kind:?}");
        assert_eq!(canonical(&text(" \t"), &of(kind)), "", "{kind:?}");
    }
}

#[test]
fn a_value_has_one_canonical_form_however_it_is_written() {
    let form = |value: &Value, field: &Field| canonical(value, field);
    assert_eq!(form(&text(" Ada@B.Com "), &of(Kind::Email)), "ada@b.com");
    assert_eq!(form(&text("a\r\nb \n"), &of(Kind::LongText)), "a\nb");
    assert_eq!(form(&number("12.50"), &decimal(8, 2)), "12.5");
    assert_eq!(form(&text("+1 555 "), &of(Kind::Phone)), "+1 555");
    assert_eq!(
        form(&options(&["b", "a", "b"]), &of(Kind::MultiPicklist)),
        "a;b"
    );
    assert_eq!(form(&text("b;a"), &of(Kind::MultiPicklist)), "a;b");
    assert_eq!(
        form(&text("not a number"), &of(Kind::Number)),
        "not a number"
    );
}

#[test]
fn two_sides_agree_where_one_only_holds_less() {
    let plain = of(Kind::Number);
    assert!(same(
        &number("10.005"),
        &plain,
        &number("10.01"),
        &decimal(8, 2)
    ));
    assert!(!same(
        &number("10.02"),
        &plain,
        &number("10.01"),
        &decimal(8, 2)
    ));
    assert!(same(
        &text("x "),
        &of(Kind::Text),
        &text("x"),
        &of(Kind::Text)
    ));
    assert!(same(
        &text("A@b.c"),
        &of(Kind::Text),
        &text("a@b.c"),
        &of(Kind::Email)
    ));
    assert!(same(
        &Value::Blank,
        &of(Kind::Bool),
        &Value::Bool(false),
        &of(Kind::Bool)
    ));
    assert!(!same(
        &text("x"),
        &of(Kind::Number),
        &number("1"),
        &of(Kind::Number)
    ));
    let at = Value::DateTime(Timestamp(1_767_614_400_999));
    let day = Value::Date(2026, 1, 5);
    assert!(same(&at, &of(Kind::DateTime), &day, &of(Kind::Date)));
    assert!(same(&day, &of(Kind::Date), &at, &of(Kind::DateTime)));
}
