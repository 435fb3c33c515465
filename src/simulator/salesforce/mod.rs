//! The simulated Salesforce: one org in memory, deterministic from its seed, without I/O and without a clock.
//!
//! [`Salesforce::handle`] is its whole network side; the methods in `admin` are what people do in the
//! org. Lost answers, time-outs and 5xx are not its business: the shell around it makes those.

mod admin;
mod bulk;
mod call;
mod cell;
mod collections;
mod composite;
mod derived;
mod describe;
mod ids;
mod intake;
mod keyed;
mod moments;
mod oauth;
mod object_info;
mod places;
mod problem;
mod query;
mod removal;
mod replication;
mod router;
mod row_endpoints;
mod rows;
mod rules;
mod save;
mod schema;
mod settings;
mod setup_tables;
mod soql;
mod stages;
mod standard;
mod tooling;
mod usage;
mod validate;

use std::collections::{BTreeMap, BTreeSet};

use crate::simulator::wire;

pub use admin::{
    Access, Conversion, Converted, FieldChange, NewObject, NewQueue, NewRecordType, NewUser,
    Opening, Stage,
};
pub use problem::Problem;
pub use rules::{Injected, InjectedKind, Op, Predicate, Rewrite};
pub use save::{Refusal, Verb};
pub use settings::{Settings, Switch};

use cell::Cell;
use rows::{Row, Table, Tables};
use save::Doer;

/// One org: its records, schema, rules, sessions and limits.
#[derive(Debug)]
pub struct Salesforce {
    settings: Settings,
    tables: Tables,
    usage: usage::Usage,
    sessions: oauth::Sessions,
    cursors: BTreeMap<String, query::Cursor>,
    jobs: bulk::Jobs,
    rules: Vec<Injected>,
    /// (object, field, what becomes of its text)
    automations: Vec<(String, String, Rewrite)>,
    denied: BTreeSet<(String, Verb)>,
    unseen: BTreeSet<String>,
    read_only: BTreeSet<String>,
    /// By object, the record type that a record gets whose creator names none.
    default_types: BTreeMap<String, String>,
    /// (record type, field) that offers only these of the list's values.
    offered: BTreeMap<(String, String), Vec<String>>,
    /// (object, field) made over the API: seen only where a permission set says so.
    ungranted: BTreeSet<(String, String)>,
    /// Rows that grant something were written since the grants were looked at.
    grants_moved: bool,
    late: Vec<admin::Late>,
    locked_rows: u64,
    /// Every row of the integration user that was not saved, in order.
    refusals: Vec<Refusal>,
    mint: ids::Mint,
    luck: fastrand::Rng,
    /// The latest time anybody told, in Unix ms; it does not run backwards.
    clock: i64,
}

/// Id of the person who makes the changes that are not ours.
pub fn human_id() -> String {
    ids::with_suffix("005Qy0000000002")
}

/// Id of a user who has left the company.
pub fn inactive_user_id() -> String {
    ids::with_suffix("005Qy0000000003")
}

/// Id of a queue of leads and cases.
pub fn queue_id() -> String {
    ids::with_suffix("00GQy0000000001")
}

impl Salesforce {
    /// An org with its standard objects, four users, one queue and no other record.
    pub fn new(settings: Settings) -> Self {
        let mut org = Salesforce {
            tables: Tables::new(standard::schemas(&settings)),
            usage: usage::Usage::default(),
            sessions: oauth::Sessions::default(),
            cursors: BTreeMap::new(),
            jobs: bulk::Jobs::default(),
            rules: Vec::new(),
            automations: Vec::new(),
            denied: BTreeSet::new(),
            unseen: BTreeSet::new(),
            read_only: BTreeSet::new(),
            default_types: BTreeMap::new(),
            offered: BTreeMap::new(),
            ungranted: BTreeSet::new(),
            grants_moved: false,
            late: Vec::new(),
            locked_rows: 0,
            refusals: Vec::new(),
            mint: ids::Mint::new(settings.seed),
            luck: fastrand::Rng::with_seed(settings.seed),
            clock: 0,
            settings,
        };
        org.settle();
        org
    }

