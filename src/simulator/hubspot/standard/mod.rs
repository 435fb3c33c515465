//! The properties a portal starts with: those HubSpot brings and those of the company in our story.

pub mod companies;
pub mod deals;
pub mod tasks;

use super::association;
use super::property::{Kind, Property, Sharing};
use super::settings::Settings;

/// The stages of a contact's life, in the only direction they move.
pub const LIFECYCLE: [&str; 8] = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];

const LEAD_STATUS: [&str; 8] = [
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "OPEN_DEAL",
    "UNQUALIFIED",
    "ATTEMPTED_TO_CONTACT",
    "CONNECTED",
    "BAD_TIMING",
];

const CONTACT_TEXTS: [(&str, &str); 18] = [
    ("email", "Email"),
    ("firstname", "First Name"),
    ("lastname", "Last Name"),
    ("phone", "Phone Number"),
    ("mobilephone", "Mobile Phone Number"),
    ("fax", "Fax Number"),
    ("jobtitle", "Job Title"),
    ("company", "Company Name"),
    ("address", "Street Address"),
    ("city", "City"),
    ("state", "State/Region"),
    ("zip", "Postal Code"),
    ("country", "Country/Region"),
    ("salutation", "Salutation"),
    ("date_of_birth", "Date of Birth"),
    ("website", "Website URL"),
    ("message", "Message"),
    ("numemployees", "Number of Employees"),
];

const READ_ONLY_TEXTS: [(&str, &str); 11] = [
    ("hs_email_domain", "Email Domain"),
    ("hs_object_source", "Record source"),
    ("hs_object_source_id", "Record source ID"),
    ("hs_object_source_label", "Record source label"),
    ("hs_pipeline", "Pipeline"),
    ("hs_is_contact", "Is a contact"),
    ("hs_is_unworked", "Contact unworked"),
    (
        "hs_marketable_until_renewal",
        "Marketing contact until next update",
    ),
    ("hs_all_contact_vids", "All vids for a contact"),
    ("hs_merged_object_ids", "Merged object IDs"),
    (
        "hs_calculated_merged_vids",
        "Merged vids with timestamps of a contact",
    ),
];

/// Properties of every type: id and the two stamps, under the names the type uses.
pub fn automatic(created: &str, modified: &str) -> Vec<Property> {
    vec![
        Property::new("hs_object_id", "Record ID", Kind::Number)
            .standard()
            .read_only(),
        Property::new(created, "Create Date", Kind::DateTime)
            .standard()
            .read_only(),
        Property::new(modified, "Last Modified Date", Kind::DateTime)
            .standard()
            .read_only(),
        text("hs_merged_object_ids", "Merged object IDs").read_only(),
        Property::new("hubspot_owner_id", "Owner", Kind::Enumeration).standard(),
    ]
}

/// Contacts: HubSpot's own and the portal's.
pub fn contacts(settings: &Settings) -> Vec<Property> {
    let mut all: Vec<Property> = CONTACT_TEXTS
        .iter()
        .map(|(name, label)| text(name, label))
        .collect();
    all.extend(
        READ_ONLY_TEXTS
            .iter()
            .map(|(name, label)| text(name, label).read_only()),
    );
    all.push(text("hs_additional_emails", "Additional email addresses"));
    all.push(Property::new("annualrevenue", "Annual Revenue", Kind::Number).standard());
    all.push(choice("lifecyclestage", "Lifecycle Stage", &LIFECYCLE).standard());
    all.push(choice("hs_lead_status", "Lead Status", &LEAD_STATUS).standard());
    for stage in LIFECYCLE {
        let name = format!("hs_lifecyclestage_{stage}_date");
        all.push(
            Property::new(&name, &name, Kind::DateTime)
                .standard()
                .read_only(),
        );
    }
    if settings.associations.associated_company_id {
        let name = association::settle::PRIMARY_COMPANY;
        all.push(
            Property::new(name, "Primary Associated Company ID", Kind::Number)
                .standard()
                .read_only(),
        );
    }
    all.extend(custom(settings));
    all
}

fn custom(settings: &Settings) -> Vec<Property> {
    let all = vec![
        choice(
            "customer_tier",
            "Customer tier",
            &["gold", "silver", "bronze", "platinum"],
        ),
        Property::new("score", "Score", Kind::Number),
        Property::new("visits", "Visits", Kind::Number),
        choice(
            "interests",
            "Interests",
            &["events", "training", "beta", "support"],
        )
        .multiple(),
        Property::new("last_webinar", "Last webinar", Kind::DateTime),
        Property::new("renewal_date", "Renewal date", Kind::Date),
        Property::new("newsletter", "Newsletter", Kind::Bool),
        Property::new("external_ref", "External reference", Kind::Text),
        Property::new("annual_value", "Annual value", Kind::Number),
        Property::new("partner_ref", "Partner reference", Kind::Text),
        choice(
            "lead_source",
            "Lead source",
            &["Web", "Phone Inquiry", "Partner Referral", "Other"],
        ),
    ];
    with_unique(all, "contactinformation", settings)
}

/// A custom type: one text, and the id of the other side.
pub fn custom_type(settings: &Settings) -> Vec<Property> {
    let name = Property::new("name", "Name", Kind::Text);
    with_unique(vec![name], "custominformation", settings)
}

// The group is where the portal's pages show a property.
fn with_unique(mut all: Vec<Property>, group: &str, settings: &Settings) -> Vec<Property> {
    if settings.unique_id_property {
        all.push(unique("syncline_salesforce_id", "Salesforce ID (Syncline)"));
    }
    for property in &mut all {
        group.clone_into(&mut property.group);
    }
    all
}

fn text(name: &str, label: &str) -> Property {
    Property::new(name, label, Kind::Text).standard()
}

fn choice(name: &str, label: &str, values: &[&str]) -> Property {
    Property::new(name, label, Kind::Enumeration).with_options(values)
}

fn unique(name: &str, label: &str) -> Property {
    Property {
        sharing: Sharing::Unique,
        ..Property::new(name, label, Kind::Text)
    }
}
