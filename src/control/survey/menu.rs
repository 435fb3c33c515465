//! Where a person clicks: the menu paths of both CRMs, as their guides name them.

use crate::config::Auth;
use crate::domain::board::Property;
use crate::domain::fitness::{Flaw, FlawKind};
use crate::domain::mapping::Mapping;
use crate::domain::record::Side;

/// HubSpot's page of service keys (guide "Make API requests using a service key").
pub(super) fn service_key() -> String {
    "HubSpot: Development > Keys > Service keys > your key".to_owned()
}

/// Where one of the board's properties is made.
pub(super) fn property(type_: &str, property: Property) -> String {
    let options = property.options().iter();
    let options: Vec<&str> = options.map(|(value, _)| *value).collect();
    let kind = if options.is_empty() {
        "single-line text".to_owned()
    } else {
        format!("dropdown select with {}", options.join(", "))
    };
    format!(
        "HubSpot: Settings > Data Management > Properties > {type_} > Create property: {kind}, internal \
         name {}",
        property.name()
    )
}

/// Where HubSpot's own integration is switched off.
pub(super) fn other_integration() -> String {
    "HubSpot: Settings > Integrations > Connected apps > Salesforce".to_owned()
}

/// Where a scope is added to the key.
pub(super) fn scope(name: &str) -> String {
    format!("{}: add the scope {name}", service_key())
}

/// Where the number of a portal stands.
pub(super) fn portal() -> String {
    "HubSpot: the number in the address of every page, and in the account menu, top right"
        .to_owned()
}

/// Where the app lets the user in.
pub(super) fn app(auth: Auth) -> String {
    let manager = "Salesforce Setup > External Client App Manager > your app";
    match auth {
        Auth::Jwt => format!(
            "{manager} > Settings: JWT Bearer Flow on, with the certificate of this key; Policies: \
             Admin approved users are pre-authorized, and a permission set that the integration \
             user has"
        ),
        Auth::ClientCredentials => format!(
            "{manager} > Settings: Client Credentials Flow on; Policies > Run As: the integration \
             user"
        ),
    }
}

/// Where an org's id stands.
pub(super) fn org() -> String {
    "Salesforce Setup > Company Information > Salesforce.com Organization ID".to_owned()
}

/// Where API access is given.
pub(super) fn api() -> String {
    "Salesforce Setup > Permission Sets > the integration user's > System Permissions > API Enabled"
        .to_owned()
}

/// Where access to an object is given.
pub(super) fn object(type_: &str) -> String {
    format!(
        "Salesforce Setup > Permission Sets > the integration user's > Object Settings > {type_}: \
         Read, Create, Edit, View All"
    )
}

/// Where the right to change the setup is given, for as long as it is needed.
pub(super) fn setup(side: Side) -> String {
    match side {
        Side::HubSpot => service_key(),
        Side::Salesforce => "an administrator makes it by hand, or gives the integration user Customize \
                             Application, Manage Profiles and Permission Sets and Assign Permission \
                             Sets for a moment (Setup > Permission Sets > System Permissions)"
            .to_owned(),
    }
}

/// Where what a flaw names can be mended, when that is not in the configuration.
pub(super) fn of_flaw(flaw: &Flaw, mapping: &Mapping) -> Option<String> {
    let type_ = mapping.type_on(flaw.side);
    let permission = || {
        format!(
            "Salesforce Setup > Permission Sets > the integration user's > Object Settings > {type_} > \
             Field Permissions"
        )
    };
    let field = || {
        flaw.field
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    match (flaw.kind, flaw.side) {
        (FlawKind::IdField, Side::HubSpot) => Some(format!(
            "or HubSpot: Settings > Data Management > Properties > {type_} > Create property: \
             single-line text, internal name {}, require unique values",
            field()
        )),
        (FlawKind::IdField, Side::Salesforce) => {
            // Tasks and events share their fields, which are an Activity's.
            let holder = if type_ == "Task" { "Activity" } else { type_ };
            Some(format!(
                "or Salesforce Setup > Object Manager > {holder} > Fields & Relationships > New: Text(64) \
                 {}, External ID, Unique, case-insensitive; then {}",
                field(),
                permission()
            ))
        }
        (FlawKind::Missing | FlawKind::MatchField | FlawKind::NotPermitted, Side::Salesforce) => {
            Some(permission())
        }
        (FlawKind::Missing | FlawKind::MatchField, Side::HubSpot) => Some(format!(
            "HubSpot: Settings > Data Management > Properties > {type_}"
        )),
        (FlawKind::Object, _) => Some(object(type_)),
        (FlawKind::Required, Side::Salesforce) => Some(format!(
            "Salesforce Setup > Object Manager > {type_} > Fields & Relationships > {}",
            field()
        )),
        (FlawKind::Required | FlawKind::NotPermitted, Side::HubSpot)
        | (FlawKind::ReadOnly | FlawKind::Types | FlawKind::Lookup | FlawKind::Twice, _) => None,
    }
}
