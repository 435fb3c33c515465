//! The real binary against both simulated CRMs: real processes, HTTP, SQLite, signals and mail.

mod attention;
mod edits;
mod kills;
mod scene;
mod signals;
mod starts;
mod suspensions;
mod verbs;
