//! An answer becomes the event to journal.
