//! Deals: HubSpot's own properties, with what it works out from the stage.

use super::{choice, text, with_unique};
use crate::simulator::hubspot::pipeline;
use crate::simulator::hubspot::property::{Kind, Property};
use crate::simulator::hubspot::settings::Settings;

/// Whether a deal is closed, derived from its stage.
pub const IS_CLOSED: &str = "hs_is_closed";
/// Whether a deal is won, derived from its stage.
pub const IS_WON: &str = "hs_is_closed_won";
/// How likely a deal is, derived from its stage.
pub const PROBABILITY: &str = "hs_deal_stage_probability";

/// The properties of deals. Pipelines and stages are no options of theirs: the pipelines API has them.
pub fn deals(settings: &Settings) -> Vec<Property> {
    let plain = |name: &str, label: &str, kind| Property::new(name, label, kind).standard();
    let all = vec![
        Property::new("sales_process", "Sales process", Kind::Text),
        text("dealname", "Deal Name"),
        text("description", "Deal Description"),
        text("hs_next_step", "Next step"),
        text("closed_lost_reason", "Closed Lost Reason"),
        text("closed_won_reason", "Closed Won Reason"),
        plain("amount", "Amount", Kind::Number),
        plain("closedate", "Close Date", Kind::DateTime),
        plain(pipeline::STAGE, "Deal Stage", Kind::Enumeration),
        plain(pipeline::PIPELINE, "Pipeline", Kind::Enumeration),
        choice(
            "dealtype",
            "Deal Type",
            &["newbusiness", "existingbusiness"],
        )
        .standard(),
        choice("hs_priority", "Priority", &["low", "medium", "high"]).standard(),
        choice("deal_currency_code", "Currency", &["EUR", "USD"]).standard(),
        plain(IS_CLOSED, "Is Deal Closed?", Kind::Bool).read_only(),
        plain(IS_WON, "Is Closed Won", Kind::Bool).read_only(),
        plain(PROBABILITY, "Deal probability", Kind::Number).read_only(),
    ];
    with_unique(all, "dealinformation", settings)
}
