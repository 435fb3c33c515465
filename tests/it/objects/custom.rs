//! Objects of one's own, by configuration alone.

use serde_json::json;
use syncline::simulator::salesforce::NewObject;

use super::Story;

const CARS: &str = r#"
[objects.company]
[objects.car]
hubspot_type    = "cars"
salesforce_type = "Car__c"
[[objects.car.fields]]
hubspot    = "name"
salesforce = "Name"
[[objects.car.fields]]
hubspot    = "associations.company"
salesforce = "Account__c"
"#;

#[tokio::test]
async fn an_object_of_ones_own_is_kept_in_step_with_the_company_it_belongs_to() {
    let mut story = Story::new(CARS).await;
    story.in_hubspot(|portal, _| portal.add_object_type("cars", "car", "2-77"));
    story.in_salesforce(|org, _| {
        let new = NewObject {
            name: "Car__c".to_owned(),
            label: "Car".to_owned(),
            prefix: None,
            fields: "Account__c reference cunFS >Account:Account__r".to_owned(),
        };
        org.add_object(&new).unwrap();
        org.add_key_field("Car__c").unwrap();
    });
    let company = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let car = story.hubspot("cars", json!({ "name": "Fulvia" }));
    story.associate(("cars", &car), ("companies", &company));
    story.minutes(4).await;
    let (account, made) = (
        story.only_in_salesforce("Account"),
        story.only_in_salesforce("Car__c"),
    );
    assert_eq!(
        story.shows_salesforce(
            "Car__c",
            &made,
            &["Name", "Account__c", "Syncline_HubSpot_Id__c"]
        ),
        ["Fulvia", account.as_str(), story.mark(&car).as_str()]
    );
    story.salesforce("Car__c", json!({ "Id": made, "Name": "Fulvia Coupé" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_hubspot("cars", &car, &["name"]),
        ["Fulvia Coupé"]
    );
    story.told();
    story.minutes(12).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
}
