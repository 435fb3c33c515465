//! Which records belong together, by every generation of paths.

use super::{Desk, NOON, OBJECTS, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::Settings;
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::hubspot::association::ceiling::{Ceiling, SetBy};
use syncline::simulator::hubspot::association::switches::{
    FirstCompany, IdShape, Stamps, Switches,
};

const BATCH: &str = "/crm/associations/2026-09/contacts/companies/batch";

fn switched(associations: Switches) -> Desk {
    Desk::with(Settings {
        shuffle_batches: false,
        associations,
        ..Settings::default()
    })
}

fn contact_and_companies(desk: &mut Desk) -> (String, String, String) {
    (
        desk.have("contacts", json!({ "lastname": "A" })),
        desk.have("companies", json!({ "name": "One" })),
        desk.have("companies", json!({ "name": "Two" })),
    )
}

// The other side's ids and the numbers of the kinds, in the order they are shown.
fn ties(desk: &mut Desk, address: &str) -> Vec<(String, Vec<u64>)> {
    let (status, body) = desk.get(address);
    assert_eq!(status, 200, "{body}");
    let results = body["results"].as_array().unwrap();
    results
        .iter()
        .map(|one| {
            let kinds = one["associationTypes"].as_array().unwrap();
            let numbers = kinds.iter().map(|kind| kind["typeId"].as_u64().unwrap());
            (one["toObjectId"].to_string(), numbers.collect())
        })
        .collect()
}

#[test]
fn a_default_association_shows_from_both_sides_and_the_first_company_is_primary() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    let place =
        |to: &str| format!("/crm/v4/objects/contacts/{ada}/associations/default/companies/{to}");
    let (status, body) = desk.put(&place(&one), &Value::Null);
    assert_eq!(
        (status, body["results"].as_array().unwrap().len()),
        (200, 2)
    );
    assert_eq!(
        body["results"][0]["associationSpec"]["associationTypeId"],
        279
    );
    assert_eq!(desk.put(&place(&two), &Value::Null).0, 200);
    assert_eq!(
        ties(
            &mut desk,
            &format!("{OBJECTS}/0-1/{ada}/associations/company")
        ),
        [(one.clone(), vec![1, 279]), (two.clone(), vec![279])]
    );
    let from_company = format!("/crm/v4/objects/companies/{one}/associations/contacts");
    assert_eq!(ties(&mut desk, &from_company), [(ada, vec![2, 280])]);
}

#[test]
fn setting_primary_moves_the_flag_and_brings_the_unlabelled_kind() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    for company in [&one, &two] {
        let body = json!({ "inputs": [{
            "from": { "id": ada }, "to": { "id": company },
            "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1 }],
        }] });
        let (status, body) = desk.post(&format!("{BATCH}/create"), &body);
        assert_eq!(
            (status, &body["results"][0]["labels"]),
            (201, &json!(["Primary"]))
        );
    }
    assert_eq!(
        ties(
            &mut desk,
            &format!("{OBJECTS}/contacts/{ada}/associations/companies")
        ),
        [(one, vec![279]), (two.clone(), vec![1, 279])]
    );
    let record = desk.hubspot.get("contacts", &ada).unwrap();
    assert_eq!(record.value("associatedcompanyid"), Some(two.as_str()));
    assert_eq!(record.updated_at, NOON);
}

#[test]
fn a_batch_read_pages_and_names_who_has_none() {
    let mut desk = switched(Switches {
        page_max: 3,
        ..Switches::default()
    });
    let (ada, ..) = contact_and_companies(&mut desk);
    let alone = desk.have("contacts", json!({ "lastname": "B" }));
    for name in 0..4 {
        let company = desk.have("companies", json!({ "name": name.to_string() }));
        desk.hubspot
            .associate("contacts", &ada, "companies", &company, Tie::Plain, NOON)
            .unwrap();
    }
    let ask = |inputs: Value| json!({ "inputs": inputs });
    let read = "/crm/v4/associations/contact/company/batch/read";
    let (status, body) = desk.post(read, &ask(json!([{ "id": ada }, { "id": alone }])));
    assert_eq!((status, &body["numErrors"]), (207, &json!(1)));
    let first = &body["results"][0];
    assert_eq!(
        (&first["from"]["id"], first["to"].as_array().unwrap().len()),
        (&json!(ada), 3)
    );
    let error = &body["errors"][0];
    assert_eq!(
        error["subCategory"],
        "crm.associations.NO_ASSOCIATIONS_FOUND"
    );
    assert_eq!(
        text(&error["message"]),
        format!("No company is associated with contact {alone}.")
    );
    let after = &first["paging"]["next"]["after"];
    let (status, body) = desk.post(read, &ask(json!([{ "id": ada, "after": after }])));
    assert_eq!(
        (status, body["results"][0]["to"].as_array().unwrap().len()),
        (200, 1)
    );
    assert_eq!(body["results"][0]["paging"], Value::Null);
    let address = format!("{OBJECTS}/contacts/{ada}/associations/companies?limit=2");
    let (_, page) = desk.get(&address);
    let after = text(&page["paging"]["next"]["after"]);
    assert_eq!(
        ties(&mut desk, &format!("{address}&after={after}")).len(),
        2
    );
}

