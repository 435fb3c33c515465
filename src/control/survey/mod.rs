//! What `check` makes of a look at both accounts: each thing that is needed, granted, missing, or
//! where to click.
//!
//! Pure: a configuration and a [`Sight`] in, lines out.

mod board;
mod menu;
mod objects;
mod trouble;

use serde::Serialize;

use crate::config::Config;
use crate::domain::digest::thousands;
use crate::domain::fitness::{self, Flaw, FlawKind, Weight};
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, Side};
use crate::domain::schema::ObjectSchema;
use crate::sync::{Made, Missed, Sight, Step, Wanted};
use trouble::MISTAKE;

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is as it must be.
    Granted,
    /// It is not, and a person can see to it.
    Missing,
    /// It works, and a person should know something about it.
    Doubtful,
    /// It could not be learnt.
    Unknown,
}

impl State {
    /// The word in front of a line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Missing => "MISSING",
            Self::Doubtful => "DOUBT",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that the sync needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Whose it is; nothing when it concerns both.
    pub side: Option<Side>,
    /// The object it belongs to, if it does.
    pub object: Option<ObjectName>,
    /// What is needed.
    pub what: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What mends it in the configuration, or by a verb.
    pub remedy: Option<String>,
    /// Where to click.
    pub click: Option<String>,
    /// Whether it is a field, which are told together when all is well.
    #[serde(skip)]
    pub is_field: bool,
    /// What the process ends with because of it; 0 for nothing.
    #[serde(skip)]
    pub exit: u8,
}

impl Item {
    pub(super) fn new(side: Option<Side>, what: &str, state: State, said: String) -> Self {
        Self {
            side,
            object: None,
            what: what.to_owned(),
            state,
            said,
            remedy: None,
            click: None,
            is_field: false,
            exit: 0,
        }
    }

    fn granted(side: Side, what: &str, said: String) -> Self {
        Self::new(Some(side), what, State::Granted, said)
    }

    fn missing(side: Side, what: &str, said: String, click: String) -> Self {
        Self {
            click: Some(click),
            exit: MISTAKE,
            ..Self::new(Some(side), what, State::Missing, said)
        }
    }
}

/// Everything looked at: accounts first, then object by object.
pub fn survey(config: &Config, sight: &Sight) -> Vec<Item> {
    let mut items = hubspot(config, sight);
    items.extend(salesforce(config, sight));
    for object in &sight.objects {
        items.extend(objects::object(config, sight, object));
    }
    items
}

/// The fields of our own that are to be made, or shown to us.
pub fn wanted_fields(config: &Config, sight: &Sight) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for object in &sight.objects {
        let Ok(hubspot) = &object.schema else {
            continue;
        };
        if let Some(form) = object.forms.first() {
            wanted.extend(board::wanted(config, &form.mapping.hubspot_type, hubspot));
        }
        for form in &object.forms {
            let (mapping, Ok(salesforce)) = (&form.mapping, &form.schema) else {
                continue;
            };
            let flaws = fitness::flaws(mapping, hubspot, salesforce, &config.objects);
            let of_id = |flaw: &&Flaw| flaw.kind == FlawKind::IdField;
            for flaw in flaws.iter().filter(of_id) {
                let one = Wanted {
                    side: flaw.side,
                    type_: mapping.type_on(flaw.side).to_owned(),
                    field: mapping.id_field_on(flaw.side).clone(),
                    optional: flaw.weight != Weight::Stops,
                };
                if !wanted.contains(&one) {
                    wanted.push(one);
                }
            }
        }
    }
    wanted
}

/// One step of making fields, as a line; and what the process ends with because of it.
pub fn step_line(step: &Step, config: &Config) -> (String, u8) {
    let (side, what) = (step.side, &step.what);
    match &step.made {
        Made::Now => (format!("made     {side}: {what}"), 0),
        Made::Before => (format!("present  {side}: {what}"), 0),
        Made::Dispensable(error) => {
            let said = trouble::missed(side, what, error, config).said;
            (
                format!(
                    "without  {side}: {what}: {said}; nothing new is made there, all else goes on"
                ),
                0,
            )
        }
        Made::Refused(error) => {
            let item = trouble::missed(side, what, error, config);
            let scopes = is_scope(error) && side == Side::HubSpot;
            let click = if scopes {
                menu::scope("crm.schemas.….write of that type")
            } else {
                menu::setup(side)
            };
            (
                format!("REFUSED  {side}: {what}: {}; {click}", item.said),
                item.exit,
            )
        }
    }
}

/// The mappings alone, judged by what was read of both sides earlier.
pub fn mappings(config: &Config, kept: &[(Mapping, ObjectSchema, ObjectSchema)]) -> Vec<Item> {
    let mut items = Vec::new();
    for (mapping, hubspot, salesforce) in kept {
        let mut of_form = objects::mapping(config, mapping, hubspot, salesforce);
        for item in &mut of_form {
            item.object = Some(mapping.object.clone());
        }
        items.append(&mut of_form);
    }
    items
}

/// What the process ends with: what only a person mends outweighs a side that does not answer.
pub fn exit_code(exits: impl Iterator<Item = u8>) -> u8 {
    let passes = |exit: &u8| matches!(exit, 69 | 75);
    let exits: Vec<u8> = exits.filter(|exit| *exit != 0).collect();
    let lasting = exits.iter().find(|exit| !passes(exit));
    lasting.or(exits.first()).copied().unwrap_or(0)
}

