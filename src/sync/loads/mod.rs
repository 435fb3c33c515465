//! Writing much: rows are packed into parcels, each parcel becomes a job of Salesforce's Bulk API,
//! and the job is looked at until what became of each row can be concluded.
//!
//! Nothing here waits: every look takes the steps that are due and says when to come again. What is
//! known of a job is journaled; what is kept beside it only saves calls, and a restart does without.

mod packing;
mod requests;
mod results;
mod ties;
mod told;
mod waiting;

pub(super) use told::{is_counted, seem_fixed};

use std::collections::BTreeSet;

use super::context::Context;
use super::forms::Forms;
use super::gate::Trouble;
use super::roles::JunctionObject;
use crate::crm::http::CallError;
use crate::crm::salesforce::{BatchOperation, Load, ResultList, Row};
use crate::domain::event::{JobIntended, JobMoved, Mode};
use crate::domain::load::{self, LoadOperation, LoadState, Step};
use crate::domain::mapping::Mapping;
use crate::domain::record::Timestamp;
use crate::inbox::{self, Kind, Packed, Parcel};
use crate::projections::{self, jobs};

/// How long to wait after a call that went wrong.
const TROUBLE_MS: i64 = 2_000;

/// How long to wait while the connection stands still.
const SUSPENDED_MS: i64 = 5_000;

/// What is known of a parcel's job only while running.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Whether nothing was sent about the job since the journal says where it stands.
    sure: bool,
    /// How often it was looked at, and not before when it is again, in monotonic ms.
    looks: u32,
    look_at_ms: i64,
    /// Lists of results that were concluded.
    fetched: BTreeSet<ResultList>,
}

/// How a step left a parcel.
enum Stood {
    /// Another step is due.
    Goes,
    /// It is looked at again then.
    Waits(Timestamp),
    /// There is no such parcel any more.
    Ended,
}

/// A parcel with what is needed to speak of it.
struct Freight<'a> {
    forms: &'a Forms,
    /// The place of its form.
    form: usize,
    operation: BatchOperation,
    /// Whose records they are, unless they are the form's own.
    junction: Option<JunctionObject>,
    parcel: &'a Parcel,
}

impl Freight<'_> {
    fn load(&self) -> Load<'_> {
        let own = &self.forms.at(self.form).schemas.salesforce;
        Load {
            schema: self.junction.as_ref().map_or(own, JunctionObject::schema),
            operation: self.operation.clone(),
        }
    }

    fn row(&self, packed: &Packed) -> Row {
        match &self.junction {
            Some(junction) => junction.row(&packed.key, &packed.parent),
            None => Row {
                id: packed.attempt.write.id.clone(),
                fields: packed.attempt.write.fields.clone(),
            },
        }
    }
}

/// The place of the form that a parcel's rows are of, what is done with them, and whose records they
/// are, unless they are the form's own. None when they are not kept in step any more.
fn meaning(
    mappings: &[Mapping],
    kind: &Kind,
) -> Option<(usize, BatchOperation, Option<JunctionObject>)> {
    let mut mappings = mappings.iter().enumerate();
    let of_form = |(_, one): &(usize, &Mapping)| *one.name() == kind.form;
    match kind.operation {
        LoadOperation::Upsert => mappings.find(of_form).map(|(form, one)| {
            let external_id_field = one.salesforce_id_field.clone();
            (form, BatchOperation::Upsert { external_id_field }, None)
        }),
        LoadOperation::Update => {
            let (form, _) = mappings.find(of_form)?;
            Some((form, BatchOperation::Update, None))
        }
        LoadOperation::Insert => mappings.find_map(|(form, one)| {
            let mut all = JunctionObject::all_of(one).into_iter();
            let junction = all.find(|junction| junction.name == kind.form)?;
            Some((form, junction.made(), Some(junction)))
        }),
    }
}