#[test]
fn what_is_taken_away_is_gone_from_both_sides() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    let pair = |from: &str, to: &str| json!({ "from": { "id": from }, "to": { "id": to } });
    let both = json!({ "inputs": [pair(&ada, &one), pair(&ada, &two)] });
    assert_eq!(
        desk.post(&format!("{BATCH}/associate/default"), &both).0,
        200
    );
    let body = json!({ "inputs": [{ "from": { "id": ada }, "to": [{ "id": one }] }] });
    assert_eq!(desk.post(&format!("{BATCH}/archive"), &body).0, 204);
    assert_eq!(
        desk.hubspot.associations_of("companies", &one, "contacts"),
        []
    );
    // Nobody becomes primary by itself.
    let left = desk.hubspot.associations_of("contacts", &ada, "companies");
    assert_eq!((left.len(), left[0].is_primary), (1, false));
    let place = format!("{OBJECTS}/companies/{two}/associations/contacts/{ada}");
    assert_eq!((desk.delete(&place), desk.delete(&place)), (204, 204));
    assert_eq!(
        desk.hubspot.associations_of("contacts", &ada, "companies"),
        []
    );
}

#[test]
fn a_record_is_created_with_its_associations_or_not_at_all() {
    let mut desk = Desk::new();
    let (ada, one, _) = contact_and_companies(&mut desk);
    let to = |id: &str, number: u64| {
        json!({ "to": { "id": id }, "types": [{
            "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number,
        }] })
    };
    let deal = json!({ "dealname": "D", "dealstage": "qualifiedtobuy" });
    let body = json!({ "properties": deal, "associations": [to(&one, 5), to(&ada, 3)] });
    let (status, made) = desk.post(&format!("{OBJECTS}/deals"), &body);
    assert_eq!(status, 201, "{made}");
    let address = format!(
        "{OBJECTS}/deals/{}?associations=companies,contacts",
        text(&made["id"])
    );
    let shown = desk.get(&address).1["associations"].clone();
    assert_eq!(
        shown["companies"]["results"],
        json!([
            { "id": one, "type": "deal_to_company" },
            { "id": one, "type": "deal_to_company_unlabeled" },
        ])
    );
    assert_eq!(
        shown["contacts"]["results"],
        json!([{ "id": ada, "type": "deal_to_contact" }])
    );
    let traced = |trace: &str, associations: Value| json!({ "properties": deal, "associations": associations, "objectWriteTraceId": trace });
    let inputs = json!({ "inputs": [
        traced("t1", json!([to(&one, 5)])), traced("t2", json!([to("1", 5)])),
        traced("t3", json!([to(&one, 279)])),
    ] });
    let (status, body) = desk.post(&format!("{OBJECTS}/deals/batch/create"), &inputs);
    assert_eq!((status, &body["numErrors"]), (207, &json!(2)));
    assert_eq!(body["errors"][0]["message"], "COMPANY=1 is not valid");
    assert_eq!(
        body["errors"][1]["context"]["objectWriteTraceId"],
        json!(["t3"])
    );
    assert_eq!(desk.hubspot.records("deals").len(), 2);
}

#[test]
fn a_batch_that_fails_whole_leaves_no_association() {
    let mut desk = Desk::new();
    let (ada, one, _) = contact_and_companies(&mut desk);
    let input = |amount: &str| {
        json!({ "properties": { "name": "C", "annualrevenue": amount }, "associations": [{
            "to": { "id": ada },
            "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 2 }],
        }] })
    };
    desk.hubspot
        .associate("contacts", &ada, "companies", &one, Tie::Primary, NOON)
        .unwrap();
    let body = json!({ "inputs": [input("1"), input("much")] });
    assert_eq!(
        desk.post(&format!("{OBJECTS}/companies/batch/create"), &body)
            .0,
        400
    );
    let kept = desk.hubspot.associations_of("contacts", &ada, "companies");
    assert_eq!(
        (kept.len(), &kept[0].id, kept[0].is_primary),
        (1, &one, true)
    );
}

