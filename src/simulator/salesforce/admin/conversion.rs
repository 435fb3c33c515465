//! Converting a lead: into records that exist, or into new ones. The API has no call for it.

use serde::{Deserialize, Serialize};

use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::rows::Row;
use crate::simulator::salesforce::save::{Care, Doer, Write};
use crate::simulator::salesforce::schema::Flag;
use crate::simulator::salesforce::settings::Switch;
use crate::simulator::salesforce::{human_id, ids, moments};

/// What a lead becomes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conversion {
    /// The contact it goes into; without one, a contact is created.
    #[serde(default)]
    pub contact: Option<String>,
    /// The account it goes into; without one, that of the contact, or a new one named by the company.
    #[serde(default)]
    pub account: Option<String>,
    /// The opportunity, when there is to be one.
    #[serde(default)]
    pub opportunity: Option<Opening>,
}

/// The opportunity of a conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// One that exists.
    Existing(String),
    /// A new one of this name, in the first open stage.
    New(String),
}

/// Ids of what a lead became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The contact.
    pub contact: String,
    /// The account.
    pub account: String,
    /// The opportunity, if there is one.
    pub opportunity: Option<String>,
}

/// Lead fields and the contact fields they go to. Custom fields go nowhere unless an administrator
/// maps them, and nobody has.
const TO_CONTACT: [(&str, &str); 18] = [
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Salutation", "Salutation"),
    ("Title", "Title"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("MobilePhone", "MobilePhone"),
    ("Fax", "Fax"),
    ("LeadSource", "LeadSource"),
    ("Description", "Description"),
    ("DoNotCall", "DoNotCall"),
    ("HasOptedOutOfEmail", "HasOptedOutOfEmail"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
    ("OwnerId", "OwnerId"),
];

const TO_ACCOUNT: [(&str, &str); 12] = [
    ("Company", "Name"),
    ("Phone", "Phone"),
    ("Fax", "Fax"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("AnnualRevenue", "AnnualRevenue"),
    ("NumberOfEmployees", "NumberOfEmployees"),
    ("Street", "BillingStreet"),
    ("City", "BillingCity"),
    ("State", "BillingState"),
    ("PostalCode", "BillingPostalCode"),
    ("OwnerId", "OwnerId"),
];

impl Salesforce {
    /// Converts a lead into a contact and an account that exist already.
    pub fn convert_lead(
        &mut self,
        lead: &str,
        contact: &str,
        account: &str,
        now: i64,
    ) -> Result<(), Problem> {
        let into = Conversion {
            contact: Some(contact.to_owned()),
            account: Some(account.to_owned()),
            opportunity: None,
        };
        self.convert_lead_into(lead, &into, now).map(|_| ())
    }

    /// Converts a lead; what does not exist is created, all in one transaction. Of a contact that
    /// exists only empty fields are filled.
    pub fn convert_lead_into(
        &mut self,
        lead: &str,
        into: &Conversion,
        now: i64,
    ) -> Result<Converted, Problem> {
        self.advance(now);
        let mark = self.tables.mark();
        let done = self.convert(lead, into);
        if done.is_err() {
            self.tables.roll_back(mark);
        }
        self.tables.commit();
        done
    }

    fn convert(&mut self, lead: &str, into: &Conversion) -> Result<Converted, Problem> {
        let lead = self.convertible(lead)?;
        let account = match (&into.account, &into.contact) {
            (Some(account), _) => self.existing("Account", account)?,
            (None, Some(contact)) => self.account_of(contact, &lead)?,
            (None, None) => self.created("Account", &TO_ACCOUNT, &lead, Vec::new())?,
        };
        let parent = ("AccountId", Cell::Text(account.clone()));
        let contact = match &into.contact {
            Some(contact) => {
                let contact = self.existing("Contact", contact)?;
                self.fill_contact(&contact, &lead)?;
                contact
            }
            None => self.created("Contact", &TO_CONTACT, &lead, vec![parent.clone()])?,
        };
        let opportunity = match &into.opportunity {
            None => None,
            Some(Opening::Existing(id)) => Some(self.existing("Opportunity", id)?),
            Some(Opening::New(name)) => {
                Some(self.create_opportunity(name, &lead, parent, &contact)?)
            }
        };
        for task in self.children("Task", "WhoId", &lead.id) {
            self.change("Task", &task, "WhoId", &contact);
        }
        let converted = Converted {
            contact,
            account,
            opportunity,
        };
        self.mark_converted(lead, &converted);
        Ok(converted)
    }

    fn convertible(&self, lead: &str) -> Result<Row, Problem> {
        let id = self.existing("Lead", lead)?;
        let table = self.table("Lead");
        let row = table.row(&id).cloned().ok_or_else(Problem::not_found)?;
        let converted = table.schema.column("IsConverted");
        if converted.is_some_and(|column| row.cell(column).is_true()) {
            let message = "cannot reference converted lead";
            return Err(Problem::data("CANNOT_UPDATE_CONVERTED_LEAD", message, &[]));
        }
        Ok(row)
    }

    /// The id of a living row of this object.
    fn existing(&self, object: &str, text: &str) -> Result<String, Problem> {
        let id = ids::parse(text).unwrap_or_default();
        match self.table(object).row(&id) {
            Some(row) if row.is_deleted() => {
                Err(Problem::data("ENTITY_IS_DELETED", "entity is deleted", &[]))
            }
            Some(_) => Ok(id),
            None => Err(Problem::data(
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
            )),
        }
    }

    fn account_of(&mut self, contact: &str, lead: &Row) -> Result<String, Problem> {
        let contact = self.existing("Contact", contact)?;
        let table = self.table("Contact");
        let account = table
            .schema
            .column("AccountId")
            .and_then(|column| table.row(&contact)?.cell(column).text());
        match account.map(str::to_owned) {
            Some(account) => Ok(account),
            None => self.created("Account", &TO_ACCOUNT, lead, Vec::new()),
        }
    }

    /// A new row of `object` with what the lead hands over and `more`.
    fn created(
        &mut self,
        object: &str,
        map: &[(&str, &str)],
        lead: &Row,
        more: Vec<(&str, Cell)>,
    ) -> Result<String, Problem> {
        let mut cells = self.handed_over(object, map, lead);
        let schema = &self.table(object).schema;
        cells.extend(
            more.into_iter()
                .filter_map(|(name, cell)| Some((schema.column(name)?, cell))),
        );
        self.saved(object, None, cells)
    }

    fn saved(
        &mut self,
        object: &str,
        id: Option<String>,
        cells: Vec<(usize, Cell)>,
    ) -> Result<String, Problem> {
        let saved = self.save(&Write {
            object: object.to_owned(),
            id,
            cells,
            by: Doer::Human,
            care: Care::DespiteAlerts,
        });
        saved.map_err(|mut problems| problems.swap_remove(0))
    }

    /// The lead's values by columns of `object`; keys go along only where the org carries them.
    fn handed_over(&self, object: &str, map: &[(&str, &str)], lead: &Row) -> Vec<(usize, Cell)> {
        let (from, to) = (&self.table("Lead").schema, &self.table(object).schema);
        let pair = |own: &str, other: &str| {
            let (source, target) = (from.column(own)?, to.column(other)?);
            let cell = lead.cell(source).clone();
            (!cell.is_null()).then_some((target, cell))
        };
        let mut cells: Vec<(usize, Cell)> = map
            .iter()
            .filter_map(|(own, other)| pair(own, other))
            .collect();
        if object == "Contact" && self.is_on(Switch::ConversionCarriesKeys) {
            let keys = from.fields.iter().filter(|own| own.has(Flag::ExternalId));
            cells.extend(keys.filter_map(|key| pair(&key.name, &key.name)));
        }
        // A queue owns no contact: whoever converts takes the records over.
        let owner = to.column("OwnerId");
        for (column, cell) in &mut cells {
            let is_user = cell.text().is_some_and(|id| self.user_is_active(id));
            if Some(*column) == owner && !is_user {
                *cell = Cell::Text(human_id());
            }
        }
        cells
    }

    fn fill_contact(&mut self, contact: &str, lead: &Row) -> Result<(), Problem> {
        let cells = self.handed_over("Contact", &TO_CONTACT, lead);
        let table = self.table("Contact");
        let Some(row) = table.row(contact) else {
            return Ok(());
        };
        let empty: Vec<(usize, Cell)> = cells
            .into_iter()
            .filter(|(column, _)| row.cell(*column).is_null())
            .collect();
        if !empty.is_empty() {
            self.saved("Contact", Some(contact.to_owned()), empty)?;
        }
        Ok(())
    }

    /// A new opportunity, and the contact as its primary one.
    fn create_opportunity(
        &mut self,
        name: &str,
        lead: &Row,
        account: (&str, Cell),
        contact: &str,
    ) -> Result<String, Problem> {
        let text = |text: &str| Cell::Text(text.to_owned());
        let stage = self.first_open_stage();
        let more = vec![
            ("Name", text(name)),
            ("StageName", stage),
            ("CloseDate", text(&quarter_end(self.clock))),
            account,
        ];
        let map = [("LeadSource", "LeadSource"), ("OwnerId", "OwnerId")];
        let opportunity = self.created("Opportunity", &map, lead, more)?;
        let role = vec![
            ("OpportunityId", text(&opportunity)),
            ("ContactId", text(contact)),
            ("IsPrimary", Cell::Bool(true)),
        ];
        self.created("OpportunityContactRole", &[], lead, role)?;
        Ok(opportunity)
    }

    fn mark_converted(&mut self, mut lead: Row, into: &Converted) {
        let text = |id: &String| Cell::Text(id.clone());
        let day = moments::wire(self.clock)[..10].to_owned();
        for (name, cell) in [
            ("IsConverted", Cell::Bool(true)),
            ("ConvertedDate", Cell::Text(day)),
            ("ConvertedContactId", text(&into.contact)),
            ("ConvertedAccountId", text(&into.account)),
            (
                "ConvertedOpportunityId",
                into.opportunity.as_ref().map_or(Cell::Null, text),
            ),
            ("Status", Cell::Text("Closed - Converted".to_owned())),
        ] {
            if let Some(column) = self.table("Lead").schema.column(name) {
                lead.set(column, cell);
            }
        }
        self.store("Lead", lead, Doer::Human);
    }
}

/// The last day of the quarter, which a new opportunity is expected to close on.
fn quarter_end(now: i64) -> String {
    let today = moments::wire(now);
    let end = match &today[5..7] {
        "01" | "02" | "03" => "03-31",
        "04" | "05" | "06" => "06-30",
        "07" | "08" | "09" => "09-30",
        _ => "12-31",
    };
    format!("{}-{end}", &today[..4])
}
