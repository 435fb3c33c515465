//! What `check` says of objects that have a permission of their own.

use syncline::simulator::salesforce;

use super::scene::Scene;
use super::survey::{checked, contains, item, states};

#[test]
fn contact_roles_that_may_not_be_made_are_told_before_a_deal_fails_by_them() {
    let scene = Scene::new();
    scene.configure("\n[objects.company]\n\n[objects.deal]\n");
    let granted = checked(&scene, 0);
    let what = "OpportunityContactRole records";
    assert_eq!(item(&granted, what)["state"], "granted");
    let (object, verb) = ("OpportunityContactRole", salesforce::Verb::Create);
    let mut simulator = scene.simulator();
    simulator.salesforce.set_object_access(object, verb, false);
    drop(simulator);
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "MISSING  OpportunityContactRole: make",
            "does not reach Salesforce",
            "Object Settings > OpportunityContactRole: Read, Create, Edit, View All",
        ],
    );
    // Where only Salesforce's roles are carried there is nothing to be made there.
    scene.configure(
        "\n[objects.company]\n\n[objects.deal]\n\n[[objects.deal.fields]]\n\
         hubspot = \"associations.contact\"\nsalesforce = \"OpportunityContactRole.ContactId\"\n\
         rule = \"always-salesforce\"\n",
    );
    assert!(states(&checked(&scene, 0), "missing").is_empty());
}