#[test]
fn archiving_severs_and_merging_hands_over() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    let bea = desk.have("contacts", json!({ "lastname": "B" }));
    let mut tie = |contact: &str, company: &str| {
        desk.hubspot
            .associate(
                "contacts",
                contact,
                "companies",
                company,
                Tie::Primary,
                NOON,
            )
            .unwrap();
    };
    tie(&ada, &one);
    tie(&bea, &two);
    let merged = desk.hubspot.merge("contacts", &ada, &bea, NOON).unwrap();
    let has = desk
        .hubspot
        .associations_of("contacts", &merged, "companies");
    let flags: Vec<_> = has
        .iter()
        .map(|one| (one.id.as_str(), one.is_primary))
        .collect();
    assert_eq!(flags, [(one.as_str(), true), (two.as_str(), false)]);
    let company = desk.hubspot.merge("companies", &one, &two, NOON).unwrap();
    let value = |desk: &Desk| {
        let record = desk.hubspot.get("contacts", &merged).unwrap();
        record.value("associatedcompanyid").map(str::to_owned)
    };
    assert_eq!(value(&desk), Some(company.clone()));
    desk.hubspot.archive("companies", &company, NOON).unwrap();
    assert_eq!(value(&desk), None);
    assert_eq!(
        desk.hubspot
            .associations_of("contacts", &merged, "companies"),
        []
    );
}

#[test]
fn a_limit_refuses_what_is_too_many_and_is_reported() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    let limit = |set_by| Some(Ceiling { max: 1, set_by });
    desk.hubspot
        .set_association_limit("contacts", "companies", limit(SetBy::Administrator))
        .unwrap();
    desk.hubspot
        .associate("contacts", &ada, "companies", &one, Tie::Plain, NOON)
        .unwrap();
    let pair = json!({ "inputs": [{ "from": { "id": two }, "to": { "id": ada } }] });
    let address = "/crm/v4/associations/companies/contacts/batch/associate/default";
    let (status, body) = desk.post(address, &pair);
    assert_eq!((status, &body["results"]), (207, &json!([])));
    let error = &body["errors"][0];
    assert_eq!(error["category"], "VALIDATION_ERROR");
    assert!(text(&error["subCategory"]).contains("ASSOCIATION_USER_CONFIG_LIMIT_EXCEEDED"));
    let (_, report) = desk.get("/crm/v3/limits/associations/records/from");
    assert_eq!(report["results"][0]["objectTypeId"], "0-1");
    assert_eq!(report["results"][0]["hasRecordsAtLimit"], true);
    let (_, full) = desk.get("/crm/v3/limits/associations/records/0-1/0-2");
    assert_eq!(
        (&full["limit"], &full["totalRecordsAtLimit"]),
        (&json!(1), &json!(1))
    );
    let sample = &full["atLimitFromRecordSamples"][0];
    assert_eq!(sample["objectId"].to_string(), ada);
    let (_, back) = desk.get("/crm/limits/2026-09/associations/records/0-2/0-1");
    assert_eq!(back["totalRecordsAtLimit"], 0);
    let set_by = "/crm/associations/v4/definitions/configurations/0-1/0-2";
    let (_, own) = desk.get(set_by);
    assert_eq!(own["results"][0]["userEnforcedMaxToObjectIds"], 1);
    desk.hubspot
        .set_association_limit("contacts", "companies", limit(SetBy::Product))
        .unwrap();
    let place = format!("{OBJECTS}/contacts/{ada}/associations/default/companies/{two}");
    let (status, body) = desk.put(&place, &Value::Null);
    assert_eq!(
        (status, &body["subCategory"]),
        (400, &json!("crm.associations.ASSOCIATION_LIMIT_EXCEEDED"))
    );
    assert_eq!(desk.get(set_by).1, json!({ "results": [] }));
}

