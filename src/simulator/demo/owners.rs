//! Who owns the demo's records, on HubSpot's side.

/// Ada, an active user on both sides.
pub(super) const ADA: &str = "41629779";
/// Ben, an active user on both sides.
pub(super) const BEN: &str = "41629780";
/// Gone, still an owner in HubSpot and an inactive user in Salesforce.
pub(super) const GONE: &str = "41629783";
/// Dana, a freelancer without a Salesforce user.
pub(super) const DANA: &str = "41629784";
/// Ben's address, the key to his Salesforce user.
pub(super) const BEN_EMAIL: &str = "ben.moreau@acme.example";

/// Id, first name, last name and e-mail of every owner. The integration user is among them, so
/// that records it creates have an owner on both sides.
pub(super) const ALL: [(&str, &str, &str, &str); 5] = [
    (ADA, "Ada", "Admin", "ada@acme.example"),
    (BEN, "Ben", "Moreau", BEN_EMAIL),
    (GONE, "Gone", "Away", "gone@acme.example"),
    (DANA, "Dana", "Freelance", "dana@studio.example"),
    (
        "41629785",
        "Syncline",
        "Integration",
        "syncline@acme.example",
    ),
];

/// The two who share the healthy records.
pub(super) fn of(number: usize) -> &'static str {
    if number.is_multiple_of(2) { ADA } else { BEN }
}
