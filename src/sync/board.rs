//! Keeps the three properties true in which HubSpot's own views, lists and workflows see a
//! record's state, and hears there whom a person wants tried again.
//!
//! Off unless it is asked for. What is written here is no part of any mapping: when it comes back
//! as a change, nothing is planned from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Context;
use super::detect::after;
use super::gate::{Errand, Trouble};
use crate::annex::{self, board};
use crate::crm::Source;
use crate::crm::http::CallError;
use crate::crm::hubspot::{HubSpotOperation, HubSpotRow, RowOutcome};
use crate::domain::board::{Board, PRESSED, Property, Saying};
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::count;
use crate::domain::event::{By, Excluded, Mode, ResyncAsked, Scope};
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, PairNumber, Record, RecordKey, Side, Timestamp, Value};
use crate::inbox;
use crate::journal;
use crate::projections::pairs::{self, Pair, State};
use crate::projections::{self, errors, settings};
use crate::store::{Tx, View};

/// Characters of a cause's text that are shown.
const CAUSE_MAX: usize = 500;

/// Errors of one record that are named.
const ERRORS_MAX: usize = 3;

/// The loop that keeps the properties true.
pub struct BoardKeeper {
    context: Arc<Context>,
    /// How far the first look at all records came, and what the journal had told before it.
    first: Option<(PairNumber, i64)>,
    /// Objects of which it was told that the properties are missing.
    told: BTreeSet<String>,
}

/// A record whose properties say something else than they should.
#[derive(Debug)]
struct Change {
    key: RecordKey,
    saying: Saying,
}

/// Part of the records, and how to go on.
struct Look {
    changes: Vec<Change>,
    next: Next,
}

/// Where the next look begins.
enum Next {
    /// Behind this pair: the first look is not over, which began behind this entry.
    Pair(PairNumber, i64),
    /// Behind this entry.
    Entry(i64),
    /// There is nothing more.
    Nothing,
}

impl BoardKeeper {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            first: None,
            told: BTreeSet::new(),
        }
    }

    /// Writes what is not true any more; says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let context = Arc::clone(&self.context);
        let later = context.clock.now().plus(context.settings.poll_ms);
        if context.settings.board == Board::Hidden || !context.is_open() {
            return Ok(later);
        }
        if context.store.read(settings::mode).await? != Some(Mode::Sync) {
            return Ok(later);
        }
        match self.show_all().await {
            Ok(()) => Ok(later),
            Err(trouble) => after(&context, trouble),
        }
    }

    async fn show_all(&mut self) -> Result<(), Trouble> {
        let context = Arc::clone(&self.context);
        loop {
            let first = self.first;
            let look = context.store.read(move |view| look(view, first)).await?;
            self.show(look.changes).await?;
            match look.next {
                Next::Nothing => break,
                Next::Pair(pair, begun) => self.first = Some((pair, begun)),
                Next::Entry(seq) => {
                    self.first = None;
                    let note = move |tx: &Tx<'_>| board::note_true_until(tx, seq);
                    context.store.write(note).await?;
                }
            }
        }
        // Whoever pressed is answered, also when its state is what it was.
        for forms in context.settings.objects() {
            let Some(mapping) = forms.first() else {
                continue;
            };
            let object = mapping.object.clone();
            let pressed = context.store.read(move |view| pressed(view, &object));
            self.show(pressed.await?).await?;
        }
        Ok(())
    }

    /// Writes what is to be said, object by object.
    async fn show(&mut self, changes: Vec<Change>) -> Result<(), Trouble> {
        let context = Arc::clone(&self.context);
        let mut parts: BTreeMap<_, Vec<Change>> = BTreeMap::new();
        for change in changes {
            let object = change.key.object.clone();
            parts.entry(object).or_default().push(change);
        }
        for (object, changes) in parts {
            let Some(mapping) = context.settings.forms_of(&object).first() else {
                continue;
            };
            if self.lacks_properties(mapping) {
                continue;
            }
            for part in changes.chunks(context.settings.bounds.hubspot_batch.max(1)) {
                context.say(mapping, part).await?;
            }
        }
        Ok(())
    }

    /// Whether the type has no place to show anything, which is said once.
    fn lacks_properties(&mut self, mapping: &Mapping) -> bool {
        let Some(schemas) = self.context.schemas(mapping.name()) else {
            return true;
        };
        let has = |property: &Property| {
            let field = property.field().ok();
            field.is_some_and(|field| schemas.hubspot.field(&field).is_some())
        };
        let missing: Vec<&str> = Property::ALL
            .iter()
            .filter(|one| !has(one))
            .map(|one| one.name())
            .collect();
        if missing.is_empty() {
            self.told.remove(&mapping.hubspot_type);
        } else if self.told.insert(mapping.hubspot_type.clone()) {
            tracing::warn!(
                "HubSpot's {} have no {}: their state is not shown there; make the properties with \
                 \"syncline check --create-fields\"",
                mapping.hubspot_type,
                missing.join(", ")
            );
        }
        !missing.is_empty()
    }
}

