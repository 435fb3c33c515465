//! What people see of a load.

use syncline::domain::load::LoadState;
use syncline::domain::load::{self, Progress, Step};

use super::{CONTACTS, PEOPLE, load_lines, sets_out, story, told};

#[tokio::test]
async fn status_tells_how_far_a_load_is_and_nothing_once_it_is_over() {
    let mut story = story(PEOPLE).await;
    story.world.bounds.parcel_rows = 4;
    story.configure(CONTACTS).await;
    assert_eq!(load_lines(&story).await, [""; 0]);
    // Both jobs begin together; the one of three rows is done first.
    story.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    sets_out(&mut story).await;
    assert_eq!(
        load_lines(&story).await,
        ["LOAD     contact 0 of 7, 2 jobs"]
    );
    let mut lines = Vec::new();
    for _ in 0..30 {
        story.minutes(1).await;
        lines.extend(load_lines(&story).await);
        // What a job has made counts with the record that it was made for.
        let text = told(&story).await;
        let line = text.lines().find(|line| line.starts_with("contact "));
        let words: Vec<&str> = line.expect("the object").split_whitespace().collect();
        assert_eq!(words[7], "7", "{text}");
    }
    lines.dedup();
    let part = "LOAD     contact 3 of 7, 1 job, about ";
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with(part) && line.ends_with(" left under the budget")),
        "{lines:?}"
    );
    assert_eq!(load_lines(&story).await, [""; 0]);
}

fn left(done: u64, left: u64, jobs: u64, free: u64) -> Option<i64> {
    load::left_ms(&Progress {
        done,
        took_ms: 600_000,
        left,
        jobs,
        allocation: 24_000,
        free,
    })
}

#[test]
fn the_rest_takes_as_long_as_the_pace_says_and_no_less_than_the_budget_allows() {
    const MINUTE: i64 = 60_000;
    // A hundred thousand in ten minutes.
    assert_eq!(left(100_000, 50_000, 1, 1_000), Some(5 * MINUTE));
    // The eight calls of its job come back at a thousand an hour.
    assert_eq!(left(100_000, 50_000, 1, 0), Some(5 * MINUTE));
    // Forty jobs need 320 calls, 20 are left: the others come in 18 minutes.
    assert_eq!(left(4_000_000, 2_000_000, 40, 20), Some(18 * MINUTE));
    assert_eq!(left(0, 7, 1, 1_000), None, "nothing can be said yet");
}

#[test]
fn before_it_was_closed_a_job_in_doubt_is_given_up_and_after_that_it_is_followed() {
    let (sure, wanted) = (true, true);
    let next = load::next;
    assert_eq!(next(LoadState::Intended, sure, wanted), Some(Step::Create));
    assert_eq!(next(LoadState::Intended, !sure, wanted), Some(Step::Search));
    assert_eq!(next(LoadState::Intended, sure, !wanted), Some(Step::Drop));
    assert_eq!(
        next(LoadState::Intended, !sure, !wanted),
        Some(Step::Search)
    );
    assert_eq!(next(LoadState::Open, sure, wanted), Some(Step::Upload));
    assert_eq!(next(LoadState::Open, !sure, wanted), Some(Step::Abort));
    assert_eq!(next(LoadState::Open, sure, !wanted), Some(Step::Abort));
    assert_eq!(next(LoadState::Uploaded, sure, wanted), Some(Step::Close));
    assert_eq!(next(LoadState::Uploaded, !sure, wanted), Some(Step::Look));
    for state in LoadState::ALL {
        let expected = match state {
            LoadState::Closed | LoadState::Working => Some(Step::Look),
            LoadState::Complete | LoadState::Failed | LoadState::Aborted | LoadState::Lost => {
                Some(Step::Fetch)
            }
            LoadState::Dropped | LoadState::Refused | LoadState::Concluded => None,
            LoadState::Intended | LoadState::Open | LoadState::Uploaded => continue,
        };
        for (sure, wanted) in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(next(*state, sure, wanted), expected, "{state}");
        }
        assert_eq!(state.is_over(), expected.is_none());
    }
}

#[test]
fn looks_at_a_job_grow_rarer() {
    let waits: Vec<i64> = (0..8)
        .map(|looks| load::wait_ms(50_000, looks) / 1_000)
        .collect();
    assert_eq!(waits, [60, 120, 240, 300, 300, 300, 300, 300]);
    assert_eq!(load::wait_ms(7, 0), 10_000);
}

#[test]
fn what_is_to_be_expected_follows_from_what_was_looked_at() {
    // A cycle looked at 10,000 rows, a fifth of them came to such a write, 190,000 are left.
    assert_eq!(load::expected(2_000, 10_000, 190_000), 40_000);
    assert_eq!(load::expected(0, 10_000, 190_000), 0);
    assert_eq!(load::expected(7, 7, 0), 7);
}
