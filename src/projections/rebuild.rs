//! Deriving every projection anew, and showing that nothing changed by it.

use std::fmt::Write;

use crate::annex;
use crate::domain::event::CatalogueChanged;
use crate::journal;
use crate::store::migrations::{STALE, recreate_derived};
use crate::store::{Tx, View};

use super::{append, apply};

/// Every table that is derived, in the order in which they are shown.
pub const TABLES: &[&str] = &[
    "pairs",
    "prints",
    "errors",
    "error_groups",
    "error_hours",
    "error_types",
    "error_totals",
    "sayings",
    "causes",
    "remarks",
    "calls",
    "call_hours",
    "usage",
    "usage_hours",
    "cursors",
    "settings",
    "slots",
    "told",
    "holds",
    "writes",
    "synced",
    "ways",
    "turns",
    "days",
    "uncarried",
    "jobs",
    "forecasts",
    "costs",
];

/// `meta` row with the digest of the catalogue that the errors' types were derived with.
pub(super) const CATALOGUE: &str = "catalogue";

/// Drops every projection and derives it from the journal again; returns how many entries that
/// were.
pub fn rebuild(tx: &Tx<'_>) -> anyhow::Result<u64> {
    recreate_derived(tx)?;
    let mut after = 0;
    let mut entries = 0;
    loop {
        let page = journal::read(tx, after, u32::MAX)?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.seq;
        for entry in &page {
            apply(tx, entry)?;
            entries += 1;
        }
    }
    annex::set_meta(tx, STALE, None)?;
    annex::set_meta(tx, CATALOGUE, Some(&tx.catalogue().digest()))?;
    Ok(entries)
}

/// What [`refresh`] found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The projections are those of this program and this catalogue.
    Nothing,
    /// They were derived anew from so many entries, because their shape had changed.
    Shape(u64),
    /// They are those of another catalogue: errors and causes are to be labelled anew, page by
    /// page, by [`super::relabel`].
    Labels,
}

/// What a start does before it believes the projections: derives them anew after an upgrade that
/// changed their shape, and says whether another catalogue calls for other labels.
pub fn refresh(tx: &Tx<'_>) -> anyhow::Result<Refreshed> {
    let digest = tx.catalogue().digest();
    let stale = annex::meta(tx, STALE)?.is_some();
    let known = annex::meta(tx, CATALOGUE)?;
    if known.as_deref() == Some(&digest) {
        if stale {
            return Ok(Refreshed::Shape(rebuild(tx)?));
        }
        return Ok(Refreshed::Nothing);
    }
    if known.is_none() && journal::last_seq(tx)? == 0 {
        annex::set_meta(tx, CATALOGUE, Some(&digest))?;
        return Ok(Refreshed::Nothing);
    }
    if stale {
        let entries = rebuild(tx)?;
        append(tx, None, CatalogueChanged { digest })?;
        return Ok(Refreshed::Shape(entries));
    }
    Ok(Refreshed::Labels)
}

/// All projections as text, ordered: two stores with the same facts show the same.
pub fn dump(view: &View<'_>) -> anyhow::Result<String> {
    let mut out = String::new();
    for table in TABLES {
        writeln!(out, "{table}")?;
        let mut statement = view.sql().prepare(&format!("select * from {table}"))?;
        let columns = statement.column_count();
        let mut lines = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = String::new();
            for column in 0..columns {
                write!(line, " {:?}", row.get_ref(column)?)?;
            }
            lines.push(line);
        }
        lines.sort();
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out)
}
