//! Inclusion lists that are not believed: they leave nothing out, and nothing goes by them.

use serde_json::json;
use syncline::control::request::Request;
use syncline::domain::event::Excluded;
use syncline::domain::record::ObjectName;
use syncline::simulator::hubspot::list::Readable;

use super::Story;
use super::list::LISTED;

#[tokio::test]
async fn a_list_that_cannot_be_read_holds_what_goes_to_salesforce_until_it_can() {
    for (readable, says) in [
        (
            Readable::Forbidden,
            "contact: HubSpot's list Sync to Salesforce may not be read by us (403); give the token \
             the scope crm.lists.read and access to the list",
        ),
        (
            Readable::Missing,
            "contact: HubSpot's list Sync to Salesforce is not there (404); restore it in HubSpot, \
             or name another in the configuration",
        ),
    ] {
        let mut story = Story::new(LISTED).await;
        let (ada, grace) = (story.person("ada"), story.person("grace"));
        let list = story.a_list(&[&ada, &grace]);
        story.minutes(3).await;
        let partner = story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"])[0].clone();
        story.told();
        story.in_hubspot(|portal, _| portal.set_list_readable(&list, readable).unwrap());
        story.minutes(1).await;
        story.change_hubspot("contacts", &ada, json!({ "phone": "1" }));
        story.salesforce("Contact", json!({ "Id": partner, "Fax": "2" }));
        story.minutes(3).await;
        assert_eq!(
            story.told(),
            ["contact updated to HubSpot"],
            "the other way goes on, and nobody is left out"
        );
        assert_eq!(story.attention("list").await, [says]);
        assert_eq!(story.left_out(Excluded::List).await, (0, 0));
        story.in_hubspot(|portal, _| portal.set_list_readable(&list, Readable::Yes).unwrap());
        story.minutes(2).await;
        assert_eq!(story.told(), ["contact updated to Salesforce"]);
        assert_eq!(story.attention("list").await, Vec::<String>::new());
        assert_eq!(
            story.shows_salesforce("Contact", &partner, &["Phone", "Fax"]),
            ["1", "2"]
        );
    }
}

#[tokio::test]
async fn without_its_list_nothing_is_created_in_salesforce() {
    let mut story = Story::new(LISTED).await;
    let ada = story.person("ada");
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
    assert_eq!(story.attention("is not there (404)").await.len(), 1);
    story.a_list(&[&ada]);
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact linked: created", "contact created to Salesforce"]
    );
}

#[tokio::test]
async fn a_list_of_another_type_is_refused() {
    let mut story = Story::new("[objects.company]\nlist = \"1\"\n").await;
    story.a_list(&[]);
    story.hubspot("companies", json!({ "name": "Acme" }));
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
    assert_eq!(
        story.attention("list").await,
        [
            "company: HubSpot's list 1 holds no companies; name a list of companies in the \
          configuration"
        ]
    );
}

#[tokio::test]
async fn a_list_that_shrinks_at_once_holds_until_it_is_whole_again_or_accepted() {
    for ends in ["mended", "accepted", "configured"] {
        let mut story = Story::new(LISTED).await;
        let people = story.crowd(14);
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        let list = story.a_list(&people);
        story.minutes(3).await;
        story.told();
        story.leaves(&list, &people[..11]);
        story.minutes(2).await;
        assert_eq!(story.told(), Vec::<String>::new(), "nobody is left out");
        assert_eq!(
            story.attention("list").await,
            [
                "contact: 11 of 14 contacts left HubSpot's list Sync to Salesforce at once, which \
              the guard does not let pass; correct the list, or accept it: syncline approve --list \
              contact"
            ]
        );
        story.change_hubspot("contacts", people[13], json!({ "phone": "1" }));
        story.minutes(2).await;
        assert_eq!(story.told(), Vec::<String>::new());
        if ends == "mended" {
            story.joins(&list, &people[..11]);
            story.minutes(2).await;
            assert_eq!(story.told(), ["contact updated to Salesforce"]);
        } else {
            if ends == "accepted" {
                let said = story.asked(accept("contact")).await.unwrap();
                assert!(
                    said.contains("up to 11 of its members may be gone"),
                    "{said}"
                );
            } else {
                story.world.guard.deletions_percent = 100;
                story.configure(LISTED).await;
            }
            story.minutes(2).await;
            let mut told = story.told();
            told.sort();
            let mut expected = vec!["contact excluded: list"; 11];
            expected.push("contact updated to Salesforce");
            assert_eq!(told, expected);
            assert_eq!(story.left_out(Excluded::List).await, (11, 11));
        }
        assert_eq!(story.attention("list").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn who_accepts_that_a_list_shrank_does_not_accept_that_it_shrinks_further() {
    let mut story = Story::new(LISTED).await;
    let people = story.crowd(20);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let list = story.a_list(&people);
    story.minutes(3).await;
    let refused = story.asked(accept("contact")).await.unwrap_err();
    assert!(
        refused.contains("is believed: nothing is to be accepted"),
        "{refused}"
    );
    let refused = story.asked(accept("deal")).await.unwrap_err();
    assert!(refused.contains("no list that selects deal"), "{refused}");
    story.leaves(&list, &people[..11]);
    story.minutes(2).await;
    story.asked(accept("contact")).await.unwrap();
    // Somebody goes on emptying it before it is read again.
    story.leaves(&list, &people[11..13]);
    story.minutes(2).await;
    assert_eq!(story.left_out(Excluded::List).await, (0, 0));
    let says = story.attention("13 of 20 contacts left").await;
    assert_eq!(says.len(), 1, "what is told is what is to be accepted now");
    story.asked(accept("contact")).await.unwrap();
    story.minutes(2).await;
    assert_eq!(story.left_out(Excluded::List).await, (13, 13));
    // One that cannot be read cannot be accepted either.
    story.in_hubspot(|portal, _| {
        portal
            .set_list_readable(&list, Readable::Forbidden)
            .unwrap();
    });
    story.minutes(2).await;
    let refused = story.asked(accept("contact")).await.unwrap_err();
    assert!(refused.contains("(403)"), "{refused}");
}

fn accept(object: &str) -> Request {
    let object = ObjectName::parse(object).unwrap();
    Request::AcceptList { object }
}

#[tokio::test]
async fn ten_who_leave_at_once_are_let_go() {
    let mut story = Story::new(LISTED).await;
    let people = story.crowd(12);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let list = story.a_list(&people);
    story.minutes(3).await;
    story.leaves(&list, &people[..10]);
    story.minutes(2).await;
    assert_eq!(story.left_out(Excluded::List).await, (10, 10));
}
