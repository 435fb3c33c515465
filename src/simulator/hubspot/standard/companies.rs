//! Companies: HubSpot's own properties, as far as they are likely to be mapped.

use super::{LEAD_STATUS, LIFECYCLE, choice, text, with_unique};
use crate::simulator::hubspot::property::{Kind, Property};
use crate::simulator::hubspot::settings::Settings;

const TEXTS: [(&str, &str); 13] = [
    ("name", "Company name"),
    ("domain", "Company Domain Name"),
    ("phone", "Phone Number"),
    ("address", "Street Address"),
    ("address2", "Street Address 2"),
    ("city", "City"),
    ("state", "State/Region"),
    ("zip", "Postal Code"),
    ("country", "Country/Region"),
    ("website", "Website URL"),
    ("description", "Description"),
    ("about_us", "About Us"),
    ("founded_year", "Year Founded"),
];

/// A part of HubSpot's list, which has some 150 entries.
const INDUSTRIES: [&str; 20] = [
    "ACCOUNTING",
    "AUTOMOTIVE",
    "BANKING",
    "BIOTECHNOLOGY",
    "CHEMICALS",
    "COMPUTER_SOFTWARE",
    "CONSTRUCTION",
    "CONSUMER_GOODS",
    "EDUCATION_MANAGEMENT",
    "ELECTRICAL_ELECTRONIC_MANUFACTURING",
    "FINANCIAL_SERVICES",
    "FOOD_BEVERAGES",
    "HOSPITAL_HEALTH_CARE",
    "INFORMATION_TECHNOLOGY_AND_SERVICES",
    "INSURANCE",
    "LOGISTICS_AND_SUPPLY_CHAIN",
    "MACHINERY",
    "REAL_ESTATE",
    "RETAIL",
    "TELECOMMUNICATIONS",
];

const TYPES: [&str; 5] = ["PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"];

/// The properties of companies.
pub fn companies(settings: &Settings) -> Vec<Property> {
    let mut all: Vec<Property> = TEXTS
        .iter()
        .map(|(name, label)| text(name, label))
        .collect();
    all.push(choice("industry", "Industry", &INDUSTRIES).standard());
    all.push(choice("type", "Type", &TYPES).standard());
    all.push(Property::new("annualrevenue", "Annual Revenue", Kind::Number).standard());
    all.push(Property::new("numberofemployees", "Number of Employees", Kind::Number).standard());
    all.push(Property::new("is_public", "Is Public", Kind::Bool).standard());
    all.push(choice("lifecyclestage", "Lifecycle Stage", &LIFECYCLE).standard());
    all.push(choice("hs_lead_status", "Lead Status", &LEAD_STATUS).standard());
    with_unique(all, "companyinformation", settings)
}
