//! SQLite: opens, migrates, locks; one writer thread, many readers.