/// The line that says what to do next.
pub fn next_step(items: &[Item]) -> String {
    let missing: Vec<&Item> = items.iter().filter(|one| one.exit == MISTAKE).collect();
    let makes = |item: &&&Item| {
        let remedy = item.remedy.as_deref().unwrap_or_default();
        remedy.contains("--create-fields")
    };
    let made = missing.iter().filter(makes).count();
    let others = missing.len() - made;
    match (made, others) {
        (0, 0) => match items.iter().find(|one| one.exit != 0) {
            Some(item) => format!("{}; then check again", item.said),
            None => {
                "all that is needed is granted; start the daemon (\"observe\" writes nothing), \
                     then \"syncline plan\" says what it would write"
                    .to_owned()
            }
        },
        (_, 0) => format!(
            "\"syncline check --create-fields\" makes what is missing ({})",
            counted(made)
        ),
        (0, _) => format!(
            "mend what is missing ({}), then check again",
            counted(others)
        ),
        (_, _) => format!(
            "mend what is missing ({}), then \"syncline check --create-fields\" for our own fields",
            counted(others)
        ),
    }
}

fn counted(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} thing{plural}")
}

fn hubspot(config: &Config, sight: &Sight) -> Vec<Item> {
    let side = Side::HubSpot;
    let configured = config.hubspot.portal;
    let mut items = vec![match &sight.account {
        Ok(account) if account.portal == configured => Item::granted(
            side,
            "token",
            format!("of portal {configured}, as configured"),
        ),
        Ok(account) => Item::missing(
            side,
            "token",
            format!(
                "of portal {}, and the configuration names {configured}; nothing else was asked",
                account.portal
            ),
            format!(
                "correct [hubspot] portal or credentials/hubspot_token; {}",
                menu::portal()
            ),
        ),
        Err(error) => trouble::missed(side, "token", error, config),
    }];
    items.push(version_of_hubspot(config));
    let scope = "crm.objects.owners.read";
    match &sight.owners {
        None => (),
        Some(Ok(())) => items.push(Item::granted(side, scope, "owners are matched".to_owned())),
        Some(Err(error)) => items.push(scope_missed(side, scope, "owners", error, config)),
    }
    items
}

/// When the version ends, by HubSpot's own calendar (hubspot.md section 0: v3 in September 2027).
fn version_of_hubspot(config: &Config) -> Item {
    let version = &config.hubspot.api_version;
    let mut item = Item::granted(Side::HubSpot, "API version", version.clone());
    if version == "v3" {
        item.state = State::Doubtful;
        item.said = format!("{version}, which HubSpot supports until September 2027");
        item.remedy = Some("write [hubspot] api_version = \"2026-09\"".to_owned());
    }
    item
}

/// A scope that a refused call named, or another reason why nothing came.
fn scope_missed(side: Side, scope: &str, what: &str, missed: &Missed, config: &Config) -> Item {
    if is_scope(missed) {
        let said = format!("{what} cannot be read without it");
        return Item::missing(side, scope, said, menu::scope(scope));
    }
    trouble::missed(side, scope, missed, config)
}

fn is_scope(missed: &Missed) -> bool {
    use crate::crm::http::CallError;
    matches!(
        missed,
        Missed::Call(CallError::Rejected { status: 403, .. })
    )
}

fn salesforce(config: &Config, sight: &Sight) -> Vec<Item> {
    let side = Side::Salesforce;
    let configured = &config.salesforce.org;
    let mut items = Vec::new();
    let version = &config.salesforce.api_version;
    items.push(match &sight.versions {
        Ok(spoken) if spoken.contains(version) => {
            Item::granted(side, "API version", version.clone())
        }
        Ok(spoken) => Item {
            remedy: spoken
                .last()
                .map(|newest| format!("write [salesforce] api_version = \"{newest}\"")),
            exit: MISTAKE,
            ..Item::new(
                Some(side),
                "API version",
                State::Missing,
                format!("{version} is not spoken there"),
            )
        },
        Err(error) => trouble::missed(side, "address", error, config),
    });
    items.push(match &sight.identity {
        Ok(identity) if identity.org == *configured => Item::granted(
            side,
            "login",
            format!(
                "to org {configured}, as configured, as user {}",
                identity.user
            ),
        ),
        Ok(identity) => Item::missing(
            side,
            "login",
            format!(
                "to org {}, and the configuration names {configured}; nothing else was asked",
                identity.org
            ),
            format!("correct [salesforce] org or login; {}", menu::org()),
        ),
        Err(error) => trouble::missed(side, "login", error, config),
    });
    items.extend(calls(config, sight));
    items
}

/// The allocation beside the org's own limit, and what looking for changes takes of it.
fn calls(config: &Config, sight: &Sight) -> Option<Item> {
    let usage = sight.usage?;
    let reserve = u64::from(config.budget.org_reserve_percent);
    let ours = usage.limit.saturating_mul(100 - reserve.min(100)) / 100;
    let allocation = config.budget.allocation;
    let mut item = Item::granted(
        Side::Salesforce,
        "calls",
        format!(
            "{} of the org's {} in 24 h are ours; the whole org used {}",
            thousands(allocation),
            thousands(usage.limit),
            thousands(usage.used)
        ),
    );
    if allocation > ours {
        item.state = State::Doubtful;
        item.said = format!(
            "{}; {reserve} % of the limit are left to everybody else, so that {} at most can be spent",
            item.said,
            thousands(ours)
        );
        item.remedy = Some(format!("write [budget] allocation = {ours}, or less"));
    }
    Some(item)
}
