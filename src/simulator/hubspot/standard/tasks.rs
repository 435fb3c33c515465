//! Tasks: HubSpot's own properties.

use super::{choice, text, with_unique};
use crate::simulator::hubspot::property::{Kind, Property};
use crate::simulator::hubspot::settings::Settings;

const STATES: [&str; 5] = [
    "NOT_STARTED",
    "IN_PROGRESS",
    "WAITING",
    "DEFERRED",
    "COMPLETED",
];
const PRIORITIES: [&str; 4] = ["NONE", "LOW", "MEDIUM", "HIGH"];

/// The properties of tasks.
pub fn tasks(settings: &Settings) -> Vec<Property> {
    let all = vec![
        Property::new("hs_timestamp", "Due date", Kind::DateTime).standard(),
        text("hs_task_subject", "Task Title"),
        text("hs_task_body", "Task Notes"),
        text("hs_task_reminders", "Task Reminders"),
        choice("hs_task_status", "Task Status", &STATES).standard(),
        choice("hs_task_priority", "Priority", &PRIORITIES).standard(),
        choice("hs_task_type", "Task Type", &["TODO", "CALL", "EMAIL"]).standard(),
    ];
    with_unique(all, "task", settings)
}
