//! What a person decides while a cycle is under way counts: facts that come late change nothing.

use serde_json::json;
use syncline::control::deed::Deed;
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, Event, Excluded, Known, RecordExcluded, RecordFailed, RecordSynced,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{PairIds, PairNumber, Side};
use syncline::projections::pairs::State;
use syncline::projections::{append, errors, pairs, rebuild};
use syncline::store::Tx;

use super::Desk;

fn late(ids: &PairIds) -> [Event; 3] {
    let (to, lane, ids) = (Side::Salesforce, Lane::Live, ids.clone());
    let failed = RecordFailed {
        ids: ids.clone(),
        to,
        action: Action::Updated,
        failures: vec![Failure::of(System::Salesforce, "STRING_TOO_LONG")],
        known: Known::Answered,
        lane,
        attempt: 1,
        ask: None,
    };
    let synced = RecordSynced {
        ids: ids.clone(),
        to,
        action: Action::Updated,
        fields: Vec::new(),
        moved: Vec::new(),
        lost: Vec::new(),
        withheld: Vec::new(),
        provisional: None,
        marked: Vec::new(),
        lane,
        attempt: 1,
    };
    let why = Excluded::Ambiguous;
    [
        failed.into(),
        synced.into(),
        RecordExcluded { ids, why }.into(),
    ]
}

#[tokio::test]
async fn an_exclusion_outlasts_what_was_on_its_way_when_it_was_decided() {
    let desk = Desk::new(
        &[json!({ "email": "eva@deeds.example", "lastname": "Eva" })],
        &[],
    )
    .await;
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    desk.say(Deed::Exclude, &[&hubspot]).await;
    let work = |tx: &Tx<'_>| {
        let before = pairs::list(tx, &pairs::Filter::default(), PairNumber(0))?;
        for event in late(&before[0].ids) {
            append(tx, None, event)?;
            let pair = pairs::get(tx, before[0].number)?.unwrap();
            assert_eq!(
                (pair.state, pair.why),
                (State::Excluded, Some(Excluded::Operator))
            );
            assert!(errors::of_record(tx, pair.number)?.is_empty());
        }
        rebuild(tx)?;
        let pair = pairs::get(tx, before[0].number)?.unwrap();
        assert!(pair.is_left_out());
        Ok(())
    };
    desk.world.store.write(work).await.unwrap();
}
