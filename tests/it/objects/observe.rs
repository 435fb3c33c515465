//! Mode observe: what would be written is planned and kept, and none of it is lost meanwhile.

use serde_json::json;
use syncline::domain::event::Mode;

use super::Story;

#[tokio::test]
async fn an_edit_seen_in_mode_observe_is_written_later_though_its_partner_was_touched_since() {
    let mut story = Story::new("[objects.contact]\n").await;
    let fields = json!({ "email": "ada@scene.example", "lastname": "Lovelace" });
    let ada = story.hubspot("contacts", fields);
    story.minutes(3).await;
    let partner = story.only_in_salesforce("Contact");
    story.world.set_mode(Mode::Observe).await;
    story.told();
    story.change_hubspot("contacts", &ada, json!({ "phone": "+49 1" }));
    story.minutes(2).await;
    story.salesforce("Contact", json!({ "Id": partner, "Fax": "2" }));
    story.minutes(2).await;
    story.salesforce("Contact", json!({ "Id": partner, "Fax": null }));
    story.minutes(2).await;
    assert_eq!(story.told(), Vec::<String>::new());
    story.world.set_mode(Mode::Sync).await;
    story.minutes(2).await;
    assert_eq!(story.told(), ["contact updated to Salesforce"]);
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone"]),
        ["+49 1"]
    );
}
