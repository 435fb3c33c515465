//! Why a record is left out, in words, and what settles it.

use crate::domain::event::Excluded;

/// What a reason means to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// What is the matter, as the end of a sentence about the record.
    pub says: &'static str,
    /// What a person can do about it.
    pub settle: &'static str,
}

/// The words for `why`.
pub fn reason(why: Excluded) -> Reason {
    let (says, settle) = match why {
        Excluded::List => (
            "it is not in HubSpot's list, so nothing of it goes to Salesforce",
            "put it into the list, or change \"list\" in the configuration",
        ),
        Excluded::Condition => (
            "it does not meet the condition in Salesforce, so nothing of it goes to HubSpot",
            "make it meet the condition, or change \"condition\" in the configuration",
        ),
        Excluded::NoKey => (
            "it has no value to be matched by",
            "give it one, or: syncline link HUBSPOT-ID SALESFORCE-ID",
        ),
        Excluded::Deleted => (
            "it or its partner was deleted",
            "restore what was deleted, or: syncline unlink ID",
        ),
        Excluded::Converted => (
            "the lead was converted, and its contact goes on in its place",
            "nothing: see the contact",
        ),
        Excluded::Merged => (
            "it was merged into another record, which goes on in its place",
            "nothing: see the other record",
        ),
        Excluded::Ambiguous => (
            "several records share its key, or the one that does is another's or left out",
            "syncline link HUBSPOT-ID SALESFORCE-ID, or: syncline exclude ID",
        ),
        Excluded::Creation => (
            "it has no partner, and the mapping creates none there",
            "change \"creates\" or \"direction\" in the configuration, or: syncline link HUBSPOT-ID SALESFORCE-ID",
        ),
        Excluded::Dropped => (
            "its first write stood in a hold that a person dropped",
            "it is planned again when it changes, or now: syncline exclude ID --drop",
        ),
        Excluded::Operator => (
            "a person left it out",
            "syncline exclude ID --drop, or: syncline link HUBSPOT-ID SALESFORCE-ID",
        ),
    };
    Reason { says, settle }
}