#[test]
fn what_is_not_known_for_sure_is_a_switch() {
    let mut desk = switched(Switches {
        first_company: FirstCompany::StaysPlain,
        stamps: Stamps::Move,
        associated_company_id: false,
        ids: IdShape::Strings,
        ..Switches::default()
    });
    let (ada, one, _) = contact_and_companies(&mut desk);
    desk.now += 1_000;
    let place = format!("{OBJECTS}/contacts/{ada}/associations/default/companies/{one}");
    assert_eq!(desk.put(&place, &Value::Null).0, 200);
    let (_, body) = desk.get(&format!("{OBJECTS}/contacts/{ada}/associations/companies"));
    let tie = &body["results"][0];
    assert_eq!(tie["toObjectId"], json!(one));
    assert_eq!(tie["associationTypes"].as_array().unwrap().len(), 1);
    for (object, id) in [("contacts", &ada), ("companies", &one)] {
        assert_eq!(
            desk.hubspot.get(object, id).unwrap().updated_at,
            NOON + 1_000
        );
    }
    let (_, all) = desk.get("/crm/properties/2026-09/contacts/associatedcompanyid");
    assert_eq!(all["category"], "OBJECT_NOT_FOUND");
}

#[test]
fn a_first_company_may_be_primary_whatever_call_brings_it() {
    let mut desk = switched(Switches {
        first_company: FirstCompany::PrimaryAlways,
        ..Switches::default()
    });
    let (ada, one, two) = contact_and_companies(&mut desk);
    for company in [&one, &two] {
        let plain = json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279 }]);
        let place = format!("{OBJECTS}/contacts/{ada}/associations/companies/{company}");
        assert_eq!(desk.put(&place, &plain).0, 201);
    }
    let has = desk.hubspot.associations_of("contacts", &ada, "companies");
    let flags: Vec<bool> = has.iter().map(|one| one.is_primary).collect();
    assert_eq!(flags, [true, false]);
}

#[test]
fn the_old_form_names_kinds_by_number_or_name() {
    let mut desk = Desk::new();
    let (ada, one, two) = contact_and_companies(&mut desk);
    let place = format!("/crm/v3/objects/contacts/{ada}/associations/companies");
    let (status, body) = desk.put(&format!("{place}/{one}/1"), &Value::Null);
    assert_eq!((status, &body["id"]), (200, &json!(ada)));
    let by_name = format!("{place}/{two}/contact_to_company_unlabeled");
    assert_eq!(desk.put(&by_name, &Value::Null).0, 200);
    let (_, list) = desk.get(&place);
    assert_eq!(
        list["results"],
        json!([
            { "id": one, "type": "contact_to_company" },
            { "id": one, "type": "contact_to_company_unlabeled" },
            { "id": two, "type": "contact_to_company_unlabeled" },
        ])
    );
    assert_eq!(
        desk.delete(&format!("{place}/{one}/contact_to_company")),
        204
    );
    assert_eq!(desk.delete(&by_name), 204);
    let left = desk.hubspot.associations_of("contacts", &ada, "companies");
    assert_eq!((left.len(), left[0].is_primary), (1, false));
    assert_eq!(
        desk.put(&format!("{place}/{one}/friend"), &Value::Null).0,
        400
    );
}

#[test]
fn records_and_kinds_that_do_not_exist_are_refused() {
    let mut desk = Desk::new();
    let (ada, one, _) = contact_and_companies(&mut desk);
    let kinds = |number: u64| json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number }]);
    let place = |to: &str| format!("{OBJECTS}/contacts/{ada}/associations/companies/{to}");
    assert_eq!(desk.put(&place("1"), &kinds(279)).0, 404);
    let (status, body) = desk.put(&place(&one), &kinds(36));
    assert_eq!(status, 400);
    assert!(text(&body["message"]).contains("association type id 36 doesn't exist"));
    assert_eq!(desk.put(&place(&one), &json!([])).0, 400);
    let itself = format!("{OBJECTS}/contacts/{ada}/associations/default/contacts/{ada}");
    assert_eq!(desk.put(&itself, &Value::Null).0, 400);
    let nothing = json!({ "inputs": [] });
    assert_eq!(desk.post(&format!("{BATCH}/read"), &nothing).0, 400);
    desk.hubspot
        .grant_scopes(Some(vec!["crm.objects.contacts.read".to_owned()]));
    let read = json!({ "inputs": [{ "id": ada }] });
    assert_eq!(desk.post(&format!("{BATCH}/read"), &read).0, 207);
    assert_eq!(desk.put(&place(&one), &kinds(279)).0, 403);
}
