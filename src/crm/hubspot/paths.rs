//! Where each resource lives, by version of the API. Bodies are the same in all of them.

use crate::crm::values::percent;

/// HubSpot's address.
pub const BASE: &str = "https://api.hubapi.com";

/// A version of the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ApiVersion {
    /// The dated version in force; enforces the admin's rules on API writes.
    #[default]
    September2026,
    /// The dated version before it.
    March2026,
    /// The undated one; ends in September 2027.
    V3,
}

impl ApiVersion {
    /// The version named `2026-09`, `2026-03` or `v3`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "2026-09" => Some(Self::September2026),
            "2026-03" => Some(Self::March2026),
            "v3" => Some(Self::V3),
            _ => None,
        }
    }

    /// The name as it stands in paths and in the configuration.
    pub fn key(&self) -> &'static str {
        match self {
            Self::September2026 => "2026-09",
            Self::March2026 => "2026-03",
            Self::V3 => "v3",
        }
    }

    fn area(&self, area: &str) -> String {
        match self {
            Self::September2026 | Self::March2026 => format!("/crm/{area}/{}", self.key()),
            Self::V3 => format!("/crm/v3/{area}"),
        }
    }

    pub(super) fn objects(&self, type_: &str) -> String {
        format!("{}/{}", self.area("objects"), percent(type_))
    }

    pub(super) fn properties(&self, type_: &str) -> String {
        format!("{}/{}", self.area("properties"), percent(type_))
    }

    /// The batch endpoints of the associations between two types: v3's are v4's.
    pub(super) fn associations(&self, from: &str, to: &str) -> String {
        let area = match self {
            Self::September2026 | Self::March2026 => self.area("associations"),
            Self::V3 => "/crm/v4/associations".to_owned(),
        };
        format!("{area}/{}/{}", percent(from), percent(to))
    }

    /// The report of records at the limits of their associations.
    pub(super) fn limits(&self) -> String {
        format!("{}/associations/records", self.area("limits"))
    }

    /// The limits that administrators set: v3's are v4's.
    pub(super) fn own_limits(&self, from: &str, to: &str) -> String {
        let area = match self {
            Self::September2026 | Self::March2026 => self.area("associations"),
            Self::V3 => "/crm/associations/v4".to_owned(),
        };
        let (from, to) = (percent(from), percent(to));
        format!("{area}/definitions/configurations/{from}/{to}")
    }

    pub(super) fn pipelines(&self, type_: &str) -> String {
        format!("{}/{}", self.area("pipelines"), percent(type_))
    }

    pub(super) fn lists(&self) -> String {
        self.area("lists")
    }

    pub(super) fn owners(&self) -> String {
        self.area("owners")
    }

    pub(super) fn account(&self) -> String {
        format!("/account-info/{}/details", self.key())
    }
}