impl Context {
    /// Takes every step that is due; returns when to look again, or nothing when nothing is on its way.
    pub(super) async fn advance_loads(&self, mode: Mode) -> anyhow::Result<Option<Timestamp>> {
        let (mut again, mut after) = (None::<Timestamp>, 0);
        loop {
            let page = self
                .store
                .read(move |view| inbox::parcels(view, after))
                .await?;
            let Some(last) = page.last() else {
                return Ok(again);
            };
            after = last.number;
            for parcel in &page {
                let at = match self.gathers_until(parcel, mode).await? {
                    Some(at) => Some(at),
                    None => self.advance(parcel, mode).await?,
                };
                if let Some(at) = at {
                    again = Some(again.map_or(at, |again| again.min(at)));
                }
            }
        }
    }

    /// Until when a parcel takes more rows: for a while after each, and as long as there are some that
    /// may come to it. None when it sets out.
    async fn gathers_until(
        &self,
        parcel: &Parcel,
        mode: Mode,
    ) -> anyhow::Result<Option<Timestamp>> {
        let bounds = &self.settings.bounds;
        let now = self.clock.now();
        // A clock that was set back makes nothing wait for as long.
        let age_ms = now.since(parcel.opened_at);
        let is_young = (0..=bounds.parcel_ms / 2).contains(&age_ms);
        if parcel.is_closed || mode != Mode::Sync || !is_young {
            return Ok(None);
        }
        let until = parcel.packed_at.plus(bounds.parcel_gather_ms);
        if now < until {
            return Ok(Some(until));
        }
        let Kind { object, lane, .. } = parcel.kind.clone();
        let ready = self
            .store
            .read(move |view| inbox::ready(view, &object, &[lane]))
            .await?;
        let gathers = ready > 0 && bounds.parcel_gather_ms > 0;
        Ok(gathers.then(|| now.plus(bounds.parcel_gather_ms)))
    }

    async fn advance(&self, parcel: &Parcel, mode: Mode) -> anyhow::Result<Option<Timestamp>> {
        let mappings = self.settings.forms_of(&parcel.kind.object);
        let meaning = meaning(mappings, &parcel.kind);
        let (Some(forms), Some((form, operation, junction))) = (self.forms(mappings), meaning)
        else {
            // Not kept in step any more, or not described yet.
            return Ok(None);
        };
        let freight = Freight {
            forms: &forms,
            form,
            operation,
            junction,
            parcel,
        };
        if !parcel.is_closed {
            let number = parcel.number;
            self.store.write(move |tx| inbox::close(tx, number)).await?;
        }
        loop {
            let stood = match self.step(&freight, mode).await {
                Ok(stood) => stood,
                Err(Trouble::Store(error)) => return Err(error),
                Err(trouble) => self.after_trouble(parcel, &trouble),
            };
            match stood {
                Stood::Goes => (),
                Stood::Waits(at) => return Ok(Some(at)),
                Stood::Ended => {
                    self.shared().freights.remove(&parcel.number);
                    return Ok(None);
                }
            }
        }
    }

    /// Notes whether the request that went wrong may have taken effect.
    fn after_trouble(&self, parcel: &Parcel, trouble: &Trouble) -> Stood {
        let now = self.clock.now();
        match trouble {
            Trouble::NotBefore(at) => Stood::Waits((*at).max(now.plus(1))),
            Trouble::Suspended(_) => Stood::Waits(now.plus(SUSPENDED_MS)),
            Trouble::Call(error) => {
                let open = match error {
                    CallError::Unknown(_) | CallError::Unavailable { .. } => true,
                    CallError::NotSent(_)
                    | CallError::SessionExpired
                    | CallError::Unauthorized { .. }
                    | CallError::ApiDisabled { .. }
                    | CallError::OrgLimit
                    | CallError::Slowed { .. }
                    | CallError::Rejected { .. } => false,
                };
                if open {
                    self.watch(parcel, |watch| watch.sure = false);
                }
                Stood::Waits(now.plus(TROUBLE_MS))
            }
            Trouble::Store(_) => Stood::Waits(now.plus(TROUBLE_MS)),
        }
    }

