//! What changed becomes a mail.
