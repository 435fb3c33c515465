//! Lists: who is in them, in which order, and who may look.

use super::{Desk, NOON, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::list::{Processing, Readable};

const LISTS: &str = "/crm/lists/2026-09";

// A list with contacts that joined it in the opposite order of their ids, and the contacts.
fn joined(desk: &mut Desk, count: usize) -> (String, Vec<String>) {
    let ids: Vec<String> = (0..count)
        .map(|name| desk.have("contacts", json!({ "lastname": name.to_string() })))
        .collect();
    let list = desk
        .hubspot
        .add_list("Synced", "contacts", Processing::Dynamic, NOON)
        .unwrap();
    for (late, id) in (0..).zip(ids.iter().rev()) {
        desk.hubspot.add_to_list(&list, &[id], NOON + late).unwrap();
    }
    (list, ids)
}

fn members(desk: &mut Desk, address: &str) -> (Vec<String>, Value) {
    let (status, body) = desk.get(address);
    assert_eq!(status, 200, "{body}");
    let results = body["results"].as_array().unwrap();
    let ids = results.iter().map(|one| text(&one["recordId"])).collect();
    (ids, body["paging"].clone())
}

#[test]
fn a_list_is_found_by_id_by_name_and_by_search() {
    let mut desk = Desk::new();
    let (list, _) = joined(&mut desk, 2);
    let (status, body) = desk.get(&format!("{LISTS}/{list}?includeFilters=false"));
    assert_eq!(status, 200);
    let shown = body["list"].clone();
    assert_eq!(
        (&shown["listId"], &shown["objectTypeId"], &shown["size"]),
        (&json!(list), &json!("0-1"), &json!(2))
    );
    let by_name = "/crm/v3/lists/object-type-id/0-1/name/Synced";
    assert_eq!(desk.get(by_name).1["list"], shown);
    assert_eq!(desk.get(&format!("{by_name}%20not")).0, 404);
    desk.hubspot
        .add_list("Synced later", "companies", Processing::Manual, NOON)
        .unwrap();
    let mut search = |body: Value| {
        let (status, body) = desk.post(&format!("{LISTS}/search"), &body);
        assert_eq!(status, 200, "{body}");
        let lists = body["lists"].as_array().unwrap().len();
        (lists, body["total"].clone(), body["hasMore"].clone())
    };
    assert_eq!(
        search(json!({ "query": "sync", "count": 1 })),
        (1, json!(2), json!(true))
    );
    assert_eq!(
        search(json!({ "query": "sync", "offset": 1 })),
        (1, json!(2), json!(false))
    );
    let manual = json!({ "processingTypes": ["MANUAL"] });
    assert_eq!(search(manual), (1, json!(1), json!(false)));
}

#[test]
fn members_are_paged_by_id_and_by_the_time_they_joined() {
    let mut desk = Desk::new();
    let (list, ids) = joined(&mut desk, 5);
    let by_id = format!("{LISTS}/{list}/memberships");
    let by_time = format!("{by_id}/join-order");
    let backwards: Vec<String> = ids.iter().rev().cloned().collect();
    for (address, ids) in [(by_id, ids), (by_time, backwards)] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let (page, paging) = members(&mut desk, &format!("{address}?limit=2{after}"));
            seen.extend(page);
            match paging["next"]["after"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ids);
        let (_, first) = members(&mut desk, &format!("{address}?limit=4"));
        let after = text(&first["next"]["after"]);
        let (page, paging) = members(&mut desk, &format!("{address}?limit=2&after={after}"));
        assert_eq!(page, ids[4..]);
        let before = text(&paging["prev"]["before"]);
        let (page, _) = members(&mut desk, &format!("{address}?limit=2&before={before}"));
        assert_eq!(page, ids[2..4]);
    }
    assert_eq!(
        desk.get(&format!("{LISTS}/{list}/memberships?limit=251")).0,
        400
    );
}

