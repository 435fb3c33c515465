//! Who is in an inclusion list, and which conditions records were asked by.
//!
//! Knows what was read of them, not what follows from it.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row};

use crate::domain::call::Lane;
use crate::domain::event::Excluded;
use crate::domain::record::{ObjectName, RecordId, RecordKey, Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// Why a list or a condition is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In words, as the end of a sentence about it.
    pub says: String,
    /// What to do about it.
    pub remedy: String,
    /// Since when.
    pub since: Timestamp,
}

impl Trouble {
    /// What is the matter and what to do, in one line.
    pub fn whole(&self) -> String {
        if self.remedy.is_empty() {
            return self.says.clone();
        }
        format!("{}; {}", self.says, self.remedy)
    }

    fn read(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Self>> {
        let says: Option<String> = row.get(column)?;
        let remedy: Option<String> = row.get(column + 1)?;
        let since: Option<Timestamp> = row.get(column + 2)?;
        Ok(says.zip(since).map(|(says, since)| Self {
            says,
            remedy: remedy.unwrap_or_default(),
            since,
        }))
    }
}

/// An object's inclusion list, as last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The id or name that the configuration gave then.
    pub configured: String,
    /// HubSpot's id of it, once it was found.
    pub id: Option<String>,
    /// Where the last page of its members begins, in the order of joining; none on the first.
    pub joined: Option<String>,
    /// When all its members were last read; none before the first time.
    pub paged_at: Option<Timestamp>,
    /// Members that HubSpot counted more than it showed then.
    pub apart: i64,
    /// Why it is not believed now.
    pub trouble: Option<Trouble>,
    /// Members that had left when it shrank beyond the guard, while it is not believed for that.
    pub shrunk: Option<u64>,
    /// Members that may leave at once because a person accepted it.
    pub accepted: Option<u64>,
}

impl List {
    /// A list of which nothing was read yet.
    pub fn new(configured: &str) -> Self {
        Self {
            configured: configured.to_owned(),
            id: None,
            joined: None,
            paged_at: None,
            apart: 0,
            trouble: None,
            shrunk: None,
            accepted: None,
        }
    }

    /// Whether it says who is in: it was read, as `configured`, and is believed.
    pub fn counts(&self, configured: &str) -> bool {
        self.configured == configured && self.paged_at.is_some() && self.trouble.is_none()
    }
}

/// The list of `object`, when anything was noted of one.
pub fn list(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Option<List>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select configured, list, joined, paged_at, apart, trouble, remedy, since, shrunk,
               accepted
             from lists
             where object = ?1",
        )?
        .query_row([object], |row| {
            Ok(List {
                configured: row.get(0)?,
                id: row.get(1)?,
                joined: row.get(2)?,
                paged_at: row.get(3)?,
                apart: row.get(4)?,
                trouble: Trouble::read(row, 5)?,
                shrunk: row.get::<_, Option<i64>>(8)?.map(counted),
                accepted: row.get::<_, Option<i64>>(9)?.map(counted),
            })
        })
        .optional()?)
}

/// Notes what was read of a list.
pub fn keep_list(tx: &Tx<'_>, object: &ObjectName, list: &List) -> anyhow::Result<()> {
    let trouble = list.trouble.as_ref();
    tx.sql()
        .prepare_cached(
            "insert or replace into lists (object, configured, list, joined, paged_at, apart,
               trouble, remedy, since, shrunk, accepted)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute((
            object,
            &list.configured,
            &list.id,
            &list.joined,
            list.paged_at,
            list.apart,
            trouble.map(|one| &one.says),
            trouble.map(|one| &one.remedy),
            trouble.map(|one| one.since),
            list.shrunk.map(count),
            list.accepted.map(count),
        ))?;
    Ok(())
}

/// Forgets an object's list and who was in it.
pub fn forget_list(tx: &Tx<'_>, object: &ObjectName) -> anyhow::Result<()> {
    for table in ["lists", "list_members"] {
        let sql = format!("delete from {table} where object = ?1");
        tx.sql().execute(&sql, [object])?;
    }
    Ok(())
}

/// How many are in.
pub fn members(view: &View<'_>, object: &ObjectName) -> anyhow::Result<u64> {
    let members: i64 = view
        .sql()
        .prepare_cached("select count(*) from list_members where object = ?1")?
        .query_row([object], |row| row.get(0))?;
    Ok(counted(members))
}

/// Whether a HubSpot record is in.
pub fn is_member(view: &View<'_>, object: &ObjectName, id: &RecordId) -> anyhow::Result<bool> {
    Ok(view
        .sql()
        .prepare_cached("select exists (select 1 from list_members where object = ?1 and id = ?2)")?
        .query_row((object, id), |row| row.get(0))?)
}

/// Puts records in; returns those that were not in before.
pub fn join(tx: &Tx<'_>, object: &ObjectName, ids: &[RecordId]) -> anyhow::Result<Vec<RecordId>> {
    let mut statement = tx
        .sql()
        .prepare_cached("insert or ignore into list_members (object, id) values (?1, ?2)")?;
    let mut new = Vec::new();
    for id in ids {
        if statement.execute((object, id))? == 1 {
            new.push(id.clone());
        }
    }
    Ok(new)
}