impl Context {
    /// Writes one call's worth, and notes what was written. A record that is refused is noted as
    /// well: it is told again when its state changes.
    async fn say(&self, mapping: &Mapping, part: &[Change]) -> Result<(), Trouble> {
        let Some(schemas) = self.schemas(mapping.name()) else {
            return Ok(());
        };
        let row = |(place, change): (usize, &Change)| {
            let fields = change.saying.fields().map_err(anyhow::Error::new)?;
            let (trace, key) = (place.to_string(), change.key.id.to_string());
            Ok(HubSpotRow { trace, key, fields })
        };
        let rows = part.iter().enumerate().map(row);
        let rows: Vec<HubSpotRow> = rows.collect::<anyhow::Result<_>>()?;
        let source = Source {
            object: &mapping.object,
            schema: &schemas.hubspot,
            fields: &[],
        };
        let (side, object) = (Side::HubSpot, &mapping.object);
        let errand = Errand::new(side, Operation::Write, Lane::Live, object, rows.len());
        let update = HubSpotOperation::Update;
        let send = || self.hubspot.write(&source, &update, &rows);
        let answered: Vec<usize> = match self.call(&errand, send).await {
            Ok(reply) => {
                let outcomes = reply.value.into_iter();
                let known = outcomes.filter(|(_, one)| *one != RowOutcome::Unmentioned);
                known.filter_map(|(trace, _)| trace.parse().ok()).collect()
            }
            // One bad row may have taken the others with it; anything else is no row's fault.
            Err(Trouble::Call(CallError::Rejected {
                status: 400 | 404 | 409,
                ..
            })) => {
                if part.len() > 1 {
                    let (first, rest) = part.split_at(part.len() / 2);
                    Box::pin(self.say(mapping, first)).await?;
                    return Box::pin(self.say(mapping, rest)).await;
                }
                vec![0]
            }
            Err(trouble) => return Err(trouble),
        };
        let key = self.store.key();
        let noted: Vec<_> = answered
            .into_iter()
            .filter_map(|place| part.get(place))
            .map(|change| (change.key.clone(), change.saying.print(&key)))
            .collect();
        let note = move |tx: &Tx<'_>| {
            let mut noted = noted.iter();
            noted.try_for_each(|(key, print)| board::say(tx, key, *print))
        };
        Ok(self.store.write(note).await?)
    }

    /// Has the records tried again on which a person pressed for it.
    pub(super) async fn hear_pressed(
        &self,
        mapping: &Mapping,
        records: &[Record],
    ) -> anyhow::Result<()> {
        let is_pressed = |record: &&Record| {
            let wish = Property::Resync.field().ok();
            let wish = wish.and_then(|field| record.fields.get(&field));
            matches!(wish, Some(Value::Text(text)) if text == PRESSED)
        };
        let keys = records.iter().filter(is_pressed);
        let keys: Vec<(RecordKey, Timestamp)> = keys
            .map(|record| (record.key.clone(), record.modified_at))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let object = mapping.object.clone();
        let heard = self.store.write(move |tx| {
            let mut heard = 0;
            for (key, stamp) in &keys {
                // An index that lags shows a wish that was heard and emptied.
                let sighted = vec![(key.id.clone(), *stamp)];
                let is_new = !inbox::unseen(tx, key.side, &key.object, sighted)?.is_empty();
                if is_new && board::press(tx, key)? {
                    inbox::see(tx, key, Timestamp(0), Lane::Resync, Timestamp(0))?;
                    heard += 1;
                }
            }
            if heard > 0 {
                let scope = Scope {
                    object: Some(object),
                    named: Some(heard),
                    ..Scope::default()
                };
                let (records, calls, by) = (heard, 0, By::HubSpot);
                let event = ResyncAsked {
                    scope,
                    records,
                    calls,
                    by,
                };
                projections::append(tx, None, event)?;
            }
            Ok(heard)
        });
        let heard = heard.await?;
        if heard > 0 {
            let object = &mapping.object;
            let records = count(heard, "record");
            tracing::info!(%object, "resync asked in HubSpot: {object}, {records}");
            self.wakes.writer.ring();
        }
        Ok(())
    }
}