#[test]
fn an_application_changes_manual_lists_only() {
    let mut desk = Desk::new();
    let (dynamic, ids) = joined(&mut desk, 2);
    let body = json!({ "name": "Hand picked", "objectTypeId": "0-1", "processingType": "MANUAL" });
    let (status, made) = desk.post("/crm/v3/lists", &body);
    assert_eq!(status, 200, "{made}");
    assert_eq!(desk.post("/crm/v3/lists", &body).0, 400);
    let list = text(&made["list"]["listId"]);
    let place = format!("{LISTS}/{list}/memberships");
    let (_, done) = desk.put(&format!("{place}/add"), &json!([ids[0], ids[0], "1"]));
    assert_eq!(
        done,
        json!({ "recordsIdsAdded": [ids[0]], "recordIdsRemoved": [], "recordIdsMissing": ["1"] })
    );
    let both = json!({ "recordIdsToAdd": [ids[1]], "recordIdsToRemove": [ids[0]] });
    let (_, done) = desk.put(&format!("{place}/add-and-remove"), &both);
    assert_eq!(done["recordIdsRemoved"], json!([ids[0]]));
    assert_eq!(desk.hubspot.list_members(&list), [ids[1].clone()]);
    assert_eq!(
        desk.put(&format!("{LISTS}/{dynamic}/memberships/add"), &json!([]))
            .0,
        400
    );
    assert_eq!(desk.delete(&format!("{LISTS}/{list}")), 204);
    assert_eq!(desk.get(&place).0, 404);
}

#[test]
fn a_record_knows_its_lists() {
    let mut desk = Desk::new();
    let (list, ids) = joined(&mut desk, 2);
    let (_, body) = desk.get(&format!("{LISTS}/records/0-1/{}/memberships", ids[0]));
    assert_eq!(body["results"][0]["listId"], json!(list));
    let input = |id: &str| json!({ "objectTypeId": "0-1", "recordId": id });
    let inputs = json!({ "inputs": [input(&ids[1]), input("1")] });
    let address = format!("{LISTS}/records/memberships/batch/read");
    let (status, body) = desk.post(&address, &inputs);
    assert_eq!(status, 200);
    let found = |place: usize| {
        let lists = body["results"][place]["recordListMemberships"].as_array();
        lists.unwrap().len()
    };
    assert_eq!((found(0), found(1)), (1, 0));
}

#[test]
fn who_is_archived_leaves_and_who_is_merged_stays_under_the_new_id() {
    let mut desk = Desk::new();
    let (list, ids) = joined(&mut desk, 3);
    desk.hubspot.archive("contacts", &ids[0], NOON).unwrap();
    let merged = desk
        .hubspot
        .merge("contacts", &ids[1], &ids[2], NOON)
        .unwrap();
    assert_eq!(desk.hubspot.list_members(&list), [merged]);
    desk.hubspot
        .remove_from_list(&list, &[&ids[1]], NOON)
        .unwrap();
    assert!(desk.hubspot.list_members(&list).is_empty());
}

#[test]
fn a_list_can_be_closed_to_us_or_vanish() {
    let mut desk = Desk::new();
    let (list, _) = joined(&mut desk, 1);
    let place = format!("{LISTS}/{list}/memberships");
    let status = |desk: &mut Desk, readable: Readable| {
        desk.hubspot.set_list_readable(&list, readable).unwrap();
        desk.get(&place).0
    };
    assert_eq!(status(&mut desk, Readable::Forbidden), 403);
    assert_eq!(status(&mut desk, Readable::Missing), 404);
    assert_eq!(status(&mut desk, Readable::Yes), 200);
    desk.hubspot.delete_list(&list).unwrap();
    assert_eq!(desk.get(&place).0, 404);
    desk.hubspot
        .grant_scopes(Some(vec!["crm.objects.contacts.read".to_owned()]));
    let (status, body) = desk.get(&place);
    assert_eq!(status, 403);
    assert_eq!(
        body["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.lists.read"])
    );
}
