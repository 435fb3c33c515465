//! How the HTML part holds where it is read: narrow, in Outlook, in the dark, with hostile names.
//!
//! `SYNCLINE_PICTURES=FOLDER` leaves the pages there, for a browser to show them to a person.

use syncline::domain::digest::{Digest, Immediate, LineState, render, render_immediate};
use syncline::domain::event::CauseState;

use super::sample::{daily, immediate, validation_rule};

/// Relative luminance of `#rrggbb`, after WCAG 2.
fn luminance(colour: &str) -> f64 {
    let part = |place: usize| {
        let hex = &colour[1 + 2 * place..3 + 2 * place];
        let part = f64::from(u8::from_str_radix(hex, 16).expect("hexadecimal")) / 255.0;
        if part <= 0.039_28 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Every colour that a style gives to `what` (`color` or `background-color`).
fn colours<'h>(html: &'h str, what: &str) -> Vec<&'h str> {
    let mut found: Vec<&str> = html
        .split([';', '{', '"'])
        .filter_map(|rule| {
            rule.trim()
                .strip_prefix(what)?
                .trim_start()
                .strip_prefix(':')
        })
        .filter_map(|value| value.trim().get(..7))
        .filter(|value| value.starts_with('#'))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn every_text_has_the_contrast_that_people_need_in_light_and_in_dark() {
    let html = render(&daily()).html;
    let (dark, light) = html.split_once("</style>").expect("a style");
    let mut pairs = 0;
    for (part, grounds) in [
        (light, ["#ffffff", "#f6f8fa"]),
        (dark, ["#0f1419", "#1a2129"]),
    ] {
        for ground in grounds {
            assert!(part.contains(ground), "{ground} is no ground any more");
            for colour in colours(part, "color") {
                let contrast = contrast(colour, ground);
                assert!(contrast >= 4.5, "{colour} on {ground}: {contrast:.2}");
                pairs += 1;
            }
        }
    }
    assert!(pairs >= 22, "only {pairs} pairs");
    // Whatever is coloured in the light has a colour in the dark.
    for class in light.split("class=\"").skip(1) {
        for name in class.split('"').next().unwrap_or_default().split(' ') {
            assert!(dark.contains(&format!(".{name} {{")), "{name} stays light");
        }
    }
}

#[test]
fn the_page_holds_where_little_is_understood() {
    let news = Immediate {
        causes: vec![validation_rule(CauseState::Opened, 41)],
        ..immediate()
    };
    for (name, html) in [
        ("daily", render(&daily()).html),
        ("now", render_immediate(&news).html),
    ] {
        if let Some(folder) = std::env::var_os("SYNCLINE_PICTURES") {
            let file = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(file, &html).expect("the folder takes files");
        }
        assert!(html.contains("<html lang=\"en\">"));
        assert!(html.contains("width=\"600\""), "Outlook knows no max-width");
        assert!(html.contains("max-width:600px"));
        // A table of figures has a caption; any other one is there for its looks.
        for table in html.split("<table ").skip(1) {
            let laid_out = table.starts_with("role=\"presentation\"");
            let first = table.split_once('>').expect("a tag").1.trim_start();
            assert!(laid_out || first.starts_with("<caption"), "{table}");
        }
        for foreign in [
            "<img",
            "<script",
            "<link",
            "url(",
            "position:",
            "flex",
            "grid",
        ] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }
}

#[test]
fn weeks_are_drawn_with_cells_and_said_in_figures() {
    let mail = render(&daily());
    for cell in [
        "class=\"failing\" width=\"100%\"",
        "class=\"failing\" width=\"26%\"",
        "class=\"fill\" width=\"91%\"",
    ] {
        assert!(mail.html.contains(cell), "{cell}");
    }
    for figure in ["467", "44,884", "27 Oct"] {
        assert!(
            mail.html.contains(figure) && mail.text.contains(figure),
            "{figure}"
        );
    }
}

#[test]
fn a_name_of_any_kind_stays_text_and_breaks_no_layout() {
    let hostile = [
        "<b>Anna</b> &amp; <img src=x onerror=alert(1)>",
        "Anna\r\n\r\nRossi\u{2028}\u{85}x",
        "\u{202e}isso\u{202c}R annA\u{2066}\u{200f}",
        &"A".repeat(10_000),
        &"A b".repeat(4_000),
        "=cmd|' /C calc'!A0",
        "\u{5d0}\u{5d1}\u{5d2} \u{627}\u{644}",
    ];
    for text in hostile {
        let mut one = validation_rule(CauseState::Opened, 3);
        one.state = LineState::News(CauseState::Opened);
        one.sentence = text.to_owned();
        one.detail = Some(text.to_owned());
        one.note = Some(text.to_owned());
        if let Some(said) = one.said.as_mut() {
            said.message = Some(text.to_owned());
        }
        let mut digest = Digest {
            causes: vec![one],
            ..daily()
        };
        digest.hand_overs[0].lines = vec![text.to_owned()];
        let mail = render(&digest);
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains(['\u{202e}', '\u{2066}', '\u{200f}', '\u{2028}', '\r']));
        }
        assert!(!mail.html.contains("<b>") && !mail.html.contains("<img"));
        assert!(mail.html.len() < 60_000, "{} bytes", mail.html.len());
        let wide = |line: &&str| line.chars().count() > 78 && !line.contains("://");
        assert_eq!(mail.text.lines().find(wide), None);
    }
}