/// The next part of the records: all of them once, then those that the journal speaks of.
fn look(view: &View<'_>, first: Option<(PairNumber, i64)>) -> anyhow::Result<Look> {
    let (mut pairs, next) = match (first, board::true_until(view)?) {
        (None, Some(seq)) => {
            let entries = journal::read(view, seq, u32::MAX)?;
            let Some(last) = entries.last() else {
                return Ok(Look {
                    changes: Vec::new(),
                    next: Next::Nothing,
                });
            };
            let next = Next::Entry(last.seq);
            let numbers: BTreeSet<PairNumber> =
                entries.iter().filter_map(|entry| entry.record).collect();
            let mut pairs = Vec::with_capacity(numbers.len());
            for number in numbers {
                pairs.extend(pairs::get(view, number)?);
            }
            (pairs, next)
        }
        (first, _) => {
            let (behind, begun) = match first {
                Some(known) => known,
                None => (PairNumber(i64::MIN), journal::last_seq(view)?),
            };
            let pairs = pairs::list(view, &pairs::Filter::default(), behind)?;
            let next = pairs.last().map(|pair| Next::Pair(pair.number, begun));
            (pairs, next.unwrap_or(Next::Entry(begun)))
        }
    };
    pairs.retain(|pair| pair.state != State::Absorbed);
    let mut changes = Vec::new();
    for pair in &pairs {
        let Some(change) = change(view, pair)? else {
            continue;
        };
        let said = board::said(view, &change.key)?;
        // A record that was always in step is not touched: its properties are blank.
        let blank = said.is_none() && pair.state == State::InSync;
        if !blank && said.map(|said| said.print) != Some(change.saying.print(view.key())) {
            changes.push(change);
        }
    }
    Ok(Look { changes, next })
}

/// Records on which a person pressed, with what is to be said of them once they were tried.
fn pressed(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for key in board::pressed(view, object)? {
        let row = inbox::of_record(view, &key)?.map(|row| row.state);
        if let Some(inbox::State::Ready | inbox::State::Deferred | inbox::State::InFlight) = row {
            continue;
        }
        let pair = match pairs::by_key(view, &key)? {
            Some(number) => pairs::get(view, number)?,
            None => None,
        };
        let known = match &pair {
            Some(pair) => change(view, pair)?,
            None => None,
        };
        let nothing = || Saying {
            state: String::new(),
            cause: String::new(),
        };
        changes.push(known.unwrap_or_else(|| Change {
            key,
            saying: nothing(),
        }));
    }
    Ok(changes)
}

/// What is to be said of a pair; nothing when it has no half in HubSpot to say it on.
fn change(view: &View<'_>, pair: &Pair) -> anyhow::Result<Option<Change>> {
    let gone = matches!(
        pair.why,
        Some(Excluded::Deleted | Excluded::Merged | Excluded::Converted)
    );
    let Some(id) = pair.ids.hubspot.clone().filter(|_| !gone) else {
        return Ok(None);
    };
    let (side, object) = (Side::HubSpot, pair.ids.object.clone());
    let cause = match pair.state {
        State::InSync | State::Absorbed => String::new(),
        State::Excluded => {
            let why = pair.why.map(|why| format!("left out: {why}"));
            why.unwrap_or_default()
        }
        State::Failing | State::Waiting => causes(view, pair.number)?,
    };
    Ok(Some(Change {
        key: RecordKey { side, object, id },
        saying: Saying {
            state: pair.state.to_string(),
            cause: cause.chars().take(CAUSE_MAX).collect(),
        },
    }))
}

/// A record's errors in words: each with its cause's number, its type, and what was said of it.
fn causes(view: &View<'_>, number: PairNumber) -> anyhow::Result<String> {
    let open = errors::of_record(view, number)?;
    let mut parts = Vec::new();
    for error in open.iter().take(ERRORS_MAX) {
        let kind = view.catalogue().get(&error.slug);
        let name = kind.map_or(error.code.as_str(), |kind| kind.name.as_str());
        let text = match &error.text {
            Some(key) => annex::text(view, key)?,
            None => None,
        };
        let text = text.map(|text| format!(": {text}")).unwrap_or_default();
        parts.push(format!("C-{} {name}{text}", error.cause));
    }
    Ok(parts.join("; "))
}