/// Those who are in and not among `now`.
pub fn leavers(
    view: &View<'_>,
    object: &ObjectName,
    now: &BTreeSet<RecordId>,
) -> anyhow::Result<Vec<RecordId>> {
    let mut statement = view
        .sql()
        .prepare_cached("select id from list_members where object = ?1")?;
    let ids = statement.query_map([object], |row| row.get(0))?;
    let mut left = Vec::new();
    for id in ids {
        let id: RecordId = id?;
        if !now.contains(&id) {
            left.push(id);
        }
    }
    Ok(left)
}

/// Takes records out.
pub fn leave(tx: &Tx<'_>, object: &ObjectName, ids: &[RecordId]) -> anyhow::Result<()> {
    let mut statement = tx
        .sql()
        .prepare_cached("delete from list_members where object = ?1 and id = ?2")?;
    for id in ids {
        statement.execute((object, id))?;
    }
    Ok(())
}

/// The HubSpot records whose pair does not say what the list says: left out and in, or the other way
/// round. What a person decided stands.
pub fn at_odds(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Vec<RecordId>> {
    let mut statement = view.sql().prepare_cached(
        "select p.hubspot from pairs as p
         where p.object = ?1 and p.hubspot is not null and p.state <> 'absorbed'
           and coalesce(p.why, '') not in ('operator', 'deleted')
           and (coalesce(p.why, '') = 'list') = exists (select 1 from list_members as m
             where m.object = p.object and m.id = p.hubspot)
         order by p.record",
    )?;
    let ids = statement.query_map([object], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Salesforce's records of all pairs that a condition can be about. What a person decided stands.
pub fn in_salesforce(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Vec<RecordId>> {
    let mut statement = view.sql().prepare_cached(
        "select salesforce from pairs where object = ?1 and salesforce is not null
           and state <> 'absorbed' and coalesce(why, '') not in ('operator', 'deleted', 'converted')
         order by record",
    )?;
    let ids = statement.query_map([object], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// HubSpot's records that are left out for `why`.
pub fn left_out(
    view: &View<'_>,
    object: &ObjectName,
    why: Excluded,
) -> anyhow::Result<Vec<RecordId>> {
    let mut statement = view.sql().prepare_cached(
        "select hubspot from pairs where object = ?1 and hubspot is not null
           and state <> 'absorbed' and why = ?2
         order by record",
    )?;
    let ids = statement.query_map((object, why), |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Has records looked at, because what is said of them may have changed at `at`.
pub fn look_at(
    tx: &Tx<'_>,
    side: Side,
    object: &ObjectName,
    ids: &[RecordId],
    at: Timestamp,
    lane: Lane,
) -> anyhow::Result<()> {
    for id in ids {
        let (object, id) = (object.clone(), id.clone());
        super::see(tx, &RecordKey { side, object, id }, at, lane, Timestamp(0))?;
    }
    Ok(())
}

/// The condition that a form's records were last asked by, as far as anything was noted of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Its text; none when there was none.
    pub configured: Option<String>,
    /// Why Salesforce refuses it.
    pub trouble: Option<Trouble>,
    /// When it is asked again.
    pub again_at: Option<Timestamp>,
}

/// What was noted of a form's condition.
pub fn condition(view: &View<'_>, form: &ObjectName) -> anyhow::Result<Option<Condition>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select configured, trouble, remedy, since, again_at from conditions where form = ?1",
        )?
        .query_row([form], |row| {
            Ok(Condition {
                configured: row.get(0)?,
                trouble: Trouble::read(row, 1)?,
                again_at: row.get(4)?,
            })
        })
        .optional()?)
}

/// Notes what is known of a form's condition.
pub fn keep_condition(
    tx: &Tx<'_>,
    form: &ObjectName,
    object: &ObjectName,
    condition: &Condition,
) -> anyhow::Result<()> {
    let trouble = condition.trouble.as_ref();
    tx.sql()
        .prepare_cached(
            "insert or replace into conditions (form, object, configured, trouble, remedy, since,
               again_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            form,
            object,
            &condition.configured,
            trouble.map(|one| &one.says),
            trouble.map(|one| &one.remedy),
            trouble.map(|one| one.since),
            condition.again_at,
        ))?;
    Ok(())
}

/// What is not believed now: the object, and what is the matter, lists first.
pub fn troubles(view: &View<'_>) -> anyhow::Result<Vec<(ObjectName, Trouble)>> {
    let mut statement = view.sql().prepare_cached(
        "select object, trouble, remedy, since, 1 as place from lists where trouble is not null
         union all select object, trouble, remedy, since, 2 from conditions
           where trouble is not null
         order by place, object",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, Trouble::read(row, 1)?)))?;
    let mut troubles = Vec::new();
    for row in rows {
        let (object, trouble) = row?;
        troubles.extend(trouble.map(|trouble| (object, trouble)));
    }
    Ok(troubles)
}
