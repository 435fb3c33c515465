//! What a person does to the portal, said in the administrators' language.

use super::NOON;
use serde_json::{Value, json};
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::{HubSpot, Settings};
use syncline::simulator::salesforce::{self, Salesforce};

struct Door(Simulator);

impl Door {
    fn new() -> Door {
        let org = Salesforce::new(salesforce::Settings::default());
        Door(Simulator::new(HubSpot::new(Settings::default()), org, 1))
    }

    fn run(&mut self, mut command: Value) -> Value {
        command["side"] = json!("hubspot");
        self.0.command(&command, NOON).unwrap()
    }

    fn have(&mut self, object: &str, name: &str) -> String {
        let put = json!({ "do": "put", "object": object, "properties": { name: "A" } });
        self.run(put)["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn people_associate_records_label_them_and_set_limits() {
    let mut door = Door::new();
    let (ada, one) = (
        door.have("contacts", "lastname"),
        door.have("companies", "name"),
    );
    let say = |verb: &str| json!({ "do": verb, "from": "contacts", "from_id": ada, "to": "companies", "to_id": one });
    let with = |verb: &str, name: &str, value: Value| {
        let mut command = say(verb);
        command[name] = value;
        command
    };
    let label = with("add_association_label", "label", json!("Manager"));
    assert_eq!(door.run(label)["type_id"], json!(1));
    door.run(with("associate", "label", json!("Manager")));
    door.run(with("associate", "primary", json!(true)));
    assert_eq!(
        door.run(say("associations"))["associations"],
        json!([{ "id": one, "primary": true, "labels": ["Manager"] }])
    );
    door.run(with("dissociate", "primary", json!(true)));
    assert_eq!(
        door.run(say("associations"))["associations"][0]["primary"],
        json!(false)
    );
    door.run(say("dissociate"));
    assert_eq!(door.run(say("associations"))["associations"], json!([]));
    door.run(with("set_association_limit", "max", json!(0)));
    let mut refused = say("associate");
    refused["side"] = json!("hubspot");
    let error = door.0.command(&refused, NOON).unwrap_err();
    assert!(
        error.contains("cannot have more than 0 associations"),
        "{error}"
    );
    door.run(say("set_association_limit"));
    door.run(say("associate"));
}

#[test]
fn people_change_pipelines_lists_and_types() {
    let mut door = Door::new();
    let stage = json!({ "id": "met", "label": "Met", "probability": "0.3" });
    door.run(json!({
        "do": "put_pipeline", "object": "deals", "id": "partners", "label": "Partners",
        "stages": [stage],
    }));
    door.run(json!({
        "do": "put_stage", "object": "deals", "pipeline": "partners", "id": "won", "label": "Won",
        "probability": "1.0",
    }));
    door.run(json!({
        "do": "remove_stage", "object": "deals", "pipeline": "partners", "id": "met",
    }));
    assert_eq!(door.0.hubspot.pipelines("deals")[1].stages.len(), 1);
    door.run(json!({ "do": "remove_pipeline", "object": "deals", "id": "partners" }));
    assert_eq!(door.0.hubspot.pipelines("deals").len(), 1);

    let ada = door.have("contacts", "lastname");
    let made =
        json!({ "do": "add_list", "name": "Synced", "object": "contacts", "type": "DYNAMIC" });
    let list = door.run(made)["id"].clone();
    door.run(json!({ "do": "add_to_list", "list": list, "ids": [ada] }));
    let members = json!({ "do": "list_members", "list": list });
    assert_eq!(door.run(members.clone()), json!({ "members": [ada] }));
    door.run(json!({ "do": "remove_from_list", "list": list, "ids": [ada] }));
    assert_eq!(door.run(members), json!({ "members": [] }));
    door.run(json!({ "do": "set_list_readable", "list": list, "readable": "forbidden" }));
    door.run(json!({ "do": "delete_list", "list": list }));

    door.run(json!({
        "do": "define_object_type", "plural": "cars", "singular": "car", "type_id": "2-77",
        "required": ["wheels"], "properties": [{
            "name": "wheels", "label": "Wheels", "type": "number", "fieldType": "number",
            "groupName": "custominformation",
        }],
    }));
    let car = door.have("2-77", "name");
    door.run(json!({ "do": "archive", "object": "cars", "id": car }));
    door.run(json!({ "do": "restore", "object": "cars", "id": car }));
    assert_eq!(
        door.run(json!({ "do": "count", "object": "cars" })),
        json!({ "count": 1 })
    );
}
