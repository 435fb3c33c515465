//! The addresses of associations, and which of them answers.

use super::super::HubSpot;
use super::super::call::{Answer, Call};
use super::super::refusal::Refusal;

/// What a call about associations asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `…/associations/{from}/{to}/…`
    Between {
        /// Name of the type that associations lead from.
        from: String,
        /// Name of the type that they lead to.
        to: String,
        /// What is asked.
        ask: Ask,
    },
    /// `…/objects/{from}/{id}/associations/{to}`
    Of {
        /// Name of the record's type.
        from: String,
        /// Id of the record.
        id: String,
        /// Name of the other type.
        to: String,
    },
    /// `…/objects/{from}/{id}/associations/{to}/{to_id}`
    Pair(Pair),
    /// `…/objects/{from}/{id}/associations/default/{to}/{to_id}`
    Default(Pair),
    /// The v3 form of [`Address::Of`].
    OldOf {
        /// Name of the record's type.
        from: String,
        /// Id of the record.
        id: String,
        /// Name of the other type.
        to: String,
    },
    /// `/crm/v3/objects/{from}/{id}/associations/{to}/{to_id}/{kind}`
    OldPair(Pair, String),
    /// `…/limits/associations/records/from`
    AtLimit,
    /// `…/limits/associations/records/{from}/{to}`
    Limit {
        /// Name or id of the type whose records may be full.
        from: String,
        /// Name or id of the type that they are full of.
        to: String,
    },
}

/// Two records, as an address names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Name of the first one's type.
    pub from: String,
    /// Its id.
    pub id: String,
    /// Name of the other one's type.
    pub to: String,
    /// Its id.
    pub to_id: String,
}

/// What is asked of the associations between two types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `batch/read`
    Read,
    /// `batch/create`
    Create,
    /// `batch/associate/default`
    CreateDefault,
    /// `batch/archive`
    Archive,
    /// `batch/labels/archive`
    ArchiveLabels,
    /// `labels`
    Labels,
    /// `labels/{typeId}`
    Label(String),
    /// `…/definitions/configurations/{from}/{to}`: what administrators set
    Configurations,
}

impl Address {
    /// Reads what follows `associations` in a path that names two types.
    pub fn between(rest: &[&str]) -> Option<Address> {
        let (from, to, rest) = match rest {
            ["definitions", "configurations", from, to] => (from, to, &["configurations"][..]),
            [from, to, rest @ ..] => (from, to, rest),
            _ => return None,
        };
        let ask = match rest {
            ["configurations"] => Ask::Configurations,
            ["batch", "read"] => Ask::Read,
            ["batch", "create"] => Ask::Create,
            ["batch", "associate", "default"] => Ask::CreateDefault,
            ["batch", "archive"] => Ask::Archive,
            ["batch", "labels", "archive"] => Ask::ArchiveLabels,
            ["labels"] => Ask::Labels,
            ["labels", id] => Ask::Label((*id).to_owned()),
            _ => return None,
        };
        Some(Address::Between {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            ask,
        })
    }

    /// Reads what follows `objects` in a path that names one record.
    pub fn of_record(rest: &[&str]) -> Option<Address> {
        match rest {
            [from, id, "associations", to] => Some(Address::Of {
                from: (*from).to_owned(),
                id: (*id).to_owned(),
                to: (*to).to_owned(),
            }),
            [from, id, "associations", "default", to, to_id] => {
                Some(Address::Default(pair(from, id, to, to_id)))
            }
            [from, id, "associations", to, to_id] => Some(Address::Pair(pair(from, id, to, to_id))),
            _ => None,
        }
    }

    /// Reads what follows `objects` in a v3 path that names one record.
    pub fn of_record_v3(rest: &[&str]) -> Option<Address> {
        match rest {
            [from, id, "associations", to] => Some(Address::OldOf {
                from: (*from).to_owned(),
                id: (*id).to_owned(),
                to: (*to).to_owned(),
            }),
            [from, id, "associations", to, to_id, kind] => {
                let pair = pair(from, id, to, to_id);
                Some(Address::OldPair(pair, (*kind).to_owned()))
            }
            _ => None,
        }
    }

    /// Name of the type whose scope is needed; the report of limits needs none.
    pub fn from(&self) -> Option<&str> {
        match self {
            Address::Between { from, .. }
            | Address::Of { from, .. }
            | Address::OldOf { from, .. } => Some(from),
            Address::Pair(pair) | Address::Default(pair) | Address::OldPair(pair, _) => {
                Some(&pair.from)
            }
            Address::AtLimit | Address::Limit { .. } => None,
        }
    }

    /// Whether the call changes nothing.
    pub fn reads(&self, method: &str) -> bool {
        let asks = matches!(self, Address::Between { ask: Ask::Read, .. });
        asks || method == "GET"
    }
}

fn pair(from: &str, id: &str, to: &str, to_id: &str) -> Pair {
    Pair {
        from: from.to_owned(),
        id: id.to_owned(),
        to: to.to_owned(),
        to_id: to_id.to_owned(),
    }
}

impl HubSpot {
    pub(in super::super) fn answer_associations(
        &mut self,
        call: &Call<'_>,
        address: &Address,
    ) -> Result<Answer, Refusal> {
        match (call.method(), address) {
            (method, Address::Between { from, to, ask }) => {
                let (from, to) = (self.object_named(from)?, self.object_named(to)?);
                match (method, ask) {
                    ("POST", Ask::Read) => self.read_ties(call, from, to),
                    ("POST", Ask::Create) => self.create_ties(call, from, to),
                    ("POST", Ask::CreateDefault) => self.create_default_ties(call, from, to),
                    ("POST", Ask::Archive) => self.archive_ties(call, from, to),
                    ("POST", Ask::ArchiveLabels) => self.archive_labels(call, from, to),
                    ("GET", Ask::Configurations) => Ok(self.configurations(from, to)),
                    ("GET", Ask::Labels) => Ok(self.list_labels(from, to)),
                    ("POST", Ask::Labels) => self.create_label(call, from, to),
                    ("PUT", Ask::Labels) => self.update_label(call, from, to),
                    ("DELETE", Ask::Label(id)) => self.delete_label(call, from, to, id),
                    _ => Ok(Answer::MethodNotAllowed),
                }
            }
            ("GET", Address::Of { from, id, to }) => self.list_ties(call, from, id, to),
            ("PUT", Address::Pair(pair)) => self.put_labels(call, pair),
            ("DELETE", Address::Pair(pair)) => self.delete_tie(call, pair),
            ("PUT", Address::Default(pair)) => self.put_default(call, pair),
            ("GET", Address::OldOf { from, id, to }) => self.list_ties_v3(call, from, id, to),
            ("PUT", Address::OldPair(pair, kind)) => self.put_tie_v3(call, pair, kind),
            ("DELETE", Address::OldPair(pair, kind)) => self.delete_tie_v3(call, pair, kind),
            ("GET", Address::AtLimit) => Ok(self.types_at_limit()),
            ("GET", Address::Limit { from, to }) => {
                Ok(self.records_at_limit(self.object_named(from)?, self.object_named(to)?))
            }
            _ => Ok(Answer::MethodNotAllowed),
        }
    }
}
