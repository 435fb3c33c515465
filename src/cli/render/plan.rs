//! `syncline plan`: what would be written, before anything is.

use super::table::Table;
use super::{counted, number};
use crate::control::report::Plan;
use crate::domain::event::Mode;

pub(super) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.mode == Some(Mode::Sync) {
        text.push_str(
            "The mode is sync: changes are written as they come, and nothing is kept to be shown. With \
             mode = \"observe\" they are kept.\n",
        );
    }
    if plan.writes.is_empty() {
        text.push_str("Nothing would be written.\n");
    } else {
        let mut table = Table::new(&[
            "OBJECT",
            "TO",
            "CREATE",
            "UPDATE",
            "BLANK",
            "DELETE",
            "ASSOCIATE",
            "LINK",
        ]);
        for line in &plan.writes {
            table.row(vec![
                line.object.to_string(),
                line.to.to_string(),
                number(line.created),
                number(line.updated),
                number(line.blanked),
                number(line.deleted),
                number(line.associated),
                number(line.linked),
            ]);
        }
        text.push_str(&table.text());
    }
    if plan.unplanned > 0 {
        text.push_str(&format!(
            "and {} that {} read and not planned yet: ask again in a while\n",
            counted(plan.unplanned, "record"),
            if plan.unplanned == 1 { "is" } else { "are" }
        ));
    }
    overwrites(plan, &mut text);
    if !plan.failures.is_empty() {
        text.push_str("\nWOULD FAIL (syncline errors)\n");
        for one in &plan.failures {
            text.push_str(&format!(
                "  {}: {} on {}\n",
                one.kind,
                counted(one.errors, "error"),
                counted(one.records, "record")
            ));
        }
    }
    let all: u64 = plan.calls.iter().map(|one| one.calls).sum();
    let parts: Vec<String> = plan
        .calls
        .iter()
        .filter(|one| one.calls > 0)
        .map(|one| format!("{} {}", one.part, number(one.calls)))
        .collect();
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    text.push_str(&format!(
        "\nCALLS    at least {} to Salesforce of {} in 24 h{parts}\nTIME     {} at best\n",
        number(all),
        number(plan.allocation),
        time(plan.time_ms)
    ));
    text.push_str(
        "\nNothing was written. To write it: mode = \"sync\", reload; each record is read again, and the guard \
         holds what is too much at once.\n",
    );
    text
}

fn overwrites(plan: &Plan, text: &mut String) {
    if plan.overwrites.is_empty() {
        if !plan.writes.is_empty() {
            text.push_str("\nNo value would be written over.\n");
        }
        return;
    }
    text.push_str("\nWRITTEN OVER\n");
    for field in &plan.overwrites {
        text.push_str(&format!(
            "  {} in {}, {}: {}\n",
            field.object,
            field.to,
            field.field,
            counted(field.records, "record")
        ));
        for one in &field.examples {
            text.push_str(&format!(
                "      {}  \"{}\" -> \"{}\"\n",
                one.id, one.before, one.after
            ));
        }
    }
}

fn time(milliseconds: i64) -> String {
    match milliseconds / 60_000 {
        0 => "under 1 min".to_owned(),
        minutes @ 1..=119 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}
