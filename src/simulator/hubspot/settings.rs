//! What a simulated portal is like, and which of several believable behaviours it shows.
//!
//! Where the evidence about the real HubSpot is weak there is a switch here instead of a guess in the code.

use super::association;

/// The portal's properties; `Default` is an Enterprise portal in Europe.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, read by name in one place each"
)]
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account's number, called `portalId` on the wire.
    pub portal_id: u64,
    /// The one static bearer token that is let in.
    pub token: String,
    /// Granted scopes; `None` grants everything.
    pub scopes: Option<Vec<String>>,
    /// OAuth application and refresh token, for the token endpoint.
    pub oauth: OAuth,
    /// IANA name; the daily limit is reset at its midnight.
    pub time_zone: String,
    /// Host of the web interface, used in `url`.
    pub ui_domain: String,
    /// How long a write stays unseen by search, at most.
    pub index_lag_ms: i64,
    /// By how much less a single write may lag: above 0, writes reach the index out of order.
    pub index_lag_spread_ms: i64,
    /// Calls per rolling ten seconds.
    pub burst_limit: u32,
    /// Searches per second of the whole account.
    pub search_limit: u32,
    /// How many results of one search can be paged through. 10,000 (the guides).
    pub search_depth: usize,
    /// Calls per day of the account.
    pub daily_limit: u64,
    /// Seed of record ids, correlation ids, lag and the order of batch results.
    pub seed: u64,
    /// The application id that our own writes carry in a property's history.
    pub app_id: u64,
    /// Whether contacts have the unique property `syncline_salesforce_id`.
    pub unique_id_property: bool,
    /// Whether the results of a batch come in another order than its inputs.
    pub shuffle_batches: bool,
    /// How a bad property is reported.
    pub error_style: ErrorStyle,
    /// What JSON `null` does as a property value.
    pub null_means: NullMeans,
    /// Code for text in a number property: `INVALID_LONG`, `INVALID_INTEGER`, …
    pub bad_number_code: String,
    /// Code for an owner that does not exist.
    pub bad_owner_code: String,
    /// Whether a record may be given to an archived owner.
    pub archived_owner_accepted: bool,
    /// Whether a record may be given to a queue.
    pub queue_owner_accepted: bool,
    /// Whether a contact without e-mail and name may be created.
    pub empty_contact_accepted: bool,
    /// Whether a merged-away id still resolves in `batch/read`.
    pub merged_ids_in_batch_read: bool,
    /// Whether merged-away records show in the archived listing.
    pub merged_listed_as_archived: bool,
    /// What a batch update by `idProperty` does with values nobody has.
    pub missing_by_property: MissingByProperty,
    /// How associations behave.
    pub associations: association::switches::Switches,
}

/// The OAuth application and its one grant.
#[derive(Debug, Clone)]
pub struct OAuth {
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: String,
    /// The refresh token; it does not expire by itself.
    pub refresh_token: String,
    /// Life of an access token in seconds.
    pub access_life_s: i64,
}

/// Both styles are seen live today; a client has to read either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorStyle {
    /// An array inside `message` and an `errors` list.
    Both,
    /// Only the array inside `message`.
    Embedded,
    /// Only the `errors` list.
    Listed,
}

/// Nobody documents what `null` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullMeans {
    /// The value is cleared, as by an empty string.
    Cleared,
    /// The property is left as it is.
    Ignored,
}

/// Both were seen live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingByProperty {
    /// 207 with `context.ids`.
    Partial,
    /// 404 for the whole call with `context.missingObjectPropertyValueCoordinates`.
    Whole,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            portal_id: 146_812_345,
            token: "pat-eu1-simulated".to_owned(),
            scopes: None,
            oauth: OAuth::default(),
            time_zone: "Europe/Berlin".to_owned(),
            ui_domain: "app-eu1.hubspot.com".to_owned(),
            index_lag_ms: 2_000,
            index_lag_spread_ms: 0,
            burst_limit: 190,
            search_limit: 5,
            search_depth: 10_000,
            daily_limit: 1_000_000,
            seed: 1,
            app_id: 3_217_786,
            unique_id_property: true,
            shuffle_batches: true,
            error_style: ErrorStyle::Both,
            null_means: NullMeans::Cleared,
            bad_number_code: "INVALID_LONG".to_owned(),
            bad_owner_code: "INVALID_OWNER_ID".to_owned(),
            archived_owner_accepted: false,
            queue_owner_accepted: true,
            empty_contact_accepted: false,
            merged_ids_in_batch_read: true,
            merged_listed_as_archived: false,
            missing_by_property: MissingByProperty::Partial,
            associations: association::switches::Switches::default(),
        }
    }
}

impl Default for OAuth {
    fn default() -> OAuth {
        OAuth {
            client_id: "simulated-client".to_owned(),
            client_secret: "simulated-secret".to_owned(),
            refresh_token: "eu1-simulated-refresh".to_owned(),
            access_life_s: 1_800,
        }
    }
}
