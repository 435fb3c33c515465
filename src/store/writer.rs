//! The one writer: a thread that drains its queue into one transaction and answers after the commit.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::ballast::Ballast;
use super::error::recognised;
use super::lock::Lock;
use super::view::Scratch;
use super::{Shared, StoreError, Tx, View};

/// A piece of work and whom to tell.
pub(super) trait Job: Send {
    /// Does the work.
    fn run(&mut self, tx: &Tx<'_>) -> Verdict;
    /// Tells the result: what the work gave, when it was committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What becomes of a job's writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are kept.
    Keep,
    /// They are undone.
    Undo,
    /// They are undone, because the store itself is in trouble.
    Trouble(StoreError),
}

/// A closure, its result, and the way back to its caller.
pub(super) struct Pending<T, F, A> {
    work: Option<F>,
    result: Option<anyhow::Result<T>>,
    answer: A,
}

impl<T, F, A> Pending<T, F, A>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    A: FnOnce(anyhow::Result<T>) + Send + 'static,
{
    pub(super) fn boxed(work: F, answer: A) -> Box<dyn Job> {
        Box::new(Self {
            work: Some(work),
            result: None,
            answer,
        })
    }
}

impl<T, F, A> Job for Pending<T, F, A>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    A: FnOnce(anyhow::Result<T>) + Send + 'static,
{
    fn run(&mut self, tx: &Tx<'_>) -> Verdict {
        let Some(work) = self.work.take() else {
            return Verdict::Undo;
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!("a store job panicked: {}", said(&*panic))))
            .and_then(|value| {
                anyhow::ensure!(!tx.scratch().borrow().doomed, "a store job hid an error");
                Ok(value)
            })
            .map_err(recognised);
        match self.result.insert(result) {
            Ok(_) => Verdict::Keep,
            Err(error) => error
                .downcast_ref::<StoreError>()
                .map_or(Verdict::Undo, |store| Verdict::Trouble(store.clone())),
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(anyhow::anyhow!("a store job was not run")),
        };
        (self.answer)(result);
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// The handle by which jobs reach the thread.
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It holds the lock and the connection until the last job is answered.
    pub(super) fn start(desk: Desk) -> Result<Self, StoreError> {
        let (sender, receiver) = channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.work(&receiver))?;
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            thread: Some(thread),
        })
    }

    /// Queues a job; it is answered even when nobody waits any more.
    pub(super) fn queue(&self, job: Box<dyn Job>) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = match queue.as_ref() {
            Some(sender) => sender.send(job).err().map(|unsent| unsent.0),
            None => Some(job),
        };
        if let Some(job) = gone {
            let what = "the writer has stopped".to_owned();
            job.answer(Err(StoreError::Io { what }));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = self.thread.take()
            // A job may own the last handle of its store: the thread cannot wait for itself.
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

/// What the thread works with.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) shared: Arc<Shared>,
    pub(super) run: i64,
    pub(super) ballast: Ballast,
    /// Groups committed since the store was opened.
    pub(super) commits: u64,
    /// Set by a failed sync: what SQLite then believes to be on disk may not be there.
    pub(super) broken: Option<StoreError>,
    pub(super) lock: Lock,
}

impl Desk {
    fn work(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let mut group = VecDeque::from([first]);
            while group.len() < self.shared.options.group_max
                && let Ok(next) = queue.try_recv()
            {
                group.push_back(next);
            }
            while !group.is_empty() {
                self.commit(&mut group);
            }
        }
        self.close();
    }

    /// Runs jobs from the front of `group` in one transaction, commits, and answers them. Jobs
    /// left over stand behind one that lost the transaction; they get another.
    fn commit(&mut self, group: &mut VecDeque<Box<dyn Job>>) {
        let mut ran = Vec::with_capacity(group.len());
        let committed = match self.begin() {
            Ok(()) => self.run_all(group, &mut ran),
            Err(error) => {
                ran.extend(group.drain(..));
                Err(error)
            }
        };
        if let Err(error) = &committed {
            self.trouble(error);
        }
        for job in ran {
            job.answer(committed.clone());
        }
    }

    fn run_all(
        &mut self,
        group: &mut VecDeque<Box<dyn Job>>,
        ran: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), StoreError> {
        // A savepoint copies every page it touches: a job alone does without.
        let alone = group.len() == 1;
        while let Some(mut job) = group.pop_front() {
            if !alone {
                self.connection.execute_batch("savepoint job")?;
            }
            let verdict = self.run(&mut *job);
            ran.push(job);
            let lost = self.connection.is_autocommit();
            if let Verdict::Trouble(error) = &verdict {
                self.trouble(error);
            }
            match (verdict, lost) {
                // SQLite gave up the transaction, as it does when the disk is full.
                (_, true) => return Err(StoreError::DiskFull),
                (Verdict::Keep, false) if alone => {}
                (Verdict::Keep, false) => self.connection.execute_batch("release job")?,
                (Verdict::Undo | Verdict::Trouble(_), false) if alone => {
                    return Ok(self.connection.execute_batch("rollback")?);
                }
                (Verdict::Undo | Verdict::Trouble(_), false) => {
                    self.connection
                        .execute_batch("rollback to job; release job")?;
                }
            }
        }
        self.finish()
    }

    fn begin(&self) -> Result<(), StoreError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let spent = &self.shared.ballast_spent;
        if spent.load(Ordering::Relaxed) && self.ballast.restore() {
            spent.store(false, Ordering::Relaxed);
        }
        Ok(self.connection.execute_batch("begin immediate")?)
    }

    fn run(&self, job: &mut dyn Job) -> Verdict {
        job.run(&Tx {
            view: View {
                connection: &self.connection,
                shared: &self.shared,
                catalogue: self.shared.catalogue(),
                key: self.shared.key,
                now: self.shared.clock.now(),
            },
            run: self.run,
            scratch: RefCell::new(Scratch::default()),
        })
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let refused = self.shared.options.refuse_commits_after;
        if refused.is_some_and(|after| self.commits >= after) {
            self.connection.execute_batch("rollback")?;
            return Err(StoreError::DiskFull);
        }
        if let Err(error) = self.connection.execute_batch("commit") {
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("rollback")?;
            }
            return Err(error.into());
        }
        self.commits += 1;
        Ok(())
    }

    fn trouble(&mut self, error: &StoreError) {
        match error {
            StoreError::DiskFull => {
                if !self.shared.ballast_spent.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        "the disk is full: the reserve was given up to write what is under way; free some space"
                    );
                }
                self.ballast.drop_now();
            }
            StoreError::Io { what } => {
                tracing::error!(error = %what, "the store cannot be written; it must be opened again");
                self.broken = Some(error.clone());
            }
            StoreError::Corrupt { .. } => self.broken = Some(error.clone()),
            StoreError::Locked { .. }
            | StoreError::NewerThanProgram { .. }
            | StoreError::OlderThanProgram { .. }
            | StoreError::OtherAccounts { .. }
            | StoreError::Foreign { .. }
            | StoreError::Missing { .. }
            | StoreError::Permission { .. }
            | StoreError::ReadOnly
            | StoreError::SqliteTooOld { .. } => {}
        }
    }

    /// Leaves an empty log behind, so that a later reader finds one and need not create it.
    fn close(self) {
        let emptied = self
            .connection
            .query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
        if let Err(error) = emptied {
            tracing::warn!(%error, "the store's log was left as it is; the next start reads it");
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "the store was not closed cleanly");
        }
        drop(self.lock);
    }
}
