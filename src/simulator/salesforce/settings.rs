//! What an org is when it is created, and the switches that can be turned later.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The org, its integration user and its limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// 18-character organization id.
    pub org_id: String,
    /// API calls allowed in any rolling 24 hours.
    pub org_limit: u64,
    /// Calls of that limit that others always use.
    pub preload_used: u64,
    /// Base of `instance_url`; when empty, it is built from the request's own `Host`.
    pub instance_url: String,
    /// User name of the integration user.
    pub user: String,
    /// 18-character id of the integration user.
    pub user_id: String,
    /// Consumer key.
    pub client_id: String,
    /// Consumer secret.
    pub client_secret: String,
    /// What a person who approved the client once has given it to come back with.
    pub refresh_token: String,
    /// RSA public key (DER: PKCS#1 or SPKI) that assertions must verify against; without one any
    /// well-formed assertion will do.
    pub public_key: Option<Vec<u8>>,
    /// How far ahead, in seconds, an assertion may expire.
    pub assertion_seconds: i64,
    /// Everything random grows from it.
    pub seed: u64,
    /// A session ends this many seconds after its last use.
    pub session_seconds: i64,
    /// How many milliseconds the reported usage lags behind.
    pub limit_info_lag_ms: i64,
    /// Rows on a page of a query.
    pub default_row_limit: usize,
    /// How long a Bulk job takes for 10,000 rows, in milliseconds; with 0 it is done at the next request.
    pub bulk_ms_per_10k: i64,
    /// Rows on a page of a query job's results, whatever `maxRecords` says.
    pub bulk_page: usize,
    /// Jobs on a page of the list of jobs.
    pub bulk_list_page: usize,
    /// Batches of 10,000 rows that loads may have in 24 hours.
    pub bulk_batches: u64,
    /// Query jobs in 24 hours.
    pub bulk_query_jobs: u64,
    /// Switches that are on from the start.
    pub switches: BTreeSet<Switch>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            org_id: super::ids::with_suffix("00DQy00000A1b2c"),
            org_limit: 100_000,
            preload_used: 0,
            instance_url: "https://acme.my.salesforce.com".to_owned(),
            user: "syncline@acme.example".to_owned(),
            user_id: super::ids::with_suffix("005Qy0000000001"),
            client_id: "syncline-key".to_owned(),
            client_secret: "syncline-secret".to_owned(),
            refresh_token: "syncline-refresh".to_owned(),
            public_key: None,
            assertion_seconds: 300,
            seed: 1,
            session_seconds: 7200,
            limit_info_lag_ms: 0,
            default_row_limit: 2000,
            bulk_ms_per_10k: 5000,
            bulk_page: 50_000,
            bulk_list_page: 1000,
            bulk_batches: 15_000,
            bulk_query_jobs: 10_000,
            switches: BTreeSet::new(),
        }
    }
}

/// What an org has or has not, and what the reference could not settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// The org has no `Syncline_HubSpot_Id__c` fields. Only read when the org is created.
    WithoutExternalId,
    /// State and Country/Territory picklists are enabled; as in a real org, they do not go away again.
    StateCountryPicklists,
    /// One unknown field fails a whole Collections call instead of its row.
    UnknownFieldFailsCall,
    /// A row tells only its first error instead of all of the failing stage.
    FirstErrorOnly,
    /// Errors carry no `Sforce-Limit-Info`.
    NoLimitInfoOnErrors,
    /// E-mail addresses are stored in lower case.
    LowercaseEmails,
    /// The API is disabled for the org.
    ApiDisabled,
    /// Long requests of others fill the concurrency limit.
    ConcurrentLimit,
    /// No row can be created: storage is full.
    StorageFull,
    /// The token endpoint refuses the client.
    CredentialsRefused,
    /// `StageName` takes any text, as a picklist does whose list is not closed.
    OpenStages,
    /// A lead that is converted hands its external ids on to its contact.
    ConversionCarriesKeys,
    /// A Bulk result file without rows is empty instead of a header alone.
    EmptyResultsWithoutHeader,
    /// A permission on a field that changes is no change of the describe, for who asks conditionally.
    PermissionsOutsideDescribe,
    /// The integration user may not change the setup: fields and permission sets are refused.
    SetupRefused,
    /// Custom fields of activities can be unique external ids.
    ActivityKeys,
}
