//! What a person decides while a cycle is under way counts: facts that come late change nothing.

use std::sync::Arc;

use serde_json::json;
use syncline::control::deed::Deed;
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, Event, Excluded, Known, RecordExcluded, RecordFailed, RecordSynced,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{PairIds, PairNumber, Side};
use syncline::inbox;
use syncline::projections::pairs::State;
use syncline::projections::{append, errors, pairs, rebuild};
use syncline::store::{Store, Tx};

use super::{Desk, ask, decide, named};

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
        call: None,
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
        way_ms: None,
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

/// Says something at the command line while a contact of HubSpot is on its way to be planned.
fn meanwhile(desk: &Desk, what: impl FnOnce(&Store, i64) + Send + 'static) {
    let (store, clock) = (Arc::clone(&desk.world.store), Arc::clone(&desk.world.clock));
    // Another thread, because the one that sends is a runtime's already.
    let happens = move || {
        std::thread::spawn(move || what(&store, clock.ms()))
            .join()
            .unwrap();
    };
    *desk.world.interruption.lock().unwrap() = Some(("/batch/read", Box::new(happens)));
}

fn say(store: &Store, now_ms: i64, deed: Deed, ids: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let request = decide(deed, vec![named(ids)]);
    let asked = runtime.unwrap().block_on(ask(store, &request, now_ms));
    asked.unwrap();
}

#[tokio::test]
async fn an_edit_that_is_being_planned_when_its_pair_is_left_out_is_not_written() {
    let mut desk = Desk::new(
        &[json!({ "email": "eva@deeds.example", "lastname": "Eva" })],
        &[],
    )
    .await;
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    let salesforce = desk.ids(Side::Salesforce).remove(0);
    desk.in_hubspot(&hubspot, &json!({ "fax": "+39 06 1" }));
    let id = hubspot.clone();
    meanwhile(&desk, move |store, now| {
        say(store, now, Deed::Exclude, &[&id]);
    });
    desk.cycles(4).await;
    assert!(desk.world.interruption.lock().unwrap().is_none());
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "");
    let rests = desk.world.store.read(inbox::counts).await.unwrap();
    assert_eq!(rests, []);
    desk.say(Deed::Include, &[&hubspot]).await;
    desk.cycles(3).await;
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "+39 06 1");
}

#[tokio::test]
async fn a_record_linked_by_hand_is_not_taken_by_another_that_is_being_matched() {
    let mut desk = Desk::doubled().await;
    let rita = desk.ids(Side::HubSpot).remove(0);
    let [rome, milan] = desk.ids(Side::Salesforce).try_into().unwrap();
    desk.say(Deed::Exclude, &[&rome]).await;
    // Now Milan is the only one with Rita's address, and Rita is matched with it.
    desk.in_hubspot(&rita, &json!({ "firstname": "Rita" }));
    let simulator = Arc::clone(&desk.world.simulator);
    let theirs = milan.clone();
    meanwhile(&desk, move |store, now| {
        let fields = json!({ "email": "mara@deeds.example", "lastname": "Mara" });
        let mut simulator = simulator.lock().unwrap();
        let fields = fields.as_object().unwrap();
        let mara = simulator.hubspot.put("contacts", None, fields, now);
        drop(simulator);
        say(store, now, Deed::Link, &[&mara.unwrap(), &theirs]);
    });
    desk.cycles(4).await;
    let mara = desk.ids(Side::HubSpot).remove(1);
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT   HUBSPOT       SALESFORCE          NAME        STATE     WHY
    #1      contact  -             003Qy0000001003IAA  Rossi       excluded  operator
    #2      contact  210000000119  003Qy0000001004IAA  Mara        in-sync
    #3      contact  210000000028  -                   Rita Rossi  excluded  ambiguous
    ");
    assert_eq!(desk.hubspot_value(&mara, "syncline_salesforce_id"), milan);
    assert_eq!(desk.hubspot_value(&rita, "syncline_salesforce_id"), "");
}
