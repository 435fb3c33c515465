//! A field that both sides' automation rewrites in turns: what one makes of it, the other undoes.
//!
//! People change a field to and fro as well. Only the same values carried to and fro, again and
//! again within an hour, are taken for machines.

use super::event::{Action, Moved, RecordSynced, ValuePrint};
use super::merge::Write;
use super::record::{FieldName, Side, Timestamp};

/// How far back the turns are looked for, in ms.
pub const BACK_MS: i64 = 3_600_000;

/// How often each side was written the same value before, in turns, when it is a ping-pong.
const TURNS: usize = 3;

/// The field of `write` that swings, by HubSpot's name. `history` are the pair's writes with their
/// times, the newest first.
pub fn swinging(
    write: &Write,
    history: &[(Timestamp, RecordSynced)],
    now: Timestamp,
) -> Option<FieldName> {
    let recent: Vec<&RecordSynced> = history
        .iter()
        .take_while(|(at, _)| now.since(*at) <= BACK_MS)
        .map(|(_, synced)| synced)
        .filter(|synced| matches!(synced.action, Action::Updated | Action::Blanked))
        .collect();
    let fields = write.moved.iter().map(|moved| &moved.field);
    fields
        .into_iter()
        .find(|field| swings(write, field, &recent))
        .cloned()
}

fn swings(write: &Write, field: &FieldName, recent: &[&RecordSynced]) -> bool {
    let Some(ours) = carried(&write.moved, field, write.to) else {
        return false;
    };
    let mut theirs: Option<ValuePrint> = None;
    let mut expected = write.to.other();
    let mut turns = 0;
    for synced in recent {
        let Some(print) = carried(&synced.moved, field, synced.to) else {
            continue;
        };
        let same = if synced.to == write.to {
            print == ours
        } else {
            *theirs.get_or_insert(print) == print
        };
        if synced.to != expected || !same {
            break;
        }
        expected = expected.other();
        turns += 1;
    }
    turns >= 2 * TURNS - 1
}

/// What was carried to `to`: the source's value as it was read.
fn carried(moved: &[Moved], field: &FieldName, to: Side) -> Option<ValuePrint> {
    let one = moved.iter().find(|one| one.field == *field)?;
    match to {
        Side::HubSpot => one.salesforce,
        Side::Salesforce => one.hubspot,
    }
}
