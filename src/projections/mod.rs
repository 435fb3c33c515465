//! Tables derived from the journal.