    async fn step(&self, freight: &Freight<'_>, mode: Mode) -> Result<Stood, Trouble> {
        let parcel = freight.parcel.number;
        let (kind, now) = (freight.parcel.kind.clone(), self.clock.now());
        let (job, by_batches) = self
            .store
            .read(move |view| {
                let job = jobs::of_parcel(view, parcel)?.filter(|job| !job.state.is_over());
                let until = jobs::by_batches_until(view, &kind.form, kind.operation)?;
                Ok((job, until))
            })
            .await?;
        // A decision that waited long for its calls is made anew, and by batches: a scarce budget has
        // calls for these one by one. Once the job is there, its calls are, too.
        let is_old = now.since(freight.parcel.opened_at) > self.settings.bounds.parcel_ms;
        let rests = by_batches.is_some_and(|until| now < until);
        let Some(job) = job else {
            if mode == Mode::Sync && !rests && freight.parcel.rows > 0 {
                self.intend_job(freight).await?;
                return Ok(Stood::Goes);
            }
            self.return_rows(freight, None, Vec::new()).await?;
            return Ok(Stood::Ended);
        };
        let is_late = job.state == LoadState::Intended && (is_old || rests);
        let wanted = mode == Mode::Sync && !is_late;
        let sure = self.watch(freight.parcel, |watch| watch.sure);
        match load::next(job.state, sure, wanted) {
            Some(Step::Create) => self.create_job(freight, &job).await,
            Some(Step::Drop) => {
                let state = if is_old {
                    LoadState::Refused
                } else {
                    LoadState::Dropped
                };
                self.moved(freight, job.job, state, None, (0, 0)).await?;
                Ok(Stood::Goes)
            }
            Some(Step::Search) => self.search_job(freight, &job).await,
            Some(Step::Upload) => self.upload_rows(freight, &job).await,
            Some(Step::Close) => self.close_job(freight, &job).await,
            Some(Step::Abort) => self.abort_job(freight, &job).await,
            Some(Step::Look) => self.look_at_job(freight, &job).await,
            Some(Step::Fetch) => self.fetch_results(freight, &job).await,
            None => Ok(Stood::Goes),
        }
    }

    /// Journals that a job is about to be asked for.
    async fn intend_job(&self, freight: &Freight<'_>) -> Result<(), Trouble> {
        let Some(since) = self.salesforce_time().await? else {
            return Err(Trouble::NotBefore(self.clock.now().plus(TROUBLE_MS)));
        };
        let Parcel {
            number, kind, rows, ..
        } = freight.parcel;
        let event = JobIntended {
            object: kind.object.clone(),
            form: kind.form.clone(),
            operation: kind.operation,
            lane: kind.lane,
            parcel: *number,
            rows: *rows,
            since,
        };
        self.store
            .write(move |tx| projections::append(tx, None, event))
            .await?;
        if freight.junction.is_some() {
            told::ties_begin(freight.parcel);
        }
        let sure = true;
        let watch = Watch {
            sure,
            ..Watch::default()
        };
        self.shared().freights.insert(*number, watch);
        Ok(())
    }

    /// Journals where a job stands now: from here on nothing was sent about it.
    async fn moved(
        &self,
        freight: &Freight<'_>,
        job: i64,
        state: LoadState,
        at: Option<Timestamp>,
        (processed, refused): (u64, u64),
    ) -> anyhow::Result<()> {
        let event = JobMoved {
            job,
            state,
            at,
            processed,
            refused,
        };
        self.store
            .write(move |tx| projections::append(tx, None, event))
            .await?;
        self.watch(freight.parcel, |watch| watch.sure = true);
        Ok(())
    }

    fn watch<T>(&self, parcel: &Parcel, with: impl FnOnce(&mut Watch) -> T) -> T {
        with(self.shared().freights.entry(parcel.number).or_default())
    }
}
