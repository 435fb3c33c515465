//! The real binary against both simulated CRMs: real processes, HTTP, SQLite, signals and mail.

mod attention;
mod check;
mod deeds;
mod demo;
#[cfg(feature = "e2e")]
mod disk;
mod door;
mod edits;
mod exports;
mod holds;
mod init;
mod kills;
mod looks;
mod mapping;
mod plan;
mod proved;
mod readers;
mod resyncs;
pub(crate) mod scene;
mod shown;
mod signals;
mod simulator;
mod starts;
mod survey;
mod suspensions;
mod verbs;
mod words;
