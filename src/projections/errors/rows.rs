//! Open errors as rows of a sheet, with everything that a person needs to work on them elsewhere.

use std::collections::HashMap;

use super::OpenError;
use crate::annex;
use crate::domain::catalogue::{Slug, Type};
use crate::domain::digest::ErrorRow;
use crate::domain::failure::TextKey;
use crate::domain::record::{FieldName, Side, Timestamp};
use crate::projections::links::Links;
use crate::projections::pairs;
use crate::store::View;

/// Makes rows. Errors of one cause say the same, so that what was looked up once is kept for the
/// others of a page.
pub struct Rows<'v> {
    view: &'v View<'v>,
    links: Links,
    /// Whether a row names its record: a mail may not.
    named: bool,
    texts: HashMap<TextKey, String>,
    fixes: HashMap<Slug, String>,
}

impl<'v> Rows<'v> {
    /// For as many rows as a page holds.
    pub fn of(view: &'v View<'v>, named: bool) -> anyhow::Result<Self> {
        Ok(Self {
            view,
            links: Links::of(view)?,
            named,
            texts: HashMap::new(),
            fixes: HashMap::new(),
        })
    }

    /// `error` as a row.
    pub fn row(&mut self, error: &OpenError) -> anyhow::Result<ErrorRow> {
        let ids = pairs::ids(self.view, error.record)?;
        let id = |side| {
            let id = ids.as_ref().and_then(|ids| ids.id(side));
            id.map(ToString::to_string).unwrap_or_default()
        };
        let link = |side| {
            let link = ids.as_ref().and_then(|ids| self.links.record(side, ids));
            link.unwrap_or_default()
        };
        let name = match ids.as_ref().filter(|_| self.named) {
            Some(ids) => annex::name(self.view, ids)?.unwrap_or_default(),
            None => String::new(),
        };
        let (hubspot, salesforce) = (link(Side::HubSpot), link(Side::Salesforce));
        let kind = self.view.catalogue().get(&error.slug);
        let field = error.field.as_ref().map_or("", FieldName::as_str);
        Ok(ErrorRow {
            cause: format!("C-{}", error.cause),
            kind: error.slug.as_str().to_owned(),
            object: error.object.to_string(),
            to: error.to.key().to_owned(),
            name,
            hubspot,
            salesforce,
            field: field.to_owned(),
            code: error.code.clone(),
            message: self.message(error)?,
            known: error.known.key().to_owned(),
            since: rfc3339(error.first_at),
            attempts: error.attempts,
            who_fixes: kind.map_or_else(String::new, |kind| kind.who_fixes.key().to_owned()),
            fix: self.fix(kind),
            category: kind.map_or_else(String::new, |kind| kind.category.key().to_owned()),
            hubspot_id: id(Side::HubSpot),
            salesforce_id: id(Side::Salesforce),
            last_seen: rfc3339(error.last_at),
        })
    }

    fn message(&mut self, error: &OpenError) -> anyhow::Result<String> {
        let Some(key) = &error.text else {
            return Ok(String::new());
        };
        if let Some(text) = self.texts.get(key) {
            return Ok(text.clone());
        }
        let text = annex::text(self.view, key)?.unwrap_or_default();
        self.texts.insert(key.clone(), text.clone());
        Ok(text)
    }

    fn fix(&mut self, kind: Option<&Type>) -> String {
        let Some(kind) = kind else {
            return String::new();
        };
        if let Some(fix) = self.fixes.get(&kind.slug) {
            return fix.clone();
        }
        let fix = kind.fix.join(" ");
        self.fixes.insert(kind.slug.clone(), fix.clone());
        fix
    }
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.to_string())
        .unwrap_or_default()
}