    /// The rows an org has before anybody works in it.
    fn settle(&mut self) {
        let own = (self.settings.user_id.clone(), self.settings.user.clone());
        self.settle_user(&own.0, "Syncline", "Integration", &own.1, "Standard", true);
        self.settle_user(
            &human_id(),
            "Ada",
            "Admin",
            "ada@acme.example",
            "Standard",
            true,
        );
        self.settle_user(
            &inactive_user_id(),
            "Gone",
            "Away",
            "gone@acme.example",
            "Standard",
            false,
        );
        let partner = ids::with_suffix("005Qy0000000004");
        self.settle_user(
            &partner,
            "Pat",
            "Partner",
            "pat@partner.example",
            "PowerPartner",
            true,
        );
        let inbound = NewQueue {
            name: "Inbound".to_owned(),
            objects: vec!["Lead".to_owned(), "Case".to_owned()],
        };
        self.settle_queue(&queue_id(), &inbound);
        self.settle_stages();
        self.tables.watch("OpportunityContactRole", "OpportunityId");
        let text = |value: &str| Cell::Text(value.to_owned());
        let org = self.settings.org_id.clone();
        self.settle_row(
            "Organization",
            &org,
            &[
                ("Name", text("Acme")),
                ("OrganizationType", text("Enterprise Edition")),
                ("IsSandbox", Cell::Bool(false)),
                ("InstanceName", text("EU42")),
                ("LanguageLocaleKey", text("en_US")),
            ],
        );
        self.tables.commit();
    }

    fn settle_user(
        &mut self,
        id: &str,
        first: &str,
        last: &str,
        name: &str,
        kind: &str,
        active: bool,
    ) {
        let text = |value: &str| Cell::Text(value.to_owned());
        let alias: String = first.chars().take(8).collect();
        self.settle_row(
            "User",
            id,
            &[
                ("Username", text(name)),
                ("Email", text(name)),
                ("FirstName", text(first)),
                ("LastName", text(last)),
                ("Alias", text(&alias)),
                ("UserType", text(kind)),
                ("IsActive", Cell::Bool(active)),
            ],
        );
    }

    fn settle_row(&mut self, object: &str, id: &str, cells: &[(&str, Cell)]) {
        let mut row = Row::new(id.to_owned());
        row.set(schema::CREATED_DATE, Cell::Moment(0));
        row.set(schema::CREATED_BY, Cell::Text(human_id()));
        for (name, cell) in cells {
            if let Some(column) = self.table(object).schema.column(name) {
                row.set(column, cell.clone());
            }
        }
        self.store(object, row, Doer::Human);
    }

    /// Answers one HTTP request at `now`, Unix milliseconds; a `now` that runs backwards is held.
    pub fn handle(&mut self, request: &wire::Request, now: i64) -> wire::Response {
        self.advance(now);
        let answer = self.answer(request);
        self.tables.commit();
        self.settle_grants();
        answer.sent(moments::http(self.clock))
    }

    /// Every API call the org ever counted.
    pub fn calls_counted(&self) -> u64 {
        self.usage.total()
    }

    /// Counted calls as (Unix ms, calls), in order.
    pub fn call_log(&self) -> &[(i64, u64)] {
        self.usage.log()
    }

    /// Every row that the API's user sent and the org refused, in order.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// The most calls there were in any rolling 24 hours.
    pub fn worst_window(&self) -> u64 {
        self.usage.worst()
    }

    fn advance(&mut self, now: i64) {
        self.run_jobs(now);
        self.clock = self.clock.max(now);
        self.commit_late();
    }

    fn is_on(&self, switch: Switch) -> bool {
        self.settings.switches.contains(&switch)
    }

    fn table(&self, object: &str) -> &Table {
        self.tables
            .get(object)
            .expect("callers resolved the object's name")
    }

    fn doer_id(&self, by: Doer) -> String {
        match by {
            Doer::Integration => self.settings.user_id.clone(),
            Doer::Human => human_id(),
        }
    }

    fn user_is_active(&self, id: &str) -> bool {
        let users = self.table("User");
        let column = users.schema.column("IsActive");
        column
            .zip(users.row(id))
            .is_some_and(|(column, row)| row.cell(column).is_true())
    }
}
