//! One short file per verb.
